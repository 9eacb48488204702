"""What is drawn lies where it should: boxes, masks, keypoints, levels of sound."""

import base64
import io

import numpy as np
import pytest
from datasets import ClassLabel, Features, Image, List, Value
from hypothesis import given
from hypothesis import strategies as st

from hfaug import media
from hfaug.binding import Binding
from hfaug.media import Clip, Picture, decode_audio
from hfaug.media.runs import pack_counts
from hfaug.preview.board import draw_text
from hfaug.preview.cells import strip
from hfaug.preview.fonts import INK, drawable, tint
from hfaug.preview.look import Look
from hfaug.preview.pictures import Box, Outline, PicturePanel, Point, as_rgb
from hfaug.preview.sounds import Scale, SoundPanel
from hfaug.preview.texts import Span, text_panel


def drawn(panel, width=64):
    return np.asarray(panel.picture(width))


def test_a_box_is_drawn_round_its_pixels():
    """Pixel i covers [i, i+1): the frame of a box from 8 to 24 begins at pixel 8 and ends at pixel 23."""
    pixels = drawn(PicturePanel(np.zeros((64, 64, 3), np.uint8), boxes=[Box((8, 16, 24, 40), colour=2)]))
    rows, columns = np.nonzero((pixels == tint(2)).all(axis=2))
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (8, 23, 16, 39)
    assert (pixels[20:36, 12:20] == 0).all()


def test_a_small_image_is_magnified_with_its_labels():
    panel = PicturePanel(np.zeros((8, 8, 3), np.uint8), boxes=[Box((2, 2, 6, 6), colour=1)])
    pixels = drawn(panel)
    assert pixels.shape == (64, 64, 3)
    rows, _ = np.nonzero((pixels == tint(1)).all(axis=2))
    assert (rows.min(), rows.max()) == (16, 47)


def test_a_large_image_is_reduced_to_the_width():
    assert drawn(PicturePanel(np.zeros((50, 200, 3), np.uint8)), 100).shape == (25, 100, 3)


@pytest.mark.parametrize("corners", [(0, 0, 8, 8), (-3, -3, 2, 2), (7.9, 7.9, 8, 8), (3, 3, 3, 3)])
def test_a_box_at_the_border_or_of_no_size_can_be_drawn(corners):
    drawn(PicturePanel(np.zeros((8, 8, 3), np.uint8), boxes=[Box(corners, "name", "name")]))


def test_a_mask_is_laid_over_its_pixels_alone():
    mask = np.zeros((8, 8), np.uint8)
    mask[2:4, 2:4] = 3
    pixels = drawn(PicturePanel(np.full((8, 8, 3), 100, np.uint8), masks=[mask]), 8)
    assert (pixels[mask == 0] == 100).all()
    assert (pixels[mask == 3] == np.rint(55 + 0.45 * np.array(tint(2)))).all()


def test_a_mask_of_another_size_is_left_out():
    pixels = drawn(PicturePanel(np.full((8, 8, 3), 100, np.uint8), masks=[np.ones((4, 4), np.uint8)]), 8)
    assert (pixels == 100).all()


def test_keypoints_lie_at_their_places():
    pixels = drawn(PicturePanel(np.zeros((64, 64, 3), np.uint8), points=[Point(20.5, 40.5, 0)]))
    rows, columns = np.nonzero((pixels == tint(0)).all(axis=2))
    assert abs(rows.mean() - 40.5) < 0.6
    assert abs(columns.mean() - 20.5) < 0.6


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_every_image_becomes_rgb(channels, kind):
    full = np.full((4, 4, channels), np.iinfo(kind).max, kind)
    assert (as_rgb(Picture(full)) == 255).all()


def test_what_is_transparent_shows_a_chequerboard():
    levels = set(np.unique(as_rgb(Picture(np.zeros((16, 16, 4), np.uint8)))).tolist())
    assert levels == {214, 255}


def clip(samples, rate=8000):
    return Clip(np.atleast_2d(np.asarray(samples, np.float32)), rate)


def test_gain_can_be_seen():
    """On a common scale the softer of two sounds has the lower wave and the darker spectrogram."""
    wave = np.sin(np.arange(4000) * 0.3)
    loud, soft = clip(wave), clip(wave / 8)
    scale = Scale.over([loud, soft])
    ink = [int((drawn(SoundPanel(c, scale), 120)[:56] == INK).all(axis=2).sum()) for c in (loud, soft)]
    light = [drawn(SoundPanel(c, scale), 120)[56:].mean() for c in (loud, soft)]
    assert ink[0] > 4 * ink[1]
    assert light[0] > light[1]


def test_a_tone_lies_at_its_height():
    """1 kHz of at most 4 kHz is a quarter up."""
    wave = clip(np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000))
    bands = drawn(SoundPanel(wave, Scale.over([wave])), 100)[56:].astype(int).sum(axis=(1, 2))
    assert abs(int(bands.argmax()) - 72) <= 2


def test_a_shorter_sound_takes_less_room():
    long, short = clip(np.ones(8000)), clip(np.ones(2000))
    image = drawn(SoundPanel(short, Scale.over([long, short])), 100)
    assert (image[56:, 30:] == 255).all()
    assert not (image[56:, :25] == 255).all()


