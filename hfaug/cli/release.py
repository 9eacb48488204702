"""``hfaug release``."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hfaug.cli.build import NOTE, options_said
from hfaug.cli.messages import is_main, listening
from hfaug.cli.options import (
    Command,
    debug_option,
    folder_name,
    is_recipe,
    out_option,
    quiet_option,
    work_folder,
    work_option,
)

if TYPE_CHECKING:
    from hfaug.recipe import Recipe

__all__ = ["command"]


_EXAMPLES = (
    "hfaug release mails.yaml --dry-run",
    "hfaug release mails.yaml --to ada/mails",
    "hfaug release mails.yaml --to ./out/mails --version 1.1.0",
)


@click.command("release", cls=Command, examples=_EXAMPLES)
@click.argument("recipe")
@click.option(
    "--to", metavar="REPO|DIR", help="ORG/NAME on the Hub, or ./DIR; else what the recipe says, else OUT/NAME."
)
@click.option("--version", metavar="X.Y.Z", help="Version of the release; by default the recipe's.")
@click.option("--dry-run", is_flag=True, help="Show what would be written, write nothing.")
@click.option(
    "--token-file", metavar="FILE", type=click.File("r"), help="File with a Hub token; by default the login's."
)
@out_option
@work_option
@quiet_option
@debug_option
def command(
    recipe: str,
    to: str | None,
    version: str | None,
    dry_run: bool,
    token_file: Any,
    out: str,
    work: str | None,
    quiet: bool,
) -> int:
    """Release what a RECIPE builds, as one version that can be read whole or not at all.

    What is not built yet is built first. RECIPE may also be the work folder
    of a build. A release that broke off is finished by the same command.
    """
    from hfaug.engine import world
    from hfaug.recipe.build import build
    from hfaug.release.of_recipe import check_release, release_build

    token = token_file.read().strip() if token_file is not None else None
    with listening(quiet=quiet):
        loaded, place = _recipe_and_work(recipe, work, out)
        target = _target(to) if to is not None else _default(loaded, out)
        check_release(loaded, target, version=version)
        built = build(loaded, place, world(), progress=not quiet)
        if not built.report.world.is_main:
            return 0
        done = release_build(built, target, version=version, dry_run=dry_run, token=token)
    click.echo(done.text)
    if dry_run and is_main():
        said = [part for name, value in (("--to", to), ("--version", version)) if value for part in (name, value)]
        click.echo(f"next   {shlex.join(['hfaug', 'release', recipe, *said, *options_said(work, out)])}")
    return 0


def _recipe_and_work(source: str, work: str | None, out: str) -> tuple[Recipe, str]:
    """The recipe and the place of its stages, from a recipe file or from a work folder."""
    from hfaug.engine import open_store
    from hfaug.errors import RecipeError
    from hfaug.recipe import load_recipe, parse_recipe

    if is_recipe(source) or Path(source).is_file():
        loaded = load_recipe(source, own_code=True)
        return loaded, work_folder(loaded, work, out)
    store = open_store(source) if "://" in source or Path(source).is_dir() else None
    if store is None or not store.exists(NOTE):
        raise RecipeError(
            f"release: RECIPE must be a recipe file or the work folder of a build, {source!r} is neither; "
            "run `hfaug build RECIPE` first"
        )
    note = json.loads(store.read(NOTE))
    return parse_recipe(note["recipe"], note["folder"]), source


def _default(recipe: Recipe, out: str) -> str | Path:
    return recipe.release.to or Path(out) / folder_name(recipe.name)


def _target(said: str) -> str | Path:
    """A repo, or a folder; what could be either is refused, since a slip would publish the data."""
    first, _, rest = said.partition("/")
    if rest and not said.startswith((".", "~", "/")) and "://" not in said and Path(first).is_dir():
        raise click.BadParameter(
            f"{said!r} could be a repo or a folder: write ./{said} or hf://datasets/{said}", param_hint="--to"
        )
    return said
