"""Changes of pixels wait until somebody looks or the row is written: once, row by row, and nothing else is held."""

import dataclasses

import numpy as np
import pytest

import hfaug
from hfaug import media
from hfaug.errors import RowError
from hfaug.ops.image import Erase, Flip, JitterColor, Rotate
from tests.told import told

calls = []


@dataclasses.dataclass(frozen=True, kw_only=True)
class Watched(hfaug.PixelOp):
    """Inverts, and notes how many images had been written by then."""

    def pixels(self, array, rng):
        calls.append(media.counts["image.encode"])
        return ~array


@dataclasses.dataclass(frozen=True, kw_only=True)
class Speckled(hfaug.PixelOp):
    """Draws a number, and paints the first pixel with it."""

    def pixels(self, array, rng):
        after = array.copy()
        after[0, 0] = rng.integers(0, 256)
        return after


@dataclasses.dataclass(frozen=True, kw_only=True)
class Idle(hfaug.PixelOp):
    """Looks and leaves everything as it is."""

    def pixels(self, array, rng):
        return array


@dataclasses.dataclass(frozen=True, kw_only=True)
class Broken(hfaug.PixelOp):
    """Cannot go on, or gives another shape."""

    cuts: bool = False

    def pixels(self, array, rng):
        if self.cuts:
            return array[1:]
        raise ZeroDivisionError("no way")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Measured(hfaug.ColorOp):
    """Asks for statistics, so it looks at once."""

    def color(self, stats, rng):
        return np.column_stack([np.eye(3), np.full(3, stats.mean[0] - 128)])


@pytest.fixture(autouse=True)
def from_zero():
    calls.clear()
    media.counts.reset()


def first_pixels(rows):
    return [media.decode_image(row["image"]["bytes"]).array[0, 0, 0] for row in stored(rows)]


def stored(rows):
    return rows.with_format("arrow")[:].to_pylist()


def test_each_image_is_written_before_the_next_is_worked_on(photos):
    """So a batch holds one decoded image at a time, however many rows it has."""
    photos.map(Watched().on(keep=("mask", "objects", "keypoints")), batched=True)
    assert calls == [0, 1, 2, 3]


def test_an_op_that_asks_for_pixels_gets_them_as_they_stand(digits):
    """A statistic after an edit is one of the edited image."""
    rows = digits.select(range(5))
    chained = stored(rows.map(hfaug.Chain(Watched(), Measured()), batched=True))
    step_by_step = stored(rows.map(Watched(), batched=True).map(Measured(), batched=True))
    assert [row["image"] for row in chained] == [row["image"] for row in step_by_step]
    assert calls[:5] == [0] * 5


def test_copies_of_a_changed_row_share_what_it_drew(digits):
    """The edit before the copies is made once a row, not once a copy."""
    op = hfaug.Chain(Speckled(), Idle().times(3))
    drawn = first_pixels(digits.select(range(4)).map(op, batched=True))
    assert drawn == [value for value in drawn[::3] for _ in range(3)]
    assert len(set(drawn)) > 1


def test_copies_draw_apart(digits):
    """An edit behind the fork is one of the copy."""
    drawn = first_pixels(digits.select(range(4)).map(Speckled().times(3), batched=True))
    assert len(set(drawn)) > 8


def test_an_edit_that_changes_nothing_leaves_the_bytes(photos):
    op = hfaug.Chain(Idle(), Idle()).on(keep=("mask", "objects", "keypoints"))
    assert [row["image"] for row in stored(photos.map(op, batched=True))] == [row["image"] for row in stored(photos)]
    assert media.counts["image.encode"] == 0


@pytest.mark.parametrize(("op", "error"), [(Broken(), ZeroDivisionError), (Broken(cuts=True), RowError)])
def test_an_error_names_op_and_row(digits, op, error):
    with pytest.raises(error) as caught:
        digits.select(range(1)).map(hfaug.Chain(op, Flip()).on(id="label"), batched=True)
    said = told(caught.value)
    assert "Broken" in said
    assert "row '0'" in said


@pytest.mark.parametrize(
    ("op", "defers"),
    [
        (hfaug.Chain(Flip(), Rotate(), JitterColor(), Erase()), True),
        (hfaug.Chain(Erase()).times(4), True),
        (hfaug.Chain(hfaug.ops.text.SwapChars(), Erase().sometimes(0.5)), True),
        (hfaug.Chain(Erase(), Rotate().times(4)), False),
        (hfaug.Chain(Flip(), Measured()), False),
        (hfaug.ops.audio.ChangeGain(), True),
    ],
)
def test_what_waits_is_known_before_it_runs(op, defers):
    """Rows that hold nothing decoded may be many at a time."""
    assert op.defers is defers
