"""The files of a release, made on disk before anything is sent.

Everything is a function of the data, the run record and what stands at the target: running the same command again
makes the same bytes.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import DatasetDict, Features

from hfaug.publishing.licenses import Answer
from hfaug.publishing.versions import Version
from hfaug.record import RunRecord
from hfaug.release.card import CardFacts, render_card
from hfaug.release.counts import count_data
from hfaug.release.diff import Diff, diff_markers, diff_trees, unread_bytes
from hfaug.release.facts import card_fields, config_entries
from hfaug.release.marker import CARD, MARKER, RECIPE, RECORD, Marker
from hfaug.release.merge import CardPart, merge_card
from hfaug.release.plan import Plan, PlannedFile
from hfaug.release.shard_writer import Limits
from hfaug.release.shards import Shard, file_digest, published_features, write_split
from hfaug.release.tree import Entry, FolderTree, Tree, stale_shards

__all__ = ["Base", "Content", "make_plan", "stage"]

_DIFF_BYTES = 2 << 30  # the most that is read of either version to compare them row by row
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif")


@dataclass(frozen=True, kw_only=True)
class Content:
    """What is released, staged on disk: all but the card and the marker, which depend on the target."""

    root: Path
    version: Version
    record: RunRecord
    answer: Answer
    features: Mapping[str, Features]
    shards: Mapping[tuple[str, str], Sequence[Shard]]
    files: Mapping[str, tuple[str, int]]
    fields: Mapping[str, Any]
    digest: str


@dataclass(frozen=True, kw_only=True)
class Base:
    """What stands at the target before the release.

    Args:
        commit: Commit it goes on top of, None for a folder.
        tree: Files there that the release will stand among, None for none.
        card: Text of the card there.
        marker: Marker of the newest release there, tagged or not.
        previous: The version before.
        previous_tree: Its files.
        previous_marker: Its marker.
    """

    commit: str | None = None
    tree: Tree | None = None
    card: str | None = None
    marker: Marker | None = None
    previous: Version | None = None
    previous_tree: Tree | None = None
    previous_marker: Marker | None = None

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The files there."""
        return self.tree.entries() if self.tree is not None else {}


def stage(
    data: Mapping[str, DatasetDict], root: Path, *, version: Version, record: RunRecord, answer: Answer,
    extra_files: Mapping[str, bytes], card: Mapping[str, Any], limits: Limits | None = None,
) -> Content:  # fmt: skip
    """Write the shards, the extra files, the recipe and the run record under ``root``."""
    shards = {
        (config, split): write_split(rows, root, config_name=config, split=split, limits=limits)
        for config, splits in data.items()
        for split, rows in splits.items()
    }
    record = dataclasses.replace(record, version=str(version), counts=count_data(data))
    fields = card_fields(data, record, answer, card)
    files = {shard.path_in_repo: (shard.sha256, shard.size) for group in shards.values() for shard in group}
    texts = {RECIPE: record.recipe.encode()} if record.recipe is not None else {}
    for path, content in sorted({**extra_files, **texts}.items()):
        files[path] = _write(root / path, content)
    identity = {"version": str(version), "files": files, "record": record.identity(), "card": fields}
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    files[RECORD] = _write(root / RECORD, record.to_json().encode())
    features = {name: published_features(splits[next(iter(splits))].features) for name, splits in data.items()}
    return Content(
        root=root, version=version, record=record, answer=answer, features=features, shards=shards, files=files,
        fields=fields, digest=digest,
    )  # fmt: skip


