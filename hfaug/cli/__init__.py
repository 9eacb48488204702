"""The command ``hfaug``: a thin shell over the library, one command a file.

Exit codes: 0 all went well; 1 it did not, and a message says why; 2 the command was typed wrong; 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Sequence

import click

import hfaug
from hfaug.cli.messages import complain, stopped
from hfaug.cli.options import write_examples

__all__ = ["COMMANDS", "main"]

COMMANDS = {
    "build": "Build a recipe's dataset, or go on with it.",
    "release": "Release a built dataset to the Hub or a folder.",
    "preview": "Show rows before and after, as picture and page.",
    "fit": "Fit a small generator to images, to draw more of them.",
    "ops": "List ops and filters, or explain one.",
    "new": "Start an op, a filter or a recipe from a template.",
}
"""Commands in the order in which they are met, each in the module of its name."""


_EXAMPLES = (
    "hfaug new recipe mails.yaml    a recipe to start from",
    "hfaug preview mails.yaml       what its steps do, on a few rows",
    "hfaug build mails.yaml         the dataset, in resumable small steps",
    "hfaug release mails.yaml       one version of it, all or nothing",
)


class _Commands(click.Group):
    """The commands; a module is imported when its command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = importlib.import_module(f"hfaug.cli.{cmd_name}").command
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; a misspelt one is told the nearest."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"the commands are {', '.join(COMMANDS)}"
            raise click.UsageError(f"there is no command {args[0]!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write how a dataset comes about, from the first command to the last."""
        write_examples(formatter, _EXAMPLES)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(hfaug.__version__, "-V", "--version", prog_name="hfaug", message="%(prog)s %(version)s")
def command() -> None:
    """Turn a recipe into a versioned dataset on the Hugging Face Hub.

    `hfaug COMMAND --help` says what a command takes.
    """


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and exit.

    Args:
        argv: What was typed behind ``hfaug``; that of this process by default.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    sys.exit(_run(arguments))


def _run(arguments: list[str]) -> int:
    """Run a command; every way in which it can end has its exit code."""
    debug = "--debug" in arguments
    try:
        result = command.main(arguments, prog_name="hfaug", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as wrong:
        wrong.show()
        return wrong.exit_code
    except (KeyboardInterrupt, click.Abort):
        stopped(arguments)
        return 130
    except BrokenPipeError:
        # Whoever read the output has seen enough; without this, closing would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - here every error becomes a message and an exit code
        complain(error, debug=debug)
        return 1
