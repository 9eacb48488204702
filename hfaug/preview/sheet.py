"""A sheet: strips of cells, as a picture and as a page."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hfaug.errors import add_context
from hfaug.preview.cells import Cell
from hfaug.preview.pictures import PicturePanel
from hfaug.preview.sounds import SoundPanel
from hfaug.preview.texts import TextPanel

__all__ = ["Section", "Sheet"]

_SMALL = 64
"""Pixels a side of images that are shown magnified."""


@dataclass(frozen=True)
class Section:
    """Strips under one heading.

    Args:
        title: What is shown.
        notes: Lines below it.
        strips: Cells that belong together, such as a row and its copies.
    """

    title: str
    notes: tuple[str, ...]
    strips: tuple[tuple[Cell, ...], ...]

    @functools.cached_property
    def width(self) -> int:
        """Pixels of a cell: small pictures need few, sounds more, texts most."""
        panels = [panel for cells in self.strips for cell in cells for panel in cell.panels]
        if any(isinstance(panel, TextPanel) for panel in panels):
            return 320
        if not panels or any(isinstance(panel, SoundPanel) for panel in panels):
            return 300
        sides = [side for panel in panels if isinstance(panel, PicturePanel) for side in panel.size]
        return 200 if max(sides) <= _SMALL else 256


@dataclass(frozen=True)
class Sheet:
    """Rows before and after. In a notebook it shows itself.

    Args:
        sections: What is on it.
        title: What stands above it.
    """

    sections: tuple[Section, ...]
    title: str = "Before and after"

    @functools.cached_property
    def png(self) -> bytes:
        """The picture."""
        from hfaug.preview.board import draw

        return draw(self.title, self.sections)

    @functools.cached_property
    def html(self) -> str:
        """The page; it needs no other file, runs no script, and asks no server for anything."""
        from hfaug.preview.page import render

        return render(self.title, self.sections)

    def _repr_png_(self) -> bytes:
        return self.png

    def save(self, path: str | Path) -> tuple[Path, Path]:
        """Write the picture and the page.

        Args:
            path: Where, without the ending: ``out/preview`` gives ``out/preview.png`` and ``out/preview.html``.

        Returns:
            The two files.
        """
        stem = Path(path)
        if stem.suffix.lower() in (".png", ".html"):
            stem = stem.with_suffix("")
        stem.parent.mkdir(parents=True, exist_ok=True)
        picture, page = stem.with_name(f"{stem.name}.png"), stem.with_name(f"{stem.name}.html")
        for file, content in ((picture, self.png), (page, self.html.encode())):
            try:
                file.write_bytes(content)
            except OSError as error:
                add_context(error, f"while {file} was written")
                raise
        return picture, page

    @staticmethod
    def joined(title: str, sheets: Sequence[Sheet]) -> Sheet:
        """Several sheets as one."""
        return Sheet(tuple(section for sheet in sheets for section in sheet.sections), title)

    def entitled(self, title: str) -> Sheet:
        """The same under another heading."""
        return dataclasses.replace(self, title=title)
