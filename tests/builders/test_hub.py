"""Recipes in Hub repos, loaded by the real client over loopback in a fresh process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset

from tests.builders.rows import digest, rows_of
from tests.hub import READER, HubServer
from tests.hub.state import Repo, Stored

CONFIGS = [
    {"config_name": "default", "data_files": "train.hfaug", "default": True},
    {"config_name": "large", "data_files": "train.hfaug", "copies": 3},
]

SCRIPT = """
import json, sys
import datasets
datasets.config.USE_PARQUET_EXPORT = False
datasets.disable_progress_bars()
import hfaug
from datasets import load_dataset
from tests.builders.rows import digest, rows_of
arguments = json.loads(sys.argv[1])
found = []
for said in arguments:
    call = load_dataset if said.pop("call", "datasets") == "datasets" else hfaug.load_dataset
    try:
        loaded = call(**said)
    except Exception as error:
        found.append([type(error).__name__, str(error)])
        continue
    rows = {name: rows_of(split) for name, split in loaded.items()}
    found.append([{name: [len(own), digest(own)] for name, own in rows.items()}, str(loaded["train"].features)])
    if said.get("streaming"):
        paths = {row["image"]["path"] for table in loaded["train"].with_format("arrow").iter(99)
                 for row in table.to_pylist() if "image" in row}
        found[-1].append(sorted(map(str, paths)))
