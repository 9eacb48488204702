"""Masked language models with transformers (BERT, RoBERTa, XLM-R ...): which words fit into a place.

Nothing is drawn here. On a CPU in float32 the probabilities depend on the text and its places alone, to the last bit,
by the means of :mod:`hfaug.backends.marian`. Scores over the vocabulary, the dearest part, are made for the hidden
places only.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from hfaug.backends.batching import plan_batches
from hfaug.backends.exact import exact_multiple, rows_multiple
from hfaug.backends.identity import ModelIdentity
from hfaug.backends.language import Candidate, Filled, MaskRequest
from hfaug.backends.limits import read_limit
from hfaug.backends.loading import import_extra, loading, quiet, torch_settings
from hfaug.backends.memory import run_batches
from hfaug.backends.protocols import TOO_LONG, Determinism, Halving
from hfaug.errors import ModelError, ParameterError

__all__ = ["TransformersMaskedModel", "load"]

_ROOM = {"cpu": (4096, 64), "cuda": (65536, 512)}  # (padded tokens, rows) of a batch
_MARKS = ("##", "Ġ", "▁")  # of a token: goes on with a word; starts one behind a space (bytes); the same (pieces)
_JOINERS = "'’-‐·"  # inside words: don't, e-mail, col·lecció


def load(identity: ModelIdentity, *, dtype: str, device: str) -> TransformersMaskedModel:
    """Load a masked language model from the Hub or a folder.

    Raises:
        MissingExtra: transformers or torch is not installed.
        ModelError: The files cannot be fetched or are no masked language model.
    """
    torch, transformers = import_extra("torch", "lm"), import_extra("transformers", "lm")
    with loading(identity.model_id, identity.hub_revision), quiet("transformers"):
        names: dict[str, Any] = {"revision": identity.hub_revision}
        tokenizer = transformers.AutoTokenizer.from_pretrained(identity.source, **names)
        model = transformers.AutoModelForMaskedLM.from_pretrained(
            identity.source,
            dtype=getattr(torch, dtype),
            attn_implementation="eager" if device == "cpu" else "sdpa",
            **names,
        )
        model = model.to(device).eval().requires_grad_(requires_grad=False)
    if tokenizer.mask_token_id is None:
        raise ModelError(f"{identity.model_id}: must have a mask token, has none; use a masked language model")
    return TransformersMaskedModel(identity, model, tokenizer)


class TransformersMaskedModel:
    """A :class:`~hfaug.backends.language.MaskedModel` that runs on transformers. Get it from the registry."""

    def __init__(self, identity: ModelIdentity, model: Any, tokenizer: Any) -> None:
        self.model_id, self.revision, self.licence = identity.model_id, identity.revision, identity.licence
        self.halvings: list[Halving] = []
        self._model, self._tokenizer = model, tokenizer
        self._limit = _positions(model, tokenizer)
        self._mark = _word_mark(tokenizer)
        self._special = frozenset(tokenizer.all_special_ids)
        self._around = _around(tokenizer)
        vocabulary = model.config.get_text_config().vocab_size
        self._vocabulary = vocabulary
        self._tokens: dict[tuple[bool, bool], Any] = {}
        self._multiple = exact_multiple(model, self._probe, vocabulary=vocabulary, limit=self._limit)
        self.determinism: Determinism = "row" if self._multiple else "request"

    @property
    def settings(self) -> Mapping[str, Any]:
        """Device, dtype, attention and batch plan."""
        tokens, rows = _ROOM[self._model.device.type]
        return torch_settings(
            self._model,
            attention=self._model.config._attn_implementation,  # noqa: SLF001  # it has no public name
            batch_tokens=tokens,
            batch_rows=rows,
            rows_multiple=self._multiple,
        )

    def fill(self, requests: Sequence[MaskRequest], *, top_k: int = 50) -> list[Filled]:
        """See :meth:`hfaug.backends.language.MaskedModel.fill`."""
        if top_k < 1:
            raise ParameterError(f"{self.model_id}: top_k must be 1 or more, was {top_k}; change it")
        jobs = list(dict.fromkeys(requests))
        done = dict(zip(jobs, self._fill_distinct(jobs, top_k) if jobs else [], strict=True))
        return [done[request] for request in requests]

    def _fill_distinct(self, jobs: Sequence[MaskRequest], top_k: int) -> list[Filled]:
        tokens = [self._encode(job) for job in jobs]
        short = [row for row, ids in enumerate(tokens) if len(ids) <= self._limit]
        budget, most = _ROOM[self._model.device.type]
        plan = plan_batches(
            [len(tokens[row]) for row in short],
            budget=budget,
            most=most,
            multiple=rows_multiple(self._multiple, 1),
            limit=self._limit,
        )
        widths = {row: batch.width for batch in plan for row in batch.rows}

        def work(rows: Sequence[int]) -> list[Filled]:
            chosen = [short[row] for row in rows]
            return self._run([tokens[row] for row in chosen], [jobs[row] for row in chosen], widths[rows[0]], top_k)

        found = run_batches(
            [batch.rows for batch in plan],
            work,
            cost=lambda rows: len(rows) * widths[rows[0]],
            on_halve=self.halvings.append,
        )
        by_job = {short[row]: filled for row, filled in found.items()}
        return [by_job.get(row, Filled((), (TOO_LONG,))) for row in range(len(jobs))]

    def _encode(self, request: MaskRequest) -> list[int]:
        """The tokens of a text with a mask for each place. What spells a special token in it is text."""
        before, after = self._around
        bounds = [0, *(bound for place in request.places for bound in place), len(request.text)]
        pieces = [request.text[start:end] for start, end in zip(bounds[::2], bounds[1::2], strict=True)]
        # a word brings the space before it along, where the vocabulary knows spaces
        pieces = [*(piece.rstrip() for piece in pieces[:-1]), pieces[-1]]
        options = {"split_special_tokens": True, "add_special_tokens": False, "verbose": False}
        found = list(before)
        for number, ids in enumerate(self._tokenizer(pieces, **options)["input_ids"]):
            found += [self._tokenizer.mask_token_id, *ids] if number else ids
        return [*found, *after]

    def _run(
        self, tokens: Sequence[list[int]], requests: Sequence[MaskRequest], width: int, top_k: int
    ) -> list[Filled]:
        """Fill one batch of texts that are all padded to ``width`` tokens."""
        import torch

        rows = [*tokens, *[tokens[0]] * (-len(tokens) % rows_multiple(self._multiple, 1))]
        ids = torch.full((len(rows), width), self._tokenizer.pad_token_id or 0)
        mask = torch.zeros_like(ids)
        for row, one in enumerate(rows):
            ids[row, : len(one)] = torch.tensor(one)
            mask[row, : len(one)] = 1
        places = (ids == self._tokenizer.mask_token_id).nonzero()
        extra = -len(places) % rows_multiple(self._multiple, 1)
        places = torch.cat([places, places[:1].expand(extra, -1)])
        with torch.inference_mode(), quiet("transformers"):
            scores = self._scores(ids, mask, places)
        # the masks stand in the order of the rows, and in each row in the order of its places
        wanted = [(request, place) for request in requests for place in request.places]
        found = iter([self._candidates(row, *want, top_k) for row, want in zip(scores, wanted, strict=False)])
        return [Filled(tuple(next(found) for _ in request.places)) for request in requests]

    def _scores(self, ids: Any, mask: Any, places: Any) -> Any:
        """Scores over the vocabulary at each place (row, column), float32."""
        device, head = self._model.device, self._model.get_output_embeddings()
        places = places.to(device)

        def only_places(_: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
            return (inputs[0][places[:, 0], places[:, 1]], *inputs[1:])

        hook = None if head is None else head.register_forward_pre_hook(only_places)
        try:
            scores = self._model(input_ids=ids.to(device), attention_mask=mask.to(device)).logits
        finally:
            if hook is not None:
                hook.remove()
        if scores.ndim == 3:  # a head that is not what the model says it is
            scores = scores[places[:, 0], places[:, 1]]
        return scores.float()

    def _candidates(
        self, scores: Any, request: MaskRequest, place: tuple[int, int], top_k: int
    ) -> tuple[Candidate, ...]:
        """The likeliest whole words of one place."""
        start, end = place
        spaced = start > 0 and (start == end or request.text[start - 1].isspace())
        words = self._words_for(spaced=spaced, first=start == 0)
        shares = scores.softmax(dim=-1)[words]
        found: dict[str, float] = {}
        for width in (top_k + 16, len(shares)):  # two tokens may spell one word
            values, places = shares.topk(min(width, len(shares)))
            tokens = words[places.to(words.device)].tolist()
            pairs = sorted(zip(values.tolist(), tokens, strict=True), key=lambda pair: (-pair[0], pair[1]))
            found = {}
            for share, token in pairs:
                if share > 0:
                    found.setdefault(self._words[token][0], share)
            if len(found) >= top_k:
                break
        return tuple(Candidate(word, share) for word, share in list(found.items())[:top_k])

    def _words_for(self, *, spaced: bool, first: bool) -> Any:
        """The tokens that are words of their own behind what stands before them, int64, ascending."""
        import torch

        if (spaced, first) not in self._tokens:
            knows_no_spaces = self._mark in {"##", ""} or (first and self._mark == "▁")
            fits = [token for token, (_, behind) in self._words.items() if knows_no_spaces or behind == spaced]
            self._tokens[spaced, first] = torch.tensor(sorted(fits), dtype=torch.int64, device=self._model.device)
        return self._tokens[spaced, first]

    @functools.cached_property
    def _words(self) -> dict[int, tuple[str, bool]]:
        """The tokens that are words: their letters, and whether they stand behind a space."""
        names = self._tokenizer.convert_ids_to_tokens(list(range(self._vocabulary)))
        found = {}
        for token, name in enumerate(names):
            # rows of the output that no token has, tokens that are no text, and those that go on with a word
            if name is None or token in self._special or (self._mark == "##" and name.startswith("##")):
                continue
            text = self._spell(name)
            inside = all(char in _JOINERS or unicodedata.category(char)[0] in "LMN" for char in text)
            if inside and text[:1].isalnum() and text[-1] not in _JOINERS:
                found[token] = (text, name.startswith(self._mark))
        return found

    def _spell(self, name: str) -> str:
        """The letters of a token."""
        if self._mark == "▁":
            return name.replace("▁", " ").strip()
        return str(self._tokenizer.convert_tokens_to_string([name]) if self._mark == "Ġ" else name).strip()

    def _probe(self, ids: Any, mask: Any) -> Any:
        """What the model makes of the first place of each row."""
        import torch

        rows = torch.arange(len(ids))
        return self._scores(ids, mask, torch.stack([rows, torch.zeros_like(rows)], dim=1))


def _word_mark(tokenizer: Any) -> str:
    """How the vocabulary tells the beginning of a word from its rest; empty if it does not."""
    names = list(tokenizer.get_vocab())
    counts = {mark: sum(name.startswith(mark) for name in names) for mark in _MARKS}
    best = max(_MARKS, key=counts.__getitem__)
    return best if counts[best] else ""


def _around(tokenizer: Any) -> tuple[list[int], list[int]]:
    """What the model wants before and after a text."""
    ids = tokenizer("")["input_ids"]
    middle = next((place for place, token in enumerate(ids) if token == tokenizer.sep_token_id), len(ids))
    return list(ids[:middle]), list(ids[middle:])


def _positions(model: Any, tokenizer: Any) -> int:
    """How many tokens the model reads."""
    known = read_limit(model.config, tokenizer, 512)
    for name, module in model.named_modules():
        # some number their positions from behind the pad on
        if re.search(r"(^|\.)position_embeddings$", name) and getattr(module, "padding_idx", None) is not None:
            return min(known, int(module.num_embeddings) - int(module.padding_idx) - 1)
    return known
