"""The card: what it says, that nothing of the data can take it over, and that what people wrote stays."""

from __future__ import annotations

import dataclasses
import inspect

import pytest
import yaml
from datasets import Audio, ClassLabel, Dataset, DatasetDict, Features, Image, List, Value
from huggingface_hub import DatasetCardData
from markdown_it import MarkdownIt

from hfaug.errors import LicenseError, ParameterError, ReleaseError
from hfaug.publishing.cards import FIELDS, MEASURED
from hfaug.release import Effect, Model, RunRecord, Source, Step, release
from hfaug.release.card import feature_text, op_text
from hfaug.release.escape import MARK, block, cell, code, escape
from hfaug.release.facts import infer_tasks
from hfaug.release.merge import BEGIN, END, CardPart, merge_body, merge_card, merge_yaml, read_card
from tests.release.conftest import RECORD, mails, rows

ROTATE = '{"fields": {"degrees": [-30.0, 30.0], "fill": [0, 0, 0]}, "op": "image.rotate", "version": 1}'
FULL = dataclasses.replace(
    RECORD,
    steps=(
        Step(
            op=ROTATE,
            may_change=("6 and 9 look alike upside down",),
            counts={"ham": 10, "spam": 10},
            rejects={"too dark": 3},
        ),
        Step(
            op="text_to_image",
            kind="synthesise",
            counts={"spam": 4},
            missing={"ham": 2},
            filters=('{"fields": {"limit": 0.5}, "op": "filter.sharp", "version": 1}',),
        ),
    ),
    models=(
        Model(id="ada/digits-to-image", revision="c0ffee", licence="creativeml-openrail-m", determinism="request"),
    ),
    effect=Effect(
        metric="accuracy", without=0.91, with_=0.934, interval=(0.01, 0.038), verdict="Accuracy rises by 2.4 points."
    ),
)
NASTY = [
    "<script>alert(1)</script>",
    "{{ 7*7 }} {% raw %}",
    "a | b | c",
    "`code` ``` fence",
    "[click](http://evil.example) http://evil.example www.evil.example",
    f"{MARK} end -->\n{MARK} begin -->",
    "# heading\n\n- list",
    "![x](http://evil.example/x.png)",
    "\u202eevil\u0000",
    "&lt;b&gt; $x$ ~~no~~ *em* __strong__ \\",
    "",
]

SAID = (
    "# Toy mails",
    "Short mails for spam filters.",
    "**44 rows** (24 original, 20 augmented)",
    "`1.0.0`",
    "`cc-by-4.0`",
    "| `train` | 40 | 20 | 20 | – |",
    "| `ham` | 10 + 10 | 2 |",
    "`image.rotate(degrees=(-30, 30), fill=(0, 0, 0))`",
    "| `image.rotate` | `too dark` | 3 |",
    "| `text_to_image`, held to `filter.sharp(limit=0.5)` | synthesise: `spam` 4 | 4 |",
    "| `text_to_image` | `ham` | 2 |",
    "- `image.rotate`: 6 and 9 look alike upside down",
    "| `ada/mails` | `0123abcd` | `cc-by-4.0` | 24 |",
    "| `ada/digits-to-image` | `c0ffee` |",
    "the same batch gives the same result",
    "Accuracy rises by 2.4 points.",
    "| 0.91 | 0.934 | +0.024 | +0.01 to +0.038 |",
    "hfaug build recipe.yaml",
    "![Rows before and after](assets/sheet.png)",
    "Rows made with ada/digits-to-image go with",
    'dataset = load_dataset("./',
    "where the row comes from",
)


def card_of(folder, version="1.0.0"):
    return (folder / f"v{version}" / "README.md").read_text()


def entries_of(text):
    return yaml.safe_load(text.split("---\n")[1])


def test_the_card_tells_the_whole_story(tmp_path):
    """Counts, rejects, sources, models, warnings, effect, loading and rebuilding all stand in it."""
    release(
        mails(),
        tmp_path,
        version="1.0.0",
        record=FULL,
        extra_files={"assets/sheet.png": b"png"},
        card={"language": "en"},
    )
    text = card_of(tmp_path)
    for part in SAID:
        assert part in text, part
    assert str(tmp_path.parent) not in text
    entries = entries_of(text)
    assert entries["license"] == "cc-by-4.0"
    assert entries["size_categories"] == ["n<1K"]
    assert entries["task_categories"] == ["text-classification"]
    assert entries["language"] == ["en"]
    assert entries["tags"] == ["hfaug", "augmented"]
    assert entries["source_datasets"] == ["extended|ada/mails"]
    assert entries["configs"] == [
        {
            "config_name": "default",
            "data_files": [{"split": "train", "path": "data/train-*"}, {"split": "test", "path": "data/test-*"}],
        }
    ]
    assert {split["name"]: split["num_examples"] for split in entries["dataset_info"]["splits"]} == {
        "train": 40,
        "test": 4,
    }


