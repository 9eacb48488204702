"""JSON for columns: the schema holds a model, and the answer is checked all the same."""

import json

import jsonschema
import pyarrow as pa
import pytest
from datasets import ClassLabel, Features, Image, LargeList, List, Value
from hypothesis import given, strategies

from hfaug.errors import ParameterError
from hfaug.language.schemas import InvalidAnswerError, column_features, json_schema, readable, stored_values

FEATURES = Features(
    {
        "text": Value("string"),
        "stars": Value("uint8"),
        "big": Value("int64"),
        "share": Value("float32"),
        "sure": Value("bool"),
        "day": Value("date32"),
        "tone": ClassLabel(names=["calm", "angry"]),
        "words": List(Value("large_string")),
        "pair": List(Value("int8"), length=2),
        "more": LargeList({"name": Value("string"), "kind": ClassLabel(names=["a"])}),
    }
)
GOOD = {
    "text": " said “so” \n",
    "stars": 255,
    "big": -(2**53),
    "share": 1,
    "sure": True,
    "day": "2024-02-29",
    "tone": "angry",
    "words": [],
    "pair": [1, -128],
    "more": [{"name": "é", "kind": "a"}],
}
SCHEMA = json_schema(FEATURES, 50, "Generate")


def test_a_valid_document_becomes_stored_values():
    """Classes are numbers, dates dates, texts bare of white space; Arrow takes them, and gives them back readable."""
    jsonschema.validate(GOOD, SCHEMA)
    stored = stored_values(json.dumps(GOOD), FEATURES)
    table = pa.table({name: [value] for name, value in stored.items()}, schema=FEATURES.arrow_schema)
    row = table.to_pylist()[0]
    assert {name: readable(row[name], feature) for name, feature in FEATURES.items()} == {**GOOD, "text": "said “so”"}


@pytest.mark.parametrize(
    "change",
    [
        {"stars": 256},
        {"stars": -1},
        {"stars": True},
        {"stars": 1.5},
        {"stars": "5"},
        {"sure": 1},
        {"day": "2023-02-29"},
        {"day": "today"},
        {"tone": 1},
        {"tone": "mild"},
        {"words": "a"},
        {"pair": [1]},
        {"pair": [1, 2, 3]},
        {"more": [{}]},
        {"text": None},
        {"extra": 1},
        {"text": "\ud800"},
        {"share": 1e400},
        {"more": [{"name": "a", "kind": "a", "b": 1}]},
    ],
)
def test_a_wrong_document_is_refused(change):
    """Whatever an endpoint promised: a missing field, a wrong type, a number out of range, half a character."""
    with pytest.raises(InvalidAnswerError):
        stored_values(json.dumps({**GOOD, **change}), FEATURES)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000, '{"text": "a"} and more'])
def test_what_is_no_document_is_refused(text):
    with pytest.raises(InvalidAnswerError):
        stored_values(text, FEATURES)


@given(
    strategies.fixed_dictionaries(
        {
            "text": strategies.text(strategies.characters(codec="utf-8"), max_size=50),
            "stars": strategies.integers(0, 255),
            "share": strategies.floats(-1e30, 1e30),
            "sure": strategies.booleans(),
            "tone": strategies.sampled_from(["calm", "angry"]),
        }
    )
)
def test_what_the_schema_allows_can_be_stored(document):
    """Values that the schema lets through fit their columns."""
    features = Features({name: FEATURES[name] for name in document})
    jsonschema.validate(document, json_schema(features, 50, "Generate"))
    stored = stored_values(json.dumps(document), features)
    pa.table({name: [value] for name, value in stored.items()}, schema=features.arrow_schema)


@pytest.mark.parametrize("feature", [Image(), Value("binary"), Value("timestamp[s]"), List(Image())])
def test_what_no_text_can_say_is_refused(feature):
    with pytest.raises(ParameterError, match=r"'photo.*leave the column out"):
        json_schema(Features({"photo": feature}), 50, "Generate")


@pytest.mark.parametrize(
    "columns",
    [[], [("a", "strin")], [("a", "binary")], [("a", ())], [("a", ("x", "x"))], [("a", "string"), ("a", "int8")]],
)
def test_wrong_columns_are_refused(columns):
    with pytest.raises(ParameterError, match="Generate: "):
        column_features(columns, "Generate")
