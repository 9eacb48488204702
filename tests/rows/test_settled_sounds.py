"""A sound whose row is read between ops is written as one that nobody looked at."""

import io

import numpy as np
import pyarrow as pa
import pytest
import soundfile
from datasets import Audio, Dataset, Features, List, Value

from hfaug import Chain, augment, wrap
from hfaug.ops.audio import ChangeSpeed, Crop, Loop, Pad, Resample, Reverse, Shift, StretchTime, Trim
from hfaug.ops.mix import MixClips
from hfaug.testing import storage
from tests.rows.test_time_labels import RATE, tone

HALVED = StretchTime(factor=(2, 2))
MOVES = {
    "stretch": HALVED,
    "speed": ChangeSpeed(factor=(2, 2)),
    "crop": Crop(length=(0.75, 0.75), start=(1, 1)),
    "reverse": Reverse(),
    "shift": Shift(shift=(0.3, 0.3)),
    "pad": Pad(silence_s=(1, 1)),
    "loop": Loop(plays=(2, 2)),
    "trim": Trim(),
    "resample": Resample(rates_hz=(16_000,)),
}


def rows(kind="float64", scale=1.0, count=1):
    value = Value(kind)
    features = Features({"id": Value("string"), "audio": Audio(), "heard": List({"start": value, "end": value})})
    heard = [{"start": np.dtype(kind).type(0.25 * scale).item(), "end": np.dtype(kind).type(0.5 * scale).item()}]
    names = [f"r{number}" for number in range(count)]
    table = {"id": names, "audio": [tone(1.0)] * count, "heard": [heard] * count}
    return Dataset(pa.Table.from_pydict(table, schema=features.arrow_schema))


def reader(name):
    """An op that looks at a column."""
    return wrap(lambda row: {"n": len(row[name] or ())}, reads="row", adds={"n": Value("int64")}, draws=False)


@pytest.mark.parametrize("column", ["heard", "audio"])
@pytest.mark.parametrize("units, scale", [("seconds", 1.0), ("samples", RATE)])
@pytest.mark.parametrize("name", MOVES)
def test_labels_move_once_behind_a_reader(name, column, units, scale):
    given = storage(rows("float64" if units == "seconds" else "int64", scale))
    said = {"segments": "heard", "time_units": units}
    (plain,) = MOVES[name].on(**said)(given).to_pylist()
    (read,) = Chain(MOVES[name], reader(column)).on(**said)(given).to_pylist()
    (twice,) = Chain(MOVES[name], reader(column), reader("audio")).on(**said)(given).to_pylist()
    assert plain["heard"] == read["heard"] == twice["heard"]
    assert plain["audio"] == read["audio"] == twice["audio"]


def test_moves_before_and_behind_a_reader_add_up():
    (done,) = Chain(HALVED, reader("heard"), HALVED).on(segments="heard")(storage(rows())).to_pylist()
    assert done["heard"] == [{"start": 0.0625, "end": 0.125}]


def test_mixing_and_copies_move_once():
    given = rows(count=2)
    mixed = given.add_column("label", ["a", "b"]).class_encode_column("label")
    found = augment(mixed, Chain(HALVED, MixClips()).on(segments="heard"), copies=2)
    assert {(part["start"], part["end"]) for heard in found["heard"] for part in heard} == {
        (0.125, 0.25),
        (0.25, 0.5),
    }  # its own, the partner's
    copies = augment(given, HALVED.on(segments="heard"), copies=2)
    starts = sorted(heard[0]["start"] for heard in copies["heard"])
    assert starts == [0.125] * 4 + [0.25] * 2  # the rows themselves are kept


def test_speed_and_rate_that_cancel_out_are_written():
    """The same samples at twice the rate last half as long."""
    op = Chain(ChangeSpeed(factor=(2, 2)), Resample(rates_hz=(2 * RATE,))).on(segments="heard")
    (done,) = op(storage(rows())).to_pylist()
    samples, rate = soundfile.read(io.BytesIO(done["audio"]["bytes"]))
    assert (len(samples), rate) == (RATE, 2 * RATE)
    assert done["heard"] == [{"start": 0.125, "end": 0.25}]


def words(row):
    return {"words": [{"start": 0.1, "end": 0.2}]}


def test_labels_that_the_chain_adds_follow_what_comes_behind():
    added = {"words": List({"start": Value("float64"), "end": Value("float64")})}
    hear = wrap(words, reads="row", adds=added, draws=False)
    first, both = HALVED.on(segments="heard"), HALVED.on(segments=["heard", "words"])
    for chain, heard in [(Chain(hear, both), 0.125), (Chain(first, hear, both), 0.0625)]:
        (done,) = chain(storage(rows())).to_pylist()
        assert done["words"] == [{"start": 0.05, "end": 0.1}]
        assert done["heard"][0]["start"] == heard
    (last,) = Chain(first, hear)(storage(rows())).to_pylist()
    assert last["words"] == [{"start": 0.1, "end": 0.2}]
