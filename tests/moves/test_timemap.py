"""Time maps against a recording in which every moment is numbered."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfaug.errors import ParameterError
from hfaug.moves import TimeMap

RATE = 200  # moments a second in the reference


def draw_map(rng, duration_s):
    """One random map of a recording of some length."""
    kind = rng.choice(["speed", "reverse", "crop", "shift", "cut", "loop"])
    if kind == "speed":
        return TimeMap.speed(duration_s, rng.uniform(0.5, 2))
    if kind == "reverse":
        return TimeMap.reverse(duration_s)
    if kind == "crop":
        start, end = np.sort(rng.uniform(-0.3, 1.3, 2)) * duration_s
        return TimeMap.crop(duration_s, start, end + 0.5)
    if kind == "shift":
        return TimeMap.shift(duration_s, rng.uniform(-0.6, 0.6) * duration_s)
    first, second = np.sort(rng.uniform(0.2, 0.8, 2)) * duration_s
    gap = rng.uniform(0, 1)
    if kind == "cut":  # takes out the middle and puts in silence
        pieces = ((0, first, 0, first), (second, duration_s, first + gap, first + gap + duration_s - second))
    else:
        pieces = ((0, first, 0, first), (0, first, first + gap, 2 * first + gap))
    return TimeMap(pieces, duration_s)


def play(moments, time_map):
    """The numbered moments as they are played afterwards: for each of the result that of the source (nan: silence)."""
    count = round(time_map.duration_s * RATE)
    t = (np.arange(count) + 0.5) / RATE
    played = np.full(count, np.nan)
    for start, stop, moved_start, moved_stop in time_map.pieces:
        inside = (t > min(moved_start, moved_stop)) & (t < max(moved_start, moved_stop))
        source = start + (t[inside] - moved_start) * (stop - start) / (moved_stop - moved_start)
        index = np.floor(source * RATE).astype(int).clip(0, len(moments) - 1)
        played[inside] = moments[index]
    return played


@pytest.mark.parametrize("seed", range(150))
def test_segments_follow_the_moments(seed):
    """Where the moments of a segment are heard is where the segment is; its share is how many of them are."""
    rng = np.random.default_rng(seed)
    duration = rng.uniform(3, 6)
    moments = (np.arange(round(duration * RATE)) + 0.5) / RATE
    played, one = moments, None
    for _ in range(rng.integers(1, 4)):
        step = draw_map(rng, duration if one is None else one.duration_s)
        played = play(played, step)
        one = step if one is None else one.then(step)
    slack = 0.08
    for start, end in np.sort(rng.uniform(0, duration, (4, 2)), axis=1):
        heard = (played >= start) & (played < end)
        places = (np.flatnonzero(heard) + 0.5) / RATE
        stretches = one.occurrences((start, end))
        (segment,), (share,) = one.segments([(start, end)])
        assert all(any(a - slack <= place <= b + slack for a, b in stretches) for place in places)
        covered = sum(b - a for a, b in stretches)
        assert covered == pytest.approx(heard.sum() / RATE, abs=0.1)
        bins = np.unique(np.floor((played[heard] - start) * 25))
        assert share == pytest.approx(min(len(bins) / max((end - start) * 25, 1e-9), 1), abs=0.1 + 0.1 / (end - start))
        if segment is None:
            assert not len(places) or share < 0.05
        else:
            assert segment[0] == pytest.approx(stretches[0][0])
            assert segment[1] <= stretches[-1][1] + 1e-9
    t = rng.uniform(0, duration, 20)
    for time, moved in zip(t, one.points(t), strict=True):
        near = np.flatnonzero(np.abs(played - time) < 0.02)
        if math.isnan(moved):
            assert len(near) < 25
        else:
            assert len(near) == 0 or np.abs((near + 0.5) / RATE - moved).min() < slack


@settings(max_examples=200, deadline=None)
@given(st.floats(0.5, 60), st.floats(0.1, 8), st.floats(0, 1), st.floats(0, 1))
def test_speed_and_back(duration, factor, a, b):
    """Twice as fast and half as fast is the recording as it was; reversing twice too."""
    start, end = sorted((a * duration, b * duration))
    there = TimeMap.speed(duration, factor)
    back = TimeMap.speed(there.duration_s, 1 / factor)
    mirrored = TimeMap.reverse(duration).then(TimeMap.reverse(duration))
    for one in (there.then(back), mirrored):
        (segment,), (share,) = one.segments([(start, end)])
        assert segment == pytest.approx((start, end), abs=1e-6)
        assert share == pytest.approx(1.0)


def test_moments():
    """Segments without length are moments: there or not."""
    crop = TimeMap.crop(10, 2, 4)
    assert crop.segments([(3, 3), (5, 5), (2, 2), (4, 4)]) == ([(1, 1), None, (0, 0), (2, 2)], [1, 0, 1, 1])
    assert np.isnan(crop.points([1, 3, 5])).tolist() == [True, False, True]


def test_a_cut_inside_a_segment_is_no_break():
    """What is cut out of the middle shortens the segment; silence put in leaves it one."""
    cut = TimeMap(((0, 4, 0, 4), (6, 10, 4, 8)), 10)
    assert cut.segments([(3, 8)]) == ([(3, 6)], [0.6])
    assert cut.occurrences((3, 8)) == [(3, 6)]
    pause = TimeMap(((0, 4, 0, 4), (4, 10, 5, 11)), 10)
    assert pause.segments([(3, 6)]) == ([(3, 7)], [1.0])
    assert pause.occurrences((3, 6)) == [(3, 4), (5, 7)]


def test_loops():
    """A segment played twice is its first time; all times are told too."""
    loop = TimeMap(((0, 2, 0, 2), (0, 2, 2, 4)), 2)
    assert loop.segments([(0.5, 1)]) == ([(0.5, 1)], [1.0])
    assert loop.occurrences((0.5, 1)) == [(0.5, 1), (2.5, 3)]
    assert loop.duration_s == 4


def test_identity():
    """Only the whole recording, unmoved, is the identity."""
    assert TimeMap.identity(3).is_identity
    assert TimeMap.shift(3, 0).is_identity
    for other in (
        TimeMap.crop(3, 0, 2),
        TimeMap.crop(3, 0, 4),
        TimeMap.speed(3, 2),
        TimeMap.reverse(3),
        TimeMap.shift(3, 1),
    ):
        assert not other.is_identity
    assert TimeMap.identity(0).segments([(0, 0)]) == ([None], [0.0])


@pytest.mark.parametrize(
    "arguments",
    [
        (((2, 1, 0, 1),),),
        (((0, 1, 1, 1),),),
        (((0, 1, 0, 1), (2, 3, 0.5, 1.5)),),
        (((0, 2, 0, 2),), 1),
        (((0, 2, 0, 2),), 2, 1),
        (((0, math.inf, 0, 1),),),
        (((-1, 1, 0, 1),),),
    ],
)
def test_wrong_pieces_are_refused(arguments):
    """Empty, endless, overlapping and protruding pieces are mistakes."""
    with pytest.raises(ParameterError, match="TimeMap: "):
        TimeMap(*arguments)


def test_wrong_calls():
    """Speeds and lengths are checked."""
    with pytest.raises(ParameterError, match="above 0"):
        TimeMap.speed(1, 0)
    with pytest.raises(ParameterError, match="behind the start"):
        TimeMap.crop(5, 3, 3)
    with pytest.raises(ParameterError, match="must take"):
        TimeMap.speed(5, 2).then(TimeMap.reverse(5))


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([7, 100, 8_000, 44_100]), st.integers(1, 90_000))
def test_borders_are_put_on_samples(seed, rate, count):
    """Whole numbers, side by side, within the sound; what keeps its pace keeps its length to the sample."""
    rng = np.random.default_rng(seed)
    moves = draw_map(rng, count / rate)
    done = moves.on_samples(rate, count)
    last = 0
    for start, stop, at, end in done.pieces:
        assert all(float(value).is_integer() for value in (start, stop, at, end))
        low, high = sorted((at, end))
        assert 0 <= start < stop <= count
        assert last <= low < high <= done.duration_s
        last = high
    assert done.duration_s == round(moves.duration_s * rate) or (done.duration_s == 1 and moves.pieces)
    paces = [abs((d - c) / (b - a)) for a, b, c, d in moves.pieces]
    if all(abs(pace - 1) < 1e-12 for pace in paces):
        assert all(stop - start == abs(end - at) for start, stop, at, end in done.pieces)
    for before, after in zip(moves.pieces, done.pieces, strict=False):
        if len(moves.pieces) == len(done.pieces):
            assert np.abs(np.array(before) * rate - after).max() <= 2


@pytest.mark.parametrize("shift_s", [0.0, 0.3, -0.3, 9.7, 10.0, 25.0])
def test_rolling(shift_s):
    """Every moment comes up again, so much later on a circle."""
    t = np.linspace(0.05, 9.95, 50)
    moved = TimeMap.roll(10.0, shift_s).points(t)
    gap = np.abs(moved - (t + shift_s) % 10.0)
    assert np.minimum(gap, 10 - gap).max() < 1e-9
    assert TimeMap.roll(10.0, shift_s).duration_s == 10.0
    assert TimeMap.roll(0.0, shift_s).is_identity
