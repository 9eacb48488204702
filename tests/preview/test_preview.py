"""`hfaug.preview`: the copies it shows are those that `hfaug.augment` makes, with everything that happened to them."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Image, List, Value

import hfaug
from hfaug.errors import CallError, LabelError, ParameterError
from hfaug.media import decode_image
from hfaug.ops.audio import ChangeGain
from hfaug.ops.image import Flip, JitterColor, Rotate
from hfaug.ops.mix import MixUp
from hfaug.ops.text import DeleteWords, SwapChars, SwapEntities
from hfaug.preview.pictures import PicturePanel
from hfaug.preview.sounds import SoundPanel

PLACES = {"boxes": "objects.bbox", "box_format": "pascal_voc", "keypoints": "keypoints", "keypoint_origin": "corner"}


def strips(sheet):
    return [strip for section in sheet.sections for strip in section.strips]


def notes(cell):
    return [note.text for note in cell.notes]


class Page(HTMLParser):
    """Collects the tags, the addresses and the text of a page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.addresses, self.texts = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in {"src", "href", "action", "data"}]

    def handle_data(self, data):
        self.texts.append(data)


def test_the_copies_are_those_of_augment(digits):
    """Pixel by pixel, and of rows from all over the dataset."""
    op = hfaug.Chain(Rotate(), JitterColor())
    shown = strips(hfaug.preview(digits, op, rows=3, copies=2))
    made = hfaug.augment(digits, op, copies=2, keep=False).cast_column("image", Image(decode=False))
    for place, cells in zip((0, 100, 200), shown, strict=True):
        for number, cell in enumerate(cells[1:]):
            stored = decode_image(made[2 * place + number]["image"]["bytes"]).array
            assert np.array_equal(cell.panels[0].pixels[..., :1], stored)


def test_a_seed_draws_otherwise(digits):
    plain, other = (strips(hfaug.preview(digits, Rotate(), rows=1, copies=1, seed=seed)) for seed in (None, 5))
    assert np.array_equal(plain[0][0].panels[0].pixels, other[0][0].panels[0].pixels)
    assert not np.array_equal(plain[0][1].panels[0].pixels, other[0][1].panels[0].pixels)


def test_labels_are_drawn_where_the_op_put_them(photos):
    cells = strips(hfaug.preview(photos, Flip().on(**PLACES), rows=1, copies=1))[0]
    before, after = (cell.panels[0] for cell in cells)
    assert [box.name for box in before.boxes] == [box.name for box in after.boxes] == ["head", "shuttle", "helmet"]
    for one, two in zip(before.boxes, after.boxes, strict=True):
        assert two.corners == pytest.approx(
            (256 - one.corners[2], one.corners[1], 256 - one.corners[0], one.corners[3])
        )
    assert [point.x for point in after.points] == pytest.approx([256 - point.x for point in before.points])
    assert np.array_equal(after.masks[0], before.masks[0][:, ::-1])


def test_captions_name_op_copy_and_class(digits):
    first, second = strips(hfaug.preview(digits, hfaug.Chain(Flip(), Rotate()), rows=1, copies=1))[0]
    assert (first.title, notes(first)) == ("original", ["label: 0"])
    assert (second.title, notes(second)) == ("copy 0", ["image.flip + image.rotate", "label: 0"])


def test_mixed_classes_are_told(digits):
    sheet = hfaug.preview(digits, MixUp(alpha=1), rows=4, copies=2)
    changed = [note.text for cells in strips(sheet) for cell in cells for note in cell.notes if note.changed]
    assert any(
        re.fullmatch(r"label_weights: \d \(1\.00\) → \d \(0\.\d\d\) \+ \d \(0\.\d\d\)", text) for text in changed
    )


def test_rejected_copies_leave_their_place(digits):
    sheet = hfaug.preview(digits.select([0]), MixUp(), copies=2)
    assert sheet.sections[0].notes[-1] == "2 copies left out: no other row to mix with"
    assert [cell.title for cell in strips(sheet)[0]] == ["original", "copy 0", "copy 1"]
    assert notes(strips(sheet)[0][1]) == ["left out: the op rejected this row"]


def test_an_op_learns_from_the_whole_split(ner):
    sheet = hfaug.preview(ner, SwapEntities(share=1), rows=4, copies=1)
    assert any(piece.edit for cells in strips(sheet) for piece in cells[1].panels[0].pieces)


@pytest.mark.parametrize("op", [SwapChars(share=1), DeleteWords(share=0.5)])
@pytest.mark.parametrize("name", ["mails", "ner", "qa"])
def test_texts_of_every_kind(op, name, request):
    dataset = request.getfixturevalue(name)
    op = op.on(text="context") if name == "qa" else op
    sheet = hfaug.preview(dataset, op, rows=2, copies=1)
    cells = strips(sheet)[0]
    assert any(piece.edit for piece in cells[1].panels[0].pieces)
    labelled = [piece for piece in cells[0].panels[0].pieces if piece.labels]
    assert bool(labelled) == (name != "mails")
    assert sheet.png.startswith(b"\x89PNG")


