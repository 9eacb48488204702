"""How a request reaches an endpoint, and how its answer or its refusal comes back.

Hugging Face's providers are reached with ``InferenceClient``. Endpoints by address are posted to with the HTTP client
that huggingface_hub brings, since ``InferenceClient`` rewrites a JSON schema for them into a dialect that OpenAI's
servers and vLLM do not know, waits for a stalled answer as long as bytes trickle in, and sends the Hub token to any
address when it is given no other.
"""

from __future__ import annotations

import contextlib
import dataclasses
import email.utils
import json
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from hfaug.backends.remote.settings import RemoteSettings
from hfaug.backends.runtimes import is_address
from hfaug.errors import ModelError

__all__ = ["AddressWire", "HubWire", "RefusedError", "UnavailableError", "Wire", "connect", "storable"]

_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})


class UnavailableError(Exception):
    """There was no answer, but there may be one later.

    Args:
        reason: What happened.
        wait_s: Seconds that the endpoint asked to wait, if it did.
        is_busy: Whether it had too many requests.
    """

    def __init__(self, reason: str, wait_s: float | None = None, *, is_busy: bool = False) -> None:
        super().__init__(reason)
        self.wait_s, self.is_busy = wait_s, is_busy or wait_s is not None


class RefusedError(Exception):
    """The endpoint will not answer this request, however often it is asked.

    Args:
        status: The HTTP status.
        text: What it said.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"HTTP {status}: {text.strip() or 'no reason given'}")
        self.status, self.text = status, text


class Wire(Protocol):
    """A way to one endpoint."""

    def chat(self, body: Mapping[str, Any], key: str) -> Any:
        """The answer to a chat, as OpenAI's endpoints give it.

        Raises:
            UnavailableError: Not now.
            RefusedError: Not at all.
        """

    def translate(self, body: Mapping[str, Any], key: str) -> Any:
        """The answer to ``{"inputs": text, "parameters": {...}}``. Raises as :meth:`chat`."""


@contextlib.contextmanager
def connect(model: str, runtime: str, settings: RemoteSettings) -> Iterator[Wire]:
    """The way to a model behind ``runtime``, open while the block runs: no connection outlives it, or is forked."""
    if not is_address(runtime):
        yield HubWire(model, runtime.partition(":")[2] or "auto", settings)
        return
    from huggingface_hub import get_session

    client = type(get_session())
    http = sys.modules[client.__module__.partition(".")[0]]  # httpx or httpx2, by the version of the Hub client
    limits = http.Limits(max_connections=settings.concurrency)
    with client(timeout=settings.timeout_s, limits=limits, follow_redirects=False) as opened:
        yield AddressWire(runtime, settings, opened, http.RequestError)


class AddressWire:
    """An endpoint by its address.

    Args:
        address: Of the endpoint, up to ``/v1`` for one that speaks as OpenAI's does.
        settings: Key and timeout.
        client: Of httpx.
        failures: What it raises where there is no answer.
    """

    def __init__(self, address: str, settings: RemoteSettings, client: Any, failures: Any) -> None:
        self._address = address.rstrip("/")
        self._timeout = settings.timeout_s
        self._client, self._failures = client, failures
        name, _, form = settings.header.partition(":")
        token = settings.token()
        self._headers = {name.strip(): form.strip().format(key=token)} if token else {}
        self._query = dict(settings.query)

    def chat(self, body: Mapping[str, Any], key: str) -> Any:
        """See :meth:`Wire.chat`."""
        end = "" if self._address.endswith("/chat/completions") else "/chat/completions"
        return self._post(self._address + end, body, key)

    def translate(self, body: Mapping[str, Any], key: str) -> Any:
        """See :meth:`Wire.translate`."""
        return self._post(self._address, body, key)

    def _post(self, url: str, body: Mapping[str, Any], key: str) -> Any:
        headers = {**self._headers, "Idempotency-Key": key}
        until = time.monotonic() + self._timeout
        chunks = []
        try:
            with self._client.stream(
                "POST", url, json=dict(body), headers=headers, params=self._query or None
            ) as response:
                for chunk in response.iter_bytes():
                    chunks.append(chunk)
                    if time.monotonic() > until:
                        raise UnavailableError(f"its answer was not there in full after {self._timeout:g} s")
        except self._failures as error:
            raise UnavailableError(f"{type(error).__name__}: {error}") from error
        return _read(response.status_code, response.headers, b"".join(chunks))


class HubWire:
    """A provider of Hugging Face.

    Args:
        model: A name on the Hub.
        provider: Its name, ``auto`` for the first of the user's own order.
        settings: Key and timeout.
    """

    def __init__(self, model: str, provider: str, settings: RemoteSettings) -> None:
        from huggingface_hub import InferenceClient

        self._model = model
        try:
            # its type lists the providers of one version
            names: dict[str, Any] = {"provider": provider, "timeout": settings.timeout_s, "token": settings.token()}
            self._client = InferenceClient(model, **names)
        except ValueError as error:
            raise ModelError(f"{model}: must have a provider that exists, {provider!r} does not: {error}") from error

    def chat(self, body: Mapping[str, Any], key: str) -> Any:
        """See :meth:`Wire.chat`."""
        own = ("messages", "max_tokens", "temperature", "top_p", "seed", "stop", "response_format")
        given = {name: body[name] for name in own if name in body}
        more = {name: value for name, value in body.items() if name not in {*own, "model"}}
        return self._call(lambda: self._client.chat_completion(**given, extra_body=more or None))

    def translate(self, body: Mapping[str, Any], key: str) -> Any:
        """See :meth:`Wire.translate`."""
        return self._call(lambda: self._client.translation(body["inputs"], **body["parameters"]))

    def _call(self, ask: Any) -> Any:
        from huggingface_hub.errors import HfHubHTTPError, InferenceTimeoutError

        http_error: Any = HfHubHTTPError.__mro__[1]  # of httpx or httpx2, by the version of the Hub client
        try:
            return dataclasses.asdict(ask())
        except HfHubHTTPError as error:
            response = error.response
            return _read(response.status_code, response.headers, response.content or str(error).encode())
        except (InferenceTimeoutError, http_error) as error:
            raise UnavailableError(f"{type(error).__name__}: {error}") from error
        except (TypeError, KeyError, json.JSONDecodeError) as error:
            raise UnavailableError(f"its answer could not be read: {type(error).__name__}: {error}") from error
        except ValueError as error:  # the provider does not have the model, or no such task
            raise RefusedError(0, str(error)) from error


def storable(text: str) -> str:
    r"""A text with the replacement character for each half of a surrogate pair, which no column can hold.

    >>> storable("a \ud83d b") == "a \ufffd b"
    True
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _read(status: int, headers: Mapping[str, str], content: bytes) -> Any:
    """The JSON of an answer, or what its status means."""
    text = content.decode("utf-8", "replace")
    if status in _PASSING:
        raise UnavailableError(f"HTTP {status}: {text.strip()}", _asked_wait(headers), is_busy=status == 429)
    if status >= 300:
        raise RefusedError(status, text)
    try:
        return json.loads(text)
    except ValueError as error:
        raise UnavailableError(f"its answer was no JSON: {text!r}") from error


def _asked_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by the headers: ``Retry-After`` as seconds or as a date, or in milliseconds."""
    try:
        if milliseconds := headers.get("retry-after-ms"):
            return max(0.0, float(milliseconds) / 1000)
        said = headers.get("retry-after")
        if said is None:
            return None
        if said.strip().replace(".", "", 1).isdigit():
            return float(said)
        return max(0.0, email.utils.parsedate_to_datetime(said).timestamp() - time.time())
    except (TypeError, ValueError):
        return None
