"""Options that several commands share, and what they mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from hfaug.op import Op
    from hfaug.recipe import Recipe

__all__ = [
    "Command",
    "debug_option",
    "folder_name",
    "is_recipe",
    "out_option",
    "processes_option",
    "quiet_option",
    "read_ops",
    "work_folder",
    "work_option",
]

F = TypeVar("F", bound=Callable[..., Any])

OUT = "out"


class Command(click.Command):
    """A command whose help ends with examples.

    Args:
        examples: Lines to type.
    """

    def __init__(self, *args: Any, examples: Sequence[str] = (), **more: Any) -> None:
        super().__init__(*args, **more)
        self.examples = tuple(examples)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples as they would be typed."""
        write_examples(formatter, self.examples)


def write_examples(formatter: click.HelpFormatter, lines: Sequence[str]) -> None:
    """A section of lines that are not wrapped."""
    if lines:
        with formatter.section("Examples"):
            for line in lines:
                formatter.write(" " * formatter.current_indent + line + "\n")


def debug_option(function: F) -> F:
    """``--debug``; read from the command line itself, so that it works wherever an error comes from."""
    return click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")(function)


def work_option(function: F) -> F:
    """``--work``."""
    text = "Folder or fsspec address of the stages, shared by all processes and machines.  [default: OUT/.work/NAME]"
    return click.option("--work", metavar="DIR", help=text)(function)


def out_option(function: F) -> F:
    """``--out``."""
    text = "Folder for what is made."
    return click.option("--out", metavar="DIR", default=OUT, show_default=True, help=text)(function)


def processes_option(function: F) -> F:
    """``--processes``."""
    text = "Processes on this machine. Under a launcher, how many it must have started."
    return click.option("--processes", metavar="N", type=click.IntRange(1), help=text)(function)


def quiet_option(function: F) -> F:
    """``--quiet``."""
    text = "Show warnings and the summary alone."
    return click.option("-q", "--quiet", is_flag=True, help=text)(function)


def folder_name(name: str) -> str:
    """The name of a recipe as a folder.

    >>> folder_name("My mails/2024")
    'My-mails-2024'
    """
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "dataset"


def work_folder(recipe: Recipe, work: str | None, out: str) -> str:
    """Where the stages of a recipe lie."""
    return work or str(Path(out) / ".work" / folder_name(recipe.name))


def is_recipe(source: str) -> bool:
    """Whether an argument names a recipe file, and not a dataset.

    >>> is_recipe("mails.yaml"), is_recipe("ada/mails")
    (True, False)
    """
    return source.endswith((".yaml", ".yml", ".hfaug"))


def read_ops(texts: Sequence[str], option: str) -> Op | None:
    """Ops that were typed as in a recipe, as one; None where there are none.

    Args:
        texts: Such as ``image.rotate`` or ``image.rotate: {degrees: [-90, 90]}``.
        option: Where, for errors.
    """
    from hfaug.errors import RecipeError
    from hfaug.recipe.ops import read_ops as as_one
    from hfaug.recipe.text import Node, read_yaml

    try:
        nodes = [read_yaml(text) for text in texts]
        return as_one(Node(nodes, "", 1, Path())) if nodes else None
    except RecipeError as error:
        said = str(error).removeprefix("recipe, line 1, : ").removeprefix("recipe: ")
        raise click.BadParameter(said, param_hint=option) from error