def test_synthetic_rows_are_marked(tmp_path):
    """Rows that a model made give the tag and the origin of the annotations."""
    data = rows(4).map(lambda row: {"provenance": {**row["provenance"], "origin": "synthetic"}})
    release(data, tmp_path, version="1.0.0", record=FULL)
    entries = entries_of(card_of(tmp_path))
    assert entries["tags"] == ["hfaug", "synthetic"]
    assert entries["annotations_creators"] == ["machine-generated"]


def test_steps_are_read_off_the_rows_when_no_record_tells_them(tmp_path):
    """Without a record the card still says which op made how many rows of which class."""
    release(mails(), tmp_path, version="1.0.0", license="mit")
    assert "| `text.swap_chars(share=0.1)` | augment: `ham` 10, `spam` 10 | 20 |" in card_of(tmp_path)


def test_tables_are_tables(tmp_path):
    """A Markdown reader finds the tables whole, with one width from head to foot."""
    release({"a": mails(), "b": mails(7)}, tmp_path, version="1.0.0", record=FULL)
    text = card_of(tmp_path)
    tokens = MarkdownIt("commonmark").enable("table").parse(text.split("---\n", 2)[2])
    widths, current = [], []
    for token in tokens:
        if token.type == "tr_open":
            current.append(0)
        elif token.type in {"td_open", "th_open"}:
            current[-1] += 1
        elif token.type == "table_close":
            widths.append(set(current))
            current = []
    assert len(widths) == 10, len(widths)
    assert all(len(width) == 1 for width in widths)
    assert not any(
        line.count("|") > 1
        for token in tokens
        if token.type == "paragraph_open"
        for line in text.split("---\n", 2)[2].split("\n")[token.map[0] : token.map[1]]
    )


@pytest.mark.parametrize("nasty", NASTY)
def test_text_of_the_data_is_shown_and_never_obeyed(tmp_path, nasty):
    """Names, reasons, ids and summaries cannot write HTML, links, tables, headings, templates or marks."""
    names = [nasty or "x", "other"]
    column = nasty.replace("\0", "") or "empty"
    features = Features({column: Value("string"), "label": ClassLabel(names=names)})
    data = Dataset.from_dict({column: ["a", "b"], "label": [0, 1]}, features=features)
    record = RunRecord(
        name="Nasty",
        summary=nasty,
        sources=(Source(path=nasty or "x", licence="cc-by-4.0", revision=nasty, citation=nasty),),
        steps=(Step(op=nasty, may_change=(nasty,), counts={nasty: 1}, rejects={nasty: 1}, filters=(nasty,)),),
        models=(Model(id=nasty, licence="mit", determinism=nasty),),
        effect=Effect(metric=nasty, without=0, with_=1, interval=(0, 1), verdict=nasty),
        rebuild=nasty,
    )
    release(data, tmp_path, version="1.0.0", record=record)
    text = card_of(tmp_path)
    body = text.split("---\n", 2)[2]
    html = MarkdownIt("commonmark", {"linkify": False}).enable("table").enable("strikethrough").render(body)
    assert "<script" not in html
    assert 'evil.example/x.png"' not in html
    assert 'href="http' not in html
    assert "<em>em" not in html
    assert "<strong>strong" not in html
    assert "<s>" not in html
    assert html.count("<h1>") == 1
    assert "<li>list" not in html
    assert "49" not in body.replace("`", "") or nasty != "{{ 7*7 }} {% raw %}"
    assert "\u202e" not in body
    assert read_card(merge_card(text, _part()))[1].count(f"\n{MARK}") == 2


def _part(**changes):
    settings = {
        "title": "T",
        "body": "New body.",
        "fields": {"license": "cc-by-4.0", "tags": ["hfaug"]},
        "data": {
            "configs": [{"config_name": "default", "data_files": "data/*"}],
            "dataset_info": [{"config_name": "default"}],
        },
        "before": {"license": "cc-by-4.0"},
        "owned": frozenset({"default"}),
    }
    return CardPart(**{**settings, **changes})


