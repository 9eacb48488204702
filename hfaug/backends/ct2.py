"""Translation with CTranslate2: the models of :mod:`hfaug.backends.marian`, converted once, several times as fast.

The converted model lies in a cache folder of its own for each model, revision and version of CTranslate2.

A result depends on the other texts of the call as well (``request``). The search of one text among others was seen to
end with other last bits of its score than alone, for texts of one length too. Draws come from a generator that belongs
to a thread of the engine and is seeded when that thread starts; so each call that draws starts an engine anew, with a
seed made of all the seeds of the call: an equal call draws equally, in any process.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xxhash

from hfaug.backends.batching import plan_batches
from hfaug.backends.cache import cache_folder, is_whole, publish_folder
from hfaug.backends.identity import ModelIdentity
from hfaug.backends.languages import Frame, Languages
from hfaug.backends.limits import read_limit
from hfaug.backends.loading import import_extra, loading, quiet
from hfaug.backends.memory import run_batches
from hfaug.backends.protocols import TOO_LONG, TRUNCATED, Determinism, Halving, Sampling, Translation
from hfaug.errors import ModelError

__all__ = ["CTranslate2Translator", "load"]

_SEARCH = Sampling()
_EXTRA = "ctranslate2"
_CONVERSION = 1  # raised when a converted model becomes another one for equal versions of the library
_ROOM = {"cpu": (16384, 512), "cuda": (65536, 2048)}  # (padded tokens, rows) of a batch, both times the beams


def load(identity: ModelIdentity, *, dtype: str, device: str) -> CTranslate2Translator:
    """Load a translator from the Hub or a folder, and convert it if that was never done.

    Raises:
        MissingExtra: ctranslate2, transformers, torch or sentencepiece is not installed.
        ModelError: The files cannot be fetched, or CTranslate2 cannot convert such a model.
    """
    engine, transformers = import_extra("ctranslate2", _EXTRA), import_extra("transformers", "lm")
    import_extra("sentencepiece", "lm")
    with loading(identity.model_id, identity.hub_revision), quiet("transformers"):
        names: dict[str, Any] = {"revision": identity.hub_revision}
        tokenizer = transformers.AutoTokenizer.from_pretrained(identity.source, **names)
        config = transformers.AutoConfig.from_pretrained(identity.source, **names)
        search = transformers.GenerationConfig.from_model_config(config)
        if (files := _find(transformers, identity)) is not None:
            search = files
        folder = converted_folder(identity, engine.__version__)
        known = is_whole(folder)
        if not known:
            _convert(identity, tokenizer, folder)
        while True:
            try:
                return CTranslate2Translator(identity, folder, tokenizer, config, search, dtype=dtype, device=device)
            except ModelError:
                if not known:
                    raise
                known = False  # its bytes may have changed since: once more, from the model's own
                shutil.rmtree(folder, ignore_errors=True)
                _convert(identity, tokenizer, folder)


def _convert(identity: ModelIdentity, tokenizer: Any, folder: Path) -> None:
    from hfaug.backends.ct2_convert import convert

    with publish_folder(folder) as written:
        convert(identity, tokenizer, written)


def converted_folder(identity: ModelIdentity, version: str) -> Path:
    """Where the converted model lies: another revision of it or of CTranslate2 has another folder."""
    key = f"{identity.model_id}\0{identity.revision}\0{version}\0{_CONVERSION}"
    name = re.sub(r"[^A-Za-z0-9._-]+", "--", identity.model_id)
    return cache_folder("ctranslate2") / f"{name}-{xxhash.xxh3_64_hexdigest(key.encode())}"


class CTranslate2Translator:
    """A :class:`~hfaug.backends.protocols.Translator` that runs on CTranslate2. Get it from the registry."""

    determinism: Determinism = "request"

    def __init__(
        self,
        identity: ModelIdentity,
        folder: Path,
        tokenizer: Any,
        config: Any,
        search: Any,
        *,
        dtype: str,
        device: str,
    ) -> None:
        self.model_id, self.revision, self.licence = identity.model_id, identity.revision, identity.licence
        self.halvings: list[Halving] = []
        self._folder, self._tokenizer, self._search = folder, tokenizer, search
        self._languages = Languages(self.model_id, tokenizer, config)
        self._limit = read_limit(config, tokenizer, 512)
        self._device, _, index = device.partition(":")
        self._place = {"device": self._device, "device_index": int(index or 0), "compute_type": dtype}
        self._version: str = import_extra("ctranslate2", _EXTRA).__version__
        self._engine = self._start()

    @property
    def settings(self) -> Mapping[str, Any]:
        """Version, device, dtype and batch plan."""
        tokens, rows = _ROOM[self._device]
        return {
            "runtime": f"ctranslate2 {self._version}",
            "device": self._device,
            "dtype": self._place["compute_type"],
            "batch_tokens": tokens,
            "batch_rows": rows,
        }

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
        done = dict(zip(jobs, self._translate_distinct(jobs, frame, sampling) if jobs else [], strict=True))
        return [done[job] if job in done else Translation(job[0]) for job in wanted]

    def _translate_distinct(
        self, jobs: Sequence[tuple[str, int]], frame: Frame, sampling: Sampling
    ) -> list[Translation]:
        tokens = self._languages.encode([text for text, _ in jobs], frame)
        short = [row for row, ids in enumerate(tokens) if len(ids) <= self._limit]
        beams = self._beams(sampling)
        budget, most = _ROOM[self._device]
        plan = plan_batches(
            [len(tokens[row]) for row in short],
            budget=budget // beams,
            most=most // beams,
            multiple=1,
            limit=self._limit,
        )
        widths = {row: batch.width for batch in plan for row in batch.rows}
        engine = self._start([key for _, key in jobs]) if sampling.draws else self._engine

        def work(rows: Sequence[int]) -> list[Translation]:
            return self._run(engine, [tokens[short[row]] for row in rows], widths[rows[0]], sampling, frame.first)

        found = run_batches(
            [batch.rows for batch in plan],
            work,
            cost=lambda rows: len(rows) * widths[rows[0]],
            on_halve=self.halvings.append,
        )
        by_job = {short[row]: translation for row, translation in found.items()}
        return [by_job.get(row, Translation("", (TOO_LONG,))) for row in range(len(jobs))]

    def _run(
        self, engine: Any, tokens: Sequence[list[int]], width: int, sampling: Sampling, first: int | None
    ) -> list[Translation]:
        """Translate one batch of texts of about one length."""
        names = self._tokenizer.convert_ids_to_tokens
        begin = [] if first is None else [names(first)]
        # a token that a model only begins or fills up with
        never = [[names(token)] for token in {self._tokenizer.pad_token_id} if token is not None]
        options: dict[str, Any] = {"sampling_topk": 1}
        if sampling.draws:
            options = {
                "sampling_topk": sampling.top_k,
                "sampling_topp": sampling.top_p,
                "sampling_temperature": sampling.temperature,
            }
        found = engine.translate_batch(
            [names(ids) for ids in tokens],
            target_prefix=[begin] * len(tokens) if begin else None,
            beam_size=self._beams(sampling),
            length_penalty=1.0 if self._search.length_penalty is None else self._search.length_penalty,
            repetition_penalty=self._search.repetition_penalty or 1.0,
            no_repeat_ngram_size=self._search.no_repeat_ngram_size or 0,
            max_input_length=0,
            max_decoding_length=min(2 * width + 32, self._limit - 1),
            suppress_sequences=never,
            return_end_token=True,
            **options,
        )
        return [self._read(one.hypotheses[0], len(begin)) for one in found]

    def _read(self, names: Sequence[str], begun: int) -> Translation:
        ids = self._tokenizer.convert_tokens_to_ids(list(names[begun:]))
        text = self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return Translation(text.strip(), () if self._tokenizer.eos_token_id in ids else (TRUNCATED,))

    def _start(self, seeds: Sequence[int] | None = None) -> Any:
        """An engine; with seeds, one that draws by them from its first draw on."""
        engine = import_extra("ctranslate2", _EXTRA)
        if seeds is not None:
            digest = xxhash.xxh3_64_intdigest(b"".join(seed.to_bytes(8, "little") for seed in seeds))
            engine.set_random_seed(digest & 0xFFFFFFFF)
        threads = int(os.environ.get("OMP_NUM_THREADS") or len(os.sched_getaffinity(0)))
        with loading(f"{self.model_id} (converted, in {self._folder})"):
            return engine.Translator(str(self._folder), inter_threads=1, intra_threads=threads, **self._place)

    def _beams(self, sampling: Sampling) -> int:
        if sampling.draws:
            return 1
        return sampling.beams or self._search.num_beams or 1


def _find(transformers: Any, identity: ModelIdentity) -> Any:
    """How the model's files say that it searches; None if they do not."""
    try:
        return transformers.GenerationConfig.from_pretrained(identity.source, revision=identity.hub_revision)
    except OSError:
        return None
