"""Draws belong to rows: equal rows are told apart, equal ops of a chain draw apart, nothing depends on the order."""

import itertools
import json
import subprocess
import sys

import numpy as np
import pytest
from datasets import Dataset, concatenate_datasets
from datasets.fingerprint import Hasher

from hfaug import Chain
from hfaug.augment import augment, with_ids
from hfaug.media import decode_audio
from hfaug.ops.audio import AddNoise
from hfaug.ops.image import JitterColor, Rotate
from hfaug.ops.text import SwapChars
from hfaug.testing import content, digest, results, storage
from hfaug.testing.runs import FORMS, mapped, quiet
from hfaug.testing.samples import sample
from tests.contract.catalog import CASES, REPRESENTATIVES, asks_models, is_first


@pytest.fixture(autouse=True)
def no_bars():
    """Without progress bars."""
    with quiet():
        yield


@pytest.fixture(scope="module")
def oversampled():
    """400 texts, each four times."""
    rng = np.random.default_rng(0)
    words = [
        "alpha",
        "bravo",
        "charlie",
        "delta",
        "golf",
        "hotel",
        "india",
        "juliet",
        "kilo",
        "lima",
        "mike",
        "november",
    ]
    rows = Dataset.from_dict({"text": [" ".join(rng.choice(words, 12)) + f" number{i}" for i in range(400)]})
    return concatenate_datasets([rows] * 4)


def test_oversampled_rows_become_different(oversampled):
    """400 rows oversampled four times and augmented: 1,600 different rows, the same shuffled and in 3 processes."""
    op = SwapChars(share=1)
    done = augment(oversampled, op, keep=False)
    assert len(set(done["text"])) == 1600
    expected = results(storage(done))
    assert digest(results(storage(augment(oversampled.shuffle(seed=1), op, keep=False)))) == digest(expected)
    assert digest(results(storage(augment(oversampled, op, keep=False, num_proc=3)))) == digest(expected)


def test_rows_that_were_resampled_with_their_ids_are_told_apart():
    """A sampler repeats rows together with their lineage; the copies differ all the same."""
    rows = with_ids(sample("plain").rows)
    twice = rows.select([*range(len(rows)), *range(len(rows))])
    done = augment(twice, SwapChars(share=1))
    assert len(results(storage(done))) == 4 * len(rows)
    texts = done["text"][len(twice) :]
    assert texts[: len(rows)] != texts[len(rows) :]


def test_equal_ops_of_a_chain_draw_apart():
    """Two equal noises are two noises: the second is not the first once more."""
    rows = sample("sounds").rows.select([0])
    source, once, twice = (
        decode_audio(storage(some)["audio"][0].as_py()["bytes"]).samples.astype(np.float64)
        for some in (
            rows,
            augment(rows, Chain(AddNoise()), keep=False),
            augment(rows, Chain(AddNoise(), AddNoise()), keep=False),
        )
    )
    first, both = once - source, twice - source
    second = both - first
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.2
    assert second.std() > 0.3 * first.std()


def test_another_seed_gives_other_rows_of_other_ids():
    """Two augmentations of two seeds can be put together: no id stands twice."""
    rows = sample("plain").rows
    one, two = (augment(rows, SwapChars(share=1), keep=False, seed=seed) for seed in (1, 2))
    assert len(results(storage(concatenate_datasets([one, two])))) == 2 * len(rows)
    assert one["text"][:] != two["text"][:]


def test_plain_map_and_augment_have_different_ids():
    """A changed row and its first copy are drawn apart, so they must not share an id."""
    rows = sample("plain").rows
    op = SwapChars(share=1)
    mapped_ids = set(results(op(storage(rows))))
    assert not mapped_ids & set(results(storage(augment(rows, op, keep=False))))


def test_columns_and_fields_decide_the_ids():
    """The same op on two columns gives rows of two ids."""
    rows = Dataset.from_dict({"a": ["one red car"], "b": ["two blue cars"]})
    ids = [next(iter(results(SwapChars(share=1).on(text=name)(storage(rows))))) for name in "ab"]
    assert ids[0] != ids[1]


