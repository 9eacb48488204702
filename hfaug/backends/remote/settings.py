"""How an endpoint is asked: how often, how long, at which price, with whose key.

None of it changes what a recipe means, so none of it stands in one. It is said in Python with :func:`configure`, or in
a YAML file that the variable ``HFAUG_REMOTE`` names, which every process of a run reads::

    https://api.example.com/v1:
      token_variable: EXAMPLE_API_KEY
      requests_per_minute: 500
      price_in: 0.15
      price_out: 0.60
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hfaug.errors import ParameterError

__all__ = ["VARIABLE", "RemoteSettings", "configure", "settings_of"]

VARIABLE = "HFAUG_REMOTE"
"""The environment variable that names the file."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RemoteSettings:
    """How one endpoint is asked.

    Args:
        concurrency: Requests under way at once, of each process.
        requests_per_minute: Limit of the whole run, shared by its processes; None for none.
        tokens_per_minute: Limit of the whole run in tokens of prompts and answers; None for none.
        timeout_s: Seconds until an answer must be there in full.
        tries: How often one request may fail. To be put off by an endpoint that says for how long is no failure.
        patience_s: The longest wait before a next try, in seconds; an endpoint that asks for more, or for so long puts
            off every request, is given up.
        price_in: Price of a million tokens of prompts, in the user's currency.
        price_out: Price of a million tokens of answers.
        max_cost: What a process may spend; it stops before the request that could exceed it. Needs a price.
        token_variable: The environment variable that holds the key. Without it, Hugging Face's providers get the Hub
            token and other endpoints get none: a Hub token is never sent elsewhere by itself.
        header: The header of an address in which the key goes, ``{key}`` in its place: ``api-key: {key}``,
            ``Authorization: Basic {key}``.
        query: What stands behind the ``?`` of an address, such as ``{"api-version": "2024-10-21"}``.
        licence: The licence of what the model writes, for the card.
        extra: Further fields of each request; null leaves a field out (``{"max_tokens": None,
            "max_completion_tokens": 256}``). They are a part of what was asked.
        answers: The folder of the answers; None for ``answers`` under ``$HFAUG_HOME`` or in the Hugging Face cache.

    Raises:
        ParameterError: A value out of its limits.
    """

    concurrency: int = 8
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    timeout_s: float = 120.0
    tries: int = 8
    patience_s: float = 300.0
    price_in: float = 0.0
    price_out: float = 0.0
    max_cost: float | None = None
    token_variable: str | None = None
    header: str = "Authorization: Bearer {key}"
    query: Mapping[str, str] = dataclasses.field(default_factory=dict)
    licence: str | None = None
    extra: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    answers: str | None = None

    def __post_init__(self) -> None:
        positive = ("concurrency", "requests_per_minute", "tokens_per_minute", "timeout_s", "tries", "patience_s")
        for name in positive:
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ParameterError(f"RemoteSettings: {name} must be above 0, was {value}; change it")
        if not re.fullmatch(r"[A-Za-z0-9-]+:[^{}\n]*\{key\}", self.header):
            raise ParameterError(
                f"RemoteSettings: header must be a name and a form, 'api-key: {{key}}', was {self.header!r}; change it"
            )
        for name in ("price_in", "price_out", "max_cost"):
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise ParameterError(f"RemoteSettings: {name} must be 0 or more, was {value}; change it")
        if self.max_cost is not None and not self.price_in + self.price_out:
            raise ParameterError(
                "RemoteSettings: max_cost needs the prices that are to be counted, price_in and price_out are 0; "
                "give them"
            )

    def token(self) -> str | None:
        """The key, read from its variable.

        Raises:
            ParameterError: The variable is not set, or holds what no key is; the error does not say it.
        """
        if self.token_variable is None:
            return None
        token = os.environ.get(self.token_variable, "").strip()
        if not token:
            raise ParameterError(
                f"RemoteSettings: token_variable names where the key is, {self.token_variable} is not set; set it"
            )
        if not re.fullmatch(r"[!-~]+", token):
            raise ParameterError(
                f"RemoteSettings: a key must be printable ASCII without blanks, the one in {self.token_variable} is "
                "not; set it to the key alone, without line breaks or the word Bearer"
            )
        return token

    def hidden(self, text: str) -> str:
        """A text with ``***`` in the place of the key, also of one that was escaped."""
        from huggingface_hub import get_token

        key = os.environ.get(self.token_variable, "").strip() if self.token_variable else get_token()
        if not key:
            return text
        for form in (key, json.dumps(key)[1:-1], key.replace("/", r"\/"), quote(key, safe="")):
            text = text.replace(form, "***")
        return text


_configured: dict[str, RemoteSettings] = {}


def configure(runtime: str, settings: RemoteSettings) -> None:
    """Ask an endpoint this way from now on, in this process and in those forked from it.

    Args:
        runtime: The address of the endpoint, ``inference`` or ``inference:PROVIDER``, as an op names it.
        settings: How.
    """
    from hfaug.backends import registry

    _configured[runtime] = settings
    registry.forget_runtime(runtime)  # what was loaded goes by the settings of before


def settings_of(runtime: str) -> RemoteSettings:
    """How an endpoint is asked: as configured, else as the file says, else as it is by default.

    Raises:
        ParameterError: The file is missing, no YAML, or says what there is not.
    """
    if runtime in _configured:
        return _configured[runtime]
    path = os.environ.get(VARIABLE)
    found = _read(Path(path).expanduser()).get(runtime) if path else None
    return found or RemoteSettings()


def _read(path: Path) -> dict[str, RemoteSettings]:
    import yaml

    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ParameterError(
            f"{VARIABLE}: must name a YAML file, {path} cannot be read: {error}; correct it"
        ) from error
    known = {field.name for field in dataclasses.fields(RemoteSettings)}
    found = {}
    if not isinstance(said or {}, dict) or not all(isinstance(values or {}, dict) for values in (said or {}).values()):
        raise ParameterError(f"{path.name}: must be a mapping of runtimes to settings, is none; correct it")
    for runtime, values in (said or {}).items():
        unknown = sorted(set(values or {}) - known)
        if unknown:
            raise ParameterError(
                f"{path.name}: settings of {runtime} must be among {', '.join(sorted(known))}, were {unknown}; correct "
                "them"
            )
        found[str(runtime)] = RemoteSettings(**(values or {}))
    return found
