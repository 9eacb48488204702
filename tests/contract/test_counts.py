"""How much work is done, counted: one decode and one encode a row, one resampling for a run of warps, else none."""

import dataclasses
from typing import ClassVar

import pytest

import hfaug
from hfaug import Chain, OneOf, media, moves
from hfaug.augment import augment
from hfaug.op import RowOp
from hfaug.ops.audio import (
    AddNoise,
    ChangeGain,
    ChangeSpeed,
    Crop,
    Pad,
    Reverse,
    Shift,
    ShiftPitch,
    StretchTime,
)
from hfaug.ops.image import Erase, Flip, JitterColor, Rotate
from hfaug.ops.mix import MixUp
from hfaug.ops.text import SwapChars
from hfaug.testing import content, storage
from hfaug.testing.samples import sample

WORK = ("image.decode", "image.encode", "image.color", "warp", "slice")


def work(op, rows):
    """What an op did for some rows: a result, and how often each kind of work was done."""
    media.counts.reset()
    moves.counts.clear()
    done = op(storage(rows))
    return done, {**media.counts.snapshot(), **moves.counts}


def tally(op, rows):
    """Decodes, encodes, colour passes, resamplings and slices."""
    _, found = work(op, rows)
    return tuple(found.get(name, 0) for name in WORK)


@pytest.fixture(scope="module")
def photo():
    """One colour photograph as JPEG."""
    return sample("pictures").rows.select([0])


@pytest.fixture(scope="module")
def marked():
    """An image with boxes, keypoints and a mask."""
    return sample("objects").rows.select([3])


BOUND = sample("objects").said


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reads(RowOp):
    """Looks at a column that no image lies in, and writes another one."""

    needs: ClassVar = ("image",)

    def apply(self, row, rng):
        return row.replace(remark=f"class {row['label']}")


TURN = Rotate(degrees=(5, 20))
CASES = {
    "one warp": (TURN, (1, 1, 0, 1, 0)),
    "one flip moves whole pixels": (Flip(), (1, 1, 0, 0, 1)),
    "three warps are one": (Chain(TURN, Flip(), TURN), (1, 1, 0, 1, 0)),
    "two colours are one": (Chain(JitterColor(), JitterColor()), (1, 1, 1, 0, 0)),
    "two colours, each clipped": (Chain(JitterColor(clip="each"), JitterColor(clip="each")), (1, 1, 2, 0, 0)),
    "warp, colour, hole": (Chain(TURN, Flip(), JitterColor(), Erase()), (1, 1, 1, 1, 0)),
    "a colour parts two warps": (Chain(TURN, JitterColor(), TURN), (1, 1, 1, 2, 0)),
    "a column read in between parts nothing": (Chain(TURN, Reads(), TURN), (1, 1, 0, 1, 0)),
    "a chain in a chain": (Chain(Chain(TURN), Chain(Flip(), TURN)), (1, 1, 0, 1, 0)),
    "four copies": (TURN.times(4), (1, 4, 0, 4, 0)),
    "four copies, kept": (TURN.times(4, keep=True), (1, 4, 0, 4, 0)),
    "copies of copies": (Chain(JitterColor(), TURN.times(2)).times(2), (1, 4, 4, 4, 0)),
    "one of two": (OneOf(TURN, TURN), (1, 1, 0, 1, 0)),
    "never": (TURN.sometimes(0), (0, 0, 0, 0, 0)),
    "always": (TURN.sometimes(1), (1, 1, 0, 1, 0)),
    "turned by nothing": (Rotate(degrees=(0, 0)), (0, 0, 0, 0, 0)),
    "turned there and back": (Chain(Flip(), Flip()), (0, 0, 0, 0, 0)),
    "coloured by nothing": (JitterColor(brightness=0, contrast=0, saturation=0, hue=0), (0, 0, 0, 0, 0)),
    "no hole": (Erase(holes=(0, 0)), (1, 0, 0, 0, 0)),
}


@pytest.mark.parametrize("op,expected", CASES.values(), ids=CASES)
def test_work_for_one_image(photo, op, expected):
    """Decodes, encodes, colour passes, resamplings, slices."""
    assert tally(op, photo) == expected


@pytest.mark.parametrize("name", [name for name, (_, count) in CASES.items() if not count[1]])
def test_nothing_changed_means_the_same_bytes(photo, name):
    """What no op changed comes back bit by bit."""
    done, _ = work(CASES[name][0], photo)
    assert done["image"].to_pylist() == storage(photo)["image"].to_pylist()


def test_images_that_an_op_leaves_alone_are_not_decoded():
    """Of many rows only those that are drawn are decoded and encoded."""
    rows = sample("pictures").rows
    op = TURN.sometimes(0.5)
    done, found = work(op, rows)
    changed = sum(a != b for a, b in zip(done["image"].to_pylist(), storage(rows)["image"].to_pylist(), strict=True))
    assert 0 < changed < len(rows)
    assert found["image.decode"] == found["image.encode"] == changed


def test_masks_are_moved_once(marked):
    """A mask is decoded, moved and encoded once for a whole chain, and not at all by colours."""
    _, found = work(Chain(TURN, JitterColor(), Flip(), TURN).on(**BOUND), marked)
    assert [found.get(name, 0) for name in ("image.decode.mask", "warp.mask", "image.encode.mask")] == [1, 1, 1]
    _, found = work(Chain(JitterColor(), Erase()).on(**BOUND), marked)
    assert not [name for name in found if name.endswith("mask")]


