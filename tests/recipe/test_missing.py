"""Generate what is missing: rounds until the target is met after the filters, or until the tries are used up."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset

from hfaug import provenance
from hfaug.errors import ParameterError, RecipeError
from hfaug.recipe import parse_recipe
from hfaug.recipe.build import Build, build
from hfaug.recipe.missing import next_round
from tests.recipe import inventing
from tests.recipe.test_build import digest, run_ranks

START = """
name: things
seed: 3
source: {path: json, data_files: things.jsonl, encode: label, license: cc0-1.0}
steps:
"""
BALANCE = """
  - balance:
      column: label
      target: 12
      drop: false
      generate:
        op: {tests.recipe.inventing:Invent: {refused: 0.2}}
        prompt: "a {size} {label}"
        slots: {size: [small, large]}
        filters: [tests.recipe.inventing:Even]
        tries: 9
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """15 cats, 4 dogs, 1 bird; each ends in an odd digit."""
    names = ["cat"] * 15 + ["dog"] * 4 + ["bird"]
    lines = [{"text": f"real {name} {2 * at + 1}", "label": name, "tone": "low"} for at, name in enumerate(names)]
    (tmp_path / "things.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return tmp_path


def made(text: str, folder: Path, work: str = "work") -> Build:
    """The build of a recipe, in this process."""
    return build(parse_recipe(START + text, folder), folder / work, progress=False)


def counts(data: Dataset) -> dict[str, int]:
    """Rows by class."""
    return dict(Counter(data.features["label"].int2str(label) for label in data["label"]))


def invented(data: Dataset) -> list[dict[str, Any]]:
    """The made rows."""
    return [row for row in data if row[provenance.COLUMN]["origin"] == "synthetic"]


def test_the_target_is_met_after_the_filters(folder: Path) -> None:
    """No more and no fewer; what fell on the way is counted with its reason, in the record and so on the card."""
    result = made(BALANCE, folder)
    train = result.splits["train"]
    assert counts(train) == {"cat": 15, "dog": 12, "bird": 12}
    rows = invented(train)
    assert all(int(row["text"][-1]) % 2 == 0 for row in rows)
    assert all(row["text"].split()[2] == train.features["label"].int2str(row["label"]) for row in rows)
    assert all(row["tone"] is None for row in rows)
    (step,) = result.record.steps
    assert (step.kind, step.counts, step.missing) == ("balance", {"bird": 11, "dog": 8}, {})
    assert step.rejects["odd"] > 5
    assert step.rejects["no idea"] > 0
    rounds = [stage.name for stage in result.report.stages if stage.name.startswith("requests-")]
    assert 2 <= len(rounds) <= 6


def test_a_generator_that_fails_is_asked_so_often_and_no_more(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Then the run goes on with what there is, and says what is missing."""
    result = made(BALANCE.replace("refused: 0.2", "refused: 1.0").replace("tries: 9", "tries: 3"), folder)
    (step,) = result.record.steps
    assert step.missing == {"bird": 11, "dog": 8}
    assert step.rejects == {"no idea": 57}
    assert counts(result.splits["train"]) == {"cat": 15, "dog": 4, "bird": 1}
    told = (
        "recipe, steps[0]: the tries are used up, still missing: 11 of bird, 8 of dog; raise tries or ease the filters"
    )
    assert caplog.text.count(told) == 1
    caplog.clear()
    made(BALANCE.replace("refused: 0.2", "refused: 1.0").replace("tries: 9", "tries: 3"), folder)
    assert caplog.text.count(told) == 1  # though nothing was left to do


def test_filters_that_compare_rows_see_all_rounds_and_the_real_rows(folder: Path) -> None:
    """Few different texts: repeats fall, in whichever round they are made, and the same ones in any order of rounds."""
    few = BALANCE.replace("refused: 0.2", "numbers: 30").replace("Even]", "Even, tests.recipe.inventing:FirstOfEach]")
    result = made(few.replace("tries: 9", "tries: 40"), folder)
    texts = [row["text"] for row in invented(result.splits["train"])]
    assert len(texts) == len(set(texts)) == 19
    assert result.record.steps[0].rejects["again"] > 0


def test_a_made_row_that_is_like_one_of_an_earlier_step_falls(folder: Path) -> None:
    """Whichever of the two has the smaller id: the earlier one stays in any case."""
    few = BALANCE.replace("refused: 0.2", "numbers: 30").replace("Even]", "tests.recipe.inventing:FirstOfEach]")
    few = few.replace("tests.recipe.inventing:tests.", "tests.").replace("tries: 9", "tries: 90")
    result = made(few + few.replace("target: 12", "target: 24"), folder)
    texts = [row["text"] for row in result.splits["train"]]
    assert result.record.steps[1].rejects["again"] > 0
    assert len(texts) == len(set(texts)) == 72


def test_filters_learn_from_the_real_rows_before_a_round_is_asked_for(folder: Path) -> None:
    """Once, whatever the number of rounds."""
    result = made(BALANCE.replace("inventing:Even", "inventing:NewEndings"), folder)
    assert counts(result.splits["train"]) == {"cat": 15, "dog": 12, "bird": 12}
    assert not {row["text"][-1] for row in invented(result.splits["train"])} & set("13579")
    assert result.record.steps[0].rejects["known ending"] > 5
    assert sum(stage.name.startswith("learn-") for stage in result.report.stages) == 1


@pytest.mark.parametrize(
    "step", [BALANCE, BALANCE.replace("target: 12", "target: 1").replace("drop: false", "drop: true")]
)
def test_a_filter_that_cannot_learn_costs_no_made_row(step: str, folder: Path) -> None:
    """And nothing at all where no row is missing."""
    text = step.replace("inventing:Even", "inventing:Unteachable")
    if "target: 1\n" in text:
        assert counts(made(text, folder).splits["train"]) == {"cat": 1, "dog": 1, "bird": 1}
        return
    fixed = """
  - synthesise:
      op: tests.recipe.inventing:Invent
      requests: {column: label, count: 10, prompt: a}
      filters: tests.recipe.inventing:Unteachable
"""
    for one in (text, fixed):
        with pytest.raises(ParameterError, match="nothing here can be learnt"):
            made(one, folder)
        names = [path.name for path in (folder / "work" / "stages").iterdir()]
        assert any(name.startswith("learn-") for name in names)
        assert not any(name.startswith(("requests-", "balance-", "synthesise-")) for name in names)


def test_a_filter_may_learn_and_compare_rows_too(folder: Path) -> None:
    """What it sees of a row may depend on what it learnt; in a step of its own, too."""
    text = BALANCE.replace("inventing:Even", "inventing:RareEndings").replace("tries: 9", "tries: 40")
    real = [json.loads(line)["text"][-1] for line in (folder / "things.jsonl").read_text().splitlines()]
    rows = invented(made(text, folder).splits["train"])
    assert len(rows) == 19
    assert Counter(row["text"][-1] for row in rows) <= Counter(real)
    step = "\n  - synthesise: {op: tests.recipe.inventing:Invent, requests: {column: label, count: 30, prompt: a}}"
    step += "\n  - filter: tests.recipe.inventing:RareEndings"
    kept = made(step, folder).splits["train"]
    assert Counter(row["text"][-1] for row in kept) == Counter(real)


def test_a_filter_step_learns_from_the_train_split_for_all_splits(folder: Path) -> None:
    """What is said of made rows of a small test split follows from the many real ones."""
    (folder / "few.jsonl").write_text('{"text": "real cat 2", "label": "cat", "tone": "low"}\n')
    start = START.replace("data_files: things.jsonl", "data_files: {train: things.jsonl, test: few.jsonl}")
    steps = """
  - synthesise: {op: tests.recipe.inventing:Invent, requests: {column: label, count: 30, prompt: a}, split: test}
  - filter: tests.recipe.inventing:NewEndings
"""
    found = build(parse_recipe(start + steps, folder), folder / "work", progress=False).splits["test"]
    assert {row["text"][-1] for row in invented(found)} == set("02468")
    asked = BALANCE.replace("inventing:Even", "inventing:NewEndings").replace("drop: false", "split: test")
    for held in (
        steps.split("  - filter", maxsplit=1)[0].replace(
            "split:", "filters: tests.recipe.inventing:NewEndings, split:"
        ),
        asked,
    ):
        found = build(parse_recipe(start + held, folder), folder / "work", progress=False).splits["test"]
        assert {row["text"][-1] for row in invented(found)} == set("02468")


def test_any_number_of_processes_and_any_kill_give_the_same_rows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds follow from finished rounds alone."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    (folder / "recipe.yaml").write_text(START + BALANCE)
    alone = digest(made(BALANCE, folder).splits["train"])
    for point in ("after_claim:3", "after_temp_write:5", "after_rename:4"):
        assert run_ranks(folder, 1, {0: point}, inventing.__name__) != [0]
    assert run_ranks(folder, 3, needs=inventing.__name__) == [0, 0, 0]
    shared = made(BALANCE, folder, "shared")
    assert not any(stage.computed for stage in shared.report.stages)
    assert digest(shared.splits["train"]) == alone


def test_every_class_that_the_column_knows_is_filled_also_one_without_rows(folder: Path) -> None:
    """Unless the recipe lists classes, or numbers for some."""
    text = (folder / "things.jsonl").read_text().replace('"bird"', '"dog"')
    (folder / "things.jsonl").write_text(text + '\n{"text": "real fish 1", "label": "fish", "tone": "high"}')
    one = BALANCE.replace("target: 12", "target: {fish: 3}")
    assert counts(made(one, folder).splits["train"]) == {"cat": 15, "dog": 5, "fish": 3}
    some = BALANCE.replace("tries: 9", "tries: 9\n        classes: [fish]")
    assert counts(made(some, folder).splits["train"]) == {"cat": 15, "dog": 5, "fish": 12}
    most = BALANCE.replace("target: 12", "target: most")
    assert counts(made(most, folder).splits["train"]) == {"cat": 15, "dog": 15, "fish": 15}


def test_combinations_of_classes_are_filled(folder: Path) -> None:
    """Those that some row has, or those that are listed."""
    text = BALANCE.replace("column: label", "column: [label, tone]").replace("{label}", "{tone} {label}")
    rows = (folder / "things.jsonl").read_text().replace('"cat", "tone": "low"', '"cat", "tone": "high"', 3)
    (folder / "things.jsonl").write_text(rows)
    found = made(text, folder).splits["train"]
    names = found.features["label"].int2str
    assert Counter((names(row["label"]), row["tone"]) for row in found) == {
        ("cat", "high"): 12, ("cat", "low"): 12, ("dog", "low"): 12, ("bird", "low"): 12,
    }  # fmt: skip
    listed = text.replace("tries: 9", "tries: 9\n        classes: [[dog, high]]").replace("target: 12", "target: 5")
    assert Counter(row["tone"] for row in invented(made(listed, folder).splits["train"])) == {"high": 5}


def test_combinations_whose_names_would_join_alike_are_told_apart(folder: Path) -> None:
    """Which rows are missing is counted by class, whatever the names hold."""
    pairs = [("a / b", "c"), ("a", "b / c")]
    lines = [{"text": f"real {name} 1", "label": name, "tone": tone} for name, tone in pairs]
    (folder / "things.jsonl").write_text("\n".join(map(json.dumps, lines)))
    text = BALANCE.replace("column: label", "column: [label, tone]").replace("refused: 0.2", "refused: 1.0")
    (step,) = made(text.replace("target: 12", "target: 3"), folder).record.steps
    assert step.missing == {"'a / b' / c": 2, "a / 'b / c'": 2}


def test_larger_classes_are_cut_where_asked(folder: Path) -> None:
    """As without a generator."""
    found = made(BALANCE.replace("drop: false", "drop: true"), folder).splits["train"]
    assert counts(found) == {"cat": 12, "dog": 12, "bird": 12}


def test_rows_of_a_fixed_number_of_requests_can_be_held_to_filters(folder: Path) -> None:
    """And only those: real rows that would fall stay."""
    result = made(
        """
  - synthesise:
      op: tests.recipe.inventing:Invent
      requests: {column: label, count: 10, prompt: "a {label}"}
      filters: tests.recipe.inventing:Even
""",
        folder,
    )
    step = result.record.steps[0]
    assert sum(step.counts.values()) + step.rejects["odd"] == 30
    assert sum(row[provenance.COLUMN]["origin"] == "source" for row in result.splits["train"]) == 20


@pytest.mark.parametrize(
    "change, told",
    [
        (("label", "kind"), r"steps\[0\]\.balance: column must be one of text, label, tone"),
        (("target: 12", "target: {cow: 3}"), "target must name classes of 'label'.*'cow' is none"),
        (("target: 12", "target: lots"), "must be most"),
        (("{label}", "{colour}"), "must have slots among label, size, has 'colour'"),
        (("tries: 9", "tries: 0"), "tries: must be a whole number from 1 up"),
        (("tries: 9", "tries: 9\n        classes: [[dog, high]]"), "must name a class of each of label"),
        (("tries: 9", "tries: 9\n        classes: [cow]"), r"balance\.generate\.classes: must be among .*, got cow"),
        (("tries: 9", "tries: 9\n        classes: [dog, dog]"), "must name each class once, names dog"),
        (("tries: 9", "tries: 9\n      ops: text.swap_chars"), "must stand alone, without ops"),
        (("inventing:Even", "inventing:Odd"), "inventing:Odd"),
    ],
)
def test_what_cannot_be_done_is_refused_before_any_work(change: tuple[str, str], told: str, folder: Path) -> None:
    """With the place in the recipe."""
    with pytest.raises(RecipeError, match=told):
        made(BALANCE.replace(*change), folder)
    assert not (folder / "work").exists()


@pytest.mark.parametrize(
    "chosen, told",
    [
        (
            "filter.safe_images: {unsafe: [gore], model: MODEL}",
            "SafeImages: unsafe must name classes of .* gore is none",
        ),
        ("filter.label_agrees: {model: MODEL}", "LabelAgrees: the classes of .* LABEL_0, LABEL_1; rename"),
    ],
)
def test_a_class_that_the_model_of_a_filter_lacks_is_refused_before_any_work(
    chosen: str, told: str, folder: Path
) -> None:
    """Its config is enough to know; the weights are not even there."""
    (folder / "model").mkdir()
    (folder / "model" / "config.json").write_text('{"model_type": "vit"}')
    pictured = (folder / "things.jsonl").read_text().replace('"tone"', '"image": "nothing.png", "tone"')
    (folder / "things.jsonl").write_text(pictured)
    filters = f"[{{{chosen.replace('MODEL', str(folder / 'model'))}}}]"
    with pytest.raises(RecipeError, match=rf"steps\[0\]\.balance\.generate\.filters: {told}"):
        made(BALANCE.replace("[tests.recipe.inventing:Even]", filters), folder)
    assert not (folder / "work").exists()


def test_a_target_that_names_classes_says_which_are_filled(folder: Path) -> None:
    """So a list of them beside it could only contradict."""
    both = BALANCE.replace("target: 12", "target: {dog: 9}").replace("tries: 9", "tries: 9\n        classes: [bird]")
    with pytest.raises(RecipeError, match=r"balance\.generate: classes must be left out where the target names some"):
        made(both, folder)


def test_the_share_of_good_rows_decides_how_many_are_asked_for() -> None:
    """And a class of which none came is asked for at the rate that the tries allow."""
    wanted = {("a",): 10, ("b",): 10, ("c",): 10}
    more = next_round(wanted, {("a",): 10, ("b",): 5}, dict.fromkeys(wanted, 10), 4)
    assert more == {("b",): range(10, 20), ("c",): range(10, 40)}
    assert next_round(wanted, {("a",): 10}, dict.fromkeys(wanted, 40), 4) == {}
