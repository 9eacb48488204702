"""What a user of a release does: load it by its tag from the Hub, in a fresh process, whole and streamed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.hub import READER
from tests.release.conftest import mails

SCRIPT = """
import json, sys
import datasets
datasets.config.USE_PARQUET_EXPORT = False
datasets.disable_progress_bars()
from datasets import load_dataset
found = {}
for tag in ("v1.0.0", "v1.1.0"):
    data = load_dataset("ada/toy", revision=tag)
    found[tag] = {split: rows["text"][:] for split, rows in data.items()}
    stream = load_dataset("ada/toy", revision=tag, streaming=True)
    assert {split: [row["text"] for row in rows] for split, rows in stream.items()} == found[tag]
    assert data["train"].features["label"].names == ["ham", "spam"]
main = load_dataset("ada/toy", split="train")
originals = main.filter(lambda row: row["origin"] == "source", input_columns="provenance")
found["originals"] = len(originals)
json.dump(found, sys.stdout)
"""


def test_both_versions_load_by_tag_in_a_fresh_process(hub, send, tmp_path):
    """Tags give their own rows, main the newest, streaming the same, and the card's own line for originals works."""
    send(mails(), "1.0.0")
    send(mails(25), "1.1.0")
    place = {
        **os.environ,
        "HF_ENDPOINT": hub.endpoint,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HOME": str(tmp_path),
        "HF_TOKEN": READER,
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=place, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    for tag, number in (("v1.0.0", 20), ("v1.1.0", 25)):
        assert found[tag] == {split: part["text"][:] for split, part in mails(number).items()}
    assert found["originals"] == 25


def test_a_release_killed_at_a_named_point_is_finished_by_the_next_run(hub, send, tmp_path):
    """kill -9 after the upload, after the commit and after the tag: the next run ends with one commit and one tag."""
    script = """
import sys
from tests.release.conftest import RECORD, mails
from hfaug.release import release
release(mails(), "ada/toy", version="1.0.0", record=RECORD, token="hf_writer", endpoint=sys.argv[1])
"""
    for point, existed in (("release.uploaded", False), ("release.committed", True), ("release.tagged", True)):
        hub.state.restore(({}, {}))
        place = {
            **os.environ,
            "HF_HUB_DISABLE_XET": "1",
            "HFAUG_FAILPOINT": point,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "HF_HOME": str(tmp_path),
            "TMPDIR": str(tmp_path),
        }
        done = subprocess.run(
            [sys.executable, "-c", script, hub.endpoint], env=place, capture_output=True, timeout=60, check=False
        )
        assert done.returncode == -9, done.stderr[-2000:]
        hub.state.log.clear()
        assert len(list(tmp_path.glob("hfaug-release-*"))) == 1
        assert send(mails(), "1.0.0", work_dir=tmp_path).existed is existed
        assert not list(tmp_path.glob("hfaug-release-*")), "what the killed run left is cleared away"
        assert hub.state.count("lfs-put") == 0
        repo = hub.state.repos["ada/toy"]
        assert repo.tags == {"v1.0.0": repo.head.oid}
        assert len(repo.commits) == 2
