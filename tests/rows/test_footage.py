"""Ops on images, on videos: one draw for all frames, labels of frames beside them, sound untouched."""

import dataclasses
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Image, List, Value, Video, load_dataset

import hfaug
from hfaug import Chain, OneOf, media
from hfaug.errors import LabelError, MediaError, RoleError, UnboundColumnError
from hfaug.kinds import ColorOp, PixelOp
from hfaug.ops.image import Erase, Flip, JitterColor, Rotate
from hfaug.ops.video import Loop, Reverse, Trim
from tests import films

HEIGHT, WIDTH, COUNT = 64, 96, 8
LOSSLESS = {"container": "matroska", "codec": "ffv1"}


def dot(x, y, size=6):
    """A white square on black, its left upper corner at x, y."""
    frame = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    frame[y : y + size, x : x + size] = 255
    return frame


PLACES = [(40 + 2 * k, 20 + k) for k in range(COUNT)]
FEATURES = Features(
    {
        "video": Video(),
        "objects": List({"bbox": List(List(Value("float32"), length=4)), "track": List(Value("int32"))}),
        "points": List(List(List(Value("float32"), length=2))),
        "masks": List(Image()),
        "label": ClassLabel(names=["a", "b"]),
    }
)
SAID = {
    "boxes": "objects.bbox", "box_format": "coco", "keypoints": "points", "keypoint_origin": "corner", "mask": "masks",
}  # fmt: skip


