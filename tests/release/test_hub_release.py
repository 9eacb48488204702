"""Releases to the Hub without faults: what is there afterwards, and what is refused."""

from __future__ import annotations

import json

import pytest

from hfaug.errors import HeadMovedError, LicenseError, ReleaseError, VerifyError
from hfaug.release import Limits, RunRecord, diff, verify, versions
from hfaug.release.marker import MARKER
from tests.hub import READ_ONLY, WRITER, Rule
from tests.hub.state import Stored
from tests.release.conftest import RECORD, mails, rows


def test_a_release_is_one_commit_and_a_tag_on_it(hub, send):
    """Data, card, recipe and record arrive in one commit; the tag is on it; it reads back whole."""
    done = send(mails(), "1.0.0")
    repo = hub.state.repos["ada/toy"]
    assert len(repo.commits) == 2
    assert repo.tags == {"v1.0.0": repo.head.oid} == {done.tag: done.commit}
    assert set(repo.head.files) == {
        ".gitattributes",
        "README.md",
        "recipe.yaml",
        ".hfaug/run.json",
        MARKER,
        "data/train-00000-of-00002.parquet",
        "data/train-00001-of-00002.parquet",
        "data/test-00000-of-00001.parquet",
    }
    assert done.rows == 44
    assert not done.existed
    record = RunRecord.from_json(repo.head.files[".hfaug/run.json"].data)
    assert record.counts["default"]["train"] == {
        "source": {"ham": 10, "spam": 10},
        "augmented": {"ham": 10, "spam": 10},
    }
    assert repo.head.files["recipe.yaml"].data.decode() == RECORD.recipe


def test_running_it_again_changes_nothing(hub, send):
    """The same release once more succeeds without a commit, a tag or an upload."""
    first = send(mails(), "1.0.0")
    hub.state.log.clear()
    second = send(mails(), "1.0.0")
    assert second.existed
    assert second.commit == first.commit
    assert hub.state.count("commit") == hub.state.count("tag") == hub.state.count("lfs-put") == 0
    assert "nothing is left to do" in second.text


def test_a_version_never_changes(hub, send):
    """Other data, another licence or another recipe under a released version is refused."""
    send(mails(), "1.0.0")
    for data, options in ((mails(21), {}), (mails(), {"license": "mit"}), (mails(), {"recipe": "other"})):
        with pytest.raises(ReleaseError, match=r"v1\.0\.0 is released with other content"):
            send(data, "1.0.0", **options)
    assert len(hub.state.repos["ada/toy"].commits) == 2


def test_a_later_build_of_the_same_rows_is_the_same_release(send):
    """The date and the versions of libraries are no part of what a release is."""
    import dataclasses

    send(mails(), "1.0.0")
    assert send(
        mails(), "1.0.0", record=dataclasses.replace(RECORD, created="2026-02-02", libraries={"x": "2"})
    ).existed


def test_a_grown_dataset_uploads_only_what_is_new(hub, send):
    """Rows appended to a split reuse every full shard; copies added reuse the originals."""
    limits = Limits(shard_bytes=800, group_bytes=300)
    first = send(mails(200, 0), "1.0.0", limits=limits)
    before = hub.state.put_bytes
    grown = mails(200, 0)
    grown["train"] = rows(220, 0)
    second = send(grown, "1.1.0", limits=limits)
    shards = [file for file in second.files if file.path.endswith(".parquet")]
    new = [file for file in shards if file.there is None]
    assert hub.state.put_bytes - before == sum(file.size for file in new)
    assert len(new) <= 2 < len(shards)
    assert len([file for file in first.files if file.path.startswith("data/train")]) > 5
    before = hub.state.put_bytes
    grown["train"] = rows(220, 1)
    third = send(grown, "1.2.0", limits=limits)
    originals = [file for file in third.files if file.path.startswith("data/train") and file.there]
    assert len(originals) == len([file for file in second.files if file.path.startswith("data/train")])
    names = [path for path in hub.state.repos["ada/toy"].head.files if path.startswith("data/train")]
    assert {name.rpartition("-of-")[2] for name in names} == {f"{len(names):05d}.parquet"}, "stale shards are deleted"


def test_more_than_fifty_shards_are_still_one_commit(hub, send):
    """No number of shards makes a second commit."""
    done = send(mails(300, 1), "1.0.0", limits=Limits(shard_bytes=500, group_bytes=500))
    assert len([file for file in done.files if file.path.endswith(".parquet")]) > 60
    assert len(hub.state.repos["ada/toy"].commits) == 2


def test_long_listings_are_read_to_their_end(hub, send):
    """A repo with more files than one page of the listing is verified and cleaned like any other."""
    hub.state.page_size = 5
    send(mails(100, 1), "1.0.0", limits=Limits(shard_bytes=500, group_bytes=500))
    send(mails(10, 1), "1.1.0")
    assert sum(path.endswith(".parquet") for path in hub.state.repos["ada/toy"].head.files) == 3


