"""Everything that can go wrong between a release and the Hub: no reader sees half a version, and running it again
ends well.

A fault strikes before the server has done its work or after, when only the answer is lost. A reader looks at main
and at every tag all the time.
"""

from __future__ import annotations

import math

import pytest

from hfaug.errors import HeadMovedError, ReleaseError
from hfaug.release import verify
from tests.hub import WRITER, Fault, Rule
from tests.release.conftest import Watcher, mails

KINDS = {
    "500": Fault(500),
    "503": Fault(503),
    "429": Fault(429, {"Retry-After": "1"}),
    "412": Fault(412),
    "drop": Fault(None),
}
ROUTES = (
    "repo",
    "create",
    "auth-check",
    "refs",
    "commits",
    "tree",
    "resolve",
    "preupload",
    "lfs-batch",
    "lfs-put",
    "lfs-verify",
    "validate-yaml",
    "commit",
    "tag",
)
REQUESTS = 44  # at least as many as one release makes
OLD, NEW = mails(6), mails(7)


@pytest.fixture
def snapshots(hub, send, request):
    """The Hub with nothing on it, and with version 1.0.0; made once."""
    cache = request.config.stash.setdefault(_CACHE, {})
    if not cache:
        cache["empty"] = hub.state.snapshot()
        send(OLD, "1.0.0")
        cache["released"] = hub.state.snapshot()
    hub.state.restore(cache["empty"])
    return cache


_CACHE: pytest.StashKey[dict] = pytest.StashKey()


def attempt(send, data=NEW, version="1.1.0"):
    """One run of the command: done, or an error of hfaug's own that says what to do."""
    try:
        return send(data, version)
    except ReleaseError as error:
        said = str(error)
    assert any(way_out in said for way_out in ("again", "token", "mend")), said
    return None


def check_end(hub, version="1.1.0", commits=None):
    """The version is tagged once, on one commit of its own, and whole."""
    repo = hub.state.repos["ada/toy"]
    verify("ada/toy", version, token=WRITER, endpoint=hub.endpoint)
    titles = [commit.title for commit in repo.commits.values() if commit.title.startswith(f"Release v{version}")]
    assert len(titles) == 1, titles
    if commits is not None:
        assert len(repo.commits) == commits
        assert repo.tags[f"v{version}"] == repo.head.oid


