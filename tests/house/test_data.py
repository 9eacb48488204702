"""The small real data is what its README says, and its labels fit."""

import io
from pathlib import Path

import pytest

from tests.house.source import ROOT


def test_digits_are_imbalanced_pictures(digits):
    labels = digits["label"][:]
    assert [labels.count(digit) for digit in range(10)] == [34] * 7 + [14, 34, 14]
    assert digits[0]["image"].size == (28, 28)


def test_digits_are_the_rows_imagefolder_reads(digits, data_folder):
    from datasets import Image, load_dataset

    read = load_dataset("imagefolder", data_dir=str(data_folder / "digits"), split="train")
    assert read.features == digits.features
    files = [Path(row["path"]).read_bytes() for row in read.cast_column("image", Image(decode=False))["image"]]
    assert sorted(files) == sorted(row["bytes"] for row in digits.cast_column("image", Image(decode=False))["image"])


def test_mails_are_imbalanced_and_distinct(mails):
    assert mails["label"][:].count(1) == 60
    assert len(set(mails["text"])) == len(mails) == 300


def test_speech_is_wav_of_each_digit_by_each_speaker(speech):
    import soundfile
    from datasets import Audio

    assert {(row["digit"], row["speaker"]) for row in speech.remove_columns("audio")} == {
        (digit, speaker) for digit in range(10) for speaker in set(speech["speaker"])
    }
    first = speech.cast_column("audio", Audio(decode=False))[0]["audio"]
    samples, rate = soundfile.read(io.BytesIO(first["bytes"]))
    assert rate == 8000
    assert samples.ndim == 1


def test_ner_tags_are_valid_bio(ner):
    names = ner.features["tags"].feature.names
    for row in ner:
        assert len(row["tags"]) == len(row["tokens"]) >= 8
        before = "O"
        for tag in (names[tag] for tag in row["tags"]):
            assert not tag.startswith("I-") or before[2:] == tag[2:]
            before = tag


def test_answers_are_found_at_their_offsets(qa):
    assert len(set(qa["context"])) == 20
    for row in qa:
        for text, start in zip(row["answers"]["text"], row["answers"]["answer_start"], strict=True):
            assert row["context"][start : start + len(text)] == text


def test_boxes_fit_the_masks(photos):
    """Each box holds pixels of its class, and no pixel of a class lies outside its boxes by more than the drawing."""
    import numpy as np

    for row in photos:
        mask = np.asarray(row["mask"])
        assert mask.shape == (256, 256) == row["image"].size
        covered = np.zeros_like(mask, dtype=bool)
        for (x0, y0, x1, y1), category in zip(row["objects"]["bbox"], row["objects"]["category"], strict=True):
            inside = np.zeros_like(covered)
            inside[int(y0) : int(y1), int(x0) : int(x1)] = True
            assert (mask[inside] == category + 1).mean() > 0.15
            covered |= inside
        assert (mask[~covered] == 0).mean() > 0.99


@pytest.mark.parametrize("folder", ["data", "models"])
def test_what_is_copied_stays_small(folder):
    """A clone stays quick: 1 MB of data, 40 MB of models, no file over 15 MB."""
    sizes = [path.stat().st_size for path in (ROOT / "tests" / folder).rglob("*") if path.is_file()]
    assert sum(sizes) < {"data": 1e6, "models": 40e6}[folder]
    assert max(sizes) < 15e6
