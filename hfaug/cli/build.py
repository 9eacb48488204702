"""``hfaug build``."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hfaug.cli.messages import is_main, listening
from hfaug.cli.options import (
    OUT,
    Command,
    debug_option,
    folder_name,
    out_option,
    processes_option,
    quiet_option,
    work_folder,
    work_option,
)

if TYPE_CHECKING:
    from hfaug.recipe import Recipe
    from hfaug.recipe.build import Build

__all__ = ["NOTE", "command", "options_said"]

NOTE = "recipe.json"
"""File of a work folder that says which recipe it belongs to, so that `hfaug release` takes the folder too."""


_EXAMPLES = (
    "hfaug build mails.yaml",
    "hfaug build mails.yaml --processes 2",
    "accelerate launch -m hfaug build mails.yaml",
)


@click.command("build", cls=Command, examples=_EXAMPLES)
@click.argument("recipe")
@out_option
@work_option
@processes_option
@click.option("--dry-run", is_flag=True, help="Load the source, check every step against it, build nothing.")
@quiet_option
@debug_option
def command(recipe: str, out: str, work: str | None, processes: int | None, dry_run: bool, quiet: bool) -> int:
    """Build the dataset of a RECIPE, or go on with a build that broke off.

    The work is cut into small units. Whatever stops it, the same command goes
    on from the finished ones, with any number of processes, to the same bytes.
    """
    from hfaug.engine import launched
    from hfaug.recipe import load_recipe

    with listening(quiet=quiet):
        loaded = load_recipe(recipe, own_code=True)
        if dry_run:
            _tell_plan(loaded)
            return 0
        place = work_folder(loaded, work, out)
        if (processes or 1) > 1 and not launched():
            same = [*options_said(work, out), *(["--quiet"] if quiet else [])]
            return _in_processes(loaded, recipe, processes or 1, same)
        began = time.monotonic()
        built = _alone(loaded, place, processes, quiet=quiet)
        if is_main():
            _tell_result(built, place, out, time.monotonic() - began)
            click.echo(f"next   {shlex.join(['hfaug', 'release', recipe, *options_said(work, out)])}")
        return 0


def _tell_plan(recipe: Recipe) -> None:
    from hfaug.cli.summary import plan_lines
    from hfaug.recipe.build import plan_stages

    if is_main():
        click.echo("\n".join(plan_lines(recipe, plan_stages(recipe))))
        click.echo("\nNothing was built: this was a dry run.")


def _in_processes(recipe: Recipe, path: str, processes: int, more: list[str]) -> int:
    """Several processes on this machine; what is wrong with the recipe is found, and said, once before."""
    from hfaug.engine import spawn
    from hfaug.recipe.build import plan_stages

    plan_stages(recipe)
    return spawn(processes, ["build", path, "--processes", str(processes), *more])


def _alone(recipe: Recipe, work: str, processes: int | None, *, quiet: bool) -> Build:
    """This process's part, which is all of it where no launcher started others."""
    from hfaug.engine import world
    from hfaug.recipe.build import build

    built = build(recipe, work, world(processes), progress=not quiet)
    if built.report.world.is_main:
        note = {"recipe": recipe.text, "folder": str(recipe.folder)}
        built.report.root.put(NOTE, json.dumps(note).encode())
    return built


def _tell_result(built: Build, work: str, out: str, seconds: float) -> None:
    from hfaug.cli.summary import build_summary
    from hfaug.preview import contact_sheet

    name = built.recipe.name
    sheet = contact_sheet(built.splits, title=f"{name} {built.recipe.version}")
    files = sheet.save(Path(out) / f"{folder_name(name)}-preview")
    click.echo(f"{name} {built.recipe.version} is built ({seconds:.1f} s)\n")
    click.echo("\n".join(build_summary(built)))
    click.echo(f"stages {work}")
    click.echo(f"look   {', '.join(map(str, files))}")


def options_said(work: str | None, out: str) -> Iterator[str]:
    """Options that a following command needs to find the same folders."""
    if out != OUT:
        yield from ("--out", out)
    if work is not None:
        yield from ("--work", work)
