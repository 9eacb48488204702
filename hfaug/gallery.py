"""The pages of ops as one HTML file, each with a row and its copies, made by the op itself."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from hfaug.catalog import lookup
from hfaug.examples import EXAMPLES, SETTINGS, Example
from hfaug.kinds import WordnetOp
from hfaug.language.wordnets import how_to_fetch
from hfaug.op import Op
from hfaug.pages import FAMILY_ORDER, OpPage, about_family, all_pages
from hfaug.preview import preview
from hfaug.preview.cells import Cell
from hfaug.preview.page import environment
from hfaug.preview.pictures import PicturePanel
from hfaug.preview.sheet import Section
from hfaug.preview.sounds import SoundPanel

__all__ = ["op_section", "pages_html"]

_COPIES = 3


def pages_html(pages: Iterable[OpPage] | None = None) -> str:
    """Pages as one HTML file that needs no other, runs no script, and asks no server for anything.

    Args:
        pages: All by default.
    """
    shown = list(all_pages() if pages is None else pages)
    groups = {family: [page for page in shown if page.family == family] for family in FAMILY_ORDER}
    named = [
        (family, about_family(family), [(page, *_shown(page.name)) for page in members])
        for family, members in groups.items()
        if members
    ]
    return str(_template().render(groups=named))


@functools.cache
def _template() -> Any:
    found = environment()
    found.filters["code"] = _marked_up
    return found.get_template("gallery.html.jinja")


def _marked_up(text: str) -> Any:
    """A text whose back-quoted parts are code."""
    from markupsafe import Markup, escape

    pieces = (escape(part) for part in text.split("`"))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else part for number, part in enumerate(pieces)
    )


def _shown(name: str) -> tuple[Section | None, str]:
    """The example of an op, or none and why."""
    section = op_section(name)
    cls = lookup(name)
    if section is not None:
        return section, ""
    if issubclass(cls, WordnetOp) and cls.models is Op.models:
        return None, f"An example needs a wordnet; to fetch one, run `{how_to_fetch(cls().lexicon)}`."  # type: ignore[attr-defined]
    asks = issubclass(cls, Op) and cls.models is not Op.models
    return None, "An example needs a model; `hfaug preview` shows one." if asks else ""


def op_section(name: str) -> Section | None:
    """A row before, and copies of it after an op with its defaults, or with what `SETTINGS` says.

    Args:
        name: As in a recipe.

    Returns:
        None for what needs more than its defaults, asks a model, or is no op on rows: a filter, an op made of ops.

    >>> section = op_section("image.rotate")
    >>> [cell.title for cell in section.strips[0]]
    ['original', 'copy 0', 'copy 1', 'copy 2']
    """
    cls = lookup(name)
    if "." not in name or not issubclass(cls, Op) or cls.models is not Op.models:
        return None
    try:
        op = cls(**SETTINGS.get(name, dict)())
    except ValueError:
        return None
    return next(_sections(op), None)


def _sections(op: Op) -> Iterator[Section]:
    """The op on each example that it takes. Where nothing moves, labels would only hide what it does."""
    for example in (make() for make in EXAMPLES):
        bound = op.on(**example.said)
        if (op.shifts or not example.said) and _takes(bound, example):
            (section,) = preview(example.rows, bound, rows=1, copies=_COPIES).sections
            yield Section(section.title, (), tuple(_told_apart(cells) for cells in section.strips))


def _takes(op: Op, example: Example) -> bool:
    try:
        (op if op.ready else op.fit(example.rows)).features(example.rows.features)
    except ValueError:
        return False
    return True


def _told_apart(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """The original and its copies; one copy where the op draws nothing, so that all are alike."""
    original, first, *others = cells
    alike = all(_content(other) == _content(first) for other in others)
    return (original, first) if alike else tuple(cells)


def _content(cell: Cell) -> list[Any]:
    found: list[Any] = []
    for panel in cell.panels:
        if isinstance(panel, PicturePanel):
            found.append((panel.pixels.tobytes(), panel.boxes, panel.points))
        else:
            found.append(panel.clip.samples.tobytes() if isinstance(panel, SoundPanel) else panel.pieces)
    return found
