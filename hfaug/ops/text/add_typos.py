"""Add typing errors."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar, Literal

from hfaug.fields import Limit, Share
from hfaug.kinds import EditOp
from hfaug.language.keyboards import neighbours
from hfaug.language.noise import Draw, Edit, draw_errors, make_errors
from hfaug.language.scripts import unknown_script
from hfaug.language.words import bears_mark
from hfaug.moves import Edits
from hfaug.randomness import Stream

__all__ = ["AddTypos"]

_SCRIPTS = {"jcuken": "cyrillic"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddTypos(EditOp):
    """Add typing errors: a key beside the right one, hit instead of it or with it, a key left out or hit twice.

    Args:
        share: Errors a word, 0..1: 0.1 is an error in every tenth word on average.
        layout: The keyboard: English, German, French or Russian.
        most: Largest number of errors in a text, from 1 up.

    Moves: text, spans, answers, words with their tags.
    Rejects: texts without a letter that the keyboard has.
    Source: Y. Belinkov, Y. Bisk, Synthetic and Natural Noise Both Break Neural Machine Translation, arXiv:1711.02173.

    >>> import hfaug
    >>> hfaug.ops.text.AddTypos(share=0.2, layout="qwertz").layout
    'qwertz'
    """

    may_change: ClassVar[tuple[str, ...]] = ("names and rare words", "numbers")

    share: Share = 0.1
    layout: Literal["qwerty", "qwertz", "azerty", "jcuken"] = "qwerty"
    most: Annotated[int, Limit(1)] = 20

    def refuses(self, text: str) -> str | None:
        """Whether it is written in another script."""
        return unknown_script(text, (_SCRIPTS.get(self.layout, "latin"),))

    def edits(self, text: str, rng: Stream) -> Edits:
        """Draw the places of the errors, and what each is."""
        return draw_errors(text, rng, _typing(self.layout), share=self.share, most=self.most)

    def edited(self, text: str, rng: Stream) -> str:
        """The same errors, made at once."""
        return make_errors(text, rng, _typing(self.layout), share=self.share, most=self.most)


@functools.cache
def _typing(layout: str) -> Callable[[str, int, Draw], Edit | None]:
    """What an error on a keyboard would be at a place of a text."""
    return functools.partial(_error, neighbours(layout))


def _error(keys: Mapping[str, str], text: str, at: int, draw: Draw) -> Edit | None:
    """One error at a letter or digit; each of the four kinds is as likely as the others."""
    key = text[at]
    near = keys.get(key)
    if near is None or (not text.isascii() and bears_mark(text, at)):
        return None
    kind = int(draw() * 4)
    if kind == 0:
        return at, at + 1, near[int(draw() * len(near))]
    if kind == 1:  # with the key: what is put in at a border is outside a label
        return at, at + 1, key + near[int(draw() * len(near))]
    if kind == 2:
        return at, at + 1, key + key
    alone = not (text[at - 1 : at].isalnum() or text[at + 1 : at + 2].isalnum())
    return None if alone else (at, at + 1, "")
