"""Ops on time: frames, times, sound, segments and labels of frames, each measured in the file that was written."""

import math

import numpy as np
import pyarrow as pa
import pytest
from datasets import Dataset, Features, List, Value, Video

import hfaug
from hfaug import Chain, media
from hfaug.errors import LabelError, ParameterError, UnboundColumnError
from hfaug.ops.video import ChangeFps, ChangeSpeed, DropFrames, DropSound, Loop, Reverse, Trim
from tests import films

FPS, COUNT = 10, 20
FEATURES = Features(
    {
        "video": Video(),
        "events": List({"start": Value("float64"), "end": Value("float64"), "name": Value("string")}),
        "per_frame": List(Value("int32")),
    }
)
SOUNDS = [("mp4", "libx264", "aac"), ("webm", "libvpx-vp9", "libopus"), ("avi", "mjpeg", "pcm_s16le")]


def table(data, events=((0.5, 1.2, "a"),)):
    """One row: a film, one event, and the number of each frame beside it."""
    events = [{"start": start, "end": end, "name": name} for start, end, name in events]
    row = {"video": {"bytes": data, "path": None}, "events": events, "per_frame": list(range(COUNT))}
    return pa.Table.from_pylist([row], schema=FEATURES.arrow_schema)


def after(op, data, **how):
    """The row that an op makes."""
    op = op.on(segments="events", frame_labels="per_frame", provenance=False)
    return op(table(data, **how)).to_pylist()[0]


@pytest.fixture(scope="module")
def film():
    return films.film(COUNT, FPS, sound="aac")


def check(row, numbers):
    """The frames are those wanted, by their pixels, and so are their labels; the film is as long as they are shown."""
    found = films.numbers_of(row["video"]["bytes"])
    assert found == list(numbers) == row["per_frame"]
    return media.video_info(row["video"]["bytes"])