def make_plan(content: Content, base: Base, *, target: str, load: str, revision: str | None) -> Plan:
    """Write the card and the marker for this target, and say what is to be done.

    Args:
        content: The staged release.
        base: What stands at the target.
        target: Name for people.
        load: First argument of ``load_dataset`` in the card.
        revision: Tag to load, None for a folder.
    """
    data = config_entries(content.features, content.shards)
    marker = Marker(
        name=content.record.name,
        version=str(content.version),
        digest=content.digest,
        previous=str(base.previous) if base.previous else None,
        files=content.files,
        rows={shard.path_in_repo: shard.rows for group in content.shards.values() for shard in group},
        counts=content.record.counts,
        features={entry["config_name"]: entry["features"] for entry in data["dataset_info"]},
        card=content.fields,
    )
    diff = _diff(content, base, marker)
    marker = dataclasses.replace(marker, summary=diff.summary if diff else "first version", history=_history(base))
    facts = _facts(content, base, diff, marker, load=load, revision=revision)
    card = _card(base, facts, content.fields, data)
    files = {**content.files, CARD: _write(content.root / CARD, card.encode())}
    marker = dataclasses.replace(marker, files=files)
    files[MARKER] = _write(content.root / MARKER, marker.to_json().encode())
    deletions = _deletions(base, marker)
    kept = sorted(set(base.entries) - set(files) - set(deletions))
    return Plan(
        target=target, version=content.version, base=base.commit, previous=base.previous,
        files=tuple(_planned(content.root, files, base.entries)), deletions=deletions, kept=tuple(kept), marker=marker,
        answer=content.answer,
    )  # fmt: skip


def _write(path: Path, content: bytes) -> tuple[str, int]:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return file_digest(path)


def _diff(content: Content, base: Base, marker: Marker) -> Diff | None:
    if base.previous_marker is None or base.previous_tree is None:
        return None
    if unread_bytes(base.previous_marker, marker) > _DIFF_BYTES:
        return diff_markers(base.previous_marker, marker)
    return diff_trees(base.previous_tree, FolderTree(content.root), (base.previous_marker, marker))


def _history(base: Base) -> tuple[Mapping[str, str], ...]:
    before = base.previous_marker
    if before is None:
        return ()
    return ({"version": before.version, "summary": before.summary}, *before.history)


def _card(base: Base, facts: CardFacts, fields: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    before = base.marker
    part = CardPart(
        title=facts.record.name,
        body=render_card(facts),
        fields=fields,
        data=data,
        before=before.card if before else {},
        owned=frozenset(before.features if before else ()),
        license_stated=facts.answer.stated,
    )
    return merge_card(base.card, part)


def _facts(
    content: Content, base: Base, diff: Diff | None, marker: Marker, *, load: str, revision: str | None
) -> CardFacts:
    shown = sorted(content.files)
    return CardFacts(
        record=content.record,
        version=content.version,
        features=content.features,
        answer=content.answer,
        load=load,
        revision=revision,
        images=[path for path in shown if path.lower().endswith(_PICTURES)],
        pages=[path for path in shown if path.lower().endswith(".html")],
        previous=base.previous,
        diff=diff,
        history=marker.history,
    )


def _deletions(base: Base, marker: Marker) -> tuple[str, ...]:
    """Files of the last release that nobody changed since, and shards that readers would take for rows of this one."""
    files = {*marker.files, MARKER}
    ours = base.marker.files if base.marker else {}
    gone = {path for path, promise in ours.items() if path not in files and _unchanged(base, path, promise)}
    splits = [(config, split) for config, by_split in marker.counts.items() for split in by_split]
    return tuple(sorted({*gone, *stale_shards(base.entries, splits, marker.rows)}))


def _unchanged(base: Base, path: str, promise: tuple[str, int]) -> bool:
    entry = base.entries.get(path)
    if entry is None or base.tree is None or entry.size != promise[1]:
        return False
    return promise[0] == (entry.sha256 or hashlib.sha256(base.tree.read(path)).hexdigest())


def _planned(root: Path, files: Mapping[str, tuple[str, int]], entries: Mapping[str, Entry]) -> Iterable[PlannedFile]:
    by_hash = {entry.sha256: path for path, entry in sorted(entries.items(), reverse=True) if entry.sha256 is not None}
    for path, (sha256, size) in files.items():
        there = path if _is_there(root / path, sha256, entries.get(path)) else by_hash.get(sha256)
        yield PlannedFile(path=path, sha256=sha256, size=size, local=root / path, there=there)


def _is_there(local: Path, sha256: str, entry: Entry | None) -> bool:
    if entry is None or entry.git_oid is None:
        return entry is not None and entry.sha256 == sha256
    content = local.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest() == entry.git_oid  # noqa: S324  git's own
