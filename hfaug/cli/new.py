"""``hfaug new``."""

from __future__ import annotations

from collections.abc import Sequence

import click

from hfaug.cli.options import Command, debug_option, write_examples

__all__ = ["command"]

_KINDS = ("edit", "warp", "color", "pixel", "wave", "mix", "batch")
_EXAMPLES = (
    "hfaug new recipe mails.yaml --for text",
    "hfaug new op text.shout_words",
    "hfaug new op image.shift --kind warp --dir my_ops",
    "hfaug new filter drop_short",
)
_DIR = "Folder to write to. In a checkout of hfaug, its top: then all goes to its place there."


class _Things(click.Group):
    """The things that can be started."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        write_examples(formatter, _EXAMPLES)


@click.group("new", cls=_Things)
def command() -> None:
    """Start an op, a filter or a recipe from a template that works at once."""


@command.command("op", short_help="Write an op and its test.", cls=Command, examples=_EXAMPLES[1:3])
@click.argument("name")
@click.option("--kind", type=click.Choice(_KINDS), help="What it changes.  [default: by the family in NAME]")
@click.option("--dir", "folder", metavar="DIR", default=".", show_default=True, help=_DIR)
@debug_option
def new_op(name: str, kind: str | None, folder: str) -> int:
    """Write an op and its test; NAME is a family and a name, such as text.shout_words.

    The files pass `hfaug.check_op` at once. Change them step by step, and it
    tells when a promise breaks.
    """
    from hfaug.cli.starting import start_op

    return _told(start_op(name, kind, folder))


@command.command("filter", cls=Command, examples=_EXAMPLES[3:])
@click.argument("name")
@click.option("--dir", "folder", metavar="DIR", default=".", show_default=True, help=_DIR)
@debug_option
def new_filter(name: str, folder: str) -> int:
    """Write a filter called NAME and its test."""
    from hfaug.cli.starting import start_filter

    return _told(start_filter(name, folder))


@command.command("recipe", cls=Command, examples=_EXAMPLES[:1])
@click.argument("file")
@click.option(
    "--for", "kind", type=click.Choice(["text", "image", "audio"]), default="text", show_default=True,
    help="What the rows hold.",
)  # fmt: skip
@debug_option
def new_recipe(file: str, kind: str) -> int:
    """Write a recipe to FILE, with comments that say what to change."""
    from hfaug.cli.starting import start_recipe

    return _told(start_recipe(file, kind))


def _told(lines: Sequence[str]) -> int:
    click.echo("\n".join(lines))
    return 0
