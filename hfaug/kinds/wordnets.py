"""Ops that look words up in a wordnet."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

from hfaug.errors import ParameterError
from hfaug.language.synonyms import open_lexicon
from hfaug.language.wordnets import LEXICON, lexicon_digest, readers
from hfaug.op import Op
from hfaug.plan import Plan

__all__ = ["WordnetOp"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class WordnetOp(Op):
    """An op with a wordnet: it must be there before any work, and its content belongs to the fingerprint."""

    wordnet: ClassVar[str] = "lexicon"
    """The field that names it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        name = self._lexicon
        if name is not None and not LEXICON.fullmatch(name):
            raise ParameterError(
                f"{type(self).__name__}: {self.wordnet} must be a wordnet's id and version, such as oewn:2024, "
                f"got {name!r}; add what is missing"
            )

    @property
    def _lexicon(self) -> str | None:
        name: str | None = getattr(self, self.wordnet)
        return name

    def _extra(self) -> dict[str, Any]:
        name = self._lexicon
        said = {"wordnet": lexicon_digest(name), "library": readers()} if name else {}
        return {**super()._extra(), **said}

    def plan(self, plan: Plan) -> None:
        """Make sure that the wordnet is there before any work."""
        if self._lexicon:
            try:
                open_lexicon(self._lexicon)
            except ParameterError as error:
                raise ParameterError(f"{type(self).__name__}: {error}") from error
        super().plan(plan)
