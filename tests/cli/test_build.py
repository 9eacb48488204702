"""`hfaug build` and `hfaug release`: what they say, what they leave, how they end."""

import filecmp
import json
import os
import re
import signal
import sys
import time

import pytest
from datasets import load_dataset

from tests.cli.shell import start, typed
from tests.hub import READ_ONLY, WRITER, HubServer


def contents(folder):
    """Every file below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_build_says_what_it_made(desk, capsys):
    assert typed("build", "mail.yaml") == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"mail 1\.0\.0 is built \(\d+\.\d s\)", lines[0])
    assert lines[2].split() == ["split", "rows", "original", "augmented", "synthetic"]
    assert lines[3].split()[0] == "train"
    assert lines[3].split()[2] == "300"
    assert "exact duplicate" in "\n".join(lines)
    assert "; computed twice: 0" in "\n".join(lines)
    assert lines[-3:] == [
        "stages out/.work/mail",
        "look   out/mail-preview.png, out/mail-preview.html",
        "next   hfaug release mail.yaml",
    ]
    assert (desk / "out" / "mail-preview.png").read_bytes().startswith(b"\x89PNG")


def test_what_is_still_missing_is_said_again_by_every_build(desk, capsys):
    """Also by one that finds all rows there, of which no stage warns."""
    (desk / "short.yaml").write_text("""
name: short
source: {path: json, data_files: data/mail/mail.jsonl, encode: label}
steps:
  - balance:
      column: label
      target: {spam: 305}
      drop: false
      generate: {op: {tests.recipe.inventing:Invent: {refused: 1.0}}, prompt: "a {label}", tries: 1}
""")
    for _ in range(2):
        assert typed("build", "short.yaml", "-q") == 0
        lines = [line.split() for line in capsys.readouterr().out.splitlines()]
        place = lines.index(["still", "missing", "by", "class", "rows"])
        assert lines[place + 1][-2:] == ["spam", "245"]


def test_a_second_build_finds_everything(desk, capsys):
    assert typed("build", "mail.yaml", "-q") == 0
    first = capsys.readouterr()
    assert first.err == ""
    assert typed("build", "mail.yaml", "-q", "--processes", "1") == 0
    units = re.search(r"units  (\d+) in \d+ stages \((\d+) were there before\)", capsys.readouterr().out)
    assert units[1] == units[2]


def test_progress_is_told_where_nobody_watches(desk, capsys):
    assert typed("build", "mail.yaml") == 0
    assert "hfaug: stage augment-0-train" in capsys.readouterr().err


def test_a_dry_run_builds_nothing(desk, capsys):
    assert typed("build", "mail.yaml", "--dry-run") == 0
    out = capsys.readouterr().out
    assert "train   300  text, label" in out
    assert re.search(r"1  augment  1 x text\.swap_chars\(share=0\.01, most=20\)", out)
    assert out.endswith("Nothing was built: this was a dry run.\n")
    assert not (desk / "out").exists()


def test_processes_share_the_work_and_make_the_same_release(desk, capsys):
    """Two processes: the summary counts both, and the release is that of one, byte for byte."""
    with start("build", "mail.yaml", "--processes", "2", "--out", "two", "-q") as command:
        out, err = command.communicate()
    assert (command.returncode, err) == (0, "")
    assert "next   hfaug release mail.yaml --out two" in out
    assert typed("release", "mail.yaml", "--out", "two") == 0
    assert typed("release", "mail.yaml", "--out", "one") == 0
    assert contents(desk / "one" / "mail") == contents(desk / "two" / "mail")


def test_more_processes_than_the_launcher_started_are_refused(desk, capsys, monkeypatch):
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "1")
    assert typed("build", "mail.yaml", "--processes", "2") == 1
    assert "error: World: 2 processes were asked for, 1 runs" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text, said",
    [
        (
            "name: x\nsource: {path: text}\nstepps: []",
            "recipe, line 3, file: must not have the key 'stepps'; did you mean",
        ),
        ("name: x\nsource: {path: text}\nsteps: [augment: {ops: image.rotat}]", "did you mean image.rotate"),
        ("name: x\nsource: {path: text, data_files: none.txt}", "recipe, source: 'text' must load"),
        (
            "name: x\nsource: {path: json, data_files: data/mail/mail.jsonl}\nsteps: [augment: {ops: image.rotate}]",
            "Rotate: needs one image column",
        ),
    ],
)
@pytest.mark.parametrize("processes", [[], ["--processes", "2"]], ids=["one", "two"])
def test_a_wrong_recipe_is_one_message(text, said, processes, desk, capsys):
    """Said once, by whoever was asked, before any process is started."""
    (desk / "x.yaml").write_text(text)
    assert typed("build", "x.yaml", "-q", *processes) == 1
    err = capsys.readouterr().err
    assert said in err
    assert err.count("error: ") == 1
    assert "Traceback" not in err


def test_a_failing_row_is_named_by_each_process_that_met_it(desk):
    folder = desk / "bad"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.png").write_bytes((desk / "data" / "digits" / "0" / "0000.png").read_bytes()[:80])
    (desk / "bad.yaml").write_text(
        "name: bad\nsource: {path: imagefolder, data_dir: bad}\nsteps: [augment: {ops: image.rotate}]"
    )
    with start("build", "bad.yaml", "-q", "--processes", "2") as command:
        out, err = command.communicate()
    assert (command.returncode, out) == (1, "")
    assert "image: must be a whole PNG file" in err
    assert "Run: every process must get on" not in err


SLOW = """\
name: slow
source: {path: imagefolder, data_dir: data/digits, license: cc0-1.0}
steps:
  - augment: {ops: [image.rotate, image.jitter_color, image.erase], copies: 60}
