"""Release what a recipe built: its rows, its record and its file, to where the recipe says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfaug.preview import sheet_files
from hfaug.publishing.licenses import Answer, combine
from hfaug.publishing.targets import as_target
from hfaug.publishing.versions import Version
from hfaug.recipe.build import model_records, source_record
from hfaug.release import release

if TYPE_CHECKING:
    from hfaug.recipe import Recipe
    from hfaug.recipe.build import Build
    from hfaug.release import Released

__all__ = ["check_release", "release_build"]


def check_release(recipe: Recipe, to: str | Path | None = None, *, version: str | None = None) -> Answer:
    """Make sure, before a build, that its release is not sure to be refused: version, target, licence.

    Args:
        recipe: What would be built.
        to: As for `release_build`.
        version: As for `release_build`.

    Returns:
        The licence that the release would carry.

    Raises:
        ParameterError: The version or the target is none.
        LicenseError: The licences of source and models allow no result, or no rule can say.
    """
    Version.parse(version or recipe.version)
    as_target(to or recipe.release.to or Path("out"))
    return combine((source_record(recipe),), model_records(recipe), stated=recipe.release.license)


def release_build(build: Build, to: str | Path | None = None, *, version: str | None = None, **more: Any) -> Released:
    """Release the result of a build, with a contact sheet of its rows unless other extra files are given.

    Args:
        build: A finished build.
        to: Repo id or folder; by default what the recipe says, else ``out/<name>``.
        version: By default what the recipe says.
        more: Passed on to `hfaug.release`: ``dry_run``, ``token``, ``endpoint``, ``extra_files`` ...

    Raises:
        ReleaseError: See `hfaug.release`.
    """
    recipe = build.recipe
    spec = recipe.release
    more.setdefault("card", spec.card)
    more.setdefault("license", spec.license)
    if "extra_files" not in more:
        more["extra_files"] = sheet_files(build.splits)
    if spec.private is not None:
        more.setdefault("private", spec.private)
    return release(
        build.splits,
        to or spec.to or Path("out") / recipe.name,
        version=version or recipe.version,
        record=build.record,
        recipe=recipe.text,
        **more,
    )
