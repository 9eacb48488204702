"""Semantic versions and plans in words."""

from __future__ import annotations

import itertools
import random

import pytest

from hfaug.errors import ParameterError
from hfaug.publishing.versions import Version, folder_versions, next_version, parse_versions
from hfaug.release.plan import human_bytes

ORDER = "1.0.0-1 1.0.0-2 1.0.0-10 1.0.0-alpha 1.0.0-alpha.1 1.0.0-rc.2 1.0.0-rc.11 1.0.0 1.0.1 1.2.0 1.10.0 2.0.0"


def test_precedence():
    """The order of the standard: numbers as numbers, a pre-release before its release."""
    parsed = [Version.parse(text) for text in ORDER.split()]
    for first, second in itertools.combinations(parsed, 2):
        assert first < second
    assert sorted(parsed, key=str) != parsed
    assert sorted(random.Random(0).sample(parsed, len(parsed))) == parsed


@pytest.mark.parametrize("text", ["1", "1.2", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3+build", "latest", "", "v"])
def test_what_is_no_version(text):
    """The error shows the form."""
    with pytest.raises(ParameterError, match=r"must look like 1\.2\.0"):
        Version.parse(text)


def test_names_that_are_versions():
    """Tags and folders, oldest first; the rest is passed over."""
    assert [str(version) for version in parse_versions(["v1.10.0", "1.0.0", "v1.9.0", "main", "vx"])] == [
        "1.9.0",
        "1.10.0",
    ]


def test_versions_of_a_folder(tmp_path):
    """Folders count, files and half-written ones do not."""
    (tmp_path / "v1.0.0").mkdir()
    (tmp_path / ".v1.1.0.tmp-host-1").mkdir()
    (tmp_path / "v2.0.0").write_text("")
    assert folder_versions(tmp_path) == [Version(1, 0, 0)]
    assert folder_versions(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("there", "part", "after"),
    [
        ([], "patch", "1.0.0"),
        (["1.2.3"], "patch", "1.2.4"),
        (["1.2.3"], "minor", "1.3.0"),
        (["1.2.3"], "major", "2.0.0"),
        (["1.2.3-rc.1"], "patch", "1.2.3"),
    ],
)
def test_the_next_version(there, part, after):
    """Counted from the newest."""
    assert str(next_version([Version.parse(text) for text in there], part)) == after
    with pytest.raises(ParameterError, match="part must be one of"):
        next_version([Version(1, 0, 0)], "micro")


def test_bytes_in_words():
    """Three figures and a unit."""
    assert [human_bytes(number) for number in (0, 1000, 999_949, 10**7, 10**13)] == [
        "0 B",
        "1.0 kB",
        "999.9 kB",
        "10.0 MB",
        "10.0 TB",
    ]