def moving():
    """One film of a square that moves, with its box, a box in a corner, its corner as a point, and its mask."""
    objects = [{"bbox": [[x, y, 6, 6], [0, 0, 3, 3]], "track": [7, number]} for number, (x, y) in enumerate(PLACES)]
    masks = [
        media.encode_mask(dot(x, y)[..., :1] // 255 * 3, like=media.Picture(dot(x, y), mode="L")) for x, y in PLACES
    ]
    return {
        "video": {"bytes": films.like([dot(x, y) for x, y in PLACES], **LOSSLESS), "path": None},
        "objects": objects,
        "points": [[[x, y]] for x, y in PLACES],
        "masks": [{"bytes": mask, "path": None} for mask in masks],
        "label": 1,
    }


def table(*rows, features=FEATURES):
    return pa.Table.from_pylist(list(rows), schema=features.arrow_schema)


def frames_in(row):
    film = media.video_info(row["video"]["bytes"])
    return [media.pixels_of(film, frame) for frame in media.read_frames(film, range(film.count))]


def centre(levels):
    """Centre of gravity of the bright pixels, x, y."""
    y, x = np.indices(levels.shape) + 0.5
    return np.array([(x * levels).sum(), (y * levels).sum()]) / max(levels.sum(), 1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_labels_of_frames_lie_where_the_pixels_are(seed):
    """Box, point and mask of each frame follow its own square through moves of the plane and of time."""
    chain = Chain(Trim(length=(0.6, 0.9)), Rotate(degrees=(-25, 25)), Reverse(), Flip(), Loop(plays=(2, 2)), Rotate())
    row = chain.on(**SAID, seed=seed, provenance=False)(table(moving())).to_pylist()[0]
    pictures = frames_in(row)
    assert len(pictures) == len(row["objects"]) == len(row["points"]) == len(row["masks"]) > 8
    for picture, objects, points, mask in zip(pictures, row["objects"], row["points"], row["masks"], strict=True):
        bright = picture[..., 0].astype(float)
        place = objects["track"].index(7)
        x, y, width, height = objects["bbox"][place]
        assert centre(bright) == pytest.approx([x + width / 2, y + height / 2], abs=0.4)
        labels = media.decode_mask(mask["bytes"]).array[..., 0]
        assert set(np.unique(labels)) <= {0, 3}
        assert centre((labels == 3).astype(float)) == pytest.approx(centre(bright), abs=0.4)
        assert np.abs(np.array(points[0]) - centre(bright)).max() < 6
        assert len(objects["bbox"]) == len(objects["track"])


def test_boxes_that_leave_a_frame_drop_with_their_tracks():
    """Frame by frame: lists get shorter where something is gone, and only there."""
    row = Rotate(degrees=(20, 20)).on(**SAID, provenance=False)(table(moving())).to_pylist()[0]
    assert all(item["track"] == [7] for item in row["objects"])


def test_one_draw_for_all_frames():
    """A still film stays still, whatever is drawn; noise that says so differs from frame to frame."""
    still = {**moving(), "video": {"bytes": films.like([dot(30, 30)] * 5, **LOSSLESS), "path": None}}
    features = Features({"video": Video()})
    rows = table({"video": still["video"]}, features=features)
    for op in (Chain(Rotate(), Erase(), JitterColor(), Flip()), Speckle()):
        pictures = frames_in(op(rows).to_pylist()[0])
        assert all((picture == pictures[0]).all() for picture in pictures)
    pictures = frames_in(Snow()(rows).to_pylist()[0])
    assert len({picture.tobytes() for picture in pictures}) == 5


@dataclasses.dataclass(frozen=True, kw_only=True)
class Speckle(PixelOp):
    """Random pixels."""

    def pixels(self, array, rng):
        return rng.generator().integers(0, 256, array.shape).astype(array.dtype)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Snow(Speckle):
    """Random pixels, others in each frame."""

    each_frame: ClassVar[bool] = True


@dataclasses.dataclass(frozen=True, kw_only=True)
class Centred(ColorOp):
    """Colours moved so that the mean of the clip is grey."""

    def color(self, stats, rng):
        return np.hstack([np.eye(3), (128 - stats.mean)[:, None]])


def test_statistics_are_those_of_the_clip():
    """A film that grows brighter keeps doing so: one change for all frames, drawn of all of them."""
    levels = [40, 60, 80, 100, 120]
    data = films.like([np.full((32, 32, 3), level, np.uint8) for level in levels], **LOSSLESS)
    rows = table({"video": {"bytes": data, "path": None}}, features=Features({"video": Video()}))
    found = [frame.mean() for frame in frames_in(Centred()(rows).to_pylist()[0])]
    assert found == pytest.approx(np.array(levels) + 48, abs=1.5)


def test_frames_of_edits_keep_their_numbers_through_time():
    """Noise drawn before a change of time belongs to the frame it was drawn for."""
    features = Features({"video": Video()})
    data = films.like([dot(30, 30)] * 6, **LOSSLESS)
    rows = table({"video": {"bytes": data, "path": None}}, features=features)
    plain = frames_in(Snow()(rows).to_pylist()[0])
    turned = frames_in(Chain(Snow(), Reverse())(rows).to_pylist()[0])
    assert all((a == b).all() for a, b in zip(plain, turned[::-1], strict=True))


def test_sound_is_copied_when_only_pixels_change():
    """The very packets, in the same place."""
    data = films.film(12, 10, sound="aac")
    rows = table({"video": {"bytes": data, "path": None}}, features=Features({"video": Video()}))
    after = Chain(Rotate(), JitterColor())(rows).to_pylist()[0]["video"]["bytes"]
    assert films.packets_of(after) == films.packets_of(data)
    assert (films.sound_of(after) == films.sound_of(data)).all()


def test_counts_of_a_chain_and_of_copies():
    """A chain is one pass, one resampling and one colour pass a frame; each copy is a pass of its own."""
    rows = table({"video": moving()["video"]}, features=Features({"video": Video()}))
    op = Chain(Rotate(), Flip(), Rotate(), JitterColor(), JitterColor())
    for copies in (1, 3):
        media.counts.reset()
        op.times(copies)(rows)
        wanted = {"video.decode": 1, "video.encode": 1, "video.frames": COUNT, "image.color": COUNT}
        assert {name: media.counts[name] for name in wanted} == {name: n * copies for name, n in wanted.items()}


def test_nothing_done_leaves_the_bytes():
    """Edits that return the very array, and moves of nothing."""
    rows = table({"video": moving()["video"]}, features=Features({"video": Video()}))
    for op in (
        Erase(holes=(0, 0)),
        Rotate(degrees=(0, 0)),
        Chain(Flip(), Flip()),
        OneOf(Rotate(), Flip()).sometimes(0),
    ):
        assert op(rows)["video"].to_pylist() == rows["video"].to_pylist()


def test_roles_are_clear_or_asked_for():
    """An image beside a video, two videos, labels beside two: each is doubt."""
    both = Features({"video": Video(), "image": Image()})
    with pytest.raises(RoleError, match=r"images in image and videos in video"):
        Rotate().features(both)
    with pytest.raises(UnboundColumnError, match="image"):
        Rotate().on(video="video").features(both)
    with pytest.raises(UnboundColumnError, match="video"):
        Rotate().on(image="image").features(both)
    Rotate().on(video="video", keep="image").features(both)
    Rotate().on(video="video", image="image").features(both)
    with pytest.raises(RoleError, match="2 columns could be it"):
        Rotate().features(Features({"a": Video(), "b": Video()}))
    two = Features({**FEATURES, "other": Video()})
    with pytest.raises(LabelError, match="one image or video a row"):
        Rotate().on(**SAID, video=["video", "other"]).features(two)
    with pytest.raises(UnboundColumnError, match=r"objects\.bbox"):
        Rotate().on(keep=["masks", "points"]).features(FEATURES)
    with pytest.raises(LabelError, match="one value for each frame"):
        Rotate().on(boxes="box", box_format="coco").features(Features({"video": Video(), "box": Value("float32")}))


def test_both_bound_move_alike():
    """An image and a video of one row share the draw."""
    features = Features({"video": Video(), "image": Image()})
    still = dot(30, 20)
    picture = {"bytes": media.encode_image(still, like=media.Picture(still)), "path": None}
    row = {"video": {"bytes": films.like([still] * 3, **LOSSLESS), "path": None}, "image": picture}
    op = Rotate().on(video="video", image="image", provenance=False)
    after = op(table(row, features=features)).to_pylist()[0]
    image = media.decode_image(after["image"]["bytes"]).array
    assert np.abs(frames_in(after)[1].astype(int) - image).max() <= 2


def test_labels_of_another_length_are_named():
    """One value a frame, or an error that names the column, the row and both numbers."""
    row = moving()
    row["points"] = row["points"][:-1]
    with pytest.raises(LabelError, match=r"'points'.* 8 frames .* holds 7") as error:
        Rotate().on(**SAID)(table(row))
    assert any("row" in note for note in error.value.__notes__)


def test_broken_films_name_their_row():
    """Which row, which column, and what to do."""
    rows = table({"video": {"bytes": b"no film", "path": None}}, features=Features({"video": Video()}))
    with pytest.raises(MediaError, match="whole video file") as error:
        Rotate()(rows)
    told = "\n".join(error.value.__notes__)
    assert "row '" in told
    assert "column 'video'" in told


def test_lists_of_films_and_missing_ones():
    """A list shares the draw, each gets one of its own when told so; nulls stay."""
    features = Features({"clips": List(Video())})
    clip = {"bytes": films.like([dot(30, 20)] * 2, **LOSSLESS), "path": None}
    rows = pa.Table.from_pylist([{"clips": [clip, None, clip]}, {"clips": None}], schema=features.arrow_schema)
    shared = Rotate()(rows).to_pylist()
    assert shared[0]["clips"][0] == shared[0]["clips"][2] != clip
    assert shared[0]["clips"][1] is None
    each = Rotate().on(images="each")(rows).to_pylist()
    assert each[0]["clips"][0] != each[0]["clips"][2]
    assert each[1]["clips"] is None


def test_released_films_come_back(tmp_path):
    """Augmented, built into Parquet and loaded again: the same bytes, features still videos."""
    features = Features({"video": Video(), "label": ClassLabel(names=["a", "b"])})
    rows = [{"video": {"bytes": films.film(5, 10), "path": None}, "label": k % 2} for k in range(2)]
    source = Dataset(pa.Table.from_pylist(rows, schema=features.arrow_schema))
    made = hfaug.augment(DatasetDict({"train": source}), Chain(Rotate(), Trim()), copies=2)
    assert made["train"].features["video"] == Video()
    assert len(made["train"]) == 6
    hfaug.release(made, tmp_path / "films", version="1.0.0", license="cc0-1.0")
    again = load_dataset(str(tmp_path / "films" / "v1.0.0"), split="train", cache_dir=str(tmp_path / "cache"))
    assert again.features["video"] == Video()
    stored = again.with_format("arrow")[:]["video"].to_pylist()
    assert [item["bytes"] for item in stored] == [
        v["bytes"] for v in made["train"].with_format("arrow")[:]["video"].to_pylist()
    ]
    assert [films.numbers_of(item["bytes"]) for item in stored[:2]] == [[0, 1, 2, 3, 4]] * 2


def test_objects_under_a_cover_drop_in_every_frame():
    """Where `min_visibility` is bound; without it they stay, as in images."""
    hole = Erase(holes=(1, 1), area=(1, 1))
    bound = {**SAID, "provenance": False}
    (kept,) = hole.on(**bound)(table(moving())).to_pylist()
    (dropped,) = hole.on(**bound, min_visibility=0.5)(table(moving())).to_pylist()
    assert [len(frame["bbox"]) for frame in kept["objects"]] == [2] * COUNT
    assert [(len(frame["bbox"]), len(frame["track"])) for frame in dropped["objects"]] == [(0, 0)] * COUNT
