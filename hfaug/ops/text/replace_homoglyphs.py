"""Replace letters by others that look the same."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar

from hfaug.errors import ParameterError
from hfaug.fields import Limit, Share
from hfaug.kinds import EditOp
from hfaug.language.homoglyphs import lookalikes
from hfaug.language.noise import Draw, Edit, draw_errors, make_errors
from hfaug.language.scripts import unknown_script
from hfaug.language.words import bears_mark
from hfaug.moves import Edits
from hfaug.randomness import Stream

__all__ = ["ReplaceHomoglyphs"]

_SCRIPTS = ("latin", "cyrillic", "greek")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReplaceHomoglyphs(EditOp):
    """Replace letters by look-alikes of another script, as those do who want to get past a filter.

    Args:
        share: Letters replaced a word, 0..1: 0.1 is one in every tenth word on average.
        scripts: Where the look-alikes come from: ``latin``, ``cyrillic``, ``greek``; never a letter's own script.
        most: Largest number of replacements in a text, from 1 up.

    Moves: text, spans, answers, words with their tags.
    Rejects: texts without Latin, Cyrillic or Greek letters.
    Source: Unicode Technical Standard 39, Unicode Security Mechanisms: its table of confusable characters.

    >>> import hfaug
    >>> hfaug.ops.text.ReplaceHomoglyphs(share=0.2, scripts=("cyrillic",)).scripts
    ('cyrillic',)
    """

    may_change: ClassVar[tuple[str, ...]] = ("whether a program can read and find the words",)

    share: Share = 0.1
    scripts: tuple[str, ...] = _SCRIPTS
    most: Annotated[int, Limit(1)] = 20

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.scripts or not set(self.scripts) <= set(_SCRIPTS):
            raise ParameterError(
                f"ReplaceHomoglyphs: scripts must be among {', '.join(_SCRIPTS)}, got {self.scripts}; correct scripts"
            )

    def refuses(self, text: str) -> str | None:
        """Whether it is written in another script."""
        return unknown_script(text, _SCRIPTS)

    def edits(self, text: str, rng: Stream) -> Edits:
        """Draw the letters, and what each becomes."""
        return draw_errors(text, rng, _swapping(self.scripts), share=self.share, most=self.most)

    def edited(self, text: str, rng: Stream) -> str:
        """The same letters, exchanged at once."""
        return make_errors(text, rng, _swapping(self.scripts), share=self.share, most=self.most)


@functools.cache
def _swapping(scripts: tuple[str, ...]) -> Callable[[str, int, Draw], Edit | None]:
    """What the letter at a place of a text would become."""
    return functools.partial(_swap, lookalikes(scripts))


def _swap(table: Mapping[str, str], text: str, at: int, draw: Draw) -> Edit | None:
    like = table.get(text[at])
    return None if like is None or bears_mark(text, at) else (at, at + 1, like[int(draw() * len(like))])
