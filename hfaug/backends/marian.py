"""Translation with transformers: Marian models, and others that take the target language as a ``>>de<<`` prefix.

On a CPU in float32 a translation depends on its text and seed alone, to the last bit of every score: each text is
padded to a width of its own (see :mod:`hfaug.backends.batching`), every matrix product has a multiple of 8 rows (rows
left over meet another kernel, which sums in another order), and attention is the eager one (the fused kernel splits its
sums by the number of threads). Whether that holds on this machine is tried out when the model is loaded.
"""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from hfaug.backends.batching import plan_batches
from hfaug.backends.draw import KeyedDraw
from hfaug.backends.identity import ModelIdentity
from hfaug.backends.loading import import_extra, loading, quiet
from hfaug.backends.memory import run_batches
from hfaug.backends.protocols import TOO_LONG, TRUNCATED, Determinism, Halving, Sampling, Translation
from hfaug.errors import ModelError, ParameterError

__all__ = ["TransformersTranslator", "load"]

_SEARCH = Sampling()
_MULTIPLES = (8, 16, 32)  # rows of a matrix product that may leave none over; the first that does not is taken
# (padded tokens, rows) of a batch, both times the beams: where more rows no longer make a row cheaper. CPU measured.
_ROOM = {"cpu": (4096, 64), "cuda": (65536, 512)}


def load(identity: ModelIdentity, *, dtype: str, device: str) -> TransformersTranslator:
    """Load a translator from the Hub or a folder.

    Raises:
        MissingExtra: transformers, torch or sentencepiece is not installed.
        ModelError: The files cannot be fetched or are no translation model.
    """
    torch, transformers = import_extra("torch", "lm"), import_extra("transformers", "lm")
    import_extra("sentencepiece", "lm")
    with loading(identity.model_id, identity.hub_revision), quiet("transformers"):
        names: dict[str, Any] = {"revision": identity.hub_revision}
        tokenizer = transformers.AutoTokenizer.from_pretrained(identity.source, **names)
        attention = "eager" if device == "cpu" else "sdpa"
        model = transformers.AutoModelForSeq2SeqLM.from_pretrained(
            identity.source, dtype=getattr(torch, dtype), attn_implementation=attention, **names
        )
        model = model.to(device).eval().requires_grad_(requires_grad=False)
        # what a configuration leaves open, `generate` takes from here
        model.generation_config.update(
            # an end that is forced at the limit would hide that the sentence was cut there
            forced_eos_token_id=None,
            max_length=None,
            do_sample=False,
            temperature=None,
            top_k=None,
            top_p=None,
        )
    return TransformersTranslator(identity, model, tokenizer)


