"""Bad input ends in one clear error that names who, and the row or the field."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import Dataset, Features, Image, List, Value

import hfaug
from hfaug.errors import (
    CallError,
    HfaugError,
    LabelError,
    MediaError,
    ParameterError,
    RecipeError,
    ReleaseError,
    RoleError,
    StageError,
)
from hfaug.media import Picture, encode_mask
from hfaug.ops.image import Flip, Rotate
from hfaug.ops.text import SwapChars
from hfaug.recipe import parse_recipe
from hfaug.recipe.build import build
from tests.told import told

BOXED = Features({"image": Image(), "boxes": List(List(Value("float32"), length=4))})


@pytest.fixture
def photo(data_folder: Path) -> bytes:
    """A photograph of 256 x 256 pixels."""
    return (data_folder / "photos" / "cat.jpg").read_bytes()


def boxed(photo: bytes, *boxes: list[float]) -> Dataset:
    """One row with boxes."""
    return Dataset.from_dict({"image": [{"bytes": photo, "path": None}], "boxes": [list(boxes)]}, features=BOXED)


@pytest.mark.parametrize("data", [b"", b"no image", b"\xff\xd8\xff\xe0 cut"])
def test_a_corrupt_image_names_its_row_and_column(photo: bytes, data: bytes) -> None:
    """The row's id, the column and the op are in the error."""
    column = [{"bytes": photo, "path": None}, {"bytes": data, "path": None}]
    ds = Dataset.from_dict({"image": column}, features=Features({"image": Image()}))
    bad = hfaug.with_ids(ds)["provenance"][1]["id"]
    with pytest.raises(MediaError) as error:
        ds.map(Flip(), batched=True)
    assert bad in told(error.value)
    assert "'image'" in told(error.value)
    assert "Flip" in told(error.value)


