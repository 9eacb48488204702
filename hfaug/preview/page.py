"""The page of a sheet: one HTML file that needs nothing else. Whatever came out of a row is escaped."""

from __future__ import annotations

import base64
import functools
import io
import re
from collections.abc import Sequence
from typing import Any

from hfaug.preview.cells import Panel
from hfaug.preview.fonts import tint
from hfaug.preview.pictures import PicturePanel
from hfaug.preview.sheet import Section
from hfaug.preview.sounds import SoundPanel
from hfaug.preview.texts import TextPanel

__all__ = ["environment", "render"]

_TEMPLATE = "sheet.html.jinja"
_SMALL = 128 * 128
"""Pixels up to which an image is embedded exactly; larger ones are photographs more often than not."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def render(title: str, sections: Sequence[Section]) -> str:
    """The page as text."""
    return str(_template().render(title=title, sections=sections))


def environment() -> Any:
    """What templates with strips in them are made with."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("hfaug", "preview"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    made.filters.update(kind=_kind, image=_image, tint=_tint)
    return made


@functools.cache
def _template() -> Any:
    return environment().get_template(_TEMPLATE)


def _visible(value: Any) -> Any:
    """Control characters have no place in HTML."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", value) if type(value) is str else value


def _kind(panel: Panel) -> str:
    return {PicturePanel: "picture", SoundPanel: "sound", TextPanel: "text"}[type(panel)]


def _tint(name: str) -> str:
    return "#{:02x}{:02x}{:02x}".format(*tint(name))


def _image(panel: PicturePanel | SoundPanel, width: int) -> str:
    """The drawn panel as a data URI."""
    image = panel.picture(width)
    exact = isinstance(panel, SoundPanel) or panel.size[0] * panel.size[1] <= _SMALL
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True) if exact else image.save(buffer, "JPEG", quality=90)
    kind = "png" if exact else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
