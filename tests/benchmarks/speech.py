"""Speech by models: what Speak and Transcribe take away from their engines, driven alone row by row and in batches."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import soundfile
import soxr
import torch
import transformers

from hfaug.backends import registry
from hfaug.ops.audio import Speak, Transcribe
from tests import tiny_speech
from tests.benchmarks.audio import DATA
from tests.benchmarks.photos import on_disk
from tests.benchmarks.report import Line
from tests.benchmarks.sentences import sentences
from tests.benchmarks.timing import Case, interleave

ROWS, ROUNDS, BATCH, RATE = 16, 5, 8, 16_000
_TINY = (
    "models of some thousand weights, so what stands around an engine weighs as much as it can; "
    "on the CPU rows run alone, so that no batch changes them"
)


def measure() -> list[Line]:
    """Sentences said by a VITS; spoken digits heard by a Whisper."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            return [*_speaking(tiny_speech.vits(Path(folder) / "vits")), *_hearing(str(tiny_speech.kept("whisper")))]
        finally:
            registry.unload()


def _speaking(model: Path) -> list[Line]:
    rows = on_disk(datasets.Dataset.from_dict({"text": [text[:60] for text in sentences(ROWS)]}))
    engine = transformers.VitsModel.from_pretrained(model).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(model)

    def said(texts: Sequence[str]) -> list[bytes]:
        inputs = tokenizer(list(texts), return_tensors="pt", padding=True)
        with torch.inference_mode():
            made = engine(**inputs)
        waves = zip(made.waveform.numpy(), made.sequence_lengths.tolist(), strict=True)
        return [_written(wave[:length], engine.config.sampling_rate) for wave, length in waves]

    def bare() -> None:
        ordered = sorted(rows["text"][:], key=len)
        for start in range(0, ROWS, BATCH):
            said(ordered[start : start + BATCH])

    op = Speak(model=str(model))
    cases = [
        Case("batched", bare, ROWS),
        Case("map", lambda: rows.map(op, batched=True, features=op.features(rows.features)), ROWS),
        Case("alone", lambda: [said([text]) for text in rows["text"][:]], ROWS),
    ]
    times = interleave(cases, ROUNDS)
    return [
        Line("speech", "speak: engine alone, row by row / map", times.ratio("alone", "map"), None, note=_TINY),
        Line("speech", "speak: engine alone, in batches / map", times.ratio("batched", "map"), None, note=_TINY),
    ]


def _hearing(model: str) -> list[Line]:
    files = [path.read_bytes() for path in sorted(DATA.glob("*.wav"))[:ROWS]]
    features = datasets.Features({"audio": datasets.Audio()})
    stored = {"audio": [{"bytes": data, "path": None} for data in files]}
    rows = on_disk(datasets.Dataset(pa.Table.from_pydict(stored, schema=features.arrow_schema)))
    engine = transformers.pipeline("automatic-speech-recognition", model=model, device="cpu")
    engine.tokenizer.pad_token_id = engine.model.config.eos_token_id
    options: dict[str, Any] = {
        "generate_kwargs": {"do_sample": False, "num_beams": 1, "task": "transcribe", "language": "en"},
        "return_timestamps": True,
    }

    def read(data: bytes) -> dict[str, Any]:
        samples, rate = soundfile.read(io.BytesIO(data), dtype="float32")
        return {"raw": soxr.resample(samples, rate, RATE), "sampling_rate": RATE}

    op = Transcribe(model=model, language="en")
    cases = [
        Case("batched", lambda: engine([read(data) for data in files], batch_size=BATCH, **options), ROWS),
        Case("map", lambda: rows.map(op, batched=True, features=op.features(rows.features)), ROWS),
        Case("alone", lambda: [engine(read(data), **options) for data in files], ROWS),
    ]
    times = interleave(cases, ROUNDS)
    return [
        Line("speech", "transcribe: engine alone, row by row / map", times.ratio("alone", "map"), None, note=_TINY),
        Line("speech", "transcribe: engine alone, in batches / map", times.ratio("batched", "map"), None, note=_TINY),
    ]


def _written(samples: npt.NDArray[np.float32], rate: int) -> bytes:
    out = io.BytesIO()
    soundfile.write(out, samples, rate, "PCM_16", format="WAV")
    return out.getvalue()