def test_escaping_by_hand():
    """Some forms in full."""
    assert escape("1. one") == "1\\. one"
    assert escape("- one") == "\\- one"
    assert escape("a-b 1.5 (c) #d") == "a-b 1.5 (c) #d"
    assert code("``") == "``` `` ```"
    assert cell("a\nb|c") == "`a b\\|c`"
    assert block("a\n```\nb").startswith("````\n")
    assert block(f"{MARK} end -->").count(MARK) == 0


def test_words_around_the_marks_stay():
    """Text above and below hfaug's part, and its order, survive any number of releases."""
    first = merge_card("---\nlicense: cc-by-4.0\nmine: [1, 2]\n---\n# Mine\n\nAbove.\n", _part())
    edited = first.replace(END, f"{END}\n\n## Thanks\n\nBelow.")
    second = merge_card(edited, _part(body="Newer body."))
    assert second.index("Above.") < second.index(BEGIN) < second.index("Newer body.") < second.index("Below.")
    assert "New body." not in second
    assert entries_of(second)["mine"] == [1, 2]
    assert merge_card(second, _part(body="Newer body.")) == second


def test_a_card_without_yaml_or_with_windows_lines():
    """A card somebody typed by hand, and one from another system."""
    text = merge_card("Just text.\r\n", _part())
    assert text.startswith("---\nlicense: cc-by-4.0\n")
    assert "Just text." in text
    text = merge_card("---\r\nmine: 1\r\n---\r\n# Hi\r\n", _part())
    assert entries_of(text)["mine"] == 1
    assert "\r" not in text


@pytest.mark.parametrize(
    "body",
    [f"{BEGIN}\n\ntext", f"text\n{END}", f"{END}\n{BEGIN}", f"{BEGIN}\n{END}\n{BEGIN}\n{END}"],
)
def test_damaged_marks_stop_the_release(body):
    """Better no release than a person's words lost."""
    with pytest.raises(ReleaseError, match="must hold one"):
        merge_body(body, "New.", "T")


def test_broken_yaml_stops_the_release():
    """The card of the target cannot be read, so it cannot be kept."""
    with pytest.raises(ReleaseError, match="must begin with valid YAML"):
        merge_card("---\na: [1\n---\ntext", _part())


def test_yaml_of_a_person_stays_and_ours_is_renewed():
    """Lists are joined, changed entries kept, our old ones replaced, the size always fresh."""
    old = {
        "pretty_name": "Her name",
        "tags": ["hers", "synthetic", "hfaug"],
        "size_categories": ["10K<n<100K"],
        "language": ["de"],
    }
    before = {
        "pretty_name": "ours",
        "tags": ["hfaug", "synthetic"],
        "size_categories": ["10K<n<100K"],
        "language": ["de"],
    }
    fields = {"pretty_name": "ours too", "tags": ["hfaug", "augmented"], "size_categories": ["n<1K"]}
    assert merge_yaml(old, fields, before) == {
        "pretty_name": "Her name",
        "tags": ["hers", "hfaug", "augmented"],
        "size_categories": ["n<1K"],
    }


def test_a_foreign_licence_in_the_card_is_an_error():
    """Unless the publisher states one, or ours was there before."""
    with pytest.raises(LicenseError, match="names 'mit'"):
        merge_yaml({"license": "mit"}, {"license": "cc-by-4.0"}, {})
    assert merge_yaml({"license": "mit"}, {"license": "cc-by-4.0"}, {"license": "mit"})["license"] == "cc-by-4.0"
    assert merge_yaml({"license": "mit"}, {"license": "cc-by-4.0"}, {}, license_stated=True)["license"] == "cc-by-4.0"


def test_entries_that_follow_from_the_data_cannot_be_given(tmp_path):
    """The licence has its own argument, configs and sizes are measured."""
    for key in ("license", "configs", "size_categories"):
        with pytest.raises(ParameterError, match=f"must not set '{key}'"):
            release(mails(), tmp_path, version="1.0.0", record=RECORD, card={key: "x"})
    assert not list(tmp_path.glob("v*"))


def test_given_entries_come_first(tmp_path):
    """Tags are joined, tasks and names taken as given."""
    stated = {"tags": "mail", "task_categories": ["other"], "pretty_name": "Mails", "task_ids": ["x"]}
    release(mails(), tmp_path, version="1.0.0", record=RECORD, card=stated)
    entries = entries_of(card_of(tmp_path))
    assert entries["tags"] == ["mail", "hfaug", "augmented"]
    assert (entries["task_categories"], entries["pretty_name"], entries["task_ids"]) == (["other"], "Mails", ["x"])


LABEL = ClassLabel(names=["a"])


