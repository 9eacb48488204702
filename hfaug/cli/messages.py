"""What the command line says beside its results: errors, logs, progress."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shlex
import sys
import traceback
from collections.abc import Iterator, Sequence

import click

from hfaug.errors import HfaugError

__all__ = ["complain", "is_main", "listening", "stopped"]

_RANKS = ("HFAUG_RANK", "RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK")
_TOKEN = re.compile(r"\b(hf|api_org)_[A-Za-z0-9]{8,}")
_RESUMABLE = ("build", "fit", "release")


def rank() -> int:
    """Number of this process among those that share the work, as the launcher says; 0 alone."""
    said = next((os.environ[name] for name in _RANKS if name in os.environ), "0")
    return int(said) if said.isdigit() else 0


def is_main() -> bool:
    """Whether this process speaks for all."""
    return rank() == 0


def complain(error: BaseException, *, debug: bool) -> None:
    """Say what went wrong on standard error: one message, and the traceback for those who ask.

    Args:
        error: What was raised.
        debug: Whether to show the traceback.
    """
    if _told_elsewhere(error) and not debug:
        return
    if debug:
        click.echo(_masked("".join(traceback.format_exception(error))), err=True, nl=False)
    who = "error" if is_main() else f"error (rank {rank()})"
    lines = [f"{who}: {_sentence(error)}", *(f"  {note}" for note in getattr(error, "__notes__", ()))]
    if isinstance(error, HfaugError) and ".on(" in str(error):
        lines.append("  (.on(...) is `columns:` in a recipe, and --on ROLE=COLUMN of `hfaug preview`)")
    if not isinstance(error, (HfaugError, OSError)) and not debug:
        lines.append("  (--debug shows where it happened)")
    click.echo(_masked("\n".join(lines)), err=True)


def _sentence(error: BaseException) -> str:
    if isinstance(error, HfaugError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return f"{type(error).__name__}: {error}"


def _told_elsewhere(error: BaseException) -> bool:
    """Whether another process of this machine has said it already."""
    run = sys.modules.get("hfaug.engine.run")
    return run is not None and isinstance(error, run.ToldError) and "HFAUG_RANK" in os.environ


def _masked(text: str) -> str:
    """A text without tokens, wherever they came from."""
    return _TOKEN.sub(lambda found: f"{found[1]}_***", text)


def stopped(arguments: Sequence[str]) -> None:
    """Say that Ctrl-C was heard, and how to go on."""
    if not is_main():
        return
    again = f"; to go on: {shlex.join(['hfaug', *arguments])}" if arguments[:1] and arguments[0] in _RESUMABLE else ""
    click.echo(f"\nstopped; what is finished is kept{again}" if again else "\nstopped", err=True)


class _BesideBars(logging.Handler):
    """Writes log lines to standard error without tearing progress bars apart."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        from tqdm import tqdm

        tqdm.write(_masked(self.format(record)), file=sys.stderr)


@contextlib.contextmanager
def listening(*, quiet: bool = False) -> Iterator[None]:
    """Show what hfaug logs on standard error, and progress bars only where somebody watches.

    Args:
        quiet: Show warnings alone.
    """
    import datasets

    logger, handler = logging.getLogger("hfaug"), _BesideBars()
    handler.setFormatter(logging.Formatter("%(message)s"))
    level = logger.level
    bars = not quiet and is_main() and sys.stderr.isatty()
    had_bars = datasets.are_progress_bars_disabled()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO if is_main() and not quiet else logging.WARNING)
    if not bars:
        datasets.disable_progress_bars()
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        if not had_bars:
            datasets.enable_progress_bars()
