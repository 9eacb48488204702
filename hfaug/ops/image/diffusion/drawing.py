"""All images of a unit in one call, each encoded while the next ones are drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

from hfaug.backends import GeneratedImage, ImagePipeline, ImageRequest
from hfaug.op import Reject
from hfaug.randomness import Stream
from hfaug.rows import Row

__all__ = ["Wanted", "ask_each", "draw_all"]

_ENCODERS = 2
"""Threads that encode while the model draws on; more would take cores from it."""


class Wanted(NamedTuple):
    """An image to draw.

    Attributes:
        place: The place of its row among the rows.
        request: What to draw.
        seed: Where its noise comes from.
        finish: Makes the row's result of it, in another thread.
    """

    place: int
    request: ImageRequest
    seed: int
    finish: Callable[[GeneratedImage], Row | Reject]


def draw_all(pipeline: ImagePipeline, results: list[Row | Reject], wanted: Sequence[Wanted], **how: Any) -> None:
    """Draw images in one call, and put what becomes of them in the places of their rows.

    Args:
        pipeline: What draws.
        results: Takes the results.
        wanted: What to draw.
        how: Settings of the pipeline.
    """
    finished: dict[int, Future[Row | Reject]] = {}
    with ThreadPoolExecutor(_ENCODERS, "hfaug-encode") as pool:

        def take(number: int, image: GeneratedImage) -> None:
            finished[number] = pool.submit(_finished, wanted[number], image)

        pipeline.generate([one.request for one in wanted], [one.seed for one in wanted], on_done=take, **how)
    for number, one in enumerate(wanted):
        results[one.place] = finished[number].result()


def _finished(one: Wanted, image: GeneratedImage) -> Row | Reject:
    return Reject("flagged by the safety checker") if image.flagged else one.finish(image)


def ask_each(
    rows: Sequence[Row], rngs: Sequence[Stream], ask: Callable[[int, Row, Stream], Wanted | Reject]
) -> tuple[list[Row | Reject], list[Wanted]]:
    """What is to be drawn into each image, and the results of the rows without one or with nothing to draw.

    Args:
        rows: The rows.
        rngs: Their streams.
        ask: What is wanted for a row, by its place.
    """
    results: list[Row | Reject] = [Reject("no image")] * len(rows)
    wanted = []
    for place, (row, rng) in enumerate(zip(rows, rngs, strict=True)):
        found = ask(place, row, rng) if row.scenes else None
        if isinstance(found, Reject):
            results[place] = found
        elif found is not None:
            wanted.append(found)
    return results, wanted