class TransformersTranslator:
    """A :class:`~hfaug.backends.protocols.Translator` that runs on transformers. Get it from the registry."""

    def __init__(self, identity: ModelIdentity, model: Any, tokenizer: Any) -> None:
        self.model_id, self.revision, self.licence = identity.model_id, identity.revision, identity.licence
        self.halvings: list[Halving] = []
        self._model, self._tokenizer = model, tokenizer
        self._codes = _language_codes(tokenizer)
        self._limit = _positions(model.config, tokenizer)
        self._multiple = _exact_multiple(model, self._limit)
        self.determinism: Determinism = "row" if self._multiple else "request"

    @property
    def settings(self) -> Mapping[str, Any]:
        """Device, dtype, attention and batch plan."""
        tokens, rows = _ROOM[self._model.device.type]
        return {
            "runtime": "transformers",
            "device": self._model.device.type,
            "dtype": str(self._model.dtype).removeprefix("torch."),
            "attention": self._model.config._attn_implementation,  # noqa: SLF001  # it has no public name
            "batch_tokens": tokens,
            "batch_rows": rows,
            "rows_multiple": self._multiple,
        }

    def translate(
        self,
        texts: Sequence[str],
        *,
        target: str,
        source: str | None = None,
        seeds: Sequence[int] | None = None,
        sampling: Sampling = _SEARCH,
    ) -> list[Translation]:
        """See :meth:`hfaug.backends.protocols.Translator.translate`."""
        prefix = self._prefix(target, source)
        if sampling.draws and (seeds is None or len(seeds) != len(texts)):
            given = "none" if seeds is None else len(seeds)
            raise ParameterError(f"{self.model_id}: drawing needs one seed a text, {len(texts)} texts had {given}")
        keys = seeds if sampling.draws and seeds is not None else [0] * len(texts)
        wanted = [(text, key) for text, key in zip(texts, keys, strict=True)]
        jobs = list(dict.fromkeys(job for job in wanted if job[0].strip()))
        done = dict(zip(jobs, self._translate_distinct(jobs, prefix, sampling), strict=True))
        return [done[job] if job in done else Translation(job[0]) for job in wanted]

    def _translate_distinct(
        self, jobs: Sequence[tuple[str, int]], prefix: str, sampling: Sampling
    ) -> list[Translation]:
        if not jobs:
            return []
        tokens = self._encode([text for text, _ in jobs], prefix)
        short = [row for row, ids in enumerate(tokens) if len(ids) <= self._limit]
        beams = self._beams(sampling)
        budget, most = _ROOM[self._model.device.type]
        plan = plan_batches(
            [len(tokens[row]) for row in short],
            budget=budget // beams,
            most=most // beams,
            multiple=self._rows_multiple(beams),
            limit=self._limit,
        )
        widths = {row: batch.width for batch in plan for row in batch.rows}

        def work(rows: Sequence[int]) -> list[Translation]:
            chosen = [short[row] for row in rows]
            keys = [jobs[row][1] for row in chosen]
            return self._run([tokens[row] for row in chosen], keys, widths[rows[0]], sampling)

        found = run_batches(
            [batch.rows for batch in plan],
            work,
            cost=lambda rows: len(rows) * widths[rows[0]],
            on_halve=self.halvings.append,
        )
        by_job = {short[row]: translation for row, translation in found.items()}
        return [by_job.get(row, Translation("", (TOO_LONG,))) for row in range(len(jobs))]

    def _encode(self, texts: Sequence[str], prefix: str) -> list[list[int]]:
        """Tokens of each text behind its prefix. A text that spells a special token, such as ``</s>``, is text."""
        options = {"split_special_tokens": True, "return_attention_mask": False, "verbose": False}
        if not prefix or hasattr(self._tokenizer, "remove_language_code"):  # Marian's reads one prefix, and no second
            found: list[list[int]] = self._tokenizer([prefix + text for text in texts], **options)["input_ids"]
            return found
        code = self._tokenizer.convert_tokens_to_ids(prefix.strip())
        return [[code, *ids] for ids in self._tokenizer(list(texts), **options)["input_ids"]]

    def _run(
        self, tokens: Sequence[list[int]], keys: Sequence[int], width: int, sampling: Sampling
    ) -> list[Translation]:
        """Translate one batch of texts that are all padded to ``width`` tokens."""
        import torch

        real = len(tokens)
        extra = -real % self._rows_multiple(self._beams(sampling))
        # copies of a row end when it ends, so they cost no step more
        tokens, keys = [*tokens, *[tokens[0]] * extra], [*keys, *[keys[0]] * extra]
        config = self._generation_config(width, sampling)
        ids = torch.full((len(tokens), width), config.pad_token_id)
        mask = torch.zeros_like(ids)
        for row, one in enumerate(tokens):
            ids[row, : len(one)] = torch.tensor(one)
            mask[row, : len(one)] = 1
        device = self._model.device
        draw = [KeyedDraw(torch.tensor(keys, dtype=torch.int64, device=device), sampling)] if sampling.draws else []
        with torch.inference_mode(), quiet("transformers"):
            output = self._model.generate(
                input_ids=ids.to(device),
                attention_mask=mask.to(device),
                generation_config=config,
                logits_processor=draw,
            )
        return self._read(output[:real].tolist(), config)

    def _read(self, output: Sequence[list[int]], config: Any) -> list[Translation]:
        ends = {config.eos_token_id} if isinstance(config.eos_token_id, int) else set(config.eos_token_id)
        texts = self._tokenizer.batch_decode(output, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        # the first token only starts the decoder; in some models it is the one that ends a sentence
        return [
            Translation(text.strip(), () if ends.intersection(ids[1:]) else (TRUNCATED,))
            for text, ids in zip(texts, output, strict=True)
        ]

    def _generation_config(self, width: int, sampling: Sampling) -> Any:
        """The model's own configuration, but the limit of the output follows from the width, hence from the row."""
        config = copy.deepcopy(self._model.generation_config)
        config.update(
            num_beams=self._beams(sampling),
            num_return_sequences=1,
            return_dict_in_generate=False,
            max_new_tokens=min(2 * width + 32, self._limit - 1),
        )
        return config

    def _rows_multiple(self, beams: int) -> int:
        """Rows of a batch come in multiples of this, so that rows times beams come in multiples of what is exact."""
        return self._multiple // math.gcd(self._multiple, beams) if self._multiple else 1

    def _beams(self, sampling: Sampling) -> int:
        if sampling.draws:
            return 1
        return sampling.beams or self._model.generation_config.num_beams or 1

    def _prefix(self, target: str, source: str | None) -> str:
        """What stands before each text, or an error if the model does not translate between these languages."""
        if self._codes:
            if target not in self._codes:
                known = ", ".join(sorted(self._codes))
                raise ParameterError(f"{self.model_id}: target must be one of {known}, was {target!r}; choose one")
            return f">>{target}<< "
        fixed = _language_pair(self.model_id, self._tokenizer)
        if fixed is None:
            raise ModelError(
                f"{self.model_id}: must take the target language as a prefix like >>de<< or be made for one pair of "
                "languages that its name or tokenizer tells, does neither; use a Marian model such as "
                "Helsinki-NLP/opus-mt-en-de"
            )
        for side, has, wants in (("source", fixed[0], source), ("target", fixed[1], target)):
            if wants is not None and wants != has:
                raise ParameterError(f"{self.model_id}: {side} must be {has!r}, was {wants!r}; use another model")
        return ""


def _language_codes(tokenizer: Any) -> set[str]:
    """The target languages of a model that takes them as a prefix."""
    found = (re.fullmatch(r">>(.+)<<", token) for token in tokenizer.get_vocab())
    return {match[1] for match in found if match}


def _language_pair(model_id: str, tokenizer: Any) -> tuple[str, str] | None:
    """Source and target of a model for one pair: from its name (opus-mt-tc-big-en-de), else from its tokenizer."""
    if match := re.search(r"opus-mt.*-([A-Za-z_]+)-([A-Za-z_]+)$", model_id):
        return match[1], match[2]
    source, target = getattr(tokenizer, "source_lang", None), getattr(tokenizer, "target_lang", None)
    return (source, target) if isinstance(source, str) and isinstance(target, str) else None


def _positions(config: Any, tokenizer: Any) -> int:
    """How many tokens the model reads, and writes."""
    limits = [getattr(config, "max_position_embeddings", None), tokenizer.model_max_length]
    known = [limit for limit in limits if isinstance(limit, int) and limit < 1_000_000]  # else "no limit"
    return min(known, default=512)


def _exact_multiple(model: Any, limit: int) -> int:
    """The multiple of rows with which this machine gives a row the same bits in any batch; 0 if there is none."""
    if model.device.type != "cpu" or model.dtype.itemsize < 4:
        return 0
    return next((multiple for multiple in _MULTIPLES if _is_exact(model, limit, multiple)), 0)


def _is_exact(model: Any, limit: int, multiple: int) -> bool:
    """Whether made-up rows get the same scores all together, and in parts, in another order, on one thread."""
    import torch

    width, every = min(16, limit), 4 * multiple
    made = torch.Generator().manual_seed(0)
    ids = torch.randint(model.config.vocab_size, (every, width), generator=made)
    mask = (torch.arange(width) < torch.randint(1, width + 1, (every, 1), generator=made)).long()

    def scores(rows: Any) -> Any:
        with torch.inference_mode():
            inputs = {"input_ids": ids[rows], "attention_mask": mask[rows], "decoder_input_ids": ids[rows, :1]}
            return model(**inputs).logits

    together = scores(torch.arange(every))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # other processes may have more or fewer cores
    try:
        rows = torch.arange(every).flip(0)
        parts = rows[:multiple], rows[multiple:]
        return all(torch.equal(scores(part), together[part]) for part in parts)
    finally:
        torch.set_num_threads(threads)