"""


@pytest.mark.slow
@pytest.mark.parametrize("processes", ["1", "2"])
def test_ctrl_c_says_how_to_go_on(processes, desk, capsys):
    """No traceback, exit code 130; the same command goes on, and the result is that of a build nobody stopped."""
    (desk / "slow.yaml").write_text(SLOW)
    words = ["build", "slow.yaml", "-q", "--processes", processes]
    with start(*words) as command:
        while not list(desk.glob("out/.work/slow/stages/augment-*/unit-*.arrow")):
            assert command.poll() is None
            time.sleep(0.02)
        command.send_signal(signal.SIGINT)
        _, err = command.communicate()
    assert command.returncode == 130
    assert "Traceback" not in err
    assert "stopped; what is finished is kept; to go on: hfaug build slow.yaml" in err
    assert typed("build", "slow.yaml", "-q") == 0
    again = int(re.search(r"computed twice: (\d+)", capsys.readouterr().out)[1])
    assert again <= int(processes), "only what a process had in hand is lost"
    assert typed("release", "slow.yaml") == 0
    assert typed("release", "slow.yaml", "--out", "other") == 0
    assert contents(desk / "out" / "slow") == contents(desk / "other" / "slow")


def test_a_release_can_be_planned_made_and_repeated(desk, capsys):
    """A dry run writes nothing; the release holds data, card, recipe and contact sheet; again it changes nothing."""
    assert typed("release", "mail.yaml", "--dry-run", "--version", "2.0.0") == 0
    out = capsys.readouterr().out
    assert "Nothing was written: this was a dry run." in out
    assert out.endswith("next   hfaug release mail.yaml --version 2.0.0\n")
    assert not (desk / "out" / "mail").exists()
    assert typed("release", "mail.yaml", "--version", "2.0.0") == 0
    assert "out/mail/v2.0.0 is released and reads back whole" in capsys.readouterr().out
    released = desk / "out" / "mail" / "v2.0.0"
    assert {"README.md", "recipe.yaml", "preview.png", "preview.html"} <= {path.name for path in released.iterdir()}
    assert "preview.png" in (released / "README.md").read_text(encoding="utf-8")
    assert len(load_dataset(str(released), split="train")) > 300
    assert typed("release", "mail.yaml", "--version", "2.0.0") == 0
    assert "was released before" in capsys.readouterr().out


def test_a_work_folder_can_be_released(desk, capsys):
    """The folder of a build knows its recipe; with the recipe it makes one release."""
    assert typed("build", "mail.yaml", "--work", "stages", "-q") == 0
    assert "next   hfaug release mail.yaml --work stages" in capsys.readouterr().out
    assert json.loads((desk / "stages" / "recipe.json").read_text())["recipe"].startswith("name: mail")
    assert typed("release", "stages", "--to", "./a") == 0
    assert typed("release", "mail.yaml", "--work", "stages", "--to", "./b") == 0
    card = "README.md"  # it names the folder
    one, two = contents(desk / "a"), contents(desk / "b")
    assert one.keys() == two.keys()
    data = [path for path in one if path.endswith(".parquet")]
    assert data
    assert filecmp.cmpfiles(desk / "a", desk / "b", data, shallow=False)[0] == data
    assert f"v1.0.0/{card}" in one


def test_what_is_no_build_cannot_be_released(desk, capsys):
    assert typed("release", "data") == 1
    assert "must be a recipe file or the work folder of a build, 'data' is neither" in capsys.readouterr().err


def test_a_target_that_could_be_both_is_refused(desk, capsys):
    """`out/mail` is a repo to the library; whoever has a folder `out` means that more often."""
    (desk / "out").mkdir()
    assert typed("release", "mail.yaml", "--to", "out/mail") == 2
    assert "write ./out/mail or hf://datasets/out/mail" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words, changes, told",
    [
        (["--version", "one"], {}, "version: must look like 1.2.0"),
        (["--to", "bad repo/name/x"], {}, "target must be a repo id"),
        ([], {", license: cc0-1.0": ""}, "says no licence"),
        ([], {"cc0-1.0": "cc-by-nd-4.0"}, "allows no changed versions"),
    ],
)
def test_what_is_sure_to_be_refused_is_refused_before_the_build(words, changes, told, desk, capsys):
    """Not an hour later."""
    text = (desk / "mail.yaml").read_text()
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    (desk / "mail.yaml").write_text(text)
    assert typed("release", "mail.yaml", *words) == 1
    assert told in capsys.readouterr().err
    assert not (desk / "out").exists()


def test_a_dry_run_says_under_which_licence_a_release_would_stand(desk, capsys):
    """None is no reason not to build."""
    assert typed("build", "mail.yaml", "--dry-run") == 0
    assert "under  cc0-1.0\n" in capsys.readouterr().out
    (desk / "mail.yaml").write_text((desk / "mail.yaml").read_text().replace(", license: cc0-1.0", ""))
    assert typed("build", "mail.yaml", "--dry-run") == 0
    assert "no licence yet, and so no release: " in capsys.readouterr().out


def test_a_dry_run_checks_filters(desk, capsys):
    """A column that is not there is told with its step, and by a build before any unit."""
    text = (desk / "mail.yaml").read_text()
    (desk / "mail.yaml").write_text(text.replace("[text]", "[texts]"))
    for more in (["--dry-run"], []):
        assert typed("build", "mail.yaml", *more) == 1
        assert "recipe, steps[1].filter: ExactDuplicates: columns must be among text, label" in capsys.readouterr().err
    assert not list((desk).rglob("unit-*"))


def test_a_quiet_release_says_its_result_alone(desk, capsys):
    """As a quiet build does."""
    assert typed("release", "mail.yaml", "-q") == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "is released and reads back whole" in out


def test_an_op_of_ones_own_is_built_previewed_and_released(desk, capsys, monkeypatch):
    """Written by `hfaug new`, used by its name in a recipe beside it; several processes find it too."""
    monkeypatch.setattr("sys.path", list(sys.path))
    assert typed("new", "op", "text.shout_all_words") == 0
    assert "in a recipe beside it: shout_all_words:ShoutAllWords" in capsys.readouterr().out
    text = (desk / "mail.yaml").read_text().replace("text.swap_chars: {share: 0.01}", "shout_all_words:ShoutAllWords")
    (desk / "mail.yaml").write_text(text)
    assert typed("preview", "mail.yaml", "-o", "look") == 0
    with start("build", "mail.yaml", "--processes", "2", "-q", env={**os.environ, "PYTHONSAFEPATH": "1"}) as command:
        _, err = command.communicate()
    assert (command.returncode, err) == (0, "")
    assert typed("release", "mail.yaml", "-q") == 0
    assert "shout_all_words:ShoutAllWords" in (desk / "out" / "mail" / "v1.0.0" / "README.md").read_text()


@pytest.fixture(scope="module")
def hub():
    """A Hub on loopback."""
    with HubServer() as server:
        yield server


def on_hub(hub, desk, token):
    """Release to the Hub with a token of a file, in a process that knows no other."""
    (desk / "token").write_text(f"{token}\n")
    words = ["release", "mail.yaml", "--to", "ada/mail", "--token-file", "token"]
    with start(*words, env={**os.environ, "HF_ENDPOINT": hub.endpoint}) as command:
        out, err = command.communicate()
    return command.returncode, out, err


def test_a_release_to_the_hub_with_a_token_of_a_file(hub, desk):
    code, out, err = on_hub(hub, desk, WRITER)
    assert code == 0, err
    assert "ada/mail@v1.0.0 (commit" in out
    repo = hub.state.repos["ada/mail"]
    assert repo.tags == {"v1.0.0": repo.head.oid}
    assert "preview.png" in repo.head.files
    assert WRITER not in out + err


def test_a_token_that_may_not_write_is_told(hub, desk):
    code, out, err = on_hub(hub, desk, READ_ONLY)
    assert (code, out) == (1, "")
    assert err.splitlines()[-1].startswith("error: ")
    assert READ_ONLY not in err
