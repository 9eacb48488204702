"""A language model behind an endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hfaug.backends.cache import cache_folder
from hfaug.backends.constrain import SchemaCheck
from hfaug.backends.language import Completion, Finish, Prompt
from hfaug.backends.protocols import Determinism, Halving, Sampling
from hfaug.backends.remote.answers import Answers, request_key
from hfaug.backends.remote.asking import Asker, Question, Reply
from hfaug.backends.remote.pacing import Pace, run_size
from hfaug.backends.remote.settings import RemoteSettings
from hfaug.backends.remote.spending import Ledger, Spending
from hfaug.backends.remote.wire import RefusedError, UnavailableError, Wire, connect, storable
from hfaug.backends.stopping import cut_at
from hfaug.errors import ParameterError

__all__ = ["RemoteLanguageModel", "RemoteModel", "guessed_tokens"]

_SEARCH = Sampling()
_SEEDS = 2**31  # endpoints take a signed number of 32 bits; the whole seed stands in the key of the answer
_BYTES = 3  # of a token, about and rather too few, where the endpoint does not count
_TOO_LONG = ("context_length", "context length", "too long", "too many tokens", "maximum context", "max_model_len")
_FILTERED = ("content_filter", "content_policy", "content management policy", "responsibleai")


def guessed_tokens(text: str) -> int:
    """About how many tokens a text has, rather too many.

    >>> guessed_tokens("The film was long."), guessed_tokens("")
    (6, 0)
    """
    return -(-len(text.encode("utf-8", "replace")) // _BYTES)


class RemoteModel:
    """What every model behind an endpoint has: a name, answers on disk, a pace, an account.

    Args:
        model: The name that the endpoint knows.
        revision: What the user pins it by; endpoints tell none.
        runtime: The address of the endpoint, ``inference`` or ``inference:PROVIDER``.
        settings: How it is asked.
    """

    determinism: Determinism = "recorded"

    def __init__(self, model: str, revision: str | None, runtime: str, settings: RemoteSettings) -> None:
        self.model_id, self.licence = model, settings.licence
        self._pinned, self._runtime, self._settings = revision, runtime, settings
        self.revision = revision or f"served by {urlsplit(runtime).hostname or runtime}"
        self.halvings: list[Halving] = []
        settings.token()  # a key that is missing is told of now, not after hours
        size = run_size()
        shares = [
            limit / size if limit else None for limit in (settings.requests_per_minute, settings.tokens_per_minute)
        ]
        self._ledger = Ledger(model, settings)
        folder = Path(settings.answers).expanduser() if settings.answers else cache_folder("answers")
        self._asker = Asker(model, settings, Answers(folder), Pace(*shares), self._ledger)

    @property
    def settings(self) -> Mapping[str, Any]:
        """Where it runs, and what was asked beyond an op's own parameters."""
        return {"runtime": self._runtime, "extra": dict(self._settings.extra)}

    @property
    def spending(self) -> Spending:
        """What this process spent on it."""
        return self._ledger.spending

    def _key(self, task: str, body: Mapping[str, Any], seed: int | None) -> str:
        names = {"task": task, "runtime": self._runtime, "model": self.model_id, "revision": self._pinned}
        return request_key({**names, "body": dict(body), "seed": seed})


