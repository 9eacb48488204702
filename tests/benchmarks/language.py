"""Text by models: what backends, and ops over them, take away from the engines, and what a call a row would cost."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import torch

from hfaug.backends import MaskRequest, Message, Sampling, registry
from hfaug.op import Op
from hfaug.ops.text import BackTranslate, Rewrite
from tests import tiny_models
from tests.benchmarks import environment
from tests.benchmarks.engines import BATCH, MODELS, Translator
from tests.benchmarks.report import Line, at_least
from tests.benchmarks.sentences import sentences
from tests.benchmarks.timing import Case, interleave

ROWS, FEW, ROUNDS, NEW_TOKENS, UNITS = 128, 16, 3, 24, 1
LIKE_ENGINE, OVER_NAIVE = at_least(0.95), at_least(4)
TRANSLATOR = str(MODELS / "translate-en-de-fr")
GREEDY = Sampling(beams=1)


def measure() -> list[Line]:
    """Translation by both engines, a language model, a masked one; then ops over the first three, a unit at a time."""
    with tempfile.TemporaryDirectory() as folder:
        before = os.environ.get("HFAUG_HOME")
        os.environ["HFAUG_HOME"] = folder
        try:
            backends = [*_translation(), *_ctranslate2(), *_writing(Path(folder)), *_filling(Path(folder))]
            return [*backends, *_translating_ops(), *_writing_op(Path(folder))]
        finally:
            registry.unload()
            os.environ.pop("HFAUG_HOME")
            if before is not None:
                os.environ["HFAUG_HOME"] = before


def _translation() -> list[Line]:
    ours, texts = registry.translator(TRANSLATOR, device="cpu"), sentences(ROWS)
    engine = Translator()  # with its own configuration, as the backend changes that of the model it loads
    model, tokenizer = engine.model, engine.tokenizer
    lines = []
    for name, sampling, options in (
        ("beams", Sampling(), {}),
        ("drawn", Sampling(temperature=1.0, top_k=10), {"do_sample": True, "num_beams": 1, "top_k": 10}),
    ):

        def bare(some: Sequence[str], options: dict[str, Any] = options) -> None:
            inputs = tokenizer([f">>de<< {text}" for text in some], return_tensors="pt", padding=True)
            with torch.inference_mode():
                made = model.generate(**inputs, **options)
            tokenizer.batch_decode(made, skip_special_tokens=True)

        def driven(some: Sequence[str], sampling: Sampling = sampling) -> None:
            ours.translate(some, target="de", seeds=range(len(some)), sampling=sampling)

        lines += _lines(f"transformers translation, {name}", texts, bare, driven)
    return lines


def _ctranslate2() -> list[Line]:
    ours, texts = registry.translator(TRANSLATOR, runtime="ctranslate2", device="cpu"), sentences(ROWS)
    engine, tokenizer = ours._engine, ours._tokenizer

    def bare(some: Sequence[str]) -> None:
        tokens = [tokenizer.convert_ids_to_tokens(tokenizer(f">>de<< {text}")["input_ids"]) for text in some]
        found = engine.translate_batch(tokens, max_batch_size=4096, batch_type="tokens", beam_size=4)
        for one in found:
            tokenizer.decode(tokenizer.convert_tokens_to_ids(one.hypotheses[0]), skip_special_tokens=True)

    plain = Translator()

    def naive(some: Sequence[str]) -> None:
        plain._pass(some, "de")

    def driven(some: Sequence[str]) -> None:
        ours.translate(some, target="de")

    return _lines("CTranslate2 translation", texts, bare, driven, whole=True, naive=naive)


def _writing(folder: Path) -> list[Line]:
    sizes = {"hidden_size": 256, "intermediate_size": 768, "num_hidden_layers": 6, "vocab_size": 8000}
    path = tiny_models.causal(folder / "lm", **sizes)
    ours = registry.language_model(str(path), device="cpu")
    model, tokenizer = ours._model, ours._tokenizer
    tokenizer.padding_side = "left"
    prompts = [(Message("user", text[:60]),) for text in sentences(ROWS)]
    lines = []
    for name, sampling in (("greedy", GREEDY), ("drawn", Sampling(temperature=1.0, top_p=0.9))):
        options = {"do_sample": True, "top_p": 0.9, "top_k": 0} if sampling.draws else {}

        def bare(some: Sequence[Any], options: dict[str, Any] = options) -> None:
            chats = [[{"role": "user", "content": one[0].content}] for one in some]
            inputs = tokenizer.apply_chat_template(chats, add_generation_prompt=True, padding=True, return_tensors="pt")
            with torch.inference_mode():
                made = model.generate(**inputs, max_new_tokens=NEW_TOKENS, pad_token_id=0, **options)
            tokenizer.batch_decode(made[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)

        def driven(some: Sequence[Any], sampling: Sampling = sampling) -> None:
            ours.generate(some, seeds=range(len(some)), sampling=sampling, max_new_tokens=NEW_TOKENS)

        lines += _lines(f"language model, {name}", prompts, bare, driven, length=lambda one: len(one[0].content))
    return lines


def _filling(folder: Path) -> list[Line]:
    sizes = {"hidden_size": 256, "intermediate_size": 768, "num_hidden_layers": 6, "vocab_size": 8000}
    path = tiny_models.masked(folder / "masked", pieces="roberta", longest=128, **sizes)
    ours = registry.masked_model(str(path), device="cpu")
    model, tokenizer = ours._model, ours._tokenizer
    requests = [MaskRequest(text, (_first_word(text),)) for text in (text[:60] for text in sentences(ROWS))]

    def bare(some: Sequence[MaskRequest]) -> None:
        texts = [f"{one.text[: one.places[0][0]]}<mask>{one.text[one.places[0][1] :]}" for one in some]
        inputs = tokenizer(texts, return_tensors="pt", padding=True)
        with torch.inference_mode():
            scores = model(**inputs).logits.softmax(dim=-1)
        for row, ids in enumerate(inputs["input_ids"]):
            place = (ids == tokenizer.mask_token_id).nonzero()[0, 0]
            tokenizer.batch_decode(scores[row, place].topk(50).indices[:, None])

    return _lines("masked model", requests, bare, ours.fill, length=lambda one: len(one.text))


def _translating_ops() -> list[Line]:
    """There and back, as the engine of a build runs an op: unit by unit, on a table."""
    plain, texts, lines = Translator(), sentences(UNITS * BackTranslate.unit_rows), []

    def naive(some: Sequence[str]) -> None:
        _mapped(some, lambda row: {"text": plain.there_and_back([row["text"]])[0]})

    fast = registry.translator(TRANSLATOR, runtime="ctranslate2", device="cpu")
    for runtime, there_and_back in (
        ("transformers", plain.there_and_back),
        ("ctranslate2", lambda some: _ct2_pass(fast, _ct2_pass(fast, some, "de"), "en")),
    ):
        run = _unit_by_unit(BackTranslate(model=TRANSLATOR, runtime=runtime))
        lines += _compare(f"back_translate on {runtime}", "op", texts, lambda f=there_and_back: f(texts), run, naive)
    return lines


def _ct2_pass(ours: Any, texts: Sequence[str], language: str) -> list[str]:
    engine, tokenizer = ours._engine, ours._tokenizer
    tokens = [tokenizer.convert_ids_to_tokens(tokenizer(f">>{language}<< {text}")["input_ids"]) for text in texts]
    found = engine.translate_batch(tokens, max_batch_size=4096, batch_type="tokens", beam_size=4)
    return [
        tokenizer.decode(tokenizer.convert_tokens_to_ids(one.hypotheses[0]), skip_special_tokens=True) for one in found
    ]


def _writing_op(folder: Path) -> list[Line]:
    """A rewriting op, with its prompt and its checks, against `generate` on the same prompts, sorted."""
    path = folder / "lm"
    op = Rewrite(model=str(path), prompt="[user]\n{{ text }}", max_new_tokens=NEW_TOKENS, check_language=False)
    ours = registry.language_model(str(path), device="cpu")
    model, tokenizer = ours._model, ours._tokenizer
    tokenizer.padding_side = "left"
    texts = [text[:60] for text in sentences(UNITS * Rewrite.unit_rows)]

    def bare(some: Sequence[str]) -> list[str]:
        chats = [[{"role": "user", "content": text}] for text in some]
        inputs = tokenizer.apply_chat_template(chats, add_generation_prompt=True, padding=True, return_tensors="pt")
        with torch.inference_mode():
            made = model.generate(**inputs, max_new_tokens=NEW_TOKENS, pad_token_id=0, do_sample=True, top_p=0.95)
        return tokenizer.batch_decode(made[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)

    def all_at_once() -> None:
        order = sorted(texts, key=len)
        for start in range(0, len(order), BATCH):
            bare(order[start : start + BATCH])

    def naive(some: Sequence[str]) -> None:
        _mapped(some, lambda row: {"text": bare([row["text"]])[0]})

    return _compare("rewrite on transformers", "op", texts, all_at_once, _unit_by_unit(op), naive)


def _unit_by_unit(op: Op) -> Callable[[Sequence[str]], None]:
    features = datasets.Features({"text": datasets.Value("string")})

    def run(texts: Sequence[str]) -> None:
        table = pa.table({"text": list(texts)})
        for start in range(0, len(texts), op.unit_rows):
            op.run_table(table.slice(start, op.unit_rows), features)

    return run


def _mapped(texts: Sequence[str], change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    datasets.Dataset.from_dict({"text": list(texts)}).map(change, new_fingerprint=secrets.token_hex(8))


def _lines(
    name: str,
    rows: Sequence[Any],
    bare: Callable[[Sequence[Any]], object],
    driven: Callable[[Sequence[Any]], object],
    *,
    whole: bool = False,
    length: Callable[[Any], int] = len,
    naive: Callable[[Sequence[Any]], object] | None = None,
) -> list[Line]:
    """The engine alone on the whole list, sorted by length, against the backend; and a row a call, as in a `map`."""
    called = "a call a row of transformers" if naive else "a call a row"
    naive = naive or bare

    def all_at_once() -> None:
        order = sorted(rows, key=length)
        for start in range(0, len(order), len(order) if whole else BATCH):
            bare(order[start : start + (len(order) if whole else BATCH)])

    def one_by_one() -> None:
        for row in rows[:: len(rows) // FEW]:
            naive([row])

    return _compare(name, "backend", rows, all_at_once, driven, lambda _: one_by_one(), called)


def _compare(
    name: str,
    what: str,
    rows: Sequence[Any],
    alone: Callable[[], object],
    driven: Callable[[Sequence[Any]], object],
    naive: Callable[[Sequence[Any]], object],
    called: str = "a map of a row a call",
) -> list[Line]:
    """What drives an engine against the engine, and against a call a row."""
    environment.settle()
    few = rows[:: len(rows) // FEW][:FEW]
    cases = [
        Case("engine", alone, len(rows)),
        Case(what, lambda: driven(rows), len(rows)),
        Case("naive", lambda: naive(few), FEW),
    ]
    times = interleave(cases, ROUNDS)
    whole = f"{name}: engine alone on the whole list / {what}"
    return [
        Line("language", whole, times.ratio("engine", what), LIKE_ENGINE),
        Line("language", f"{name}: {called} / {what}", times.ratio("naive", what), OVER_NAIVE),
    ]


def _first_word(text: str) -> tuple[int, int]:
    start = text.find(" ") + 1
    end = text.find(" ", start)
    return start, end if end > 0 else len(text)
