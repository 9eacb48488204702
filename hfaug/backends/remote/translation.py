"""A translator behind an endpoint."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hfaug.backends.protocols import TOO_LONG, Sampling, Translation
from hfaug.backends.remote.asking import Question, Reply
from hfaug.backends.remote.language import RemoteModel, guessed_tokens
from hfaug.backends.remote.wire import RefusedError, UnavailableError, Wire, connect, storable
from hfaug.errors import ParameterError

__all__ = ["RemoteTranslator"]

_SEARCH = Sampling()


class RemoteTranslator(RemoteModel):
    """A :class:`~hfaug.backends.protocols.Translator` behind an endpoint. Get it from the registry.

    The task says nothing of seeds, so it searches and never draws. It does not say either whether it came to the limit
    of its output; an op's own checks of a translation find that out.
    """

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
        if sampling.draws:
            raise ParameterError(
                f"{self.model_id}: an endpoint for translation cannot draw, temperature was {sampling.temperature:g}; "
                "set it to 0, or use a language model"
            )
        parameters = self._parameters(target, source)
        if sampling.beams:
            parameters["generate_parameters"] = {"num_beams": sampling.beams}
        jobs = list(dict.fromkeys(text for text in texts if text.strip()))
        with connect(self.model_id, self._runtime, self._settings) as wire:
            answers = self._asker.ask([self._question(wire, text, parameters) for text in jobs])
        done = {
            text: Translation(found["text"], tuple(found["flags"])) for text, found in zip(jobs, answers, strict=True)
        }
        return [done.get(text, Translation(text)) for text in texts]

    def _parameters(self, target: str, source: str | None) -> dict[str, Any]:
        """The languages, for models that want to know; one made for a pair is held to it."""
        if match := re.search(r"opus-mt.*-([A-Za-z_]+)-([A-Za-z_]+)$", self.model_id):
            for side, has, wants in (("source", match[1], source), ("target", match[2], target)):
                if wants is not None and wants != has:
                    raise ParameterError(f"{self.model_id}: {side} must be {has!r}, was {wants!r}; use another model")
            return {}
        if source is None:
            raise ParameterError(f"{self.model_id}: source must be given for an endpoint, was not; give its code")
        return {"src_lang": source, "tgt_lang": target}

    def _question(self, wire: Wire, text: str, parameters: Mapping[str, Any]) -> Question:
        body = {"inputs": text, "parameters": {**parameters, **self._settings.extra}}
        key, size = self._key("translation", body, None), guessed_tokens(text) + 8

        def send() -> Reply:
            try:
                return Reply({"text": _text(wire.translate(body, key)), "flags": []}, (size, size))
            except RefusedError as error:
                if error.status != 413 and "too long" not in error.text.lower():
                    raise
                return Reply({"text": "", "flags": [TOO_LONG]}, None)

        return Question(key, send, (size, size))


def _text(raw: Any) -> str:
    """The translation in what an endpoint sent: one result, or a list of it."""
    first = raw[0] if isinstance(raw, list) and raw else raw
    text = first.get("translation_text") if isinstance(first, dict) else None
    if not isinstance(text, str):
        raise UnavailableError(f"its answer has no translation: {raw}")
    return storable(text.strip())
