"""`hfaug preview`: of a recipe, of a dataset, of what was released."""

import json
import shutil

import pytest
from datasets import load_dataset

import hfaug
from tests.cli.shell import typed


@pytest.fixture
def photos_folder(desk):
    """The photographs as an imagefolder with boxes."""
    source, folder = desk / "data" / "photos", desk / "photos"
    folder.mkdir()
    notes = json.loads((source / "annotations.json").read_text(encoding="utf-8"))
    for row in notes["photos"]:
        shutil.copy(source / row["file_name"], folder)
    kept = [{key: row[key] for key in ("file_name", "objects")} for row in notes["photos"]]
    (folder / "metadata.jsonl").write_text("\n".join(map(json.dumps, kept)), encoding="utf-8")
    return folder


def page(path="preview.html"):
    with open(path, encoding="utf-8") as file:
        return file.read()


def test_each_step_of_a_recipe_is_tried(desk, capsys):
    (desk / "two.yaml").write_text(
        "name: two\nversion: 1.2.3\n"
        "source: {path: imagefolder, data_dir: data/digits}\n"
        "steps:\n  - augment: {ops: [image.flip, image.rotate]}\n  - filter: filter.exact_duplicates\n"
        "  - balance: {column: label, ops: image.erase}\n"
    )
    assert typed("preview", "two.yaml", "--rows", "2", "--copies", "1") == 0
    assert capsys.readouterr().out == "preview.png\npreview.html\n"
    text = page()
    assert "two 1.2.3" in text
    assert "step 1, augment: image.flip + image.rotate" in text
    assert "step 3, balance: image.erase" in text
    assert text.count("<img") == 2 * 2 * 2


def test_an_op_is_tried_on_the_source_of_a_recipe(desk):
    assert typed("preview", "mail.yaml", "--op", "text.delete_words: {share: 0.5}", "--rows", "1", "-o", "deep/x") == 0
    assert "text.delete_words(share=0.5)" in page("deep/x.html")


def test_ops_on_a_folder_and_a_file(desk):
    assert typed("preview", "data/digits", "--op", "image.flip", "--op", "image.rotate", "--rows", "1") == 0
    assert "image.flip + image.rotate" in page()
    assert typed("preview", "data/mail/mail.jsonl", "--op", "text.swap_chars", "--seed", "3") == 0
    assert "<ins>" in page()


def test_columns_are_bound(photos_folder):
    words = ["photos", "--op", "image.flip", "--on", "boxes=objects.bbox", "--on", "box_format=pascal_voc"]
    assert typed("preview", *words, "--rows", "1", "-o", "with") == 0
    assert "image.flip" in page("with.html")


def test_unbound_columns_are_told_how(photos_folder, capsys):
    assert typed("preview", "photos", "--op", "image.flip") == 1
    err = capsys.readouterr().err
    assert "'objects.bbox' may hold positions" in err
    assert "--on ROLE=COLUMN" in err


def test_a_finished_dataset_shows_itself(desk):
    mails = load_dataset("json", data_files="data/mail/mail.jsonl", split="train")
    hfaug.augment(mails, hfaug.ops.text.SwapChars(share=1)).save_to_disk("saved")
    assert typed("preview", "saved") == 0
    assert "600 rows: 300 source, 300 augmented" in page()


@pytest.mark.parametrize(
    "words, code, said",
    [
        (["data/digits", "--op", "image.rotat"], 2, "Invalid value for --op: op: must be one of the known ops"),
        (["data/digits", "--op", "image.rotate: {degres: 1}"], 2, "did you mean 'degrees'?"),
        (["data/digits", "--op", "image.rotate: {"], 2, "must be YAML"),
        (["data/digits", "--op", "image.rotate", "--on", "image"], 2, "must be ROLE=COLUMN, got 'image'"),
        (["data/digits", "--op", "image.rotate", "--on", "imaeg=x"], 1, "did you mean 'image'?"),
        (["data/digits", "--op", "image.rotate", "--split", "tets"], 1, "split must be among train, got 'tets'"),
        (["data/digits", "--rows", "0"], 2, "--rows"),
        (["./nowhere"], 1, "'./nowhere' must be a Hub repo, a folder or a file, is not there"),
        (["mail.yaml", "--config", "x"], 2, "--config goes with a dataset"),
        (["nothing.yaml"], 1, "nothing.yaml must be a readable text file"),
        (["plain.yaml"], 2, "the recipe has no step that makes rows"),
    ],
)
def test_wrong_words_are_told(words, code, said, desk, capsys):
    (desk / "plain.yaml").write_text("name: x\nsource: {path: json, data_files: data/mail/mail.jsonl}\n")
    assert typed("preview", *words) == code
    assert said in capsys.readouterr().err
    assert not (desk / "preview.png").exists()
