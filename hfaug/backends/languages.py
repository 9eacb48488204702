"""How a translation model is told the languages, which each family does in a way of its own.

====================  =============================  ================================================
family                source                         target
====================  =============================  ================================================
Marian, one pair      fixed                          fixed
Marian, many targets  not told                       ``>>de<<`` before the text
MADLAD                not told                       ``<2de>`` before the text
T5                    words before the text          the same: "translate English to German: "
NLLB, mBART-50        its code beside the text       its code as the first token of the translation
M2M100                the same                       the same
====================  =============================  ================================================
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

from hfaug.errors import ModelError, ParameterError

__all__ = ["Frame", "Languages"]

_PREFIXES = (r">>(.+)<<", r"<2([A-Za-z_]+)>")
_CODES = (r"([a-z]{3}_[A-Z][a-z]{3})", r"([a-z]{2}_[A-Z]{2})")  # NLLB, mBART-50


@dataclasses.dataclass(frozen=True)
class Frame:
    """What stands around a text for one pair of languages.

    Args:
        prefix: What stands before it: a token of its own, or words.
        source: The code that the tokenizer puts beside it.
        first: The token that the translation begins with.
    """

    prefix: str = ""
    source: str | None = None
    first: int | None = None


class Languages:
    """The languages of one model.

    Args:
        model_id: Who speaks in errors; of some models it says the languages.
        tokenizer: A tokenizer of transformers.
        config: The model's configuration.
    """

    def __init__(self, model_id: str, tokenizer: Any, config: Any) -> None:
        self._model_id, self._tokenizer = model_id, tokenizer
        words = list(tokenizer.get_vocab())
        self._prefixes = _first_match(_PREFIXES, words)
        told = getattr(tokenizer, "lang_code_to_token", None)  # M2M100 keeps them apart from its vocabulary
        self._codes = dict(told) if isinstance(told, dict) else {}
        if not self._codes and hasattr(type(tokenizer), "src_lang"):
            self._codes = _first_match(_CODES, words)
        self._sayings = _sayings(config)
        self._pair = _fixed_pair(model_id, tokenizer)

    def frame(self, target: str, source: str | None) -> Frame:
        """What stands around a text.

        Raises:
            ParameterError: The model does not translate between these languages, or wants to know the source.
            ModelError: It is no translation model that is known here.
        """
        if self._prefixes:
            return Frame(prefix=self._prefixes[self._known("target", target, self._prefixes)])
        if self._codes:
            if source is None:
                raise ParameterError(
                    f"{self._model_id}: source must be given, since the model wants to know it; give one of "
                    f"{_some(self._codes)}"
                )
            self._known("source", source, self._codes)
            first = self._tokenizer.convert_tokens_to_ids(self._codes[self._known("target", target, self._codes)])
            return Frame(source=source, first=first)
        if self._sayings:
            pairs = {f"{a}-{b}": prefix for (a, b), prefix in self._sayings.items()}
            return Frame(prefix=pairs[self._known("source and target", f"{source}-{target}", pairs)])
        return self._fixed(target, source)

    def encode(self, texts: Sequence[str], frame: Frame) -> list[list[int]]:
        """Tokens of each text in its frame. A text that spells a special token, such as ``</s>``, is text."""
        options = {"split_special_tokens": True, "return_attention_mask": False, "verbose": False}
        if frame.source is not None:
            self._tokenizer.src_lang = frame.source
        is_token = bool(frame.prefix) and frame.prefix in self._prefixes.values()
        if not is_token or hasattr(self._tokenizer, "remove_language_code"):  # Marian's reads one prefix, and no second
            space = " " if is_token else ""
            found = self._tokenizer([frame.prefix + space + text for text in texts], **options)["input_ids"]
            return [list(ids) for ids in found]
        code = self._tokenizer.convert_tokens_to_ids(frame.prefix)
        return [[code, *ids] for ids in self._tokenizer(list(texts), **options)["input_ids"]]

    def _known(self, side: str, code: str, known: Mapping[str, Any]) -> str:
        if code not in known:
            raise ParameterError(f"{self._model_id}: {side} must be one of {_some(known)}, was {code!r}; choose one")
        return code

    def _fixed(self, target: str, source: str | None) -> Frame:
        if self._pair is None:
            raise ModelError(
                f"{self._model_id}: must take the target language as a prefix like >>de<< or <2de>, know languages by "
                "code, or be made for one pair of languages that its name or tokenizer tells, does none of them; use a "
                "translation model such as Helsinki-NLP/opus-mt-en-de"
            )
        for side, has, wants in (("source", self._pair[0], source), ("target", self._pair[1], target)):
            if wants is not None and wants != has:
                raise ParameterError(f"{self._model_id}: {side} must be {has!r}, was {wants!r}; use another model")
        return Frame()


def _first_match(patterns: Sequence[str], words: Sequence[str]) -> dict[str, str]:
    """Language code -> token, by the first of the patterns that any token fits."""
    for pattern in patterns:
        fits = re.compile(pattern)
        found = {match[1]: match[0] for match in map(fits.fullmatch, words) if match}
        if found:
            return found
    return {}


def _sayings(config: Any) -> dict[tuple[str, str], str]:
    """What T5 wants to be told, by source and target."""
    tasks = getattr(config, "task_specific_params", None) or {}
    found = {}
    for name, values in tasks.items():
        match = re.fullmatch(r"translation_([a-z]+)_to_([a-z]+)", name)
        if match and values.get("prefix"):
            found[match[1], match[2]] = str(values["prefix"])
    return found


def _fixed_pair(model_id: str, tokenizer: Any) -> tuple[str, str] | None:
    """Source and target of a model for one pair: from its name (opus-mt-tc-big-en-de), else from its tokenizer."""
    if match := re.search(r"opus-mt.*-([A-Za-z_]+)-([A-Za-z_]+)$", model_id):
        return match[1], match[2]
    source, target = getattr(tokenizer, "source_lang", None), getattr(tokenizer, "target_lang", None)
    return (source, target) if isinstance(source, str) and isinstance(target, str) else None


def _some(known: Mapping[str, Any]) -> str:
    """The codes, or the first of very many."""
    names = sorted(known)
    return ", ".join(names) if len(names) <= 40 else f"{', '.join(names[:40])} ... ({len(names)} in all)"