class RemoteLanguageModel(RemoteModel):
    """A :class:`~hfaug.backends.language.LanguageModel` behind an endpoint. Get it from the registry."""

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
        self._refuse(prompts, sampling, max_new_tokens)
        check = None if schema is None else SchemaCheck(schema, extra="remote")
        keys = sampling.keys(self.model_id, len(prompts), seeds)
        drawn: Sequence[int | None] = keys if sampling.draws else [None] * len(prompts)
        wanted = list(zip(prompts, drawn, strict=True))
        jobs = list(dict.fromkeys(wanted))
        common = self._common(sampling, max_new_tokens, stop, schema)
        with connect(self.model_id, self._runtime, self._settings) as wire:
            questions = [self._question(wire, prompt, seed, common, max_new_tokens) for prompt, seed in jobs]
            done = dict(zip(jobs, self._asker.ask(questions), strict=True))
        return [_completion(done[job], stop, check) for job in wanted]

    def _refuse(self, prompts: Sequence[Prompt], sampling: Sampling, max_new_tokens: int) -> None:
        if any(isinstance(prompt, str) or not prompt for prompt in prompts):
            raise ParameterError(
                f"{self.model_id}: an endpoint answers chats of one message or more, a prompt was a plain text or "
                "empty; make it a message of the user"
            )
        if (sampling.beams or 1) > 1:
            raise ParameterError(
                f"{self.model_id}: an endpoint searches one beam, beams was {sampling.beams}; leave it"
            )
        if max_new_tokens < 1:
            raise ParameterError(f"{self.model_id}: max_new_tokens must be 1 or more, was {max_new_tokens}; change it")

    def _common(
        self, sampling: Sampling, max_new_tokens: int, stop: Sequence[str], schema: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """The fields that all requests of a call share."""
        fields: dict[str, Any] = {"model": self.model_id, "max_tokens": max_new_tokens}
        fields["temperature"] = sampling.temperature
        if sampling.top_p < 1:
            fields["top_p"] = sampling.top_p
        if sampling.top_k:
            fields["top_k"] = sampling.top_k  # not OpenAI's own, but vLLM's, TGI's and llama.cpp's
        if stop:
            fields["stop"] = list(stop)
        if schema is not None:
            named = {"name": "answer", "schema": dict(schema), "strict": True}
            fields["response_format"] = {"type": "json_schema", "json_schema": named}
        return fields

    def _question(
        self, wire: Wire, prompt: Prompt, seed: int | None, common: Mapping[str, Any], max_new_tokens: int
    ) -> Question:
        messages = [{"role": message.role, "content": message.content} for message in prompt]  # type: ignore[union-attr]
        body = {**common, "messages": messages, **({} if seed is None else {"seed": seed % _SEEDS})}
        body = {name: value for name, value in {**body, **self._settings.extra}.items() if value is not None}
        key = self._key("chat", body, seed)
        size = sum(guessed_tokens(message["content"]) + 8 for message in messages)

        def send() -> Reply:
            try:
                return _read(wire.chat(body, key), size)
            except RefusedError as error:
                if (finish := _refusal(error)) is None:
                    raise
                return Reply({"text": "", "finish": finish, "prompt_tokens": size, "new_tokens": 0}, None)

        return Question(key, send, (size, max_new_tokens))


def _read(raw: Any, guessed: int) -> Reply:
    """The answer in what an endpoint sent.

    Raises:
        UnavailableError: It is not an answer.
    """
    try:
        choice = raw["choices"][0]
        text, reason = choice["message"].get("content"), choice.get("finish_reason")
        refused = bool(choice["message"].get("refusal")) or reason == "content_filter"
        usage = raw.get("usage") or {}
        written = guessed_tokens(text) if isinstance(text, str) else 0
        counts = int(usage.get("prompt_tokens") or guessed), int(usage.get("completion_tokens") or written)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise UnavailableError(f"its answer is none: {raw}") from error
    if not isinstance(text, str) and not refused:
        raise UnavailableError(f"its answer has no text: {raw}")
    finish = "filtered" if refused else "length" if reason == "length" else "stop"
    answer = {
        "text": "" if refused else storable(text),
        "finish": finish,
        "prompt_tokens": counts[0],
        "new_tokens": counts[1],
    }
    return Reply({**answer, "model": str(raw.get("model"))}, counts)


def _completion(answer: Mapping[str, Any], stop: Sequence[str], check: SchemaCheck | None) -> Completion:
    text, stopped = cut_at(answer["text"], stop)
    finish: Finish = "stop" if stopped and answer["finish"] == "length" else answer["finish"]
    if check is not None and finish in {"stop", "length"}:
        finish = "stop" if check(text) else "invalid" if finish == "stop" else "length"
    return Completion(text, finish, answer["prompt_tokens"], answer["new_tokens"])


def _refusal(error: RefusedError) -> Finish | None:
    """What a refusal means for the row, if it is about the row and not about the request as such."""
    said = error.text.lower()
    if error.status == 413 or (error.status in {400, 422} and any(sign in said for sign in _TOO_LONG)):
        return "too_long"
    if error.status in {400, 403, 422} and any(sign in said for sign in _FILTERED):
        return "filtered"
    return None
