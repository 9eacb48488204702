"""A vLLM that writes noise: the names, arguments, limits and answers of vLLM 0.33's offline engine, without a model.

Arguments that vLLM does not know are refused, as it refuses them, and so are values outside its limits.
"""

import dataclasses
import json
import random
import sys
import types

import transformers

from tests.fakes import _made_up

_ENGINE = {
    "device_ids", "dtype", "enforce_eager", "gpu_memory_utilization", "max_model_len", "revision", "seed",
    "structured_outputs_config", "tensor_parallel_size", "tokenizer_revision", "use_tqdm_on_load",
}  # fmt: skip
"""Those of the arguments of ``LLM`` that anybody here may need."""


class VLLMValidationError(Exception):
    """No ValueError, as in vLLM."""


@dataclasses.dataclass
class StructuredOutputsParams:
    json: str | dict | None = None
    regex: str | None = None
    choice: list[str] | None = None
    grammar: str | None = None
    json_object: bool | None = None


@dataclasses.dataclass
class SamplingParams:
    n: int = 1
    repetition_penalty: float = 1.0
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    seed: int | None = None
    stop: str | list[str] | None = None
    ignore_eos: bool = False
    max_tokens: int | None = 16
    skip_special_tokens: bool = True
    structured_outputs: StructuredOutputsParams | None = None

    def __post_init__(self):
        if not (0 <= self.temperature <= 2 and 0 < self.top_p <= 1 and self.top_k >= 0 and self.max_tokens >= 1):
            raise VLLMValidationError(f"out of range: {self}")
        if self.seed is not None and not -(2**63) <= self.seed < 2**63:
            raise VLLMValidationError(f"seed must fit into 64 bits, got {self.seed}")


@dataclasses.dataclass
class CompletionOutput:
    index: int
    text: str
    token_ids: list[int]
    cumulative_logprob: float | None
    logprobs: object
    finish_reason: str | None = None
    stop_reason: int | str | None = None


@dataclasses.dataclass
class RequestOutput:
    request_id: str
    prompt: str | None
    prompt_token_ids: list[int]
    outputs: list[CompletionOutput]
    finished: bool


class LLM:
    """Draws the tokens of an answer by its prompt, its seed and, where it draws, its temperature."""

    failure = None  # raised where the engine starts
    penalty = 1.0  # what the files of the model say

    def __init__(self, model, **names):
        if unknown := set(names) - _ENGINE:
            raise TypeError(f"EngineArgs.__init__() got unexpected keyword arguments {unknown}")
        if self.failure:
            raise self.failure
        self.names, self.calls, self.failing, self.resets = names, [], None, 0
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(model)
        cache = types.SimpleNamespace(gpu_memory_utilization=names.get("gpu_memory_utilization", 0.92))
        self.model_config = types.SimpleNamespace(
            dtype=f"torch.{names['dtype']}",
            enforce_eager=names.get("enforce_eager", False),
            max_model_len=names["max_model_len"],
        )
        self.llm_engine = types.SimpleNamespace(
            model_config=self.model_config, vllm_config=types.SimpleNamespace(cache_config=cache)
        )

    def get_default_sampling_params(self):
        return SamplingParams(repetition_penalty=self.penalty)

    def reset_prefix_cache(self, reset_running_requests=False, reset_connector=False):
        self.resets += 1
        return True

    def generate(self, prompts, sampling_params=None, *, use_tqdm=True, lora_request=None, priority=None):
        if self.failing:
            raise self.failing
        if len(prompts) != len(sampling_params):
            raise ValueError("The lengths of prompts and params must be the same.")
        self.calls.append((prompts, sampling_params))
        return [self._answer(place, *pair) for place, pair in enumerate(zip(prompts, sampling_params, strict=True))]

    def _answer(self, place, prompt, params):
        (ids,) = prompt.values()
        if set(prompt) != {"prompt_token_ids"} or not 0 < len(ids) < self.model_config.max_model_len:
            raise VLLMValidationError(f"The decoder prompt (length {len(ids)}) is longer than the maximum model length")
        tokens, reason, told = self._tokens(ids, params)
        text = self.tokenizer.decode(tokens, skip_special_tokens=True)
        output = CompletionOutput(0, text, tokens, None, None, reason, told)
        return RequestOutput(str(place), None, ids, [output], finished=True)

    def _tokens(self, ids, params):
        """Tokens, why they end, and the text that ended them; that text is among the tokens."""
        draw = random.Random(f"{ids} {(params.seed, params.temperature) if params.temperature else ''}")
        whole = self._document(params.structured_outputs, draw)
        if whole is None:
            whole = [draw.randrange(3, 250) if draw.random() < 0.97 else 2 for _ in range(params.max_tokens)]
        made = []
        for token in whole[: params.max_tokens]:
            made.append(token)
            if token == self.tokenizer.eos_token_id and not params.ignore_eos:
                return made, "stop", None
            said = self.tokenizer.decode(made, skip_special_tokens=True)
            if found := next((text for text in params.stop or () if text in said), None):
                return made, "stop", found
        return made, "length", None

    def _document(self, held, draw):
        if held is None:
            return None
        if self.names["structured_outputs_config"]["backend"] != "guidance":
            raise VLLMValidationError("this fake knows the guidance backend alone")
        schema = json.loads(held.json)
        if unknown := {"not", "uniqueItems", "contains"} & set(schema):
            raise VLLMValidationError(f"Grammar error: Unimplemented keys: {sorted(unknown)}")
        text = json.dumps(_made_up(schema, draw), ensure_ascii=False, separators=(",", ":"))
        return [*self.tokenizer(text, add_special_tokens=False)["input_ids"], self.tokenizer.eos_token_id]


def install(monkeypatch, device_type="cpu"):
    """Put this vLLM where the real one would be imported from; returns its engine's class, of this test alone."""
    engine = type("LLM", (LLM,), {})
    parts = {
        "vllm": {"__version__": "0.33.0", "LLM": engine, "SamplingParams": SamplingParams},
        "vllm.sampling_params": {
            "SamplingParams": SamplingParams,
            "StructuredOutputsParams": StructuredOutputsParams,
        },
        "vllm.exceptions": {"VLLMValidationError": VLLMValidationError},
        "vllm.platforms": {"current_platform": types.SimpleNamespace(device_type=device_type)},
    }
    for name, values in parts.items():
        module = types.ModuleType(name)
        module.__dict__.update(values)
        monkeypatch.setitem(sys.modules, name, module)
    return engine
