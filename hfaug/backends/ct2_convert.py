"""Conversion of translation models to the format of CTranslate2, by its own converters.

Marian models start their decoder with the embedding of the pad. The converter of CTranslate2 takes that to be zero, as
it is in the models of OPUS-MT, and drops it. In a Marian model that was trained with transformers it is not zero, and
without it the first words of each translation are lost. So it is kept here, which makes no difference where it is zero.

The tokenizer of M2M100 keeps the languages apart from its vocabulary, where the converter does not find all of them; so
the names of its tokens are asked for by their numbers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hfaug.backends.identity import ModelIdentity
from hfaug.errors import ModelError

__all__ = ["convert"]


def convert(identity: ModelIdentity, tokenizer: Any, folder: Path) -> None:
    """Write the converted model to an empty folder, in float32.

    Raises:
        ModelError: CTranslate2 has no converter for such a model.
    """
    import transformers
    from ctranslate2.converters import transformers as known
    from ctranslate2.converters.converter import Converter

    model: Any = transformers.AutoModelForSeq2SeqLM.from_pretrained(identity.source, revision=identity.hub_revision)
    name = type(model.config).__name__
    own = {"MarianConfig": _marian_loader(known), "M2M100Config": _m2m100_loader(known)}
    loaders = {**known._MODEL_LOADERS, **own}  # noqa: SLF001  # the list has no public name
    if name not in loaders:
        raise ModelError(
            f"{identity.model_id}: must be a model that CTranslate2 can convert, {model.config.model_type} is none; "
            "run it with the runtime transformers"
        )

    class Loaded(Converter):
        def _load(self) -> Any:
            return loaders[name](model, tokenizer)

    Loaded().convert(str(folder), force=True)


def _marian_loader(known: Any) -> Any:
    """A loader that keeps the embedding of the pad."""

    class Marian(known.MarianMTLoader):
        def set_config(self, config: Any, model: Any, tokenizer: Any) -> None:
            super().set_config(config, model, tokenizer)
            config.decoder_start_token = tokenizer.convert_ids_to_tokens(model.config.decoder_start_token_id)

        def set_decoder(self, spec: Any, decoder: Any) -> None:
            super().set_decoder(spec, decoder)
            spec.start_from_zero_embedding = False

        def get_vocabulary(self, model: Any, tokenizer: Any) -> Any:
            return known.BartLoader.get_vocabulary(self, model, tokenizer)

        def _remove_pad_weights(self, spec: Any) -> None:
            """Keep them."""

    return Marian()


def _m2m100_loader(known: Any) -> Any:
    """A loader that names every token that the model has an embedding of."""

    class M2M100(known.M2M100Loader):
        def get_vocabulary(self, model: Any, tokenizer: Any) -> Any:
            rows = range(model.get_input_embeddings().weight.shape[0])
            names: dict[str, int] = {}
            for row, name in zip(rows, tokenizer.convert_ids_to_tokens(list(rows)), strict=True):
                # rows without a name, or with that of the unknown token, are never met
                free = isinstance(name, str) and name not in names
                names[
                    name if free and (name != tokenizer.unk_token or row == tokenizer.unk_token_id) else f"\0{row}"
                ] = row
            return list(names)

    return M2M100()