def test_a_dry_run_writes_nothing(hub, send):
    """It prints what would be uploaded, reused, deleted and kept; not even the repo is made."""
    planned = send(mails(), "1.0.0", dry_run=True)
    assert planned.dry_run
    assert "ada/toy" not in hub.state.repos
    assert "new     data/train-00000-of-00002.parquet" in planned.text
    send(mails(), "1.0.0")
    hub.state.repos["ada/toy"].edit("notes.md", b"mine")
    hub.state.log.clear()
    planned = send(mails(20, 2), "1.1.0", dry_run=True)
    assert "there   data/train-00000-of-00002.parquet" in planned.text
    assert "keep    2 file(s) that hfaug did not write: .gitattributes, notes.md" in planned.text
    assert planned.plan.new_bytes < planned.plan.new_bytes + planned.plan.reused_bytes
    assert all(method in {"GET", "HEAD"} for _, method, _ in hub.state.log)
    done = send(mails(), "1.0.0", dry_run=True)
    assert done.existed
    assert done.plan.done


def test_files_of_others_stay(hub, send):
    """Files that people added or changed are kept; shards that a reader would load are not."""
    extra = {"assets/sheet.png": b"\x89PNG one", "assets/page.html": b"<html>"}
    send(mails(), "1.0.0", extra_files=extra)
    repo = hub.state.repos["ada/toy"]
    repo.edit("notes.md", b"mine")
    repo.edit("assets/page.html", b"<HTML>")
    stray = {**repo.head.files, "data/train-00007-of-00009.parquet": Stored(b"PAR1", lfs=True)}
    repo.add("refs/heads/main", stray, "push_to_hub", "")
    send(mails(21), "1.1.0")
    left = set(repo.head.files)
    assert {"notes.md", "assets/page.html"} <= left, "added and changed by a person"
    assert "assets/sheet.png" not in left, "written by the release before, not by this one"
    assert "data/train-00007-of-00009.parquet" not in left, "it would be loaded as rows of train"


def test_configs_of_others_stay(hub, send):
    """A config that somebody pushed by hand keeps its files and its entry in the card."""
    send(mails(), "1.0.0")
    repo = hub.state.repos["ada/toy"]
    card = repo.head.files["README.md"].data.decode()
    theirs = "- config_name: extra\n  default: true\n  data_files: extra/*.csv\n"
    repo.edit("extra/a.csv", b"a\n1\n")
    repo.edit("README.md", card.replace("configs:\n", f"configs:\n{theirs}").encode())
    send(mails(21), "1.1.0")
    import yaml

    entries = yaml.safe_load(repo.head.files["README.md"].data.decode().split("---\n")[1])
    assert {entry["config_name"]: entry.get("default") for entry in entries["configs"]} == {
        "default": None,
        "extra": None,
    }
    assert "extra/a.csv" in repo.head.files


def test_a_config_that_is_left_out_goes(hub, send):
    """What hfaug released before and does not release now leaves the repo and the card."""
    send({"small": mails(4), "large": mails(40)}, "1.0.0")
    done = send({"large": mails(40)}, "2.0.0")
    repo = hub.state.repos["ada/toy"]
    assert not any(path.startswith("small/") for path in repo.head.files)
    assert "config_name: small" not in repo.head.files["README.md"].data.decode()
    assert done.plan.deletions
    assert "config small is gone" in repo.head.files["README.md"].data.decode()


def test_versions_only_rise(hub, send):
    """An older number than the newest released one is refused before anything is written."""
    send(mails(), "1.0.0")
    send(mails(21), "1.1.0")
    with pytest.raises(ReleaseError, match=r"version must be higher than 1\.1\.0"):
        send(mails(22), "1.0.1")
    assert versions("ada/toy", token=WRITER, endpoint=hub.endpoint) == ["1.0.0", "1.1.0"]


def test_a_head_that_moves_is_never_overwritten(hub, send):
    """Somebody who writes between the plan and the commit is named, and the next run goes on top of it."""
    send(mails(), "1.0.0")
    repo = hub.state.repos["ada/toy"]
    planned_for = repo.head.oid
    hub.faults.add(Rule("commit", None, token=WRITER, action=lambda: repo.edit("notes.md", b"in between")))
    with pytest.raises(HeadMovedError) as caught:
        send(mails(21), "1.1.0")
    assert planned_for in str(caught.value)
    assert repo.head.oid in str(caught.value)
    assert "v1.1.0" not in repo.tags
    send(mails(21), "1.1.0")
    assert repo.head.files["notes.md"].data == b"in between"
    assert repo.tags["v1.1.0"] == repo.head.oid


def test_an_edited_card_between_two_runs_does_not_matter(hub, send):
    """A commit without its tag is found below what came after it, and tagged."""
    send(mails(), "1.0.0")
    repo = hub.state.repos["ada/toy"]
    released = repo.head
    del repo.refs["refs/tags/v1.0.0"]
    repo.edit("README.md", released.files["README.md"].data + b"\nMine.\n")
    done = send(mails(), "1.0.0")
    assert done.existed
    assert repo.tags["v1.0.0"] == released.oid


def test_a_broken_off_release_may_be_replaced_by_other_rows(hub, send):
    """A version is a promise only once it is tagged."""
    send(mails(), "1.0.0")
    repo = hub.state.repos["ada/toy"]
    del repo.refs["refs/tags/v1.0.0"]
    done = send(mails(21), "1.0.0")
    assert not done.existed
    assert repo.tags["v1.0.0"] == repo.head.oid


