"""Generated rows join a dataset by the names of columns and classes, or the recipe is refused before any work."""

import json

import pyarrow as pa
import pytest
from datasets import ClassLabel, Features, List, Value

from hfaug.errors import RecipeError
from hfaug.recipe import parse_recipe
from hfaug.recipe.build import build
from hfaug.recipe.joining import JoinColumns

PEOPLE = """
name: people
source: {path: json, data_files: rows.jsonl, license: cc0-1.0, encode: [label]}
steps:
  - synthesise:
      requests: {column: label, count: 6, prompt: "{label}"}
      op:
        text.fill_templates:
          templates: ["Ask {{ name }} in {{ city }}.", "{{ city }} is far."]
          slots: {name: [Ada Lovelace, Bo], city: [Oslo, Rome]}
          entities: {name: person, city: location}
          form: words
"""


def source(folder, tags):
    """Rows with words and tags; the order in which tags first come decides nothing."""
    rows = [{"tokens": ["Eve", "left"], "tags": tags, "label": kind} for kind in ("news", "chat")]
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")


def made(folder):
    return build(parse_recipe(PEOPLE, folder), folder / "work", progress=False).splits["train"]


def test_tags_as_text_join_and_unknown_columns_are_refused(tmp_path):
    """Names stay names; a column that the source lacks would be lost."""
    source(tmp_path, ["B-person", "O"])
    rows = made(tmp_path)
    assert rows["tags"][0] == ["B-person", "O"]
    synthetic = [row for row in rows if row["provenance"]["origin"] == "synthetic"]
    assert len(synthetic) == 12
    for row in synthetic:
        assert [row["tags"][row["tokens"].index(word)] for word in {"Oslo", "Rome"} & set(row["tokens"])] == [
            "B-location"
        ]
    (tmp_path / "rows.jsonl").write_text('{"tokens": ["a"], "label": "news"}\n')
    with pytest.raises(RecipeError, match=r"steps\[0\].synthesise: what is made must have a column .*tags has none"):
        made(tmp_path)


HAVE = ClassLabel(names=["O", "B-city", "I-city"])


@pytest.mark.parametrize(
    ("have", "want", "before", "after"),
    [
        (HAVE, ClassLabel(names=["B-city", "I-city", "O", "B-x"]), [0, 1, -1, None], [2, 0, -1, None]),
        (List(HAVE), List(ClassLabel(names=["I-city", "B-city", "O"])), [[1, 2, 0], []], [[1, 0, 2], []]),
        (
            List({"label": HAVE, "start": Value("int32")}),
            List({"label": ClassLabel(names=["B-city", "I-city", "O"]), "start": Value("int64")}),
            [[{"label": 2, "start": 7}], None],
            [[{"label": 1, "start": 7}], None],
        ),
        (HAVE, Value("string"), [1, -1], ["B-city", None]),
        (Value("int32"), Value("int64"), [1], [1]),
        (HAVE, ClassLabel(names=[*HAVE.names, "B-x"]), [2], [2]),
    ],
)
def test_classes_keep_their_names(have, want, before, after):
    """Whatever numbers they have on either side."""
    made, target = Features({"it": have}), Features({"other": Value("string"), "it": want})
    table = pa.table({"it": pa.array(before, made.arrow_schema.field(0).type)})
    done = JoinColumns("recipe", made, Features(), target)(table).table
    assert done.column_names == ["other", "it"]
    assert done["it"].to_pylist() == after
    assert done["other"].null_count == len(before)


@pytest.mark.parametrize(
    ("have", "want"),
    [
        (HAVE, ClassLabel(names=["O", "B-city"])),
        (HAVE, Value("int64")),
        (Value("string"), HAVE),
        ({"a": Value("string")}, {"b": Value("string")}),
        (List(Value("string")), Value("string")),
    ],
)
def test_what_has_no_place_is_refused(have, want):
    """A class that the dataset has not, a number that could be any class, another shape."""
    with pytest.raises(RecipeError, match="column 'it' must be made as the dataset holds it"):
        JoinColumns("recipe", Features({"it": have}), Features(), Features({"it": want}))
