"""The lineage column: one schema for ever, no nulls, no cost for what is constant."""

import json

import datasets
import pyarrow as pa
import pytest

from hfaug.errors import ParameterError
from hfaug.provenance import (
    COLUMN,
    ORIGINS,
    REJECTED,
    append_step,
    arrow_type,
    feature,
    has_lineage,
    lineage,
    source_lineage,
    step_json,
)


def has_nulls(array):
    """Whether anything in a lineage array is null, at any depth."""
    parts = [array, *array.flatten(), array.field("parents").flatten()]
    return any(part.null_count for part in parts)


class TestSchema:
    def test_datasets_and_arrow_agree(self):
        assert datasets.Features({COLUMN: feature()}).arrow_schema.field(COLUMN).type == arrow_type()
        table = pa.table({COLUMN: source_lineage(["a"])})
        assert datasets.Dataset(table).features == datasets.Features({COLUMN: feature()})

    @pytest.mark.parametrize(
        "array",
        [
            source_lineage([]),
            source_lineage(["a", "b"]),
            lineage([], [], [], []),
            lineage(["a/f.0"], [["a"]], ["augmented"], ['[{"op":1}]']),
            lineage(["a/f.0", "r"], [["a", "b"], []], ["augmented", "synthetic"], "[]"),
        ],
    )
    def test_it_is_the_same_whatever_the_rows(self, array):
        """First chunks with no parents, no steps or no rows broke other schemas."""
        assert array.type == arrow_type()
        assert not has_nulls(array)

    def test_it_survives_datasets_of_unlike_chunks(self, tmp_path):
        chunks = [source_lineage(["a"]), source_lineage([]), lineage(["a/f.0"], [["a"]], "augmented", '[{"op":1}]')]
        dataset = datasets.Dataset(pa.table({COLUMN: pa.chunked_array(chunks)}))
        dataset.save_to_disk(tmp_path / "rows")
        assert datasets.load_from_disk(tmp_path / "rows").features[COLUMN] == feature()


class TestHasLineage:
    def test_of_tables_and_schemas(self):
        table = pa.table({COLUMN: source_lineage(["a"])})
        assert has_lineage(table)
        assert has_lineage(table.schema)
        assert has_lineage(pa.table({COLUMN: table[COLUMN].cast(large())}))

    @pytest.mark.parametrize("column", [["shop"], [{"id": "a"}], pa.nulls(1)])
    def test_what_the_user_calls_provenance_is_none(self, column):
        assert not has_lineage(pa.table({COLUMN: column}))
        assert not has_lineage(pa.table({"x": [1]}))


def large():
    text = pa.large_string()
    return pa.struct([("id", text), ("parents", pa.large_list(text)), ("origin", text), ("steps", text)])


class TestLineage:
    def test_rows_come_out_as_given(self):
        rows = lineage(["x", "y/f.0"], [[], ["y", "z"]], ["synthetic", "augmented"], ["[]", '[{"op":"a"}]']).to_pylist()
        assert rows == [
            {"id": "x", "parents": [], "origin": "synthetic", "steps": "[]"},
            {"id": "y/f.0", "parents": ["y", "z"], "origin": "augmented", "steps": '[{"op":"a"}]'},
        ]

    def test_what_is_constant_is_said_once(self):
        once = lineage(["a", "b"], None, "synthetic", '[{"op":"a"}]')
        assert once.equals(lineage(["a", "b"], [[], []], ["synthetic"] * 2, ['[{"op":"a"}]'] * 2))

    def test_rejected_copies_pass(self):
        """On their way to whoever counts them; no origin of a finished row."""
        assert lineage(["a"], None, REJECTED, "[]").to_pylist()[0]["origin"] == REJECTED
        assert REJECTED not in ORIGINS

    @pytest.mark.parametrize(
        "wrong, message",
        [
            ({"ids": ["a", None]}, "ids must be one string for each of 2 rows, was 2 of which 1 are missing"),
            ({"parents": [["a"]]}, "parents must be one list of ids"),
            ({"parents": ["ab", "cd"]}, "parents must be one list of ids"),
            ({"parents": [["a"], [None]]}, "parents must be one string"),
            ({"origins": "made up"}, "origins must be among .* was 'made up'"),
            ({"origins": ["source", "made up"]}, "origins must be among"),
            ({"origins": ["source"]}, "origins must be one string for each of 2 rows, was 1"),
            ({"steps": ["[]", None]}, "steps must be a JSON list, was None"),
            ({"steps": "{}"}, "steps must be a JSON list, was '{}'"),
            ({"steps": ["[]"] * 3}, "steps must be one string for each of 2 rows, was 3"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, wrong, message):
        given = {"ids": ["a", "b"], "parents": None, "origins": "source", "steps": "[]", **wrong}
        with pytest.raises(ParameterError, match=message):
            lineage(**given)


class TestSteps:
    def test_steps_add_up_to_json(self):
        steps = "[]"
        for number in range(3):
            steps = append_step(steps, step_json({"op": "flip", "number": number}, version=1, copy=number))
        assert [step["op"]["number"] for step in json.loads(steps)] == [0, 1, 2]

    @pytest.mark.parametrize("steps, step", [("", "{}"), ("{}", "{}"), ("null", "{}"), ("[]", "[]"), ("[]", "")])
    def test_what_is_not_json_of_the_right_kind_is_refused(self, steps, step):
        with pytest.raises(ParameterError, match=r"^append_step: "):
            append_step(steps, step)

    def test_equal_steps_are_equal_text(self):
        """Order of keys, text or mapping, empty or not given."""
        first = step_json({"b": 1, "a": [0.5]}, version=2, seed=0, models={}, epoch=0)
        assert first == step_json('{"a": [0.5], "b": 1}', version=2) == '{"op":{"a":[0.5],"b":1},"seed":0,"version":2}'

    def test_everything_needed_for_a_replay_is_there(self):
        step = step_json(
            {"op": "translate"},
            version=3,
            copy=(0, 1),
            seed=7,
            epoch=2,
            models={"repo/name": "c0ffee"},
            rejected={"reason": "empty"},
        )
        assert json.loads(step) == {
            "op": {"op": "translate"},
            "version": 3,
            "copy": [0, 1],
            "seed": 7,
            "epoch": 2,
            "models": {"repo/name": "c0ffee"},
            "rejected": {"reason": "empty"},
        }

    @pytest.mark.parametrize("op", ["{", {"x": object()}, {"x": float("nan")}])
    def test_what_json_cannot_hold_is_refused(self, op):
        with pytest.raises(ParameterError, match=r"^step_json: op and notes must be JSON"):
            step_json(op, version=1)

    def test_text_of_any_script_stays_readable(self):
        assert "Grüße 👍" in step_json({"template": "Grüße 👍"}, version=1)
