"""`hfaug preview`: of a recipe, of a dataset, of what was released."""

import json
import shutil

import pytest
from datasets import load_dataset

import hfaug
from hfaug.recipe import trial
from tests.cli.shell import typed
from tests.recipe import inventing


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


GENERATED = """
name: made
source: {path: json, data_files: things.jsonl, encode: label}
steps:
  - balance:
      column: COLUMN
      target: 4
      drop: false
      generate:
        op: {tests.recipe.inventing:Invent: {numbers: 40}}
        prompt: "real {label}"
        filters: [tests.recipe.inventing:FirstOfEach, tests.recipe.inventing:Even, FILTER]
"""


@pytest.fixture
def things(desk):
    """One cat, ten dogs whose numbers are even, and one fish."""
    texts = [("real cat 2", "cat"), *[(f"real dog {number}", "dog") for number in range(0, 40, 4)]]
    lines = [{"text": text, "label": label, "tone": "low"} for text, label in [*texts, ("real fish 9", "fish")]]
    (desk / "things.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return desk


def test_made_rows_say_which_filter_would_drop_them_and_why(things):
    """The first requests are those for what the source lacks; filters fall in the order of a build."""
    (things / "made.yaml").write_text(
        GENERATED.replace("COLUMN", "label").replace("FILTER", "tests.recipe.inventing:NewEndings")
    )
    assert typed("preview", "made.yaml", "--rows", "9") == 0
    text = page()
    assert "6 of 6 requests, 1 copy of each" in text  # three cats and three fish, no dogs
    assert text.count(">request<") == 6
    odd = text.count("would be dropped by tests.recipe.inventing:Even: odd")
    ended = text.count("would be dropped by tests.recipe.inventing:NewEndings: known ending")
    assert 0 < odd < 6
    assert f"tests.recipe.inventing:Even: {odd} of 6 made rows would fall: odd" in text
    assert f"tests.recipe.inventing:NewEndings: {ended} of {6 - odd} made rows would fall: known ending" in text
    assert odd + ended == text.count("would be dropped by") == 6  # so nothing is left to be compared
    assert "FirstOfEach:" not in text
    assert "Filters that need real rows took those of the source, before any step." in text


def test_made_rows_are_compared_with_each_other_and_with_the_real_ones(things):
    """A text that the source has falls, and the second of two that are alike."""
    recipe = GENERATED.replace("COLUMN", "label").replace(", tests.recipe.inventing:Even, FILTER", "")
    (things / "made.yaml").write_text(
        recipe.replace("numbers: 40", "numbers: 2")
        .replace('"real {label}"', '"real"')
        .replace("target: 4", "target: 9")
    )
    (things / "things.jsonl").write_text((things / "things.jsonl").read_text().replace("real cat 2", "real 0"))
    assert typed("preview", "made.yaml", "--rows", "9") == 0
    text = page()
    assert "tests.recipe.inventing:FirstOfEach: 8 of 9 made rows would fall: again" in text
    assert text.count("would be dropped by tests.recipe.inventing:FirstOfEach: again") == 8


def test_of_a_large_source_filters_see_some_rows_of_each_class(things, monkeypatch):
    """A look should not take as long as a build; a rare class is seen whole before a second round of the others."""
    seen = []
    learn = inventing.NewEndings.learn
    monkeypatch.setattr(
        inventing.NewEndings, "learn", lambda self, rows: seen.append(rows["label"][:]) or learn(self, rows)
    )
    monkeypatch.setattr(trial, "_MOST", 5)
    (things / "made.yaml").write_text(
        GENERATED.replace("COLUMN", "label").replace("FILTER", "tests.recipe.inventing:NewEndings")
    )
    assert typed("preview", "made.yaml") == 0
    assert [sorted(labels) for labels in seen] == [[0, 1, 1, 1, 2]]
    assert "Filters that need real rows took 5 of those of the source, before any step." in page()


def test_what_cannot_be_applied_is_named_and_what_the_source_has_enough_of_is_shown(things):
    """A filter that has nothing to learn from does not hide the rows; classes need not be a ClassLabel."""
    recipe = GENERATED.replace("encode: label", "").replace("COLUMN", "label").replace("target: 4", "target: 1")
    (things / "made.yaml").write_text(recipe.replace("FILTER", "tests.recipe.inventing:Unteachable"))
    assert typed("preview", "made.yaml") == 0
    text = page()
    assert "The source lacks no rows for this target; one request of each class is shown." in text
    assert "3 of 3 requests" in text
    assert "tests.recipe.inventing:Unteachable could not be applied: nothing here can be learnt" in text


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
