"""Language models with transformers: decoders alone (Llama, Qwen, GPT-2 ...), and encoders with a decoder (T5, BART).

On a CPU in float32 an answer depends on its prompt and seed alone, to the last bit of every score, by the means of
:mod:`hfaug.backends.marian`: each prompt is padded to a width of its own, rows come in multiples that this machine is
exact with, attention is the eager one, and tokens are drawn by the row's key. Whether it holds is tried out when the
model is loaded, with and without the cache of keys and values. Models whose rows meet inside, as experts do, are found
out that way and say ``request``.

On a GPU batches go through ``generate`` as well. The continuous batching of transformers 5 is not used: it draws for
all requests from one global stream in the order of its schedule, that order follows from free memory, and a logits
processor is told neither the request nor the step of a row, so a row could not be drawn by its own key.

The beginning that prompts share is not kept between rows: where it ends depends on the other prompts of the call, and
with it the last bits of every row.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from hfaug.backends.batching import plan_batches
from hfaug.backends.constrain import SchemaCheck, SchemaGuide
from hfaug.backends.draw import KeyedDraw
from hfaug.backends.exact import exact_multiple, rows_multiple
from hfaug.backends.identity import ModelIdentity
from hfaug.backends.language import Completion, Finish, Prompt
from hfaug.backends.limits import read_limit
from hfaug.backends.loading import import_extra, loading, quiet, torch_settings
from hfaug.backends.memory import run_batches
from hfaug.backends.prompts import PromptEncoder
from hfaug.backends.protocols import Determinism, Halving, Sampling
from hfaug.backends.stopping import StopTexts, cut_at
from hfaug.errors import ParameterError

__all__ = ["TransformersLanguageModel", "load"]

_SEARCH = Sampling()
# (padded tokens, rows) of a batch, both times the beams; tokens count those to come
_ROOM = {"cpu": (16384, 64), "cuda": (131072, 512)}


def load(identity: ModelIdentity, *, dtype: str, device: str) -> TransformersLanguageModel:
    """Load a language model from the Hub or a folder.

    Raises:
        MissingExtra: transformers or torch is not installed.
        ModelError: The files cannot be fetched or are no language model.
    """
    torch, transformers = import_extra("torch", "lm"), import_extra("transformers", "lm")
    with loading(identity.model_id, identity.hub_revision), quiet("transformers"):
        names: dict[str, Any] = {"revision": identity.hub_revision}
        tokenizer = transformers.AutoTokenizer.from_pretrained(identity.source, **names)
        config = transformers.AutoConfig.from_pretrained(identity.source, **names)
        kinds = (transformers.AutoModelForCausalLM, transformers.AutoModelForSeq2SeqLM)
        model = kinds[config.is_encoder_decoder].from_pretrained(
            identity.source,
            dtype=getattr(torch, dtype),
            attn_implementation="eager" if device == "cpu" else "sdpa",
            **names,
        )
        model = model.to(device).eval().requires_grad_(requires_grad=False)
    return TransformersLanguageModel(identity, model, tokenizer)


@dataclasses.dataclass(frozen=True)
class _Ask:
    """What is asked of all prompts of a call."""

    sampling: Sampling
    max_new_tokens: int
    stop: tuple[str, ...]
    schema: Mapping[str, Any] | None
    check: SchemaCheck | None


class TransformersLanguageModel:
    """A :class:`~hfaug.backends.language.LanguageModel` that runs on transformers. Get it from the registry."""

    def __init__(self, identity: ModelIdentity, model: Any, tokenizer: Any) -> None:
        self.model_id, self.revision, self.licence = identity.model_id, identity.revision, identity.licence
        self.halvings: list[Halving] = []
        self._model, self._tokenizer = model, tokenizer
        self._decodes_only = not model.config.is_encoder_decoder
        self._prompts = PromptEncoder(self.model_id, tokenizer, joins=not self._decodes_only)
        self._limit = read_limit(model.config, tokenizer, 2048)
        self._config = _own_config(model, tokenizer)
        vocabulary = model.get_output_embeddings().weight.shape[0]
        self._guide = SchemaGuide(self.model_id, tokenizer, vocabulary, self._config.eos_token_id)
        self._multiple = exact_multiple(
            model, self._scores, vocabulary=vocabulary, limit=self._limit, left=self._decodes_only
        )
        self.determinism: Determinism = "row" if self._multiple else "request"

    @property
    def settings(self) -> Mapping[str, Any]:
        """Device, dtype, attention and batch plan."""
        tokens, rows = _ROOM[self._model.device.type]
        return torch_settings(
            self._model,
            attention=self._model.config._attn_implementation,  # noqa: SLF001  # it has no public name
            padding="left" if self._decodes_only else "right",
            batch_tokens=tokens,
            batch_rows=rows,
            rows_multiple=self._multiple,
        )

    def generate(
        self,
        prompts: Sequence[Prompt],
        *,
        seeds: Sequence[int] | None = None,
        sampling: Sampling = _SEARCH,
        max_new_tokens: int = 256,
        stop: Sequence[str] = (),
        schema: Mapping[str, Any] | None = None,
    ) -> list[Completion]:
        """See :meth:`hfaug.backends.language.LanguageModel.generate`."""
        ask = self._ask(sampling, max_new_tokens, stop, schema)
        keys = sampling.keys(self.model_id, len(prompts), seeds)
        wanted = list(zip(prompts, keys, strict=True))
        jobs = list(dict.fromkeys(wanted))
        done = dict(zip(jobs, self._answer(jobs, ask) if jobs else [], strict=True))
        return [done[job] for job in wanted]

    def _ask(
        self, sampling: Sampling, max_new_tokens: int, stop: Sequence[str], schema: Mapping[str, Any] | None
    ) -> _Ask:
        """The request, or an error if it cannot be met."""
        who = self.model_id
        if not 1 <= max_new_tokens < self._limit:
            raise ParameterError(
                f"{who}: max_new_tokens must be 1 or more and below the {self._limit} tokens that the model reads, was "
                f"{max_new_tokens}; change it"
            )
        if isinstance(stop, str) or not all(stop):
            raise ParameterError(f"{who}: stop must be texts, none of them empty, was {stop!r}; change it")
        if schema is not None and ((sampling.beams or 1) > 1 or stop):
            raise ParameterError(
                f"{who}: a schema is held to along one beam and ends its answers by itself, beams was {sampling.beams} "
                f"and stop {tuple(stop)}; leave them out"
            )
        check = None if schema is None else SchemaCheck(schema)
        return _Ask(sampling, max_new_tokens, tuple(stop), schema, check)

    def _answer(self, jobs: Sequence[tuple[Prompt, int]], ask: _Ask) -> list[Completion]:
        """An answer for each of the prompts, which all differ in text or seed."""
        tokens = [self._prompts.encode(prompt) for prompt, _ in jobs]
        longest = self._limit - (ask.max_new_tokens if self._decodes_only else 0)
        short = [row for row, ids in enumerate(tokens) if len(ids) <= longest]
        beams = self._beams(ask)
        budget, most = _ROOM[self._model.device.type]
        plan = plan_batches(
            [len(tokens[row]) for row in short],
            budget=budget // beams,
            most=most // beams,
            multiple=rows_multiple(self._multiple, beams),
            limit=self._limit,
            more=ask.max_new_tokens,
        )
        widths = {row: batch.width for batch in plan for row in batch.rows}

        def work(rows: Sequence[int]) -> list[Completion]:
            chosen = [short[row] for row in rows]
            keys = [jobs[row][1] for row in chosen]
            return self._run([tokens[row] for row in chosen], keys, widths[rows[0]], ask)

        found = run_batches(
            [batch.rows for batch in plan],
            work,
            cost=lambda rows: len(rows) * (widths[rows[0]] + ask.max_new_tokens),
            on_halve=self.halvings.append,
        )
        by_job = {short[row]: completion for row, completion in found.items()}
        return [by_job.get(row, Completion("", "too_long", len(ids))) for row, ids in enumerate(tokens)]

    def _run(self, tokens: Sequence[list[int]], keys: Sequence[int], width: int, ask: _Ask) -> list[Completion]:
        """Answer one batch of prompts that are all padded to ``width`` tokens."""
        import torch

        real = len(tokens)
        extra = -real % rows_multiple(self._multiple, self._beams(ask))
        # copies of a row end when it ends, so they cost no step more
        tokens, keys = [*tokens, *[tokens[0]] * extra], [*keys, *[keys[0]] * extra]
        device = self._model.device
        ids, mask = self._pad(tokens, width)
        start = width if self._decodes_only else 1
        rows_are_rows = self._beams(ask) == 1  # else a row is several, and its text is cut afterwards
        stops = StopTexts(self._tokenizer, ask.stop, start, len(tokens)) if ask.stop and rows_are_rows else None
        processors: list[Any] = [self._guide.mask(ask.schema, len(tokens))] if ask.schema is not None else []
        if ask.sampling.draws:
            processors.append(KeyedDraw(torch.tensor(keys, dtype=torch.int64, device=device), ask.sampling))
        config = copy.deepcopy(self._config)
        config.update(num_beams=self._beams(ask), max_new_tokens=ask.max_new_tokens)
        with torch.inference_mode(), quiet("transformers"):
            output = self._model.generate(
                input_ids=ids.to(device),
                attention_mask=mask.to(device),
                generation_config=config,
                logits_processor=processors,
                stopping_criteria=[stops] if stops else [],
            )
        new = output[:real, start:].tolist()
        ends = stops.ended_at if stops else [None] * real
        return [self._read(ids, len(row), end, ask) for ids, row, end in zip(new, tokens, ends, strict=False)]

    def _pad(self, tokens: Sequence[list[int]], width: int) -> tuple[Any, Any]:
        """Token ids and attention mask, each of shape (rows, width)."""
        import torch

        ids = torch.full((len(tokens), width), self._config.pad_token_id)
        mask = torch.zeros_like(ids)
        for row, one in enumerate(tokens):
            place = slice(width - len(one), width) if self._decodes_only else slice(len(one))
            ids[row, place] = torch.tensor(one)
            mask[row, place] = 1
        return ids, mask

    def _read(self, ids: Sequence[int], prompt_tokens: int, stopped_at: int | None, ask: _Ask) -> Completion:
        """The answer in the new tokens of one row; behind its end stand pads."""
        end = next((place + 1 for place, token in enumerate(ids) if token in self._config.eos_token_id), None)
        count = min(found for found in (end, stopped_at, len(ids)) if found is not None)
        text = self._tokenizer.decode(ids[:count], skip_special_tokens=True, clean_up_tokenization_spaces=False)
        text, stopped = cut_at(text, ask.stop)
        if ask.check is None:
            return Completion(text, "stop" if end or stopped else "length", prompt_tokens, count)
        # a document may be whole with the last token that there was room for
        finish: Finish = "stop" if ask.check(text) else "invalid" if end else "length"
        return Completion(text, finish, prompt_tokens, count)

    def _beams(self, ask: _Ask) -> int:
        if ask.sampling.draws or ask.schema is not None:
            return 1
        return ask.sampling.beams or self._config.num_beams or 1

    def _scores(self, ids: Any, mask: Any) -> Any:
        """What the model makes of a batch, then of one more token behind it."""
        import torch

        if not self._decodes_only:
            return self._model(input_ids=ids, attention_mask=mask, decoder_input_ids=ids[:, :1]).logits
        first = self._model(input_ids=ids, attention_mask=mask, use_cache=True)
        more = torch.cat([mask, torch.ones_like(mask[:, :1])], dim=1)
        cache = {"past_key_values": first.past_key_values} if "past_key_values" in first else {}
        second = self._model(input_ids=ids[:, :1], attention_mask=more, use_cache=True, **cache)
        return torch.cat([first.logits[:, -1:], second.logits], dim=1)


def _own_config(model: Any, tokenizer: Any) -> Any:
    """The model's own configuration of ``generate``, without what the request or the row's draw decides."""
    config = copy.deepcopy(model.generation_config)
    pad = next((token for token in (config.pad_token_id, tokenizer.pad_token_id) if token is not None), None)
    end: Any = next((token for token in (config.eos_token_id, tokenizer.eos_token_id) if token is not None), [])
    ends = [end] if isinstance(end, int) else list(end)
    config.update(
        pad_token_id=pad if pad is not None else next(iter(ends), 0),
        eos_token_id=ends,
        forced_eos_token_id=None,  # an end that is forced at the limit would hide that the answer was cut there
        max_length=None,
        do_sample=False,
        num_return_sequences=1,
        return_dict_in_generate=False,
        **dict.fromkeys(("temperature", "top_k", "top_p", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff")),
    )
    # what a configuration leaves open, `generate` takes from the model's
    model.generation_config = config
    return config
