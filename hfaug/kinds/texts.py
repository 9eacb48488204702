"""Kinds of ops on texts."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from hfaug.errors import add_context
from hfaug.moves import Arrangement, Edits, arranged
from hfaug.op import Op, Reject
from hfaug.plan import Run
from hfaug.randomness import Stream, Streams
from hfaug.roles import Roles
from hfaug.rows import Row, arrange_text, edit_text, has_labels, movable_parts

__all__ = ["ArrangeOp", "EditOp", "TextOp"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class TextOp(Op):
    """What ops on text share: they change it with its labels, or, where a text has none, at once."""

    needs: ClassVar[tuple[str, ...]] = ("text",)
    shifts: ClassVar[tuple[str, ...]] = ("text",)
    moves: ClassVar[tuple[str, ...]] = ("spans", "answers", "tags")

    def refuses(self, text: str) -> str | None:
        """Why the op can do nothing sensible with a text, such as one in a script it does not know; None by default."""
        return None

    @abstractmethod
    def edited(self, text: str, rng: Stream) -> str:
        """The changed text; the very same one when there is nothing to do."""

    @abstractmethod
    def change(self, row: Row, roles: Roles, text: str, rng: Stream) -> None:
        """Change the text of a row with its labels, by the same draws as `edited`."""

    @property
    def defers(self) -> bool:
        """True: it has no media."""
        return True

    def apply(self, row: Row, rng: Stream) -> Row | Reject:
        """Change the text of one row, with its labels."""
        roles = row.roles
        text = row.text
        if text is None or roles is None:
            return row
        reason = self.refuses(text)
        if reason is not None:
            return Reject(reason)
        self.change(row, roles, text, rng)
        return row

    def editors(self) -> tuple[Op, ...]:
        """The op itself, unless it changes rows in a way of its own."""
        plain = type(self).run is TextOp.run and type(self).apply is TextOp.apply
        return (self,) if plain else ()

    def refuses_some(self, texts: Sequence[str | None]) -> bool:
        """Whether some texts must go the long way, which can reject a row."""
        if type(self).refuses is TextOp.refuses:
            return False
        return any(text is not None and self.refuses(text) is not None for text in texts)

    def run(self, rows: Sequence[Row], run: Run) -> list[Row]:
        """Change the text of each row; texts without labels at once."""
        leaf = run.plan.leaves[run.position]
        if leaf.roles is None or has_labels(leaf.roles) or not self.editors():
            return super().run(rows, run)
        column = leaf.roles.all("text")[0]
        live = [row for row in rows if row.rejected is None]
        before = [row.stored(column) for row in live]
        if self.refuses_some(before):
            return super().run(rows, run)
        run.leaf(self)
        after = self.edit_column(before, run.streams(leaf, live), [row.id for row in live])
        for row, old, new in zip(live, before, after, strict=True):
            if new is not old:
                row.values = {column: new} if row.values is None else {**row.values, column: new}
        return list(rows)

    def edit_column(self, texts: Sequence[str | None], streams: Streams, ids: Sequence[str]) -> list[str | None]:
        """What `apply` makes of texts without labels: the same draws, the same texts."""
        edited = self._column_editor()
        done: list[str | None] = []
        try:
            for text, rng in zip(texts, streams, strict=True):
                done.append(None if text is None else edited(text, rng))
        except Exception as error:
            add_context(error, f"in {type(self).__name__}, row {ids[len(done)]!r}")
            raise
        return done

    def _column_editor(self) -> Callable[[str, Stream], str]:
        return self.edited


@dataclasses.dataclass(frozen=True, kw_only=True)
class EditOp(TextOp):
    """An op on text: ``edits(text, rng) -> Edits``. Spans, answers, and words with their tags follow.

    Where a text has no labels, nobody asks where its parts went: for that case an op may have a shorter way to the same
    text, with the same draws, ``edited(text, rng) -> str``.
    """

    spares_labels: ClassVar[bool] = False
    """Whether edits that would change the words a label covers are left out: what says the same is no other name."""

    @abstractmethod
    def edits(self, text: str, rng: Stream) -> Edits:
        """Draw edits of a text, in order and without overlap."""

    def edited(self, text: str, rng: Stream) -> str:
        """The edited text; the very same one when there is nothing to do."""
        return self.edits(text, rng).apply(text)

    def change(self, row: Row, roles: Roles, text: str, rng: Stream) -> None:
        """Edit the text of a row with its labels."""
        edit_text(row, roles, self.edits(text, rng), spare=self.spares_labels)

    def _column_editor(self) -> Callable[[str, Stream], str]:
        return _shorter_way(self, partial(EditOp.edited, self), "edits")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ArrangeOp(TextOp):
    """An op that lets parts of a text change places: ``parts(text)`` says which, ``order(count, rng)`` how.

    What a label covers stays together, so every label covers afterwards what it covered before. Where a text has no
    labels, an op may have a shorter way to the same text, as `EditOp` says.
    """

    @abstractmethod
    def parts(self, text: str) -> Sequence[tuple[int, int]]:
        """What can change places, half-open, in order, without overlap."""

    @abstractmethod
    def order(self, count: int, rng: Stream) -> Sequence[int]:
        """Draw which part comes to each place: a permutation of ``range(count)``."""

    def edited(self, text: str, rng: Stream) -> str:
        """The text in its new order."""
        parts = self.parts(text)
        return arranged(text, parts, self.order(len(parts), rng))

    def change(self, row: Row, roles: Roles, text: str, rng: Stream) -> None:
        """Rearrange the text of a row with its labels."""
        parts = movable_parts(row, roles, text, self.parts(text))
        arrange_text(row, roles, Arrangement(parts, self.order(len(parts), rng)))

    def _column_editor(self) -> Callable[[str, Stream], str]:
        return _shorter_way(self, partial(ArrangeOp.edited, self), "parts", "order")


def _shorter_way(op: TextOp, long_way: Callable[[str, Stream], str], *steps: str) -> Callable[[str, Stream], str]:
    """The op's own ``edited``, but not one that it inherits beside steps of its own on the long way."""
    names = {"edited", *steps}
    owner = next(cls for cls in type(op).__mro__ if names & vars(cls).keys())
    return op.edited if "edited" in vars(owner) else long_way