def test_a_cut_off_image_is_refused_not_filled_with_grey(photo: bytes) -> None:
    """Half a JPEG is no image; that is seen when the row is written, and still names the row."""
    ds = Dataset.from_dict(
        {"image": [{"bytes": photo[: len(photo) // 2], "path": None}]}, features=Features({"image": Image()})
    )
    with pytest.raises(MediaError) as error:
        ds.map(Flip(), batched=True)
    assert "row '" in told(error.value)


def test_errors_of_media_name_op_column_place_and_file(photo: bytes, tmp_path: Path) -> None:
    """Nobody finds a row by the hash of its content, and nobody knows the wrappers of the house."""
    (tmp_path / "whole.jpg").write_bytes(photo)
    (tmp_path / "cut.jpg").write_bytes(photo[: len(photo) // 2])
    paths = [str(tmp_path / name) for name in ("whole.jpg", "cut.jpg")]
    ds = Dataset.from_dict({"image": paths}).cast_column("image", Image())
    with pytest.raises(MediaError) as error:
        hfaug.augment(ds, Flip())
    for part in ("column 'image'", "cut.jpg", "in Flip, row", "number 2 of its batch"):
        assert part in told(error.value)
    assert "Flagged" not in told(error.value)


def test_errors_of_a_mask_name_the_op(photo: bytes) -> None:
    """And the column of the mask."""
    small = encode_mask(np.zeros((5, 5, 1), np.uint8), like=Picture(np.zeros((5, 5, 1), np.uint8), mode="L"))
    columns = {"image": [{"bytes": photo, "path": None}], "mask": [{"bytes": small, "path": None}]}
    ds = Dataset.from_dict(columns, features=Features({"image": Image(), "mask": Image()}))
    with pytest.raises(HfaugError) as error:
        hfaug.augment(ds, Flip().on(image="image", mask="mask"))
    assert "'mask'" in told(error.value)
    assert "in Flip, row" in told(error.value)


def test_empty_and_missing_text_passes_unchanged() -> None:
    """There is nothing to edit in it."""
    made = hfaug.augment(Dataset.from_dict({"text": ["", None, "words enough"]}), SwapChars(share=1), keep=False)
    assert made["text"][:2] == ["", None]


def test_a_missing_column_names_those_that_are_there() -> None:
    """A bound column that does not exist is found before any work."""
    with pytest.raises(RoleError, match=r"'sentence' is none of text, label"):
        Dataset.from_dict({"text": ["a"], "label": [0]}).map(SwapChars().on(text="sentence"), batched=True)
    with pytest.raises(RoleError, match="needs one image column"):
        hfaug.augment(Dataset.from_dict({"text": ["a"]}), Flip())


def test_a_wrong_box_format_is_refused() -> None:
    """An unknown name says which are known."""
    with pytest.raises(ParameterError, match=r"coco.*'cocoa'|'cocoa'.*coco"):
        Rotate().on(boxes="boxes", box_format="cocoa")


def test_boxes_without_a_format_are_refused_before_any_work(photo: bytes) -> None:
    """The message says how to give one."""
    with pytest.raises(LabelError, match="box_format"):
        hfaug.augment(boxed(photo, [0, 0, 9, 9]), Rotate().on(boxes="boxes"))
    with pytest.raises(LabelError, match="'boxes' may hold positions"):
        hfaug.augment(boxed(photo, [0, 0, 9, 9]), Rotate())


@pytest.mark.parametrize("box", [[300, 10, 20, 20], [-50, 0, 20, 20], [10, 10, -5, 20], [0, 0, float("nan"), 5]])
def test_boxes_that_cannot_be_right_name_the_row(photo: bytes, box: list[float]) -> None:
    """Outside the image, inside out or not a number."""
    with pytest.raises(HfaugError) as error:
        hfaug.augment(boxed(photo, box), Rotate().on(boxes="boxes", box_format="coco"))
    assert "boxes" in told(error.value)
    assert "row '" in told(error.value)


def test_an_unknown_op_and_a_misspelt_parameter_name_the_nearest() -> None:
    """In a recipe, with the line; in Python, Python's own error."""
    start = "name: x\nsource: {path: json, data_files: x}\nsteps:\n"
    with pytest.raises(RecipeError, match=r"line 4.*did you mean image\.rotate"):
        parse_recipe(start + "- augment: {ops: image.rotat}")
    with pytest.raises(RecipeError, match=r"line 4.*did you mean 'degrees'"):
        parse_recipe(start + "- augment: {ops: [image.rotate: {degres: [0, 1]}]}")
    with pytest.raises(ParameterError, match="must not have the field 'degres'; did you mean 'degrees'"):
        Rotate(degres=(0, 1))  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Rotate(degrees=(9, 3)), "degrees"),
        (lambda: Rotate(degrees=3), "degrees"),
        (lambda: SwapChars(share=1.5), "share"),
        (lambda: SwapChars(share=float("nan")), "share"),
        (lambda: SwapChars(most=0), "most"),
        (lambda: Flip(axis="diagonal"), "axis"),
    ],
)
def test_a_parameter_out_of_its_limits_is_named(make: Any, field: str) -> None:
    """With its value."""
    with pytest.raises(ParameterError, match=field):
        make()


def test_one_row_cannot_become_several_without_batches() -> None:
    """The message says batched=True."""
    with pytest.raises(CallError, match="batched=True"):
        Dataset.from_dict({"text": ["some words"]}).map(SwapChars().times(2))


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    """Neither a work folder nor a release can be made below a file; root, who may write anywhere, cannot either."""
    (tmp_path / "text.txt").write_text("one line\nanother line\n")
    (tmp_path / "file").write_text("")
    recipe = parse_recipe("name: x\nsource: {path: text, data_files: text.txt, license: cc0-1.0}", tmp_path)
    with pytest.raises(StageError, match="file"):
        build(recipe, tmp_path / "file" / "work", progress=False)
    with pytest.raises(ReleaseError, match="file"):
        hfaug.release(Dataset.from_dict({"a": [1]}), tmp_path / "file" / "out", version="1.0.0", license="cc0-1.0")


@pytest.mark.skipif(os.geteuid() != 0, reason="a small file system can only be mounted by root")
def test_a_full_disk_is_told_and_finished_units_stay(tmp_path: Path) -> None:
    """On a file system of 1 MB the build stops with the folder's name; with more room it goes on."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        words = " ".join(f"word{n}" for n in range(400))
        (tmp_path / "text.txt").write_text("".join(f"{n} {words}\n" for n in range(1000)))
        text = "name: x\nsource: {path: text, data_files: text.txt}\nsteps: [augment: {ops: text.swap_chars}]"
        recipe = parse_recipe(text, tmp_path)
        with pytest.raises(StageError) as error:
            build(recipe, disk / "work", progress=False)
        assert str(disk) in told(error.value)
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        assert len(build(recipe, disk / "work", progress=False).splits["train"]) == 2000
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=False)


def test_the_command_line_shows_one_line_and_no_traceback(tmp_path: Path) -> None:
    """Exit status 1, the message on standard error."""
    (tmp_path / "bad.yaml").write_text("name: x\nsource: {path: json}\nstep: []\n")
    done = subprocess.run(
        [sys.executable, "-m", "hfaug", "build", "bad.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "did you mean 'steps'?" in done.stderr
    assert "Traceback" not in done.stderr
