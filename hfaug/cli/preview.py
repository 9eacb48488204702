"""``hfaug preview``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from hfaug.cli.messages import listening
from hfaug.cli.options import Command, debug_option, is_recipe, read_ops
from hfaug.cli.sources import load, split_of

if TYPE_CHECKING:
    from hfaug.op import Op
    from hfaug.preview import Sheet
    from hfaug.recipe import Recipe

__all__ = ["command"]


_EXAMPLES = (
    "hfaug preview mails.yaml",
    "hfaug preview ./digits --op image.rotate",
    "hfaug preview ./photos --op 'image.rotate: {degrees: [-90, 90]}' \\",
    "    --on boxes=objects.bbox --on box_format=coco",
    "hfaug preview ./out/mails/v1.0.0 -o mails",
)


@click.command("preview", cls=Command, examples=_EXAMPLES)
@click.argument("source", metavar="RECIPE|DATASET")
@click.option("--op", "ops", metavar="OP", multiple=True, help="An op to try, as in a recipe; several make a chain.")
@click.option("--on", metavar="ROLE=COLUMN", multiple=True, help="What a column is, as under `columns` of a recipe.")
@click.option("--rows", metavar="N", default=6, show_default=True, type=click.IntRange(1), help="Rows to show.")
@click.option("--copies", metavar="N", default=3, show_default=True, type=click.IntRange(1), help="Copies of each.")
@click.option("--split", metavar="NAME", help="Split to take rows from.  [default: train]")
@click.option("--config", metavar="NAME", help="Config of a dataset that has several.")
@click.option("--seed", metavar="N", type=click.IntRange(0), help="Draw otherwise.")
@click.option(
    "-o", "--output", metavar="STEM", default="preview", show_default=True, help="Writes STEM.png, STEM.html."
)
@debug_option
def command(
    source: str,
    ops: tuple[str, ...],
    on: tuple[str, ...],
    split: str | None,
    config: str | None,
    output: str,
    **options: Any,
) -> int:
    """Show rows before and after: labels drawn in, edits marked, sound to be seen and heard.

    Of a RECIPE each step is tried, or the ops named by --op on its source; of
    rows that a generator makes it says which filter would drop them. Of
    a DATASET (a Hub repo, a folder, a file, or what save_to_disk wrote) the
    ops are tried, or, without --op, its generated rows are shown beside what they
    were made from.
    """
    if config and is_recipe(source):
        raise click.UsageError("--config goes with a dataset; a recipe says it under source.name")
    with listening(quiet=True):
        chosen = read_ops(ops, "--op")
        said = _said(on)
        if is_recipe(source):
            sheet = _of_recipe(source, chosen, said, split, options)
        else:
            sheet = _of_dataset(source, chosen, said, split, config, options)
        files = sheet.save(output)
    click.echo("\n".join(map(str, files)))
    return 0


def _said(pairs: tuple[str, ...]) -> dict[str, Any]:
    """The columns of ``--on``; a role that is said twice has several."""
    found: dict[str, Any] = {}
    for pair in pairs:
        role, equals, value = pair.partition("=")
        if not equals or not value:
            raise click.BadParameter(f"must be ROLE=COLUMN, got {pair!r}", param_hint="--on")
        found[role] = value if role not in found else (*_several(found[role]), value)
    return found


def _several(value: Any) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (value,)


def _of_dataset(
    source: str, op: Op | None, said: dict[str, Any], split: str | None, config: str | None, options: dict[str, Any]
) -> Sheet:
    from hfaug.preview import contact_sheet, preview

    loaded = load(source, config, "preview")
    rows = loaded if split is None else split_of(loaded, split, "preview")
    if op is not None:
        return preview(rows, op.on(**said), **options).entitled(source)
    return contact_sheet(rows, rows=options["rows"], copies=options["copies"]).entitled(source)


def _of_recipe(path: str, op: Op | None, said: dict[str, Any], split: str | None, options: dict[str, Any]) -> Sheet:
    from hfaug.preview import Sheet, preview
    from hfaug.recipe import load_recipe
    from hfaug.recipe.sources import load_source

    recipe = load_recipe(path, own_code=True)
    splits = load_source(recipe)
    if op is not None:
        bound = op.on(**{**recipe.columns, **said})
        sheets = [preview(split_of(splits, split or next(iter(splits)), "preview"), bound, **options)]
    else:
        sheets = list(_steps(recipe, splits, split, options))
    if not sheets:
        raise click.UsageError("the recipe has no step that makes rows; name an op with --op")
    return Sheet.joined(f"{recipe.name} {recipe.version}", sheets)


def _steps(recipe: Recipe, splits: dict[str, Any], split: str | None, options: dict[str, Any]) -> Iterator[Sheet]:
    """Each step that makes rows, tried on rows of the source, or on its own requests."""
    from hfaug.preview import preview
    from hfaug.preview.steps import op_name
    from hfaug.preview.trying import tried
    from hfaug.recipe.schema import Augment, Balance, Synthesise, asking_of
    from hfaug.recipe.trial import trial_of

    for number, step in enumerate(recipe.steps, 1):
        asking = asking_of(step)
        if asking is not None and isinstance(step, (Balance, Synthesise)):
            real = split_of(splits, step.split, "preview")
            trial = trial_of(recipe.steps, number - 1, real, splits.get("train"))
            kind = "balance" if isinstance(step, Balance) else "synthesise"
            title = f"step {number}, {kind}: {op_name(asking.op.spec())}"
            op: Any = asking.op if asking.op.ready else asking.op.fit(real)
            yield tried(trial.asked, op, title=title, judge=trial, **{**options, "copies": 1})
        elif isinstance(step, Augment) or (isinstance(step, Balance) and step.op is not None):
            name = split or (step.splits[0] if isinstance(step, Augment) else step.split)
            op = step.op
            kind = "augment" if isinstance(step, Augment) else "balance"
            yield preview(
                split_of(splits, name, "preview"), op, title=f"step {number}, {kind}: {op_name(op.spec())}", **options
            )
