"""hfaug's part of a dataset card, put into the card that is there: what people wrote stays.

In the body hfaug owns what stands between two comments. In the YAML it owns the entries it set before, unless a
person changed them since, the configs and features of the data it releases, and the size.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from huggingface_hub import DatasetCard

from hfaug.errors import LicenseError, ReleaseError
from hfaug.release.escape import MARK
from hfaug.release.marker import CARD

__all__ = ["BEGIN", "END", "merge_body", "merge_card", "merge_yaml", "read_card"]

BEGIN = f"{MARK} begin - each release rewrites what stands from here to the end mark; your words go above or below -->"
END = f"{MARK} end -->"

_BEGIN_LINE = re.compile(rf"^{re.escape(MARK)} begin\b.*$", re.MULTILINE)
_END_LINE = re.compile(rf"^{re.escape(MARK)} end\b.*$", re.MULTILINE)
_REFRESHED = ("size_categories",)  # follow from the data, whatever stood there
_ORDER = (
    "license",
    "language",
    "pretty_name",
    "task_categories",
    "size_categories",
    "annotations_creators",
    "source_datasets",
    "tags",
    "dataset_info",
    "configs",
)


@dataclass(frozen=True, kw_only=True)
class CardPart:
    """What hfaug has to say in a card.

    Args:
        title: Heading of a card that has no body yet.
        body: Its part of the body.
        fields: YAML entries it sets (licence, tags ...).
        data: ``configs`` and ``dataset_info`` of the released configs, as lists with a ``config_name`` each.
        before: ``fields`` of the release before, to tell them from what a person wrote.
        owned: Configs of the release before.
        license_stated: True when the publisher stated the licence for this release.
    """

    title: str
    body: str
    fields: Mapping[str, Any]
    data: Mapping[str, list[dict[str, Any]]]
    before: Mapping[str, Any]
    owned: frozenset[str]
    license_stated: bool = False


def merge_card(existing: str | None, part: CardPart) -> str:
    """The whole text of the new card.

    Args:
        existing: Text of the card that is there, None for none.
        part: hfaug's part.

    Raises:
        ReleaseError: The existing card cannot be read, or its marks are damaged.
        LicenseError: The card names another licence than the one that follows from the sources.
    """
    old, text = read_card(existing)
    entries = merge_yaml(old, part.fields, part.before, license_stated=part.license_stated)
    for key in ("dataset_info", "configs"):
        entries[key] = _merge_configs(entries.get(key), part.data[key], part.owned, single=key == "dataset_info")
    _keep_one_default(entries["configs"])
    ordered = {key: entries[key] for key in dict.fromkeys([*old, *_ORDER, *entries]) if key in entries}
    head = yaml.safe_dump(ordered, sort_keys=False, allow_unicode=True, width=10_000)
    return f"---\n{head}---\n{merge_body(text, part.body, part.title)}"


def read_card(existing: str | None) -> tuple[dict[str, Any], str]:
    """YAML entries and body of a card."""
    if existing is None or not existing.strip():
        return {}, ""
    existing = existing.replace("\r\n", "\n")
    if not re.match(r"\s*---\n", existing):
        return {}, existing
    try:
        card = DatasetCard(existing, ignore_metadata_errors=True)
        match = re.match(r"\s*---\n(.*?)\n?---[ \t]*(?:\n|$)", existing, re.DOTALL)
        entries = yaml.safe_load(match[1]) if match else {}
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise ReleaseError(
            f"{CARD}: must begin with valid YAML, does not ({error}); mend the card of the target"
        ) from error
    return dict(entries or {}), str(card.text)


def merge_body(text: str, body: str, title: str) -> str:
    r"""The part of hfaug in its place: between its marks, else at the end.

    >>> print(merge_body("# Mine\n\nHello.\n", "New.", "Mine").replace(BEGIN, "<").replace(END, ">"))
    # Mine
    <BLANKLINE>
    Hello.
    <BLANKLINE>
    <
    <BLANKLINE>
    New.
    <BLANKLINE>
    >
    <BLANKLINE>
    """
    part = f"{BEGIN}\n\n{body.strip()}\n\n{END}"
    begins, ends = list(_BEGIN_LINE.finditer(text)), list(_END_LINE.finditer(text))
    if not begins and not ends:
        above = text.strip("\n") or f"# {title}"
        return f"\n{above}\n\n{part}\n" if text.startswith("\n") or not text.strip() else f"{above}\n\n{part}\n"
    if len(begins) != 1 or len(ends) != 1 or ends[0].start() < begins[0].end():
        raise ReleaseError(
            f"{CARD}: must hold one '{MARK} begin' line and one '{MARK} end' line below it, "
            f"holds {len(begins)} and {len(ends)}; "
            "restore the two lines in the card of the target, or take both out"
        )
    return text[: begins[0].start()] + part + text[ends[0].end() :]


def merge_yaml(
    old: Mapping[str, Any], fields: Mapping[str, Any], before: Mapping[str, Any], *, license_stated: bool = False
) -> dict[str, Any]:
    """YAML entries: a person's stay, hfaug's own are brought up to date, lists are joined.

    >>> merge_yaml({"tags": ["mine", "synthetic"], "language": "de"}, {"tags": ["hfaug"]}, {"tags": ["synthetic"]})
    {'tags': ['mine', 'hfaug'], 'language': 'de'}
    """
    merged = dict(old)
    for key in {**before, **fields}:
        was, now = before.get(key), fields.get(key)
        there = old.get(key)
        if key == "license":
            merged[key] = _license(there, now, was, stated=license_stated)
        elif key in _REFRESHED or there is None or there == was:
            merged[key] = now
        elif isinstance(there, list) and isinstance(now, list | None):
            theirs = [item for item in there if item not in (was or [])]
            merged[key] = theirs + [item for item in now or [] if item not in theirs]
        if merged.get(key) in (None, []):
            merged.pop(key, None)
    return merged


def _license(there: Any, now: Any, was: Any, *, stated: bool) -> Any:
    if there in (None, was, now) or there == [now] or stated:
        return now
    raise LicenseError(
        f"licence: the card of the target must name what follows from the sources, {now!r}, but names {there!r}; "
        'state one with license="..." or change the card'
    )


def _merge_configs(there: Any, ours: list[dict[str, Any]], owned: frozenset[str], *, single: bool) -> Any:
    listed = [there] if isinstance(there, dict) else list(there or [])
    names = {entry["config_name"] for entry in ours} | owned
    theirs = [entry for entry in listed if entry.get("config_name", "default") not in names]
    merged = [*ours, *theirs]
    if single and len(merged) == 1:  # the form `datasets` writes for one config
        return {key: value for key, value in merged[0].items() if (key, value) != ("config_name", "default")}
    return merged


def _keep_one_default(configs: list[dict[str, Any]]) -> None:
    """Two defaults would make a repo unloadable: a config named default is one already."""
    if any(entry["config_name"] == "default" for entry in configs):
        for entry in configs:
            entry.pop("default", None)
