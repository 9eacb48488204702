"""``hfaug fit``: a folder of images in, a folder of a model out; what is wrong is one message."""

import json

import pytest

import hfaug
from hfaug.fit.folder import ModelFolder
from tests.cli.shell import typed

QUICK = ("--size", 16, "--channels", "8,16", "--steps", 2, "--batch-size", 8, "--sample-every", 0, "--quiet")


def test_fit_makes_a_model_that_the_op_draws_with(data_folder, tmp_path, capsys):
    """And the same command with more steps goes on."""
    said = ("fit", "gan", data_folder / "digits", "--out", tmp_path / "m", *QUICK)
    said += ("--augment", "image.flip", "--augment", "image.rotate: {degrees: [-9, 9]}", "--balanced")
    assert typed(*said) == 0
    assert f"image.sample: {{model: {tmp_path / 'm'}}}" in capsys.readouterr().out
    assert typed(*said, "--steps", 3) == 0
    assert ModelFolder(tmp_path / "m", "x").steps()[-1] == 3
    run = json.loads((tmp_path / "m" / ".training" / "run.json").read_text())
    assert [op["op"] for op in run["augment"]["fields"]["ops"]] == ["image.flip", "image.rotate"]
    assert run["balanced"] is True
    assert hfaug.ops.image.Sample(model=str(tmp_path / "m")).models()[0]["determinism"] == "row"


@pytest.mark.parametrize(
    ("more", "code", "told"),
    [
        (("--size", 17), 1, "error: fit vae: size must be a multiple of 2"),
        (("--channels", "8,x"), 2, "must be numbers such as 64,128,192"),
        (("--split", "test"), 1, "error: fit vae: split must be among train"),
        (("--label", "class"), 1, "'class' is none of image, label"),
        (("--augment", "image.flop"), 2, "Invalid value for --augment: op: must be one of the known ops"),
        (("--augment", "text.swap_chars"), 1, "error: "),
        (("--mixed-precision", "fp8"), 2, "'fp8' is not one of 'no', 'fp16', 'bf16'"),
    ],
)
def test_what_is_wrong_is_said(more, code, told, data_folder, tmp_path, capsys):
    assert typed("fit", "vae", data_folder / "digits", "--out", tmp_path / "m", *QUICK, *more) == code
    assert told in capsys.readouterr().err


def test_a_dataset_that_is_not_there(tmp_path, capsys):
    assert typed("fit", "vae", tmp_path / "none", "--out", tmp_path / "m") == 1
    assert "must be a Hub repo, a folder or a file, is not there" in capsys.readouterr().err
