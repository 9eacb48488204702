"""Answers that are JSON documents a schema allows: tokens that could not go on to one are never chosen.

The grammar work is llguidance's. Of the libraries for this it alone says which keywords of a schema it cannot hold to
(xgrammar leaves ``uniqueItems``, ``contains`` and ``not`` out without a word), it is one wheel that needs neither torch
nor anything else, and it keeps one small matcher a row, so rows of a batch do not know of each other. What comes out is
parsed and checked with jsonschema all the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hfaug.backends.loading import import_extra
from hfaug.errors import ParameterError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["SchemaCheck", "SchemaGuide", "SchemaMask"]

_STYLE = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}


class SchemaCheck:
    """Says whether a text is a JSON document that a schema allows.

    Args:
        schema: A JSON schema, draft 2020-12.
        extra: The extra of hfaug that brings jsonschema, for the error where it is missing.

    Raises:
        MissingExtra: jsonschema is not installed.
        ParameterError: It is no JSON schema.

    >>> check = SchemaCheck({"type": "array", "items": {"type": "integer"}})
    >>> check("[1, 2]"), check("[1, 2"), check('["a"]'), check("[NaN]")
    (True, False, False, False)
    """

    def __init__(self, schema: Mapping[str, Any], *, extra: str = "lm") -> None:
        jsonschema = import_extra("jsonschema", extra)
        try:
            jsonschema.Draft202012Validator.check_schema(dict(schema))
        except jsonschema.SchemaError as error:
            raise ParameterError(
                f"schema: must be a JSON schema (draft 2020-12), at {error.json_path} {error.message}; correct it"
            ) from error
        self._validator = jsonschema.Draft202012Validator(
            dict(schema), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        )

    def __call__(self, text: str) -> bool:
        """Whether the schema allows it."""
        try:
            return bool(self._validator.is_valid(json.loads(text, parse_constant=_no_constant)))
        except (ValueError, RecursionError):
            return False


class SchemaGuide:
    """Makes the masks of schemas for one model.

    Args:
        model_id: Who speaks in errors.
        tokenizer: A fast tokenizer of transformers.
        vocabulary: How many scores a row of the model's output has.
        ends: The tokens that end an answer.
    """

    def __init__(self, model_id: str, tokenizer: Any, vocabulary: int, ends: Sequence[int]) -> None:
        self._model_id, self._tokenizer = model_id, tokenizer
        self._vocabulary, self._ends = vocabulary, list(ends)
        self._words: Any = None
        self._compiled: dict[str, Any] = {}

    def mask(self, schema: Mapping[str, Any], rows: int) -> SchemaMask:
        """A logits processor for a batch of ``rows`` rows.

        Raises:
            MissingExtra: llguidance is not installed.
            ParameterError: The schema cannot be held to, or not with this model's tokenizer.
        """
        text = json.dumps(schema, ensure_ascii=False)
        if text not in self._compiled:
            self._compiled[text] = self._compile(text)
        matchers = [self._compiled[text].deep_copy() for _ in range(rows)]
        return SchemaMask(matchers, self._words.vocab_size, self._ends)

    def _compile(self, schema: str) -> Any:
        llguidance = import_extra("llguidance", "lm")
        words = self._read_tokenizer()
        grammar = llguidance.LLMatcher.grammar_from_json_schema(schema, overrides=_STYLE)
        is_wrong, messages = llguidance.LLMatcher.validate_grammar_with_warnings(grammar, words)
        if is_wrong:
            raise ParameterError(
                f"{self._model_id}: an answer must be held to every part of the schema, this one has a part that it "
                f"cannot be held to: {' '.join(messages[0].split())[:200]}; leave it out and filter afterwards"
            )
        return llguidance.LLMatcher(words, grammar, log_level=0)

    def _read_tokenizer(self) -> Any:
        if self._words is None:
            hf = import_extra("llguidance.hf", "lm")
            try:
                self._words = hf.from_tokenizer(self._tokenizer, n_vocab=self._vocabulary, eos_token=self._ends)
            except ValueError as error:
                raise ParameterError(
                    f"{self._model_id}: a schema needs a tokenizer that tells the bytes of its tokens, this one does "
                    f"not: {error}; use another model, or leave the schema out"
                ) from error
        return self._words


class SchemaMask:
    """A logits processor that leaves the tokens that can go on to a document the schema allows.

    Give it to ``generate`` before the processor that draws, with one beam.

    Args:
        matchers: One matcher of llguidance a row.
        vocabulary: How many tokens the matchers know.
        ends: The tokens that end an answer.
    """

    def __init__(self, matchers: Sequence[Any], vocabulary: int, ends: Sequence[int]) -> None:
        self._matchers = list(matchers)
        self._open = [True] * len(self._matchers)
        self._ends = frozenset(ends)
        self._bits = np.zeros((len(self._matchers), -(-vocabulary // 32)), np.int32)
        self._vocabulary = vocabulary
        self._started = False

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """The scores, -inf where a token is not allowed, shape (rows, vocabulary)."""
        import torch

        if self._started:
            self._take(input_ids[:, -1].tolist())
        self._started = True
        for row, matcher in enumerate(self._matchers):
            if self._open[row]:
                bits = self._bits[row]
                matcher.unsafe_compute_mask_ptr(bits.ctypes.data, bits.nbytes)
            else:
                self._bits[row] = -1  # what a row that has ended says is not listened to
        allowed = np.unpackbits(self._bits.view(np.uint8), axis=1, bitorder="little")[:, : scores.shape[-1]]
        mask = torch.from_numpy(allowed).to(device=scores.device, dtype=torch.bool)
        return scores.masked_fill(~mask, -torch.inf)

    def _take(self, tokens: Sequence[int]) -> None:
        for row, (matcher, token) in enumerate(zip(self._matchers, tokens, strict=True)):
            if self._open[row]:
                self._open[row] = token not in self._ends and bool(matcher.consume_token(token))


def _no_constant(name: str) -> Any:
    """JSON has no NaN and no infinity, though Python reads them."""
    raise ValueError(name)