SCRIPT = """
import dataclasses
from datasets.fingerprint import Hasher
from hfaug.kinds import EditOp
from hfaug.moves import Edits

MARK = {mark!r}

def marked(text):
    return Edits([(0, 0, MARK)])

@dataclasses.dataclass(frozen=True, kw_only=True)
class Mark(EditOp):
    times: int = 1
    def edits(self, text, rng):
        return {body}

print(Hasher.hash(Mark()), Mark().stream_digest)
"""


def test_an_edited_class_of_a_notebook_has_another_fingerprint(tmp_path):
    """The body of a class, a function that it calls and a constant that it names all count; a comment does not."""

    def fingerprint(mark="!", body="marked(text)"):
        script = tmp_path / "notebook.py"
        script.write_text(SCRIPT.format(mark=mark, body=body))
        done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
        return done.stdout.split()

    same, again = fingerprint(), fingerprint(body="marked(text)  # as before")
    assert same == again
    assert fingerprint(body="marked(text * 1)")[0] != same[0]
    assert fingerprint(mark="?")[0] != same[0]
    assert fingerprint(mark="?")[1] == same[1]


def test_whole_numbers_and_fractions_are_one():
    """The fingerprint is over values, not over how they were written."""
    same = [Rotate(degrees=(-30, 30)), Rotate(degrees=(-30.0, 30.0)), Rotate(degrees=np.array([-30, 30]))]
    assert len({Hasher.hash(op) for op in same}) == 1
    assert Hasher.hash(Rotate(degrees=(-30, 31))) != Hasher.hash(same[0])
    assert Hasher.hash(same[0].on(jpeg_quality=90)) != Hasher.hash(same[0])


def test_a_codec_setting_changes_bytes_and_no_draws():
    """Another JPEG quality gives other bytes of the same pictures, under the same ids."""
    rows = sample("pictures").rows.select([0, 1])
    fine, coarse = (JitterColor().on(jpeg_quality=quality)(storage(rows)) for quality in (95, 40))
    sizes = [[len(value["bytes"]) for value in table["image"].to_pylist()] for table in (fine, coarse)]
    assert all(a > b for a, b in zip(*sizes, strict=True))
    assert list(results(fine)) == list(results(coarse))


def test_lineage_names_op_fields_and_copy():
    """What was done to a row can be read from it."""
    row = augment(sample("plain").rows, SwapChars(share=0.5), copies=2, seed=7, keep=False)[-1]["provenance"]
    (step,) = json.loads(row["steps"])
    assert (step["op"], step["fields"], step["copy"]) == ("text.swap_chars", {"most": 20, "share": 0.5}, [1])
    assert step["binding"]["seed"] == 7
    assert (row["origin"], len(row["parents"])) == ("augmented", 1)


def _product():
    """Form and number of processes, for a case of each kind of op; `check_op` tries each of them on every op."""
    for name in sorted(REPRESENTATIVES):
        if not asks_models(CASES[name].op):
            for form, processes in itertools.product(FORMS, (None, 3) if is_first(name) else (None,)):
                yield pytest.param(name, form, processes, id=f"{name}-{form}-{processes or 1}")


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("name,form,processes", list(_product()))
def test_every_form_size_and_number_of_processes(name, form, size, processes, tmp_path):
    """The whole product: one digest over all rows."""
    case = CASES[name]
    rows = FORMS[form](case.rows, str(tmp_path))
    how = {} if form == "streamed" or processes is None else {"num_proc": processes}
    if form == "streamed" and processes:
        rows = case.rows.to_iterable_dataset(num_shards=processes)
    assert digest(results(mapped(case, rows, batch_size=size, **how))) == digest(case.result)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, case in CASES.items() if asks_models(case.op)])
def test_models_give_the_same_in_any_batch(name, tmp_path):
    """On CPU in float32, sampling included: batches of one and of all, saved, in three processes."""
    case = CASES[name]
    for how in ({"batch_size": 1}, {"batch_size": 2}, {"batch_size": 1, "num_proc": 3}):
        assert digest(results(mapped(case, case.rows, **how))) == digest(case.result)
    assert digest(results(mapped(case, FORMS["streamed"](case.rows, str(tmp_path)), batch_size=2))) == digest(
        case.result
    )


def test_content_tells_values_apart():
    """The digest that all this rests on sees types, order and missing values."""
    values = [1, 1.0, True, "1", b"1", None, [], {}, [1], [[1]], {"a": 1}, {"a": None}, float("nan"), [None], ""]
    assert len({content(value) for value in values}) == len(values)
