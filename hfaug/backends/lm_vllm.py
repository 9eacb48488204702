"""Language models with vLLM, in this process: every prompt of a unit is handed over at once, with a seed of its own.

Written for vLLM 0.32 and 0.33 and run on its CPU build; it has not been run on a GPU yet.

What is drawn for a row is drawn by its seed. Which rows go through the model together is vLLM's affair, and decides the
last bits of their scores: so results depend on the other prompts of the call (``request``). They depend on nothing
else, as far as it is in our hands: the engine runs in this process, where its schedule does not hang on timing, and the
beginnings of prompts that it keeps are dropped before each call. Where the memory for keys and values runs out in the
middle of a call, the schedule follows from its size, which is to say from what else is on the GPU.

Prompts are turned into tokens here, as for :mod:`hfaug.backends.lm`, so that what they hold stays data. A schema is
held to by llguidance, as there.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hfaug.backends.constrain import SchemaCheck
from hfaug.backends.identity import ModelIdentity
from hfaug.backends.language import Completion, Finish, Prompt
from hfaug.backends.limits import read_limit
from hfaug.backends.loading import import_extra, loading, quiet, versions
from hfaug.backends.own_noise import still_generators
from hfaug.backends.prompts import PromptEncoder
from hfaug.backends.protocols import Determinism, Halving, Sampling
from hfaug.backends.stopping import cut_at
from hfaug.errors import ModelError, ParameterError

__all__ = ["VllmLanguageModel", "load"]

_EXTRA = "vllm"
_SEARCH = Sampling()
_COLDEST, _HOTTEST = 0.01, 2.0  # what vLLM draws at; it would take other temperatures for these, or refuse them
_MACHINE = {"gpu_memory_utilization": float, "max_model_len": int, "enforce_eager": bool}
_NO_ROOM = ("out of memory", "free memory on", "available memory", "kv cache is needed")


def load(identity: ModelIdentity, *, dtype: str, device: str) -> VllmLanguageModel:
    """Load a decoder from the Hub or a folder.

    What belongs to the machine is said by the variable ``HFAUG_VLLM``, a JSON object of ``gpu_memory_utilization``
    (share of the GPU's memory, 0..1), ``max_model_len`` (tokens) and ``enforce_eager``; vLLM's own values without it.

    Raises:
        MissingExtra: vllm is not installed.
        ModelError: The files cannot be fetched or are no decoder, there is no device that this vLLM was built for, or
            the model does not fit into its memory.
        ParameterError: ``HFAUG_VLLM`` says something else.
    """
    machine = _read_machine(os.environ.get("HFAUG_VLLM", ""))
    with _in_this_process():
        vllm, transformers = import_extra("vllm", _EXTRA), import_extra("transformers", "lm")
    who, revision = identity.model_id, identity.hub_revision
    with loading(who, revision), quiet("transformers"):
        tokenizer = transformers.AutoTokenizer.from_pretrained(identity.source, revision=revision)
        config = transformers.AutoConfig.from_pretrained(identity.source, revision=revision)
    if config.is_encoder_decoder:
        raise ModelError(f"{who}: must be a decoder alone to run on vLLM, has an encoder; take runtime 'transformers'")
    limit = min(read_limit(config, tokenizer, 2048), machine.get("max_model_len", 1 << 62))
    place: dict[str, Any] = {"max_model_len": limit, "dtype": dtype, "tensor_parallel_size": 1}
    with loading(who, revision), _running(who), still_generators(), _in_this_process():
        place |= _device(who, device)
        engine = vllm.LLM(
            identity.source,
            revision=revision,
            tokenizer_revision=revision,
            structured_outputs_config={"backend": "guidance", "disable_any_whitespace": True},
            use_tqdm_on_load=False,
            **{**machine, **place},
        )
    return VllmLanguageModel(identity, engine, tokenizer, limit, device.partition(":")[0])


class VllmLanguageModel:
    """A :class:`~hfaug.backends.language.LanguageModel` that runs on vLLM. Get it from the registry."""

    determinism: Determinism = "request"

    def __init__(self, identity: ModelIdentity, engine: Any, tokenizer: Any, limit: int, device: str) -> None:
        self.model_id, self.revision, self.licence = identity.model_id, identity.revision, identity.licence
        self.halvings: list[Halving] = []  # vLLM plans by the memory that there is, and halves nothing
        self._engine, self._tokenizer, self._limit, self._device = engine, tokenizer, limit, device
        self._prompts = PromptEncoder(self.model_id, tokenizer, joins=False)
        self._penalty = engine.get_default_sampling_params().repetition_penalty  # what the model's own files say

    @property
    def settings(self) -> Mapping[str, Any]:
        """Versions, device, dtype and what else decides which rows meet."""
        engine = self._engine.llm_engine
        return {
            "runtime": "vllm",
            "versions": f"vllm {import_extra('vllm', _EXTRA).__version__}, {versions('transformers', 'torch')}",
            "device": self._device,
            "dtype": str(engine.model_config.dtype).removeprefix("torch."),
            "tensor_parallel_size": 1,
            "max_model_len": self._limit,
            "gpu_memory_utilization": engine.vllm_config.cache_config.gpu_memory_utilization,
            "enforce_eager": engine.model_config.enforce_eager,
            "batch_invariant": os.environ.get("VLLM_BATCH_INVARIANT", "0") != "0",
        }

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
        self._refuse(sampling, max_new_tokens, stop, schema)
        check = None if schema is None else SchemaCheck(schema, extra=_EXTRA)
        keys = sampling.keys(self.model_id, len(prompts), seeds)
        wanted = list(zip(prompts, keys, strict=True))
        jobs = list(dict.fromkeys(wanted))
        tokens = [self._prompts.encode(prompt) for prompt, _ in jobs]
        short = [row for row, ids in enumerate(tokens) if len(ids) + max_new_tokens <= self._limit]
        names = {"max_tokens": max_new_tokens, "stop": list(stop), "repetition_penalty": self._penalty}
        asked = [self._ask(jobs[row][1], sampling, schema, names) for row in short]
        found = dict(zip(short, self._run([tokens[row] for row in short], asked), strict=True))
        done = {
            job: self._read(found[row], len(tokens[row]), stop, check) if row in found else _too_long(tokens[row])
            for row, job in enumerate(jobs)
        }
        return [done[job] for job in wanted]

    def _refuse(
        self, sampling: Sampling, max_new_tokens: int, stop: Sequence[str], schema: Mapping[str, Any] | None
    ) -> None:
        who = self.model_id
        if not 1 <= max_new_tokens < self._limit:
            raise ParameterError(
                f"{who}: max_new_tokens must be 1 or more and below the {self._limit} tokens that the model reads, was "
                f"{max_new_tokens}; change it"
            )
        if (sampling.beams or 1) > 1:
            raise ParameterError(
                f"{who}: vLLM goes along one beam, beams was {sampling.beams}; leave it, or take runtime 'transformers'"
            )
        if sampling.draws and not _COLDEST <= sampling.temperature <= _HOTTEST:
            raise ParameterError(
                f"{who}: temperature must be 0, or {_COLDEST} to {_HOTTEST:g} on vLLM, was {sampling.temperature}; "
                "change it"
            )
        if isinstance(stop, str) or not all(stop):
            raise ParameterError(f"{who}: stop must be texts, none of them empty, was {stop!r}; change it")
        if schema is not None and stop:
            raise ParameterError(f"{who}: a schema ends its answers by itself, stop was {tuple(stop)}; leave it out")

    def _ask(self, key: int, sampling: Sampling, schema: Mapping[str, Any] | None, names: Mapping[str, Any]) -> Any:
        """What is asked for one prompt; a key of its own where nothing is drawn too, else vLLM draws one."""
        how = import_extra("vllm.sampling_params", _EXTRA)
        held = None if schema is None else how.StructuredOutputsParams(json=json.dumps(schema, ensure_ascii=False))
        return how.SamplingParams(
            temperature=sampling.temperature,
            top_k=sampling.top_k,
            top_p=sampling.top_p,
            seed=key,
            structured_outputs=held,
            **names,
        )

    def _run(self, tokens: Sequence[list[int]], asked: Sequence[Any]) -> list[Any]:
        """The answers of the engine to all prompts of a call, in their order."""
        if not tokens:
            return []
        refused = import_extra("vllm.exceptions", _EXTRA).VLLMValidationError
        with _running(self.model_id), still_generators(), _in_this_process():
            self._engine.reset_prefix_cache()
            try:
                outputs = self._engine.generate(
                    [{"prompt_token_ids": ids} for ids in tokens], list(asked), use_tqdm=False
                )
            except refused as error:
                raise ParameterError(
                    f"{self.model_id}: must be a request that vLLM takes, was refused: {error}; change the schema or "
                    "the sampling"
                ) from error
        return [output.outputs[0] for output in outputs]

    def _read(self, output: Any, prompt_tokens: int, stop: Sequence[str], check: SchemaCheck | None) -> Completion:
        """The answer in the tokens of one row; vLLM's own text lacks the bytes of a letter that is cut at the limit."""
        if output.finish_reason not in {"stop", "length"}:
            raise ModelError(
                f"{self.model_id}: each answer must end by itself or at its limit, one was ended by vLLM "
                f"({output.finish_reason!r}); run again"
            )
        ids = list(output.token_ids)
        text = self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        text, stopped = cut_at(text, stop)
        finish: Finish = "stop" if stopped else output.finish_reason
        if check is not None:  # a document may be whole with the last token that there was room for
            finish = "stop" if check(text) else "invalid" if finish == "stop" else "length"
        return Completion(text, finish, prompt_tokens, len(ids))


def _too_long(tokens: Sequence[int]) -> Completion:
    return Completion("", "too_long", len(tokens))


def _device(who: str, device: str) -> dict[str, Any]:
    """The GPU, as vLLM counts: among those that this process sees."""
    kind, _, index = device.partition(":")
    built = import_extra("vllm.platforms", _EXTRA).current_platform.device_type
    if built != kind:
        raise ModelError(
            f"{who}: the device must be one that this vLLM runs on ({built or 'no GPU was found'}), was {device}; run "
            "it where there is a GPU, or take runtime 'transformers'"
        )
    return {"device_ids": [int(index or 0)]} if kind == "cuda" else {}


def _read_machine(text: str) -> dict[str, Any]:
    """What ``HFAUG_VLLM`` says."""
    try:
        said = json.loads(text or "{}")
    except ValueError:
        said = None
    if not isinstance(said, dict) or not all(type(value) is _MACHINE.get(name) for name, value in said.items()):
        known = ", ".join(f"{name} ({kind.__name__})" for name, kind in _MACHINE.items())
        raise ParameterError(f"HFAUG_VLLM: must be a JSON object of {known}, was {text!r}; correct it")
    return said


@contextlib.contextmanager
def _running(who: str) -> Iterator[None]:
    """Name what happens where memory runs out."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        if any(sign in str(error).lower() for sign in _NO_ROOM):
            raise ModelError(
                f"{who}: must fit into memory with the keys and values of one row, did not: {error}; set a lower "
                "max_model_len in HFAUG_VLLM, or gpu_memory_utilization where others use the device"
            ) from error
        raise


@contextlib.contextmanager
def _in_this_process() -> Iterator[None]:
    """Run the engine without a process of its own, and by default without a word and without telling its makers."""
    wanted = {"VLLM_NO_USAGE_STATS": "1", "VLLM_LOGGING_LEVEL": "ERROR"}
    before = {name: os.environ.get(name) for name in ("VLLM_ENABLE_V1_MULTIPROCESSING", *wanted)}
    os.environ.update({**wanted, **{name: value for name, value in before.items() if value is not None}})
    os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