json.dump(found, sys.stdout)
"""


@pytest.fixture
def hub() -> Iterator[HubServer]:
    """An empty Hub."""
    with HubServer() as server:
        yield server


def put(hub: HubServer, name: str, files: Mapping[str, bytes | str], *, private: bool = False) -> str:
    """Make a commit; returns its id."""
    repo = hub.state.repos.setdefault(name, Repo(name, private=private))
    stored = {path: Stored(data.encode() if isinstance(data, str) else data, lfs=False) for path, data in files.items()}
    return repo.add("refs/heads/main", {**repo.head.files, **stored}, "data", "").oid


def load_in_a_fresh_process(
    hub: HubServer, folder: Path, *calls: dict[str, Any], token: str | None = READER
) -> list[Any]:
    """What the calls give, one after another."""
    place = {
        **os.environ, "HF_ENDPOINT": hub.endpoint, "HF_HUB_DISABLE_XET": "1", "HF_HOME": str(folder),
        "PYTHONPATH": os.getcwd(), **({"HF_TOKEN": token} if token else {}),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(calls)],
        env=place,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: list[Any] = json.loads(done.stdout)
    return found


def below(folder: Path, prefix: str) -> dict[str, bytes]:
    """The files of a folder, as they are named in a repo."""
    return {f"{prefix}/{file.relative_to(folder).as_posix()}": file.read_bytes() for file in folder.rglob("*.*")}


def test_a_repo_with_a_recipe_loads_whole_and_streamed(hub: HubServer, pictures: Path, tmp_path: Path) -> None:
    """Configs of the README, images beside the recipe, the rows of a folder; no address of the Hub in any."""
    (pictures / "train" / "1" / "9999.png").unlink()
    recipe = "name: digits\nsource: {path: ./pictures}\nsteps: [augment: {ops: image.rotate}]\n"
    readme = f"---\nconfigs: {json.dumps(CONFIGS)}\n---\n"
    put(hub, "ada/digits", {**below(pictures, "pictures"), "train.hfaug": recipe, "README.md": readme})
    whole, streamed, large, mine = load_in_a_fresh_process(
        hub, tmp_path / "home",
        {"path": "ada/digits"}, {"path": "ada/digits", "streaming": True}, {"path": "ada/digits", "name": "large"},
        {"path": "ada/digits", "name": "large", "copies": 1, "num_proc": 2},
    )  # fmt: skip
    here = load_dataset("augmentfolder", data_dir=str(pictures), recipe={"ops": ["image.rotate"]})
    rows = {name: rows_of(split) for name, split in here.items()}
    assert whole == [{name: [len(own), digest(own)] for name, own in rows.items()}, str(here["train"].features)]
    assert streamed[:2] == whole
    assert all("/" not in path for path in streamed[2])
    assert [large[0]["train"][0], mine] == [60, whole]


def test_a_repo_without_a_readme_needs_only_the_name_of_its_recipe(
    hub: HubServer, mail_file: Path, tmp_path: Path
) -> None:
    """``train.hfaug`` is found beside the data; the file can be named by its address too."""
    recipe = "name: mails\nsource: {path: json, data_files: mail.jsonl}\nsteps: [augment: {ops: text.swap_chars}]\n"
    put(hub, "ada/mails", {"mail.jsonl": mail_file.read_bytes(), "train.hfaug": recipe})
    by_repo, by_address = load_in_a_fresh_process(
        hub, tmp_path / "home",
        {"path": "ada/mails"}, {"call": "hfaug", "path": "hf://datasets/ada/mails/train.hfaug"},
    )  # fmt: skip
    assert by_repo[0]["train"][0] == 80
    assert by_address == by_repo
    put(hub, "ada/mails", {"train.hfaug": recipe.replace("swap_chars", "swap_chars, copies: 3")})
    (edited,) = load_in_a_fresh_process(hub, tmp_path / "home", {"path": "ada/mails"})
    assert edited[0]["train"][0] == 160


def test_a_recipe_takes_a_dataset_of_the_hub_at_a_revision(hub: HubServer, mail_file: Path, tmp_path: Path) -> None:
    """A pinned source stays as it was; one that is not pinned is loaded anew when it has moved."""
    lines = mail_file.read_text().splitlines()
    first = put(hub, "ada/source", {"data/train.jsonl": "\n".join(lines[:10])})
    step = "steps: [augment: {ops: text.swap_chars}]"
    pinned, moving = tmp_path / "pinned.hfaug", tmp_path / "moving.hfaug"
    pinned.write_text(f"name: x\nsource: {{path: ada/source, revision: {first}}}\n{step}")
    moving.write_text(f"name: x\nsource: {{path: ada/source, data_dir: data}}\n{step}")
    calls = [{"path": "hfaug", "data_files": str(file)} for file in (pinned, moving)]
    calls.append({"path": "hfaug", "data_files": str(pinned), "streaming": True})
    before = load_in_a_fresh_process(hub, tmp_path / "home", *calls)
    put(hub, "ada/source", {"data/train.jsonl": "\n".join(lines[:15])})
    after = load_in_a_fresh_process(hub, tmp_path / "home", *calls)
    assert [one[0]["train"][0] for one in before] == [20, 20, 20]
    assert [one[0]["train"][0] for one in after] == [20, 30, 20]
    assert before[0] == after[0] == after[2][:2]


def test_a_token_given_in_the_call_is_enough(hub: HubServer, pictures: Path, tmp_path: Path) -> None:
    """For the recipe, for what lies beside it, and for images that a stream opens late."""
    recipe = "name: digits\nsource: {path: ./pictures}\nsteps: [augment: {ops: image.rotate}]\n"
    put(hub, "ada/secret", {**below(pictures / "test", "pictures"), "train.hfaug": recipe}, private=True)
    refused, given, streamed = load_in_a_fresh_process(
        hub, tmp_path / "home",
        {"path": "ada/secret"}, {"path": "ada/secret", "token": READER},
        {"path": "ada/secret", "token": READER, "streaming": True}, token=None,
    )  # fmt: skip
    assert refused[0] == "DatasetNotFoundError"
    assert given[0]["train"][0] == streamed[0]["train"][0] == 12


def test_a_recipe_from_elsewhere_reads_no_files_of_this_machine(
    hub: HubServer, mail_file: Path, tmp_path: Path
) -> None:
    """Neither by absolute paths nor by ways out of its repo."""
    sources = (
        f"{{path: json, data_files: {mail_file}}}",
        f"{{path: {mail_file.parent}}}",
        "{path: json, data_files: ../../other/toy/mail.jsonl}",
        "{path: ../../../..}",
        f"{{path: json, data_files: 'file://{mail_file}'}}",
    )
    calls = []
    for number, source in enumerate(sources):
        put(hub, f"ada/r{number}", {"train.hfaug": f"name: x\nsource: {source}\n"})
        calls.append({"path": f"ada/r{number}"})
    for kind, message in load_in_a_fresh_process(hub, tmp_path / "home", *calls):
        assert kind == "RecipeError"
        assert "must name files beside it or on the Hub" in message
