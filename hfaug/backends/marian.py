"""Translation with transformers: Marian, NLLB, M2M100, mBART-50, MADLAD and T5 models.

On a CPU in float32 a translation depends on its text and seed alone, to the last bit of every score: each text is
padded to a width of its own (see :mod:`hfaug.backends.batching`), every matrix product has a multiple of 8 rows (rows
left over meet another kernel, which sums in another order), and attention is the eager one (the fused kernel splits its
sums by the number of threads). Whether that holds on this machine is tried out when the model is loaded. How the model
is told the languages is :mod:`hfaug.backends.languages`.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from hfaug.backends.batching import plan_batches
from hfaug.backends.draw import KeyedDraw
from hfaug.backends.exact import exact_multiple, rows_multiple
from hfaug.backends.identity import ModelIdentity
from hfaug.backends.languages import Frame, Languages
from hfaug.backends.limits import read_limit
from hfaug.backends.loading import import_extra, loading, quiet, torch_settings
from hfaug.backends.memory import run_batches
from hfaug.backends.protocols import TOO_LONG, TRUNCATED, Determinism, Halving, Sampling, Translation

__all__ = ["TransformersTranslator", "load"]

_SEARCH = Sampling()
# (padded tokens, rows) of a batch, both times the beams: where more rows no longer make a row cheaper. CPU measured.
_ROOM = {"cpu": (4096, 64), "cuda": (65536, 512)}


def load(identity: ModelIdentity, *, dtype: str, device: str) -> TransformersTranslator:
    """Load a translator from the Hub or a folder.

    Raises:
        MissingExtra: transformers, torch or sentencepiece is not installed.
        ModelError: The files cannot be fetched or are no translation model.
    """
    torch, transformers = import_extra("torch", "lm"), import_extra("transformers", "lm")
    import_extra("sentencepiece", "lm")  # the tokenizers of Marian and M2M100
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
            forced_bos_token_id=None,
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
        self._languages = Languages(self.model_id, tokenizer, model.config)
        self._limit = read_limit(model.config, tokenizer, 512)
        self._multiple = exact_multiple(model, self._scores, vocabulary=model.config.vocab_size, limit=self._limit)
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
        frame = self._languages.frame(target, source)
        keys = sampling.keys(self.model_id, len(texts), seeds)
        wanted = [(text, key) for text, key in zip(texts, keys, strict=True)]
        jobs = list(dict.fromkeys(job for job in wanted if job[0].strip()))
        done = dict(zip(jobs, self._translate_distinct(jobs, frame, sampling), strict=True))
        return [done[job] if job in done else Translation(job[0]) for job in wanted]

    def _translate_distinct(
        self, jobs: Sequence[tuple[str, int]], frame: Frame, sampling: Sampling
    ) -> list[Translation]:
        if not jobs:
            return []
        tokens = self._languages.encode([text for text, _ in jobs], frame)
        short = [row for row, ids in enumerate(tokens) if len(ids) <= self._limit]
        beams = self._beams(sampling)
        budget, most = _ROOM[self._model.device.type]
        plan = plan_batches(
            [len(tokens[row]) for row in short],
            budget=budget // beams,
            most=most // beams,
            multiple=rows_multiple(self._multiple, beams),
            limit=self._limit,
        )
        widths = {row: batch.width for batch in plan for row in batch.rows}

        def work(rows: Sequence[int]) -> list[Translation]:
            chosen = [short[row] for row in rows]
            keys = [jobs[row][1] for row in chosen]
            return self._run([tokens[row] for row in chosen], keys, widths[rows[0]], sampling, frame.first)

        found = run_batches(
            [batch.rows for batch in plan],
            work,
            cost=lambda rows: len(rows) * widths[rows[0]],
            on_halve=self.halvings.append,
        )
        by_job = {short[row]: translation for row, translation in found.items()}
        return [by_job.get(row, Translation("", (TOO_LONG,))) for row in range(len(jobs))]

    def _run(
        self, tokens: Sequence[list[int]], keys: Sequence[int], width: int, sampling: Sampling, first: int | None
    ) -> list[Translation]:
        """Translate one batch of texts that are all padded to ``width`` tokens."""
        import torch

        real = len(tokens)
        extra = -real % rows_multiple(self._multiple, self._beams(sampling))
        # copies of a row end when it ends, so they cost no step more
        tokens, keys = [*tokens, *[tokens[0]] * extra], [*keys, *[keys[0]] * extra]
        config = self._generation_config(width, sampling)
        config.forced_bos_token_id = first
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
        return self._read(output[:real, 1:].tolist(), config)

    def _read(self, output: Sequence[list[int]], config: Any) -> list[Translation]:
        """The texts; ``output`` lacks the token that starts the decoder, which in some models ends a sentence too."""
        ends = {config.eos_token_id} if isinstance(config.eos_token_id, int) else set(config.eos_token_id)
        begun = 0 if config.forced_bos_token_id is None else 1  # the language, which not every tokenizer leaves out
        texts = self._tokenizer.batch_decode(
            [ids[begun:] for ids in output], skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return [
            Translation(text.strip(), () if ends.intersection(ids) else (TRUNCATED,))
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

    def _beams(self, sampling: Sampling) -> int:
        if sampling.draws:
            return 1
        return sampling.beams or self._model.generation_config.num_beams or 1

    def _scores(self, ids: Any, mask: Any) -> Any:
        """What the model makes of a batch at the first step."""
        return self._model(input_ids=ids, attention_mask=mask, decoder_input_ids=ids[:, :1]).logits
