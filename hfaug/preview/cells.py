"""A row as a cell: what it holds as panels, what was done to it as captions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from datasets import ClassLabel

from hfaug import media
from hfaug.binding import ORIENTED
from hfaug.frames import frame_columns, split_frames
from hfaug.media import Clip
from hfaug.moves import to_xyxy
from hfaug.preview.look import Look, class_names, value_at
from hfaug.preview.objects import object_masks, object_names, outlines
from hfaug.preview.pictures import Box, PicturePanel, Point, as_rgb
from hfaug.preview.sounds import Scale, SoundPanel, table_picture
from hfaug.preview.texts import Span, TextPanel, answers_in, spans_in, text_panel, words_in
from hfaug.rows import clock_of, segment_times

__all__ = ["Cell", "Note", "Panel", "strip"]

Panel = PicturePanel | TextPanel | SoundPanel
Row = Mapping[str, Any]
T = TypeVar("T")

_MOST_DETAIL = 120  # characters
_MOST_MEDIA = 4  # images of one list that are shown
_MOST_FRAMES = 4  # frames of one video
_FRAMES_ACROSS = 2
_GAP = 4  # pixels between two of them


@dataclass(frozen=True)
class Note:
    """A line of a caption.

    Args:
        text: What it says.
        changed: Whether it tells of a change.
    """

    text: str
    changed: bool = False


@dataclass(frozen=True)
class Cell:
    """One row, or the place where one is missing.

    Args:
        title: Which row it is: ``original``, ``copy 2``.
        panels: What it holds.
        notes: Captions.
    """

    title: str
    panels: tuple[Panel, ...] = ()
    notes: tuple[Note, ...] = ()


def strip(
    rows: Sequence[Row], look: Look, titles: Sequence[tuple[str, str]], *, before: Row | None = None
) -> list[Cell]:
    """Rows as cells on common scales.

    Args:
        rows: The rows, in storage form.
        look: What their columns are shown as.
        titles: What stands above each, and the first line of its caption: which copy it is, and what was done to it.
        before: The row that the others were made from; it may be one of them. None where there is none.
    """
    clips = [_tried(_clip, row, look) for row in rows]
    scale = Scale.over([clip for clip in clips if isinstance(clip, Clip)])
    cells = []
    for row, clip, (title, done) in zip(rows, clips, titles, strict=True):
        against = None if row is before else before
        panels = [
            *_pictures(row, look),
            *_films(row, look),
            *_sounds(row, clip, look, scale),
            *_tables(row, look),
            *_texts(row, look, against),
        ]
        notes = [*([Note(done)] if done else []), *_notes(row, look, against)]
        if isinstance(clip, Clip):
            notes.append(Note(SoundPanel(clip, scale).caption))
        cells.append(Cell(title, tuple(panels), tuple(notes)))
    return cells


def _tried(make: Callable[..., T], *arguments: Any) -> T | TextPanel:
    """What can be made, or the reason why not: one broken row does not spoil the sheet."""
    try:
        return make(*arguments)
    except (LookupError, TypeError, ValueError) as error:
        return text_panel(f"cannot be shown: {error}")


# ---- images


def _pictures(row: Row, look: Look) -> Iterator[Panel]:
    for column in look.all("image"):
        value = row.get(column)
        values = value if isinstance(value, list) else [value]
        for item in [item for item in values if item is not None][:_MOST_MEDIA]:
            made = _tried(_picture, row, item, look)
            yield made
            if isinstance(made, TextPanel):
                break


def _picture(row: Row, value: Any, look: Look) -> PicturePanel:
    pixels = as_rgb(media.decode_image(media.read_media(value) or b""))
    size = (pixels.shape[0], pixels.shape[1])
    masks = [media.decode_mask(media.read_media(row[path]) or b"").array for path in look.all("mask") if row.get(path)]
    flat = [mask[..., 0] if mask.shape[2] == 1 else mask[..., :3] for mask in masks]
    shown = [*flat, *object_masks(row, look, size)]
    boxes, drawn = list(_boxes(row, look, size)), list(outlines(row, look, size))
    return PicturePanel(pixels, shown, boxes, list(_points(row, look)), drawn)


def _films(row: Row, look: Look) -> Iterator[Panel]:
    """Of each video a few frames, line by line, with the labels of those frames."""
    for column in look.all("video"):
        value = row.get(column)
        values = value if isinstance(value, list) else [value]
        for item in [item for item in values if item is not None][:_MOST_MEDIA]:
            yield _tried(_film, row, item, look)


def _film(row: Row, value: Any, look: Look) -> PicturePanel:
    film = media.video_info(media.read_media(value) or b"")
    numbers = sorted({round(n * (film.count - 1) / (_MOST_FRAMES - 1)) for n in range(_MOST_FRAMES)})
    shown = list(media.read_frames(film, numbers))
    pictures = [as_rgb(media.Picture(media.pixels_of(film, frame), mode="RGB")) for frame in shown]
    names = frame_columns(look.features, look.roles, look.binding)
    split = {name: split_frames(row.get(name), look.features[name], film.count, name) for name in names}
    height, width = film.size
    boxes: list[Box] = []
    points: list[Point] = []
    rows, columns = -(-len(numbers) // _FRAMES_ACROSS), min(len(numbers), _FRAMES_ACROSS)
    sheet = np.full((rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, 3), 255, np.uint8)
    for place, number in enumerate(numbers):
        frame = {**row, **{name: parts[number] for name, parts in split.items()}}
        top, left = place // _FRAMES_ACROSS * (height + _GAP), place % _FRAMES_ACROSS * (width + _GAP)
        sheet[top : top + height, left : left + width] = pictures[place]
        for box in _boxes(frame, look, film.size):
            x1, y1, x2, y2 = box.corners
            boxes.append(replace(box, corners=(x1 + left, y1 + top, x2 + left, y2 + top)))
        points += [replace(point, x=point.x + left, y=point.y + top) for point in _points(frame, look)]
    return PicturePanel(sheet, (), boxes, points)


def _boxes(row: Row, look: Look, size: tuple[int, int]) -> Iterator[Box]:
    said = look.binding
    for path in () if said.box_format in ORIENTED else look.all("boxes"):
        value = value_at(row, path)
        if not value:
            continue
        boxes = to_xyxy(value, format=said.box_format or "xyxy", units=said.box_units or "pixels", size=size)
        names = list(object_names(row, look, path, len(boxes)))
        for (x1, y1, x2, y2), (name, colour) in zip(boxes.tolist(), names, strict=True):
            yield Box((x1, y1, x2, y2), name, colour)


def _points(row: Row, look: Look) -> Iterator[Point]:
    shift = 0.5 if look.binding.keypoint_origin == "center" else 0.0
    if look.binding.keypoint_origin is None:
        return
    for path in look.all("keypoints"):
        points = _flat_points(value_at(row, path))
        if look.binding.keypoint_format == "coco":
            points = (flat[at : at + 3] for flat in points for at in range(0, len(flat), 3))
        for number, point in enumerate(points):
            visible = len(point) < 3 or bool(point[2])
            if visible or any(point[:2]):
                yield Point(point[0] + shift, point[1] + shift, number, visible)


def _flat_points(value: Any) -> Iterator[list[float]]:
    if not value:
        return
    if not isinstance(value[0], (list, type(None))):
        yield value
        return
    for item in value:
        yield from _flat_points(item)


# ---- sounds


def _clip(row: Row, look: Look) -> Clip | None:
    column = next(iter(look.all("audio")), None)
    return media.clip_of(row.get(column)) if column else None


def _sounds(row: Row, clip: Any, look: Look, scale: Scale) -> Iterator[Panel]:
    if isinstance(clip, TextPanel):
        yield clip
    if isinstance(clip, Clip):
        units = clock_of(look.binding.time_units, clip.rate, clip.rate).source
        found = [
            (Span(round(pair["start"] * 1000), round(pair["end"] * 1000), pair["name"]))
            for path in look.all("segments")
            for pair in _seconds(value_at(row, path), path, units)
        ]
        yield SoundPanel(clip, scale, found)


def _tables(row: Row, look: Look) -> Iterator[Panel]:
    """Spectrograms that stand in columns of numbers."""
    for column in look.all("spectrogram"):
        if row.get(column):
            yield _tried(lambda value: PicturePanel(table_picture(value)), row[column])


def _seconds(value: Any, path: str, units: float) -> Iterator[dict[str, Any]]:
    if isinstance(value, Mapping):
        value = [dict(zip(value, items, strict=False)) for items in zip(*value.values(), strict=False)]
    for item in value or []:
        pair = segment_times(item, path)
        name = next((v for v in item.values() if isinstance(v, str)), "") if isinstance(item, Mapping) else ""
        yield {"start": pair[0] / units, "end": pair[1] / units, "name": name}


# ---- texts


def _texts(row: Row, look: Look, before: Row | None) -> Iterator[TextPanel]:
    columns = look.all("text") or look.all("tokens")[:1]
    read = _read_text if look.all("text") else _read_words
    for column in columns:
        made = _tried(read, row, column, look)
        if isinstance(made, TextPanel):
            yield made
        elif made is not None:
            old = None if before is None else _tried(read, before, column, look)
            yield text_panel(made[0], made[1], old[0] if isinstance(old, tuple) else None)


def _read_text(row: Row, column: str, look: Look) -> tuple[str, list[Span]] | None:
    """A text with the spans in it."""
    text = row.get(column)
    if text is None:
        return None
    spans = [span for path in look.all("answers") for span in answers_in(value_at(row, path))]
    for path in look.all("spans"):
        spans.extend(spans_in(value_at(row, path), class_names(look.features, path)))
    return str(text), spans


def _read_words(row: Row, column: str, look: Look) -> tuple[str, list[Span]] | None:
    """Words with the spans that their tags make."""
    tokens = row.get(column)
    if tokens is None:
        return None
    path = next(iter(look.all("tags")), None)
    tags = row.get(path) if path else None
    return words_in(tokens, tags or [], class_names(look.features, path) if path else ())


# ---- captions


def _notes(row: Row, look: Look, before: Row | None) -> Iterator[Note]:
    for column in look.details:
        now = _shown(row.get(column), look, column)
        if before is None:
            yield Note(f"{column}: {now}")
            continue
        then = _shown(before.get(column), look, column)
        is_class = isinstance(look.features[column], ClassLabel) or column in look.all("label")
        if now != then:
            yield Note(f"{column}: {then} → {now}", changed=True)
        elif is_class:  # that it stayed is what one looks for
            yield Note(f"{column}: {now}")


def _shown(value: Any, look: Look, column: str) -> str:
    names = class_names(look.features, column.removesuffix("_weights"))
    if value is None:
        return "none"
    if isinstance(value, list):
        weighed = sorted(((share, name) for share, name in zip(value, names, strict=False) if share > 0), reverse=True)
        return " + ".join(f"{name} ({share:.2f})" for share, name in weighed)
    if isinstance(value, int) and names:
        return names[value] if 0 <= value < len(names) else "none"
    if isinstance(value, (float, np.floating)):
        return f"{value:g}"
    text = " ".join(str(value).split())
    return text if len(text) <= _MOST_DETAIL else text[: _MOST_DETAIL - 1] + "…"
