"""Models that run elsewhere: Hugging Face Inference Providers, and endpoints that speak as OpenAI's does.

An answer that was paid for is never bought twice: each is kept on disk under all that was asked (endpoint, model,
revision, every parameter, prompt and seed), and one of several processes asks for it (:mod:`.answers`). What can be
tried again is tried again, at the pace that the endpoint allows (:mod:`.asking`). How it is asked, at which price and
with which key, belongs to the machine and not to a recipe (:mod:`.settings`).
"""

from __future__ import annotations

from hfaug.backends.remote.language import RemoteLanguageModel
from hfaug.backends.remote.settings import RemoteSettings, configure, settings_of
from hfaug.backends.remote.spending import Spending
from hfaug.backends.remote.translation import RemoteTranslator

__all__ = ["RemoteSettings", "Spending", "configure", "load_language_model", "load_translator", "settings_of"]


def load_language_model(model: str, *, revision: str | None, runtime: str) -> RemoteLanguageModel:
    """A language model behind an endpoint; nobody is asked yet."""
    return RemoteLanguageModel(model, revision, runtime, settings_of(runtime))


def load_translator(model: str, *, revision: str | None, runtime: str) -> RemoteTranslator:
    """A translator behind an endpoint; nobody is asked yet."""
    return RemoteTranslator(model, revision, runtime, settings_of(runtime))