@pytest.mark.parametrize("samples", [np.zeros((1, 0)), np.zeros((2, 1)), np.zeros((1, 3)), np.zeros((2, 50))])
def test_silence_of_any_length_can_be_drawn(samples):
    panel = SoundPanel(clip(samples), Scale.over([clip(samples)]))
    assert drawn(panel, 60).shape == (152, 60, 3)
    assert "silent" in panel.caption


def test_time_labels_lie_over_the_wave():
    sound = clip(np.zeros(8000))
    image = drawn(SoundPanel(sound, Scale.over([sound]), [Span(250, 500, "word")]), 100)
    columns = np.nonzero((image[53] == tint("word")).all(axis=1))[0]
    assert (columns.min(), columns.max()) == (25, 50)


def test_the_sound_can_be_played():
    sound = clip(np.linspace(-0.5, 0.5, 100))
    data = base64.b64decode(SoundPanel(sound, Scale.over([sound])).wav.partition(",")[2])
    assert np.allclose(decode_audio(data).samples, sound.samples, atol=1 / 32768)


@given(st.text(max_size=80))
def test_any_text_can_be_drawn(text):
    image = draw_text(text_panel(text, before="a b"), 120)
    assert image.width == 120


def test_long_words_are_broken():
    short, long = (draw_text(text_panel("w" * count), 100) for count in (5, 300))
    assert long.width == short.width == 100
    assert long.height > 10 * short.height


def test_letters_that_the_font_lacks_are_spelled_or_boxed():
    assert drawable("Ärger “so” 7→1") == "Arger “so” 7->1"
    assert drawable("中\u200b\x07") == "\N{WHITE SQUARE}"


def test_edits_are_coloured():
    image = draw_text(text_panel("a new b", before="a old b"), 200)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    colours = {colour for _, colour in image.getcolors(1 << 16)}
    assert (198, 240, 206) in colours
    assert (252, 212, 210) in colours


def test_outlines_lie_at_their_places():
    """An outline goes along the pixels it names, in the colour of its class; the front of a turned box is white."""
    ring = np.array([(4.0, 4.0), (16.0, 4.0), (16.0, 12.0), (4.0, 12.0)])
    panel = PicturePanel(np.zeros((20, 24, 3), np.uint8), outlines=[Outline((ring,), colour=2)])
    drawn = np.asarray(panel.picture(24))
    assert (drawn[8, 3:6] == tint(2)).all(axis=1).any()
    assert (drawn[8, 8:12] == 0).all()
    turned = PicturePanel(np.zeros((20, 24, 3), np.uint8), outlines=[Outline((ring,), colour=2, front=True)])
    assert not (np.asarray(turned.picture(24)) == drawn).all()


OBJECTS = {
    "o": {
        "bbox": List(List(Value("float64"), length=4)),
        "kind": List(ClassLabel(names=["a", "b"])),
        "outline": List(List(List(Value("float64")))),
        "runs": {"size": List(List(Value("int64"))), "counts": List(Value("string"))},
    },
    "turned": List(List(Value("float64"), length=5)),
    "points": List(List(Value("float64"))),
}


def test_objects_are_shown_in_every_form():
    """Outlines and masks in the colours of their classes, askew boxes as outlines, points out of flat lists."""
    array = np.zeros((10, 12, 3), np.uint8)
    image = {"bytes": media.encode_image(array, like=media.Picture(array), codec=media.Codec()), "path": None}
    row = {
        "image": image,
        "o": {
            "bbox": [[1, 1, 4, 4]],
            "kind": [1],
            "outline": [[[1, 1, 5, 1, 5, 5]]],
            "runs": {"size": [[10, 12]], "counts": [pack_counts([11, 4, 105])]},
        },
        "turned": [[6, 5, 4, 2, 90]],
        "points": [[3, 3, 2, 0, 0, 0]],
    }
    said = {"keypoints": "points", "keypoint_origin": "corner", "keypoint_format": "coco"}
    features = Features({"image": Image(), **OBJECTS})
    upright = Binding.of(boxes="o.bbox", box_format="coco", polygons="o.outline", rle="o.runs", **said)
    (cell,) = strip([row], Look.of(features, [upright]), [("original", "")])
    (panel,) = cell.panels
    assert [tuple(box.corners) for box in panel.boxes] == [(1, 1, 5, 5)]
    assert [(outline.name, outline.colour) for outline in panel.outlines] == [("", 1)]
    assert np.argwhere(panel.masks[0]).tolist() == [[1, 1], [2, 1], [3, 1], [4, 1]]
    assert set(np.unique(panel.masks[0])) == {0, 2}
    assert [(point.x, point.y) for point in panel.points] == [(3, 3)]
    askew = Binding.of(boxes="turned", box_format="cxcywha", angle_units="degrees")
    (cell,) = strip([row], Look.of(features, [askew]), [("original", "")])
    assert not cell.panels[0].boxes
    assert np.allclose(cell.panels[0].outlines[0].rings[0], [(7, 3), (7, 7), (5, 7), (5, 3)])
