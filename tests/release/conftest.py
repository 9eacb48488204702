"""A Hub on loopback, data to release, and no waiting between tries."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import huggingface_hub.constants
import huggingface_hub.utils._http
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from huggingface_hub.utils import disable_progress_bars

from hfaug import provenance
from hfaug.errors import HfaugError, VerifyError
from hfaug.release import RunRecord, Source
from hfaug.release.marker import MARKER
from hfaug.release.verify import verify_tree
from tests.hub import READER, WRITER, HubServer

STEP = '[{"copy":[%d],"fields":{"share":0.1},"op":"text.swap_chars","output":1,"version":1}]'


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The client of the Hub still uploads in a way that its HTTP library warns about."""
    for item in items:
        if "hub" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"))


@pytest.fixture(scope="session")
def _server() -> Iterator[HubServer]:
    with HubServer() as hub:
        yield hub


@pytest.fixture
def hub(_server: HubServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """An empty Hub; uploads go over HTTP, and neither the client nor hfaug waits before trying again."""
    disable_progress_bars()
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    eager = SimpleNamespace(**{**vars(time), "sleep": lambda seconds: None})
    monkeypatch.setattr(huggingface_hub.utils._http, "time", eager)
    monkeypatch.setattr(sys.modules["hfaug.release.hub"], "time", eager)
    _server.faults.clear()
    _server.state.restore(({}, {}))
    _server.state.page_size = 1000
    yield _server
    _server.faults.clear()


def rows(number: int, copies: int = 0, start: int = 0) -> Dataset:
    """Mails with lineage: originals first, then `copies` augmented rows of each."""
    listed = []
    for index in range(start, start + number):
        made = {"id": f"r{index}", "parents": [], "origin": "source", "steps": "[]"}
        listed.append({"text": f"mail {index} " + "x" * (index % 7), "label": index % 2, "provenance": made})
    for copy in range(copies):
        for index in range(start, start + number):
            made = {"id": f"r{index}/d.{copy}", "parents": [f"r{index}"], "origin": "augmented", "steps": STEP % copy}
            listed.append({"text": f"mial {index} {copy}", "label": index % 2, "provenance": made})
    return Dataset.from_list(listed, features=FEATURES)


FEATURES = Features(
    {"text": Value("string"), "label": ClassLabel(names=["ham", "spam"]), "provenance": provenance.feature()}
)


def mails(number: int = 20, copies: int = 1) -> DatasetDict:
    """Two splits that share no row."""
    return DatasetDict(train=rows(number, copies), test=rows(4, start=1000))


RECORD = RunRecord(
    name="Toy mails",
    summary="Short mails for spam filters.",
    sources=(Source(path="ada/mails", revision="0123abcd", licence="cc-by-4.0", rows=24),),
    recipe="source: ada/mails\n",
    rebuild="hfaug build recipe.yaml",
)


@pytest.fixture
def send(hub: HubServer) -> Callable[..., Any]:
    """`release` to the Hub of the test."""
    from hfaug.release import release

    def call(data: Any, version: str, **options: Any) -> Any:
        settings = {"record": RECORD, "token": WRITER, "endpoint": hub.endpoint, **options}
        return release(data, settings.pop("target", "ada/toy"), version=version, **settings)

    return call


class Watcher(threading.Thread):
    """A reader who looks at main and at every tag all the time, and notes what is not whole."""

    def __init__(self, hub: HubServer, repo_id: str = "ada/toy", *, edited: bool = False) -> None:
        super().__init__(daemon=True)
        self._edited = edited  # a person changes the card on main, which is no half version
        self._repo = hfaug_repo(repo_id, hub.endpoint, READER)
        self._ended = threading.Event()
        self.looks, self.seen, self.broken = 0, set(), []  # type: ignore[var-annotated]

    def run(self) -> None:
        while not self._ended.is_set():
            try:
                head = self._repo.head()
                if head is not None:
                    self.look(head)
                    for name, commit in self._repo.tags().items():
                        self.look(commit, name)
            except (HfaugError, AssertionError) as error:
                self.broken.append(str(error))
            time.sleep(0.01)

    def look(self, commit: str, tag: str | None = None) -> None:
        """One version must be there whole: every file of its marker with its hash, no shard besides."""
        tree = self._repo.tree(commit)
        if tag is None and MARKER not in tree.entries():
            assert not any(path.endswith(".parquet") for path in tree.entries()), "shards without a release"
            return
        try:
            marker = verify_tree(tree).marker
        except VerifyError as error:
            if self._edited and tag is None and "README.md must have" in str(error):
                return
            raise
        assert tag in {None, f"v{marker.version}"}
        self.looks += 1
        self.seen.add((tag, marker.version, marker.digest))

    def stop(self) -> None:
        """Stop, and fail if anything was ever broken."""
        self._ended.set()
        self.join(30)
        assert not self.broken, self.broken[:3]
        assert self.looks, "the reader never saw a version"


def hfaug_repo(repo_id: str, endpoint: str, token: str) -> Any:
    """The client's view of a repo."""
    return sys.modules["hfaug.release.hub"].Repo(repo_id, token, endpoint)