@pytest.mark.parametrize("after", [False, True], ids=["before", "answer-lost"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("route", ROUTES)
def test_one_fault_at_every_kind_of_request(hub, send, snapshots, route, kind, after):
    """A single fault is mended in the run itself, or by running the command again."""
    fresh = route == "create"
    hub.state.restore(snapshots["empty" if fresh else "released"])
    rule = hub.faults.add(Rule(route, KINDS[kind], after=after, token=WRITER))
    watcher = None if fresh else Watcher(hub)
    if watcher:
        watcher.start()
    if attempt(send) is None:
        hub.faults.clear()
        send(NEW, "1.1.0")
    if watcher:
        watcher.stop()
    assert rule.seen >= 1
    check_end(hub, commits=2 if fresh else 3)


@pytest.mark.parametrize("after", [False, True], ids=["before", "answer-lost"])
@pytest.mark.parametrize("number", range(1, REQUESTS + 1))
def test_the_hub_goes_away_at_every_single_request(hub, send, snapshots, number, after):
    """From the n-th request on nothing is answered; the second run finds what the first one left and finishes it."""
    hub.state.restore(snapshots["released"])
    hub.faults.add(Rule(None, Fault(None), after=after, nth=number, times=math.inf, token=WRITER))
    watcher = Watcher(hub)
    watcher.start()
    done = attempt(send)
    struck = hub.faults.struck
    hub.faults.clear()
    again = send(NEW, "1.1.0")
    watcher.stop()
    assert (done is None) == bool(struck)
    assert again.rows == 18
    check_end(hub, commits=3)


def test_a_release_makes_fewer_requests_than_are_struck(hub, send, snapshots):
    """The matrix above reaches the last request."""
    hub.state.restore(snapshots["released"])
    send(NEW, "1.1.0")
    assert len(hub.state.log) <= REQUESTS, len(hub.state.log)
    assert set(ROUTES) - {"create"} <= {name for name, _, _ in hub.state.log}


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "answer-lost"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("route", ROUTES)
def test_a_fault_that_stays_and_then_goes(hub, send, snapshots, route, kind, after):
    """Every kind of request fails for good; when it works again, the same command ends well, from an empty Hub too."""
    for name, commits in (("released", 3), ("empty", 2)):
        hub.state.restore(snapshots[name])
        hub.faults.add(Rule(route, KINDS[kind], after=after, times=math.inf, token=WRITER))
        watcher = Watcher(hub)
        watcher.start()
        attempt(send)
        hub.faults.clear()
        send(NEW, "1.1.0")
        watcher.looks += 1
        watcher.stop()
        check_end(hub, commits=commits)


@pytest.mark.parametrize("kind", [None, *(kind for kind in KINDS if kind != "412")])
@pytest.mark.parametrize("route", ["preupload", "lfs-put", "commit"])
def test_a_person_edits_the_card_in_between(hub, send, snapshots, route, kind):
    """The head moves while shards are sent or before the commit: refused, both commits named, then on top."""
    hub.state.restore(snapshots["released"])
    repo = hub.state.repos["ada/toy"]
    planned_for = repo.head.oid
    words = repo.head.files["README.md"].data + b"\nMy own words.\n"
    hub.faults.add(
        Rule(
            route,
            KINDS.get(kind or ""),
            token=WRITER,
            action=lambda: repo.edit("README.md", words),
            after=route != "commit",
        )
    )
    watcher = Watcher(hub, edited=True)
    watcher.start()
    with pytest.raises(HeadMovedError, match=planned_for) as caught:
        send(NEW, "1.1.0")
    assert repo.head.oid in str(caught.value)
    hub.faults.clear()
    send(NEW, "1.1.0")
    watcher.stop()
    check_end(hub, commits=4)
    assert b"My own words." in repo.head.files["README.md"].data


@pytest.mark.parametrize("kind", [None, "500", "drop"])
def test_somebody_else_releases_the_same_in_between(hub, send, snapshots, kind):
    """Two people run the same command: one commit, one tag, and both are told it is done."""
    hub.state.restore(snapshots["released"])
    hub.faults.add(Rule("commit", KINDS.get(kind or ""), token=WRITER, action=lambda: send(NEW, "1.1.0")))
    assert send(NEW, "1.1.0").tag == "v1.1.0"
    check_end(hub, commits=3)


@pytest.mark.parametrize("after", [False, True], ids=["before", "answer-lost"])
def test_somebody_else_releases_a_later_version_in_between(hub, send, snapshots, after):
    """Theirs before our commit: ours is refused. Theirs after it: ours stands below theirs and is tagged."""
    hub.state.restore(snapshots["released"])
    theirs = mails(8)
    hub.faults.add(Rule("commit", Fault(None), after=after, token=WRITER, action=lambda: send(theirs, "1.2.0")))
    watcher = Watcher(hub)
    watcher.start()
    if after:
        assert send(NEW, "1.1.0").tag == "v1.1.0"
    else:
        with pytest.raises(HeadMovedError):
            send(NEW, "1.1.0")
        with pytest.raises(ReleaseError, match=r"higher than 1\.2\.0"):
            send(NEW, "1.1.0")
    watcher.stop()
    repo = hub.state.repos["ada/toy"]
    assert sorted(repo.tags) == ["v1.0.0", *(["v1.1.0"] if after else []), "v1.2.0"]
    assert repo.tags["v1.2.0"] == repo.head.oid
    for tag in repo.tags:
        verify("ada/toy", tag, token=WRITER, endpoint=hub.endpoint)


def test_shards_that_arrived_are_not_sent_twice(hub, send, snapshots):
    """After a crash behind the upload the second run sends no large file."""
    hub.state.restore(snapshots["released"])
    hub.faults.add(Rule("commit", Fault(None), times=math.inf, token=WRITER))
    assert attempt(send) is None
    assert hub.state.put_bytes > 0
    hub.faults.clear()
    hub.state.log.clear()
    send(NEW, "1.1.0")
    assert hub.state.count("lfs-put") == 0


def test_the_servers_wish_to_wait_is_kept(hub, send, snapshots, monkeypatch):
    """Retry-After decides how long hfaug waits before it tries a commit again."""
    import sys

    waits = []
    monkeypatch.setattr(sys.modules["hfaug.release.hub"].time, "sleep", waits.append)
    hub.state.restore(snapshots["released"])
    hub.faults.add(Rule("commit", Fault(429, {"Retry-After": "7"}), token=WRITER))
    send(NEW, "1.1.0")
    assert 7 in waits


def test_a_broken_upload_is_never_committed(hub, send, snapshots):
    """The reader's view stays the old version while uploads fail."""
    hub.state.restore(snapshots["released"])
    before = hub.state.repos["ada/toy"].head
    hub.faults.add(Rule("lfs-put", Fault(500), times=math.inf, token=WRITER))
    with pytest.raises(ReleaseError, match="sending the files got no good answer from the Hub"):
        send(NEW, "1.1.0")
    assert hub.state.repos["ada/toy"].head is before
