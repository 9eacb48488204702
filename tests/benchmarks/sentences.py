"""Sentences of real mails and articles as rows, and the same two ops as anyone would write them."""

from __future__ import annotations

import functools
import itertools
import json
import math
import random
import re
from pathlib import Path

import datasets
import pyarrow as pa

from tests.benchmarks.photos import on_disk

__all__ = ["PlainDelete", "PlainSwap", "sentences", "stored_sentences"]

DATA = Path(__file__).parents[1] / "data"

_END = re.compile(r"(?<=[.!?])\s+")


@functools.cache
def sentences(count: int) -> tuple[str, ...]:
    """That many sentences of 8 to 24 words; each is used once before one is used again."""
    mails = (
        json.loads(line)["text"] for line in (DATA / "mail" / "mail.jsonl").read_text(encoding="utf-8").splitlines()
    )
    articles = json.loads((DATA / "qa" / "xquad.en.json").read_text(encoding="utf-8"))["data"]
    contexts = (paragraph["context"] for article in articles for paragraph in article["paragraphs"])
    found = [text for whole in (*mails, *contexts) for text in _END.split(whole) if 8 <= len(text.split()) <= 24]
    return tuple(itertools.islice(itertools.cycle(found), count))


def stored_sentences(count: int) -> datasets.Dataset:
    """The sentences as a dataset on disk: ``text``, ``label``. Labels make every row another one."""
    return on_disk(datasets.Dataset(pa.table({"text": sentences(count), "label": list(range(count))})))


class PlainSwap:
    """`SwapChars` as a function for ``map(batched=True)``: draws from one generator, knows no rows, labels or ids."""

    def __init__(self, share: float, most: int) -> None:
        self.share, self.most, self.random = share, most, random.Random(0).random

    def __call__(self, batch: dict[str, list[str]]) -> dict[str, list[str]]:
        return {"text": [self.one(text) for text in batch["text"]]}

    def one(self, text: str) -> str:
        """Swap some letters of one text."""
        last = len(text) - 1
        if last < 2:
            return text
        draw = self.random
        wanted = min(self.share * (text.count(" ") + 1), self.most)
        places: set[int] = set()
        for _ in range(int(wanted) + (draw() < wanted % 1)):
            for _ in range(8):
                at = 1 + int(draw() * (last - 1))
                if text[at - 1 : at + 2].isalpha() and text[at] != text[at + 1]:
                    if places.isdisjoint((at - 1, at, at + 1)):
                        places.add(at)
                    break
        if not places:
            return text
        parts, start = [], 0
        for at in sorted(places):
            parts += (text[start:at], text[at + 1], text[at])
            start = at + 2
        return "".join((*parts, text[start:]))


class PlainDelete:
    """`DeleteWords` likewise: each word goes with some chance, one stays."""

    def __init__(self, share: float) -> None:
        self.scale, self.random = 1 / math.log1p(-share), random.Random(0).random

    def __call__(self, batch: dict[str, list[str]]) -> dict[str, list[str]]:
        return {"text": [self.one(text) for text in batch["text"]]}

    def one(self, text: str) -> str:
        """Delete some words of one text."""
        words = text.split(" ")
        at, gone = -1, []
        while True:
            at += 1 + int(math.log(1 - self.random()) * self.scale)
            if at >= len(words):
                break
            gone.append(at)
        if not gone:
            return text
        if len(gone) == len(words):
            gone.pop(int(self.random() * len(words)))
        for number in reversed(gone):
            del words[number]
        return " ".join(words)
