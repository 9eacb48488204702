"""Change the white space between words."""

from __future__ import annotations

import dataclasses
import re
from typing import ClassVar, Literal

from hfaug.errors import ParameterError
from hfaug.fields import Share
from hfaug.kinds import EditOp
from hfaug.moves import Edits
from hfaug.randomness import Stream, hits

__all__ = ["ChangeWhitespace"]

_GAPS = re.compile(r"(?<=\S)[ \t\u00a0\u2009\u3000]+(?=\S)")
_BECOMES = {"double": "  ", "tab": "\t", "no_break": "\u00a0", "line": "\n"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChangeWhitespace(EditOp):
    """Put other white space between words: two blanks, a tab, a no-break space, a line break, as in copied text.

    Args:
        share: Chance of each gap between words, 0..1.
        kinds: What gaps become: ``double``, ``tab``, ``no_break``, ``line``; one is drawn for each.

    Moves: text, spans, answers. Lists of words stay as they are: what stands between them is not stored.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.text.ChangeWhitespace(kinds=("double", "tab")).kinds
    ('double', 'tab')
    """

    expected_draws: ClassVar[int] = 8

    share: Share = 0.1
    kinds: tuple[Literal["double", "tab", "no_break", "line"], ...] = ("double", "tab", "no_break", "line")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.kinds:
            raise ParameterError(f"ChangeWhitespace: kinds must name at least one of {', '.join(_BECOMES)}, got none")

    def edits(self, text: str, rng: Stream) -> Edits:
        """Draw the gaps, and what each becomes."""
        gaps = [gap.span() for gap in _GAPS.finditer(text)]
        items = []
        for number in hits(rng, len(gaps), self.share):
            start, end = gaps[number]
            after = _BECOMES[rng.choice(self.kinds)]
            if after != text[start:end]:
                items.append((start, end, after))
        return Edits(items)