@pytest.mark.parametrize(
    ("features", "tasks"),
    [
        ({"image": Image(), "label": LABEL}, ["image-classification"]),
        ({"sound": Audio(), "label": LABEL}, ["audio-classification"]),
        ({"text": Value("string"), "label": LABEL}, ["text-classification"]),
        ({"tokens": List(Value("string")), "ner_tags": List(LABEL)}, ["token-classification"]),
        (
            {"question": Value("string"), "context": Value("string"), "answers": {"text": List(Value("string"))}},
            ["question-answering"],
        ),
        ({"image": Image(), "objects": {"bbox": List(List(Value("float32")))}}, ["object-detection"]),
        ({"image": Image(), "mask": Image(), "label": LABEL}, []),
        ({"n": Value("int64"), "label": LABEL}, []),
    ],
)
def test_tasks_are_named_only_where_there_is_no_doubt(features, tasks):
    """Columns decide."""
    assert infer_tasks(Features(features)) == tasks


def test_columns_and_ops_in_words():
    """Nested columns and nested ops stay readable."""
    features = {
        "objects": {"bbox": List(List(Value("float32"), 4)), "name": ClassLabel(names=[str(n) for n in range(12)])}
    }
    assert (
        feature_text(features)
        == "objects (bbox (list of list of float32), name (class: 0, 1, 2, 3, 4, 5, 6, 7 and 4 more))"
    )
    rotate = '{"op": "image.rotate", "fields": {"degrees": [-1.5, 2.0]}}'
    chain = f'{{"op": "chain", "fields": {{"ops": [{{"op": "image.flip_x"}}, {rotate}]}}}}'
    sometimes = f'{{"op": "sometimes", "fields": {{"chance": 0.5, "op": {chain}}}}}'
    assert op_text(sometimes) == "sometimes(chain(image.flip_x, image.rotate(degrees=(-1.5, 2))), chance=0.5)"
    assert op_text('{"fields": {"model": null, "most": 3}, "op": "filter.few"}') == "filter.few(most=3)"
    assert op_text("plain words") == "plain words"


def test_the_last_card_is_carried_on(tmp_path):
    """A folder's next version keeps the words of the version before and tells what changed."""
    release(mails(), tmp_path, version="1.0.0", record=RECORD)
    path = tmp_path / "v1.0.0" / "README.md"
    path.write_text(path.read_text() + "\n## Thanks\n\nTo Grace.\n")
    release(mails(21), tmp_path, version="1.1.0", record=RECORD)
    release(DatasetDict(train=mails(21)["train"]), tmp_path, version="1.2.0", record=RECORD)
    text = card_of(tmp_path, "1.2.0")
    assert "To Grace." in text
    assert "## Changes since v1.1.0\n\n- test: 4 rows removed" in text
    assert "- `v1.1.0`: train: 2 rows added\n- `v1.0.0`: first version" in text


@pytest.mark.parametrize("key", ["langauge", "licence", "task_category"])
def test_a_misspelt_entry_is_refused_with_the_nearest(key, tmp_path):
    """The Hub passes over what it does not know, so nobody would ever see it."""
    near = {"langauge": "language", "licence": "license", "task_category": "task_categories"}
    with pytest.raises(ParameterError, match=f"got '{key}'; did you mean '{near[key]}'"):
        release(mails(), tmp_path, version="1.0.0", record=RECORD, card={key: "x"})
    assert not list(tmp_path.glob("v*"))


def test_every_field_of_the_clients_card_is_known():
    """What the client of the Hub has a parameter for can be said, or is measured."""
    names = set(inspect.signature(DatasetCardData).parameters) - {"ignore_metadata_errors", "kwargs"}
    assert {name.replace("train_eval_index", "train-eval-index") for name in names} <= FIELDS | MEASURED


@pytest.mark.parametrize(
    "source, said",
    [
        (Source(path="json", licence="mit", files=("data/mail.jsonl",)), None),
        (Source(path="imagefolder", licence="mit"), None),
        (Source(path="./data", licence="mit"), None),
        (Source(path="ada/mails", licence="mit"), ["extended|ada/mails"]),
        (Source(path="squad", licence="mit"), ["extended|squad"]),
    ],
)
def test_only_datasets_of_the_hub_are_extended(source, said, tmp_path):
    """A builder that read files is no dataset; the card names the files."""
    release(mails(), tmp_path, version="1.0.0", record=dataclasses.replace(RECORD, sources=(source,)))
    card = card_of(tmp_path)
    assert entries_of(card).get("source_datasets") == said
    assert all(name in card for name in source.files)
    assert f"`{source.title}`" in card
