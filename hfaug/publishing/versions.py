"""Semantic versions: their order, the next one, and the ones a folder or a repo already has."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import total_ordering
from pathlib import Path

from hfaug.errors import ParameterError

__all__ = ["Version", "folder_versions", "next_version", "parse_versions"]

_FORM = re.compile(r"v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?")


@total_ordering
@dataclass(frozen=True)
class Version:
    """A version MAJOR.MINOR.PATCH, perhaps with a pre-release part.

    Source: Semantic Versioning 2.0.0 (build metadata is left out: a git tag has no use for it).

    >>> Version.parse("v1.2.0").tag, str(Version.parse("1.10.0-rc.1"))
    ('v1.2.0', '1.10.0-rc.1')
    >>> Version.parse("1.10.0-rc.1") < Version.parse("1.10.0")
    True
    """

    major: int
    minor: int
    patch: int
    pre: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Version:
        """Read ``1.2.0`` or ``v1.2.0``.

        Raises:
            ParameterError: The text is no semantic version.
        """
        match = _FORM.fullmatch(text)
        if match is None:
            raise ParameterError(f"version: must look like 1.2.0 or 1.2.0-rc.1, was {text!r}; give three numbers")
        major, minor, patch, pre = match.groups()
        return cls(int(major), int(minor), int(patch), tuple(pre.split(".")) if pre else ())

    def __str__(self) -> str:
        text = f"{self.major}.{self.minor}.{self.patch}"
        return f"{text}-{'.'.join(self.pre)}" if self.pre else text

    @property
    def tag(self) -> str:
        """Name of its git tag and of its folder."""
        return f"v{self}"

    def __lt__(self, other: Version) -> bool:
        return self._order() < other._order()

    def _order(self) -> tuple[object, ...]:
        # A pre-release comes before its release; numbers come before words.
        parts = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in self.pre)
        return (self.major, self.minor, self.patch, not self.pre, parts)


def next_version(versions: Iterable[Version], part: str = "minor") -> Version:
    """The version after the newest one, ``1.0.0`` after none.

    Args:
        versions: Versions that exist.
        part: ``major`` (rows or columns changed), ``minor`` (rows added) or ``patch`` (card or metadata only).

    >>> str(next_version([Version(1, 2, 3), Version(1, 10, 0)]))
    '1.11.0'
    """
    newest = max(versions, default=None)
    if newest is None:
        return Version(1, 0, 0)
    steps = {
        "major": Version(newest.major + 1, 0, 0),
        "minor": Version(newest.major, newest.minor + 1, 0),
        "patch": Version(newest.major, newest.minor, newest.patch + (not newest.pre)),
    }
    if part not in steps:
        raise ParameterError(f"next_version: part must be one of {', '.join(steps)}, was {part!r}; pick one")
    return steps[part]


def parse_versions(names: Iterable[str]) -> list[Version]:
    """The versions among tag or folder names, oldest first; other names are passed over.

    >>> [version.tag for version in parse_versions(["v1.10.0", "main", "v1.2.0"])]
    ['v1.2.0', 'v1.10.0']
    """
    return sorted(Version.parse(name) for name in names if name.startswith("v") and _FORM.fullmatch(name))


def folder_versions(folder: Path) -> list[Version]:
    """The versions released to a folder, oldest first."""
    if not folder.is_dir():
        return []
    return parse_versions(entry.name for entry in folder.iterdir() if entry.is_dir())