def test_size_is_read_from_the_header(marked):
    """A row whose image is only measured is not decoded."""
    _, found = work(Chain(Flip(), Flip()).on(**BOUND), marked)
    assert found == {}


def test_originals_are_not_touched_by_augment():
    """`augment` decodes each row once for all its copies, and never encodes an original."""
    rows = sample("pictures").rows
    media.counts.reset()
    done = augment(rows, TURN, copies=3)
    assert (media.counts["image.decode"], media.counts["image.encode"]) == (len(rows), 3 * len(rows))
    for name in rows.column_names:
        assert content(storage(done.select(range(len(rows))))[name].to_pylist()) == content(
            storage(rows)[name].to_pylist()
        )


def test_mixing_decodes_both_and_encodes_one():
    """A mix in a chain costs the partner's decode and nothing else."""
    rows = sample("pictures").rows
    op = Chain(TURN, MixUp(), JitterColor()).fit(rows)
    _, found = work(op, rows.select([0]))
    assert (found["image.decode"], found["image.encode"]) == (2, 1)


def test_sounds_are_decoded_once():
    """One decode a row, one encode a copy."""
    rows = sample("sounds").rows.select([0, 1])
    _, found = work(Chain(ChangeGain(), AddNoise()).times(3), rows)
    assert (found["audio.decode"], found["audio.encode"]) == (2, 6)
    done, found = work(ChangeGain().sometimes(0), rows)
    assert found == {}
    assert done["audio"].to_pylist() == storage(rows)["audio"].to_pylist()


SOUND_WORK = ("audio.decode", "audio.encode", "audio.stretch", "audio.resample")
SLOWER, HIGHER = StretchTime(factor=(0.8, 0.9)), ShiftPitch(semitones=(1, 2))
SOUND_CASES = {
    "one stretch": (SLOWER, (1, 1, 1, 0)),
    "stretch and pitch are one pass": (Chain(SLOWER, HIGHER), (1, 1, 1, 0)),
    "stretch, pitch, stretch, pitch too": (Chain(SLOWER, HIGHER, SLOWER, HIGHER), (1, 1, 1, 0)),
    "a cut parts two passes": (Chain(SLOWER, Crop(), HIGHER), (1, 1, 2, 0)),
    "two speeds are one resampling": (Chain(ChangeSpeed(), ChangeSpeed()), (1, 1, 0, 1)),
    "cuts cost none": (Chain(Crop(), Reverse(), Pad(), Shift()), (1, 1, 0, 0)),
    "three copies": (Chain(SLOWER, HIGHER).times(3), (1, 3, 3, 0)),
    "there and back is nothing": (Chain(Reverse(), Reverse()), (0, 0, 0, 0)),
    "gains that cancel out are nothing": (
        Chain(ChangeGain(gain_db=(6, 6)), ChangeGain(gain_db=(-6, -6))), (0, 0, 0, 0),
    ),
    "no stretch": (StretchTime(factor=(1, 1)), (0, 0, 0, 0)),
    "no pitch": (ShiftPitch(semitones=(0, 0)), (0, 0, 0, 0)),
    "much slower takes two passes": (StretchTime(factor=(0.3, 0.3)), (1, 1, 2, 0)),
}  # fmt: skip


@pytest.mark.parametrize("op,expected", SOUND_CASES.values(), ids=SOUND_CASES)
def test_work_for_one_sound(op, expected):
    """Decodes, encodes, passes of the engine, resamplings; a row that nothing changed is the same bytes."""
    sounds = sample("sounds")
    rows = sounds.rows.select([3])
    done, found = work(op.on(**sounds.said), rows)
    assert tuple(found.get(name, 0) for name in SOUND_WORK) == expected
    if not expected[1]:
        assert done["audio"].to_pylist() == storage(rows)["audio"].to_pylist()


def test_gains_multiply():
    """Two gains in a chain are the product, rounded once."""
    rows = sample("sounds").rows.select([5])  # float samples
    chain = Chain(ChangeGain(gain_db=(-3, -3)), ChangeGain(gain_db=(-4, -4)))
    one = ChangeGain(gain_db=(-7, -7))
    samples = [media.decode_audio(op(storage(rows))["audio"][0].as_py()["bytes"]).samples for op in (chain, one)]
    assert abs(samples[0] - samples[1]).max() < 1e-7


def test_texts_cost_no_media():
    """A text op beside an image leaves the image alone."""
    rows = sample("pictures").rows
    done, found = work(SwapChars(share=1).on(text="aside"), rows)
    assert found == {}
    assert done["image"].to_pylist() == storage(rows)["image"].to_pylist()


def test_pickles_stay_small():
    """An op is pickled for every `map`: its assets must not be in it. 100 MB cost as many bytes as nothing."""
    import pickle
    import time

    import numpy as np
    import pyarrow as pa
    from datasets.fingerprint import Hasher

    from hfaug.assets import Asset

    asset = Asset.save(pa.table({"x": np.zeros(12_500_000)}))
    assert asset.table().nbytes == 100_000_000
    op = Chain(hfaug.ops.mix.MixUp(pool=asset), Rotate(), JitterColor())
    assert len(pickle.dumps(op)) < 2_000
    start = time.perf_counter()
    Hasher.hash(op)
    print(f"fingerprint of an op with an asset of 100 MB: {(time.perf_counter() - start) * 1e3:.2f} ms")
    asset.path.unlink()
