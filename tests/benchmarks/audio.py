"""Sound: gain and noise, stretch and pitch in a `map`, against bare loops and a `map` as the docs show it."""

from __future__ import annotations

import csv
import functools
import io
from pathlib import Path
from typing import Any

import audiomentations
import datasets
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import soundfile
from python_stretch.Signalsmith import Stretch

import hfaug
from hfaug.ops.audio import AddNoise, ChangeGain, Crop, Reverse, ShiftPitch, StretchTime
from tests.benchmarks.photos import on_disk
from tests.benchmarks.report import Line, at_least, at_most
from tests.benchmarks.timing import Case, interleave

ROWS, ROUNDS, SECONDS, RATE = 64, 9, 5, 16_000
NEAR_LOOP, OVER_NAIVE = at_most(1.05), at_least(8)
NEAR_PASS, OVER_TWO_PASSES = at_most(1.15), at_least(2)
STRETCHED_ROWS, FACTOR, SEMITONES = 16, 1.1, 2.0
GAIN_DB, SNR_DB = (-12, 6), (10, 40)
DATA = Path(__file__).parents[1] / "data" / "speech"

Samples = npt.NDArray[np.float32]

_TORCHCODEC = (
    "decoding by `datasets` needs torchcodec, which is not installed: soundfile stands in for it and is 10x faster"
)


def measure() -> list[Line]:
    """Five-second clips of speech, 16-bit WAV."""
    clips, rows = _clips(ROWS), _stored(ROWS)
    change = _audiomentations()
    op = hfaug.Chain(ChangeGain(gain_db=GAIN_DB), AddNoise(snr_db=SNR_DB))
    cases = [
        Case("loop", lambda: [_written(change(_read(data), RATE)) for data in clips], ROWS),
        Case("map", lambda: rows.map(op, batched=True), ROWS),
        Case("gain", lambda: rows.map(ChangeGain(gain_db=GAIN_DB), batched=True), ROWS),
        Case("gain loop", lambda: [_written(change.transforms[0](_read(data), RATE)) for data in clips], ROWS),
        Case("naive", lambda: _naive(rows, change), ROWS),
    ]
    times = interleave(cases, ROUNDS)
    exact, note = _has_torchcodec(), "" if _has_torchcodec() else _TORCHCODEC
    both, one = times.ratio("map", "loop"), times.ratio("gain", "gain loop")
    naive = times.ratio("naive", "map")
    return [
        *_stretches(),
        Line("audio", "gain and noise: map / loop with audiomentations and soundfile", both, NEAR_LOOP),
        Line("audio", "gain alone: map / loop likewise", one, NEAR_LOOP),
        Line("audio", "gain and noise: map of decoded rows / map", naive, OVER_NAIVE if exact else None, note=note),
    ]


def _stretches() -> list[Line]:
    """Speed and pitch by fixed amounts: one pass of the engine for both, beside one for each."""
    clips, rows = _clips(STRETCHED_ROWS), _stored(STRETCHED_ROWS)
    stretch, pitch = StretchTime(factor=(FACTOR, FACTOR)), ShiftPitch(semitones=(SEMITONES, SEMITONES))
    rate = {"min_rate": FACTOR, "max_rate": FACTOR, "leave_length_unchanged": False}
    both = audiomentations.Compose(
        [
            audiomentations.TimeStretch(**rate, p=1),
            audiomentations.PitchShift(min_semitones=SEMITONES, max_semitones=SEMITONES, p=1),
        ]
    )
    exact = hfaug.Chain(Crop(), Reverse())
    cases = [
        Case("pass", lambda: [_written(_one_pass(_read(data))) for data in clips], STRETCHED_ROWS),
        Case("map", lambda: rows.map(hfaug.Chain(stretch, pitch), batched=True), STRETCHED_ROWS),
        Case("four", lambda: rows.map(hfaug.Chain(stretch, pitch, stretch, pitch), batched=True), STRETCHED_ROWS),
        Case("naive", lambda: _naive(rows, both), STRETCHED_ROWS),
        Case("cuts", lambda: rows.map(exact, batched=True), STRETCHED_ROWS),
        Case("codec", lambda: [_written(_read(data)) for data in clips], STRETCHED_ROWS),
    ]
    times = interleave(cases, ROUNDS)
    naive, note = times.ratio("naive", "map"), "" if _has_torchcodec() else _TORCHCODEC
    target = None if note else OVER_TWO_PASSES
    return [
        Line(
            "audio", "stretch and pitch: map / one pass of signalsmith and codec", times.ratio("map", "pass"), NEAR_PASS
        ),
        Line(
            "audio", "stretch, pitch, stretch, pitch: map / one pass likewise", times.ratio("four", "pass"), NEAR_PASS
        ),
        Line("audio", "stretch and pitch: map of decoded rows / map", naive, target, note=note),
        Line("audio", "crop and reverse: map / codec alone", times.ratio("cuts", "codec"), None),
    ]


def _one_pass(samples: Samples) -> Samples:
    engine = Stretch()
    engine.preset(1, RATE)
    engine.setTimeFactor(FACTOR)
    engine.setTransposeSemitones(SEMITONES)
    return engine.process(samples[None])[0]


def _audiomentations() -> Any:
    gain = audiomentations.Gain(min_gain_db=GAIN_DB[0], max_gain_db=GAIN_DB[1], p=1)
    return audiomentations.Compose(
        [gain, audiomentations.AddGaussianSNR(min_snr_db=SNR_DB[0], max_snr_db=SNR_DB[1], p=1)]
    )


def _read(data: bytes) -> Samples:
    return soundfile.read(io.BytesIO(data), dtype="float32")[0]


def _written(samples: Samples) -> bytes:
    out = io.BytesIO()
    soundfile.write(out, samples, RATE, "PCM_16", format="WAV")
    return out.getvalue()


@functools.cache
def _clips(count: int) -> tuple[bytes, ...]:
    """Spoken digits one after another, each clip beginning with another one."""
    with (DATA / "metadata.csv").open(encoding="utf-8", newline="") as file:
        names = [row["file_name"] for row in csv.DictReader(file)]
    spoken = np.concatenate([_read((DATA / name).read_bytes()) for name in names])
    length = SECONDS * RATE
    starts = np.linspace(0, len(spoken) - length, count).astype(int)
    return tuple(_written(spoken[start : start + length]) for start in starts)


def _stored(count: int) -> datasets.Dataset:
    features = datasets.Features({"audio": datasets.Audio()})
    sounds = [{"bytes": data, "path": None} for data in _clips(count)]
    return on_disk(datasets.Dataset(pa.Table.from_pydict({"audio": sounds}, schema=features.arrow_schema)))


def _has_torchcodec() -> bool:
    return bool(datasets.config.TORCHCODEC_AVAILABLE)


def _naive(rows: datasets.Dataset, change: Any) -> datasets.Dataset:
    """One row a call, decoded before and encoded after."""
    if _has_torchcodec():
        return rows.map(lambda row: {"audio": {"array": change(row["audio"]["array"], RATE), "sampling_rate": RATE}})
    stored = rows.cast_column("audio", datasets.Audio(decode=False))
    return stored.map(
        lambda row: {"audio": {"bytes": _written(change(_read(row["audio"]["bytes"]), RATE)), "path": None}}
    )