def test_sound_can_be_seen_and_heard(speech):
    sheet = hfaug.preview(speech, ChangeGain(gain_db=(-20, -20)), rows=1, copies=1)
    before, after = (cell.panels[0] for cell in strips(sheet)[0])
    assert isinstance(after, SoundPanel)
    assert np.abs(after.clip.samples).max() == pytest.approx(np.abs(before.clip.samples).max() / 10, rel=0.01)
    assert before.scale == after.scale
    assert Page(sheet.html).tags.count("audio") == 2


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&lt;\x00\u202e"


def hostile_rows():
    features = Features({
        "text": Value("string"),
        "spans": List({"start": Value("int32"), "end": Value("int32"), "label": Value("string")}),
        "<b>title</b>": Value("string"),
        "label": ClassLabel(names=["<i>ham</i>", "spam"]),
    })  # fmt: skip
    spans = [{"start": 0, "end": 8, "label": "<u>PER</u>"}]
    rows = {"text": [HOSTILE], "spans": [spans], "<b>title</b>": [HOSTILE], "label": [0]}
    return Dataset.from_dict(rows, features=features)


def test_whatever_stands_in_a_row_is_escaped():
    """Texts, names of columns, classes and spans, and the title: none of them becomes a tag, and all can be read."""
    sheet = hfaug.preview(hostile_rows(), SwapChars(share=1).on(text="text", spans="spans"), copies=1)
    page = Page(sheet.entitled(HOSTILE).html)
    assert not {"script", "i", "b", "u"} & set(page.tags)
    assert page.tags.count("img") == 0
    text = "".join(page.texts)
    assert "<i>ham</i>" in text
    assert "<b>title</b>" in text
    assert "<u>PER</u>" in text
    assert "\x00" not in sheet.html


def test_the_page_needs_nothing_else(photos, speech):
    for sheet in (hfaug.preview(photos, Flip().on(**PLACES), rows=1), hfaug.preview(speech, ChangeGain(), rows=1)):
        page = Page(sheet.html)
        assert page.addresses
        assert all(address.startswith("data:") for address in page.addresses)
        assert not {"script", "link", "iframe"} & set(page.tags)


def test_equal_sheets_have_equal_bytes(photos):
    op = Rotate().on(**PLACES)
    one, two = (hfaug.preview(photos, op, rows=2, copies=1) for _ in range(2))
    assert (one.png, one.html) == (two.png, two.html)


def test_a_broken_image_does_not_spoil_the_sheet(digits):
    from hfaug.preview import contact_sheet

    files = digits.cast_column("image", Image(decode=False)).select(range(2)).to_dict()
    files["image"][1] = {"bytes": files["image"][1]["bytes"][:60], "path": None}
    cells = strips(contact_sheet(Dataset.from_dict(files, features=digits.features)))
    assert isinstance(cells[0][0].panels[0], PicturePanel)
    assert "cannot be shown" in cells[1][0].panels[0].pieces[0].text


def test_splits_streams_and_rows_without_content(mails):
    train = hfaug.preview(DatasetDict(test=mails.select([0]), train=mails), SwapChars(), rows=2)
    assert "2 of 300 rows" in train.sections[0].notes[1]
    streamed = hfaug.preview(mails.to_iterable_dataset(), SwapChars(), rows=2, copies=1)
    assert len(strips(streamed)) == 2
    empty = hfaug.preview(mails.select([]), SwapChars())
    assert strips(empty) == []
    assert empty.png.startswith(b"\x89PNG")
    nothing = Dataset.from_dict({"text": [None, ""]}, features=Features({"text": Value("string")}))
    assert len(strips(hfaug.preview(nothing, SwapChars()))) == 2


def test_a_sheet_shows_itself_and_can_be_saved(mails, tmp_path):
    sheet = hfaug.preview(mails, SwapChars(), rows=1, copies=1)
    assert sheet._repr_png_() == sheet.png
    picture, page = sheet.save(tmp_path / "deep" / "sheet.html")
    assert (picture.name, page.name) == ("sheet.png", "sheet.html")
    assert picture.read_bytes() == sheet.png
    assert page.read_text(encoding="utf-8") == sheet.html


def test_letters_that_cannot_be_drawn_are_said_to_be_on_the_page():
    latin, hebrew = (hfaug.preview(Dataset.from_dict({"text": [text]}), SwapChars()) for text in ("naïve", "שלום"))
    assert "שלום" in hebrew.html
    assert height(hebrew.png) > height(latin.png)


def height(png):
    return int.from_bytes(png[20:24], "big")


@pytest.mark.parametrize("wrong", [{"rows": 0}, {"copies": 0}, {"rows": 1.5}])
def test_wrong_numbers_are_refused(mails, wrong):
    with pytest.raises(ParameterError, match=f"preview: {next(iter(wrong))} must"):
        hfaug.preview(mails, SwapChars(), **wrong)


def test_what_augment_refuses_is_refused(photos, mails):
    with pytest.raises(LabelError, match=r"objects\.bbox"):
        hfaug.preview(photos, Rotate())
    with pytest.raises(CallError, match="dataset must be a Dataset"):
        hfaug.preview([1, 2], SwapChars())
    with pytest.raises(CallError, match="learns from a whole split"):
        hfaug.preview(mails.to_iterable_dataset(), MixUp())