@pytest.mark.parametrize(
    ("token", "message"),
    [("hf_wrong", r"token that the Hub accepts, was refused \(401\)"), (READ_ONLY, r"may write to this repo.*\(403\)")],
)
def test_a_wrong_token_is_said_in_words(send, token, message):
    """A token the Hub does not know, or one that may only read."""
    send(mails(), "1.0.0")
    with pytest.raises(ReleaseError, match=message):
        send(mails(21), "1.1.0", token=token)


def test_a_repo_that_cannot_be_made_is_said_in_words(hub, send):
    """Without the right to create it there is no release."""
    with pytest.raises(ReleaseError, match="ada/toy: creating the repo"):
        send(mails(), "1.0.0", token=READ_ONLY)
    assert not hub.state.repos


def test_a_new_repo_can_be_private(hub, send):
    """`private` reaches the Hub when the repo is made."""
    send(mails(), "1.0.0", private=True)
    assert hub.state.repos["ada/toy"].private


def test_a_gitignore_that_would_swallow_shards_stops_the_release(hub, send):
    """The client leaves ignored files out in silence; half a dataset must not be committed."""
    send(mails(), "1.0.0")
    hub.state.repos["ada/toy"].edit(".gitignore", b"data/\n")
    with pytest.raises(ReleaseError, match=r"\.gitignore of the repo must not match"):
        send(mails(21), "1.1.0")
    assert "v1.1.0" not in hub.state.repos["ada/toy"].tags


def test_a_licence_in_the_card_is_not_overwritten(hub, send):
    """A card that says another licence than the sources lead to stops the release until somebody states one."""
    send(mails(), "1.0.0")
    repo = hub.state.repos["ada/toy"]
    repo.edit("README.md", repo.head.files["README.md"].data.replace(b"license: cc-by-4.0", b"license: mit"))
    with pytest.raises(LicenseError, match=r"names? what follows from the sources, 'cc-by-4.0', but names 'mit'"):
        send(mails(21), "1.1.0")
    send(mails(21), "1.1.0", license="cc-by-4.0")
    assert b"license: cc-by-4.0" in repo.head.files["README.md"].data


def test_verify_finds_what_was_changed_after_the_release(hub, send):
    """Every file is held to its hash, large and small, and no shard may stand beside the released ones."""
    send(mails(), "1.0.0")
    repo = hub.state.repos["ada/toy"]
    assert verify("ada/toy", "1.0.0", token=WRITER, endpoint=hub.endpoint).rows == 44
    shard = "data/train-00000-of-00002.parquet"
    whole = dict(repo.head.files)
    changes = {
        "SHA-256": {shard: Stored(whole[shard].data + b" ", lfs=True)},
        "README.md must have": {"README.md": Stored(b"x" * len(whole["README.md"].data), lfs=False)},
        "would be loaded": {"data/train-00009-of-00010.parquet": whole[shard]},
        "must hold .hfaug/release.json": {MARKER: None},
        "must be there": {shard: None},
    }
    for message, change in changes.items():
        files = {path: stored for path, stored in {**whole, **change}.items() if stored is not None}
        repo.refs["refs/tags/v1.0.0"] = repo.add("refs/heads/main", files, message, "").oid
        with pytest.raises(VerifyError, match=message):
            verify("ada/toy", "1.0.0", token=WRITER, endpoint=hub.endpoint)
    marker = json.loads(whole[MARKER].data)
    marker["rows"][shard] += 1
    files = {**whole, MARKER: Stored(json.dumps(marker).encode(), lfs=False)}
    repo.refs["refs/tags/v1.0.0"] = repo.add("refs/heads/main", files, "rows", "").oid
    with pytest.raises(VerifyError, match="must hold 21 rows, holds 20"):
        verify("ada/toy", "1.0.0", token=WRITER, endpoint=hub.endpoint)


def test_the_changes_are_read_from_the_shards_that_differ(hub, send):
    """Rows added, removed and changed are told by their ids, and shards that both versions share are never read."""
    limits = Limits(shard_bytes=2000, group_bytes=2000)
    send(mails(100, 0), "1.0.0", limits=limits)
    changed = rows(101, 0).map(lambda row: {"text": "new text"} if row["provenance"]["id"] == "r99" else {})
    data = mails(100, 0)
    data["train"] = changed.filter(lambda row: row["provenance"]["id"] != "r98").cast(data["train"].features)
    hub.state.log.clear()
    send(data, "1.1.0", limits=limits)
    found = diff("ada/toy", "1.0.0", "1.1.0", token=WRITER, endpoint=hub.endpoint)
    train = found.rows["default", "train"]
    assert (train.added, train.removed, train.changed) == (1, 1, 1)
    assert train.examples == {"added": ("r100",), "removed": ("r98",), "changed": ("r99",)}
    card = hub.state.repos["ada/toy"].head.files["README.md"].data.decode()
    assert "- train: 1 row added, 1 row removed, 1 row changed" in card
