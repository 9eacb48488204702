"""``hfaug ops``."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path

import click

from hfaug.cli.options import Command, debug_option

__all__ = ["command"]


_EXAMPLES = (
    "hfaug ops",
    "hfaug ops image.rotate",
    "hfaug ops --html ops.html",
)


@click.command("ops", cls=Command, examples=_EXAMPLES)
@click.argument("name", required=False)
@click.option("--markdown", is_flag=True, help="Print the table of the README.")
@click.option("--html", metavar="FILE", help="Write the pages, all or the one of NAME, with examples as one HTML file.")
@debug_option
def command(name: str | None, markdown: bool, html: str | None) -> int:
    """List ops and filters by family, or explain the one called NAME."""
    from hfaug.pages import op_page, op_table

    if markdown and (name or html):
        raise click.UsageError("--markdown goes with neither NAME nor --html")
    if markdown:
        click.echo(op_table())
    elif html:
        from hfaug.gallery import pages_html

        file = Path(html)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(pages_html([op_page(name)] if name else None), encoding="utf-8")
        click.echo(html)
    elif name:
        click.echo(op_page(name).text)
    else:
        click.echo("\n".join(_listed()))
    return 0


def _listed() -> Iterator[str]:
    """All ops, by family, a line each where the terminal is wide enough."""
    from hfaug.pages import about_family, all_pages

    pages = all_pages()
    wide = max(len(page.name) for page in pages) + 4
    width = min(120, max(60, shutil.get_terminal_size().columns))
    family = ""
    for page in pages:
        if page.family != family:
            family = page.family
            yield textwrap.fill(f"{family}: {about_family(family)}", width, subsequent_indent="  ")
        first = page.line.partition(". ")[0].rstrip(".")
        yield textwrap.fill(first, width, initial_indent=f"  {page.name}".ljust(wide), subsequent_indent=" " * wide)
    yield "\nhfaug ops NAME explains one."
