"""The picture of a sheet: cells on a board, drawn with Pillow."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hfaug.preview.cells import Cell, Panel
from hfaug.preview.fonts import ADDED, BOX, INK, PAPER, QUIET, REMOVED, drawable, font, tint
from hfaug.preview.sheet import Section
from hfaug.preview.texts import Piece, TextPanel

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["draw", "draw_text"]

_EDGE, _GAP = 20, 14
_LINE = (222, 226, 232)
_TITLE, _HEADING, _BODY, _SMALL = 20, 16, 13, 12
_LEADING = 1.45
_MOST_LINES = 22
_MOST_NOTE_LINES = 3
_CHANGED = (178, 60, 20)
_FOREIGN = "Some letters are drawn as boxes: the font of this picture lacks them. The page shows them."
_TOKENS = re.compile(r"\n|[^\S\n]+|\S+")


@dataclass(frozen=True)
class _Atom:
    """What is drawn without a break: a word, a blank, the name of a span."""

    text: str
    x: float
    line: int
    width: float
    piece: Piece
    is_name: bool = False


def draw(title: str, sections: Sequence[Section]) -> bytes:
    """The sheet as PNG; equal sheets give equal bytes."""
    blocks = [_heading(title, _TITLE, (_FOREIGN,) if any(map(_lacks, _texts(sections))) else ())]
    for section in sections:
        blocks.append(_heading(section.title, _HEADING, section.notes))
        blocks.extend(_strip(cells, section.width) for cells in section.strips)
    buffer = io.BytesIO()
    _stacked(blocks, _EDGE, _GAP).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _texts(sections: Sequence[Section]) -> Iterator[str]:
    """Every text of the rows."""
    for cell in (cell for section in sections for cells in section.strips for cell in cells):
        yield from (note.text for note in cell.notes)
        for panel in cell.panels:
            if isinstance(panel, TextPanel):
                yield from (piece.text for piece in panel.pieces)


def _lacks(text: str) -> bool:
    """Whether the font lacks a letter of a text."""
    return BOX in drawable(text) and BOX not in text


def _blank(width: float, height: float) -> Image.Image:
    from PIL import Image

    return Image.new("RGB", (max(1, round(width)), max(1, round(height))), PAPER)


def _stacked(images: Sequence[Image.Image], edge: int, gap: int) -> Image.Image:
    """Images one below the other."""
    width = max((image.width for image in images), default=1)
    board = _blank(width + 2 * edge, sum(image.height + gap for image in images) - gap + 2 * edge)
    at = edge
    for image in images:
        board.paste(image, (edge, at))
        at += image.height + gap
    return board


def _heading(title: str, size: int, notes: Sequence[str] = ()) -> Image.Image:
    lines = [_line(title, size, INK, 1200), *(part for note in notes for part in _lines(note, _BODY, QUIET, 1000))]
    return _stacked(lines, 0, 4)


def _line(text: str, size: int, colour: tuple[int, int, int], most: float) -> Image.Image:
    """One line of text, cut to a width."""
    from PIL import ImageDraw

    letters, text = font(size), drawable(text)
    if letters.getlength(text) > most:
        while text and letters.getlength(text + "…") > most:
            text = text[:-1]
        text += "…"
    image = _blank(letters.getlength(text) + 1, size * _LEADING)
    ImageDraw.Draw(image).text((0, 0), text, fill=colour, font=letters)
    return image


def _lines(text: str, size: int, colour: tuple[int, int, int], width: float) -> Iterator[Image.Image]:
    """A text on a few lines."""
    atoms = list(_placed((Piece(text),), width, size))
    count = max((atom.line for atom in atoms), default=-1) + 1
    for number in range(min(count, _MOST_NOTE_LINES)):
        said = "".join(atom.text for atom in atoms if atom.line == number)
        more = number == _MOST_NOTE_LINES - 1 and count > _MOST_NOTE_LINES
        yield _line(said + ("…" if more else ""), size, colour, width)


def _strip(cells: Sequence[Cell], width: int) -> Image.Image:
    """Cells beside each other, below a rule."""
    from PIL import ImageDraw

    images = [_cell(cell, width) for cell in cells]
    board = _blank(len(images) * (width + _GAP) - _GAP, max((image.height for image in images), default=0) + _GAP)
    ImageDraw.Draw(board).line((0, 0, board.width, 0), fill=_LINE)
    for number, image in enumerate(images):
        board.paste(image, (number * (width + _GAP), _GAP))
    return board


def _cell(cell: Cell, width: int) -> Image.Image:
    parts = [*_lines(cell.title, _BODY, INK, width)]
    parts += [_panel(panel, width) for panel in cell.panels]
    for note in cell.notes:
        parts.extend(_lines(note.text, _SMALL, _CHANGED if note.changed else QUIET, width))
    return _stacked(parts, 0, 3)


def _panel(panel: Panel, width: int) -> Image.Image:
    return draw_text(panel, width) if isinstance(panel, TextPanel) else panel.picture(width)


# ---- texts


def draw_text(panel: TextPanel, width: int) -> Image.Image:
    """A text with its edits marked and its spans named."""
    from PIL import ImageDraw

    high = round(_BODY * _LEADING)
    atoms = list(_placed(panel.pieces, width, _BODY))
    count = max((atom.line for atom in atoms), default=-1) + 1
    cut = count > _MOST_LINES or panel.more
    image = _blank(width, (min(count, _MOST_LINES) + bool(cut)) * high + 2)
    pen = ImageDraw.Draw(image)
    for atom in atoms:
        if atom.line < _MOST_LINES:
            _draw_atom(pen, atom, atom.line * high, high)
    if cut:
        pen.text((0, min(count, _MOST_LINES) * high), "…", fill=QUIET, font=font(_BODY))
    return image


def _draw_atom(pen: Any, atom: _Atom, y: float, high: float) -> None:
    piece, left, right = atom.piece, atom.x, atom.x + atom.width
    letters = font(_SMALL - 3 if atom.is_name else _BODY)
    if atom.is_name:
        pen.rectangle((left, y + 1, right - 3, y + high - 4), fill=tint(atom.text))
        pen.text((left + 2, y + 3), drawable(atom.text), fill=PAPER, font=letters)
        return
    if piece.edit:
        pen.rectangle((left, y, right, y + high - 2), fill=ADDED if piece.edit == "added" else REMOVED)
    elif piece.labels:
        pale = tuple(round(255 - (255 - part) * 0.18) for part in tint(piece.labels[-1]))
        pen.rectangle((left, y, right, y + high - 2), fill=pale)
    for number, name in enumerate(piece.labels):
        pen.line((left, y + high - 2 - 2 * number, right, y + high - 2 - 2 * number), fill=tint(name), width=2)
    pen.text((left, y), atom.text, fill=INK if piece.edit != "removed" else _CHANGED, font=letters)
    if piece.edit == "removed":
        pen.line((left, y + high * 0.45, right, y + high * 0.45), fill=_CHANGED)


def _placed(pieces: Sequence[Piece], width: float, size: int) -> Iterator[_Atom]:
    """Words in lines of a width; a word that is longer than a line is broken."""
    x, line = 0.0, 0
    for piece in pieces:
        for text, is_name in _words(piece):
            wide = font(_SMALL - 3).getlength(drawable(text)) + 7 if is_name else font(size).getlength(text)
            if text == "\n" or (x + wide > width and x > 0):
                x, line = 0.0, line + 1
            if text == "\n" or (text.isspace() and x == 0):
                continue
            for part in [text] if is_name else _broken(text, width, size):
                wide = wide if part == text else font(size).getlength(part)
                if x + wide > width and x > 0:
                    x, line = 0.0, line + 1
                yield _Atom(part, x, line, wide, piece, is_name)
                x += wide


def _words(piece: Piece) -> Iterator[tuple[str, bool]]:
    for word in _TOKENS.findall(piece.text):
        text = drawable(word)
        if text:
            yield text, False
    yield from ((name, True) for name in piece.ends)


def _broken(word: str, width: float, size: int) -> Iterator[str]:
    """A word in parts that fit a line."""
    letters = font(size)
    while word:
        fits = len(word)
        while fits > 1 and letters.getlength(word[:fits]) > width:
            fits -= max(1, fits // 8)
        yield word[:fits]
        word = word[fits:]