CASES = [
    (Trim(length=(0.5, 0.5), start=(0, 0)), range(10), 1.0, [(0.5, 1.0)]),
    (Trim(length=(0.5, 0.5), start=(1, 1)), range(10, 20), 1.0, [(0.0, 0.2)]),
    (Trim(length=(0.3, 0.3), start=(0, 0), unit="seconds"), range(3), 0.3, []),
    (Trim(length=(9, 9), unit="seconds"), range(20), 2.0, [(0.5, 1.2)]),
    (ChangeSpeed(factor=(2, 2)), range(0, 20, 2), 1.0, [(0.25, 0.6)]),
    (ChangeSpeed(factor=(2, 2), frames="all"), range(20), 1.0, [(0.25, 0.6)]),
    (ChangeSpeed(factor=(0.5, 0.5)), [k // 2 for k in range(40)], 4.0, [(1.0, 2.4)]),
    (ChangeFps(fps=(5, 5)), range(0, 20, 2), 2.0, [(0.5, 1.2)]),
    (ChangeFps(fps=(20, 20)), [k // 2 for k in range(40)], 2.0, [(0.5, 1.2)]),
    (Reverse(), range(19, -1, -1), 2.0, [(0.8, 1.5)]),
    (Loop(plays=(3, 3)), [*range(20)] * 3, 6.0, [(0.5, 1.2), (2.5, 3.2), (4.5, 5.2)]),
    (DropFrames(share=(0, 0)), range(20), 2.0, [(0.5, 1.2)]),
    (DropSound(), range(20), 2.0, [(0.5, 1.2)]),
]


@pytest.mark.parametrize(
    ("op", "numbers", "duration_s", "events"), CASES, ids=lambda case: getattr(case, "op_name", str)()
)
def test_frames_times_and_labels(op, numbers, duration_s, events, film):
    """What each op is for."""
    row = after(op, film)
    info = check(row, numbers)
    assert info.duration_s == pytest.approx(duration_s, abs=0.002)
    assert [(item["start"], item["end"]) for item in row["events"]] == [pytest.approx(event) for event in events]
    assert {item["name"] for item in row["events"]} <= {"a"}


def test_dropped_frames_leave_time_as_it_is(film):
    """What is left is shown when it was, and stays until the next one."""
    row = after(DropFrames(share=(0.4, 0.4)), film)
    info = check(row, row["per_frame"])
    assert info.count == 12
    assert row["per_frame"][0] == 0
    assert row["per_frame"][-1] == 19
    assert info.starts_s == pytest.approx(np.array(row["per_frame"]) / FPS)
    assert info.duration_s == pytest.approx(2)
    assert films.packets_of(row["video"]["bytes"]) == films.packets_of(film)


@pytest.mark.parametrize(("container", "codec", "sound"), SOUNDS)
def test_sound_keeps_step(container, codec, sound):
    """The samples lie where the moments they belong to are shown: cut, turned round, repeated, stretched."""
    data = films.film(COUNT, FPS, container, codec, sound, "yuvj420p" if codec == "mjpeg" else "yuv420p")
    tone = films.chirp(COUNT / FPS) / 32768
    wanted = {
        Trim(length=(0.5, 0.5), start=(1, 1)): tone[8000:],
        Reverse(): tone[::-1],
        Loop(plays=(2, 2)): np.tile(tone, 2),
        Chain(Trim(length=(0.5, 0.5), start=(1, 1)), Reverse()): tone[8000:][::-1],
    }
    for op, samples in wanted.items():
        found = films.sound_of(after(op, data)["video"]["bytes"])
        assert len(found) == pytest.approx(len(samples), abs=2 * 1152)
        lag = round(films.lag_s(found, samples) * films.RATE)
        assert abs(lag) < 0.012 * films.RATE, op
        count = min(len(found), len(samples)) - 1200
        assert np.corrcoef(found[100 + lag : count + lag], samples[100:count])[0, 1] > 0.93, op
    found = films.sound_of(after(ChangeSpeed(factor=(2, 2)), data)["video"]["bytes"])
    assert len(found) == pytest.approx(8000, abs=2 * 1152)
    # Pitch stays: half-way through, the tone is as high as half-way through the source.
    for share in (0.25, 0.5, 0.75):
        heard, meant = (_pitch(x[int(share * len(y)) - 400 :][:800]) for x, y in ((found, found[:8000]), (tone, tone)))
        assert heard == pytest.approx(meant, abs=45)


def _pitch(samples):
    return np.argmax(np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 8000)))


def test_sound_can_be_dropped_or_is_not_there(film):
    """By choice, and for films that are silent anyway."""
    for op in (Trim(sound="drop"), Reverse(sound="drop"), DropFrames(sound="drop"), DropSound()):
        assert films.sound_of(after(op, film)["video"]["bytes"]) is None
    silent = films.film(COUNT, FPS)
    assert after(DropSound(), silent)["video"]["bytes"] == silent
    assert check(after(Reverse(), silent), range(19, -1, -1)).sounds == ()


def test_dropping_sound_alone_copies_the_frames(film):
    """Nothing is decoded or encoded for it."""
    media.counts.reset()
    row = after(DropSound(), film)
    assert media.counts["video.decode"] == media.counts["video.encode"] == 0
    assert films.numbers_of(row["video"]["bytes"]) == list(range(COUNT))


def test_a_chain_is_one_pass(film):
    """Changes of time multiply: one decode, one encode, and the same as step by step."""
    steps = [Trim(length=(0.8, 0.8)), Reverse(), Loop(plays=(2, 2)), ChangeSpeed(factor=(1.6, 1.6)), DropFrames()]
    media.counts.reset()
    row = after(Chain(*steps).on(video_crf=5), film)
    assert (media.counts["video.decode"], media.counts["video.encode"]) == (1, 1)
    info = check(row, row["per_frame"])
    assert info.duration_s == pytest.approx(2 * 1.6 / 1.6, abs=0.01)


@pytest.mark.parametrize("seed", range(6))
def test_random_chains_show_the_moments_they_say(seed, film):
    """In any chain the segment around a moment is shown by the frames of that moment, wherever it is played."""
    rng = np.random.default_rng(seed)
    ops = [Trim(), Reverse(), Loop(plays=(1, 2)), ChangeSpeed(factor=(0.6, 1.8)), ChangeFps(fps=(4, 14)), DropFrames()]
    chain = Chain(*(ops[number] for number in rng.permutation(len(ops))[:4])).on(seed=seed)
    events = [(k / FPS, (k + 1) / FPS, str(k)) for k in range(COUNT)]
    row = after(chain, film, events=events)
    info = check(row, row["per_frame"])
    ends = np.append(info.starts_s[1:], info.duration_s)
    for number, start, end in zip(row["per_frame"], info.starts_s, ends, strict=True):
        near = [e for e in row["events"] if abs(int(e["name"]) - number) <= math.ceil(0.5 * FPS)]
        assert any(e["start"] - 0.51 <= end and start <= e["end"] + 0.51 for e in near)
    exact = Chain(*(op for op in chain.ops if not isinstance(op, (ChangeFps, DropFrames, ChangeSpeed)))).on(seed=seed)
    if exact.ops:
        row = after(exact, film, events=events)
        info = check(row, row["per_frame"])
        for number, middle in zip(row["per_frame"], info.starts_s + 0.05, strict=True):
            assert any(e["start"] < middle < e["end"] and e["name"] == str(number) for e in row["events"])


def test_variable_rates_are_cut_where_they_are_shown():
    """Times come from the file, not from a rate."""
    ticks = [0, 100, 400, 450, 500, 900]
    data = films.film(6, 25, ticks=ticks)
    op = Trim(length=(0.4, 0.4), start=(0.5, 0.5), unit="seconds").on(provenance=False)
    schema = Features({"video": Video()}).arrow_schema
    row = op(pa.Table.from_pylist([{"video": {"bytes": data, "path": None}}], schema=schema)).to_pylist()[0]
    found = films.numbers_of(row["video"]["bytes"])
    assert found == list(range(found[0], found[-1] + 1))
    info = media.video_info(row["video"]["bytes"])
    assert info.starts_s == pytest.approx((np.array(ticks)[found] - ticks[found[0]]) / 1000)


def test_one_frame_stays_one_frame():
    """The shortest film there is."""
    data = films.film(1, FPS)
    schema = Features({"video": Video()}).arrow_schema
    rows = pa.Table.from_pylist([{"video": {"bytes": data, "path": None}}], schema=schema)
    for op in (Trim(length=(0.01, 0.01)), Reverse(), DropFrames(share=(1, 1)), ChangeFps(fps=(1, 1))):
        assert films.numbers_of(op(rows).to_pylist()[0]["video"]["bytes"]) == [0]
    assert len(films.numbers_of(Loop(plays=(3, 3))(rows).to_pylist()[0]["video"]["bytes"])) == 3


def test_what_changes_nothing_leaves_the_bytes(film):
    """No pass, no encode."""
    for op in (Trim(length=(1, 1)), ChangeSpeed(factor=(1, 1)), Loop(plays=(1, 1)), ChangeFps(fps=(10, 10))):
        media.counts.reset()
        assert after(op, film)["video"]["bytes"] == film
        assert media.counts["video.decode"] == media.counts["video.encode"] == 0


def test_unbound_lists_want_a_verdict(film):
    """A list may be one value a frame, or times."""
    with pytest.raises(UnboundColumnError, match="frame_labels"):
        Trim().on(segments="events").features(FEATURES)
    with pytest.raises(UnboundColumnError, match="segments"):
        Trim().on(frame_labels="per_frame").features(FEATURES)
    Trim().on(keep=["events", "per_frame"]).features(FEATURES)


def test_wrong_parameters_are_named():
    """Limits stand on the fields."""
    for wrong in ({"length": (0, 1)}, {"start": (0.5, 2)}, {"unit": "frames"}):
        with pytest.raises(ParameterError, match=next(iter(wrong))):
            Trim(**wrong)
    with pytest.raises(ParameterError, match="plays"):
        Loop(plays=(0, 2))


def test_augment_counts_and_copies(film):
    """Copies have draws of their own; each is one pass and one encode, and the row itself stays byte for byte."""
    media.counts.reset()
    op = Trim().on(segments="events", frame_labels="per_frame")
    made = hfaug.augment(Dataset(table(film)), op, copies=3).with_format("arrow")[:].to_pylist()
    assert made[0]["video"]["bytes"] == film
    assert len({tuple(row["per_frame"]) for row in made}) > 2
    assert (media.counts["video.decode"], media.counts["video.encode"]) == (3, 3)


def test_times_in_whole_numbers_are_kept_or_refused():
    """Rounded, short segments would shrink to nothing, and neighbours overlap."""
    features = Features({"video": Video(), "events": List({"start": Value("int64"), "end": Value("int64")})})
    rows = Dataset.from_list(
        [{"video": {"bytes": films.film(40, 10), "path": None}, "events": [{"start": 0, "end": 2}]}], features=features
    )
    halved = hfaug.augment(rows, ChangeSpeed(factor=(2, 2)).on(segments="events"), keep=False)
    assert halved.remove_columns("video")[0]["events"] == [{"start": 0, "end": 1}]
    with pytest.raises(LabelError, match=r"'events': times in whole numbers cannot hold 0.667 seconds; cast"):
        hfaug.augment(rows, ChangeSpeed(factor=(3, 3)).on(segments="events"), keep=False)
