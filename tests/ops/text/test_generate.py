"""Rows that a language model writes: held to the columns, unlike the examples, the same again, resumed after a kill."""

import collections
import json
import subprocess
import sys
import textwrap
from typing import ClassVar

import pytest
from datasets import ClassLabel, Dataset, Features, Image, List, Value

import hfaug
from hfaug.backends import override
from hfaug.errors import CallError, ParameterError, RoleError
from hfaug.ops.text import Generate
from tests import tiny_chat
from tests.fakes import FakeLanguageModel

LABEL = ClassLabel(names=["ham", "spam"])
FEATURES = Features({"text": Value("string"), "label": LABEL, "stars": Value("int8"), "tags": List(Value("string"))})
MAILS = Dataset.from_dict(
    {
        "text": [
            "Win money now, {{ 7*7 }}!",
            "Cheap <b>pills</b>",
            "Lunch at noon?",
            "See you in Rome.",
            "The file you asked for.",
        ],
        "label": [1, 1, 0, 0, 0],
        "stars": [1, 2, 3, 4, 5],
        "tags": [["a"], [], ["b", "c"], None, ["d"]],
    },
    features=FEATURES,
)
REQUESTS = Dataset.from_dict(
    {"prompt": ["a mail", "a note", "a mail about tea"], "label": [0, 1, 1]},
    features=Features({"prompt": Value("string"), "label": LABEL}),
)


def answering(make):
    """A model whose answers are made from the prompt, the seed and the schema, as JSON."""

    class Model(FakeLanguageModel):
        asked: ClassVar = []

        def reply(self, prompt, seed, schema):
            self.asked.append(prompt)
            answer = make(prompt, seed)
            return answer if isinstance(answer, str) else json.dumps(answer)

    return Model


def made(op, rows=REQUESTS, model=FakeLanguageModel):
    """The rows, and the rejects by reason."""
    with override("language_model", model):
        table, rejects = op.times(1).run_table(rows.with_format("arrow")[:], rows.features)
    return table.to_pylist(), rejects


def test_columns_that_no_model_can_write_are_named_when_they_are_left_out(caplog):
    """By their names and by what to do; not where the columns were chosen, and not the lineage."""
    rows = MAILS.add_column("photo", [None] * len(MAILS), feature=Image())
    with caplog.at_level("WARNING", "hfaug"):
        fitted = Generate(model="fake", shots=1).fit(hfaug.with_ids(rows))
    assert [record.getMessage() for record in caplog.records] == [
        "hfaug: Generate leaves out what a model cannot write: photo; say columns to choose"
    ]
    assert "photo" not in fitted.features(REQUESTS.features)
    caplog.clear()
    with caplog.at_level("WARNING", "hfaug"):
        Generate(model="fake", shots=1, columns={"text": "string"}).fit(rows)
        Generate(model="fake", shots=1).fit(MAILS)
    assert not caplog.records


def test_columns_and_examples_are_learnt_from_a_dataset():
    """The request's class stays; the other columns are written, and the examples are of that class, as data."""
    model = answering(lambda prompt, seed: {"text": f"Row {seed}", "stars": -3, "tags": ["x"]})
    rows, rejects = made(Generate(model="fake", shots=2).fit(MAILS), model=model)
    assert not rejects
    assert [row["label"] for row in rows] == [0, 1, 1]
    assert all(row["stars"] == -3 and row["tags"] == ["x"] and row["text"].startswith("Row") for row in rows)
    assert len({row["text"] for row in rows}) == 3
    ham, spam, _ = (prompt[-1].content for prompt in model.asked)
    assert "label:\n```\nham\n```" in ham
    assert sum(text in ham for text in MAILS["text"][2:]) == 2
    assert not any(json.dumps(text)[1:-1] in ham for text in MAILS["text"][:2])
    assert '"text": "Win money now, {{ 7*7 }}!"' in spam
    assert all(row["provenance"]["origin"] == "synthetic" for row in rows)


def test_columns_can_be_given_by_hand():
    """Types and classes; without examples no dataset is needed."""
    op = Generate(
        model="fake", columns=[("text", "string"), ("tone", ["calm", "angry"]), ("words", "string[]")], shots=0
    )
    assert op.features(REQUESTS.features)["tone"].names == ["calm", "angry"]
    rows, _ = made(op)
    assert {row["tone"] for row in rows} <= {0, 1}
    assert all(isinstance(word, str) for row in rows for word in row["words"])


def test_attributes_make_rows_differ():
    """One of each is drawn for each row, by the row."""
    model = answering(lambda prompt, seed: {"text": f"Row {seed}"})
    op = Generate(
        model="fake", columns={"text": "string"}, shots=0, attributes={"tone": ["calm", "angry"], "length": ["short"]}
    )
    rows = Dataset.from_dict({"prompt": [f"mail {n}" for n in range(20)]})
    made(op, rows, model)
    tones = collections.Counter(
        line for prompt in model.asked for line in prompt[-1].content.splitlines() if "tone" in line
    )
    assert set(tones) == {"tone: calm", "tone: angry"}
    assert all("length: short" in prompt[-1].content for prompt in model.asked)


@pytest.mark.parametrize(
    ("reason", "answer"),
    [
        ("invalid", {"text": "a"}),
        ("invalid", {"text": "a", "stars": 200, "tags": []}),
        ("invalid", "no JSON"),
        ("empty", {"text": " ", "stars": 1, "tags": []}),
        ("copy of an example", {"text": "Lunch at noon.", "stars": 1, "tags": []}),
        ("copy of the prompt", {"text": "A mail", "stars": 1, "tags": []}),
        ("refused", {"text": "I'm sorry, but I cannot create that.", "stars": 1, "tags": []}),
        ("looping", {"text": "no no no no no no no no no no", "stars": 1, "tags": []}),
        ("forbidden word", {"text": "This is no spam.", "stars": 1, "tags": []}),
        ("wrong language", {"text": "Der Film war lang, aber ich mochte ihn sehr.", "stars": 1, "tags": []}),
    ],
)
def test_bad_answers_are_rejected_with_their_reason(reason, answer):
    op = Generate(model="fake", shots=10, language="en", forbid_classes=True).fit(MAILS)
    assert made(op, REQUESTS.select([0]), answering(lambda *_: answer)) == ([], {reason: 1})


@pytest.mark.parametrize(
    ("word", "reason"), [("ENDLESS", "truncated"), ("FORBIDDEN", "filtered"), ("BROKEN", "invalid")]
)
def test_flags_of_the_backend_reject(word, reason):
    rows = Dataset.from_dict({"prompt": [f"a mail {word}", None, " "]})
    op = Generate(model="fake", columns={"text": "string"}, shots=0)
    assert made(op, rows) == ([], {reason: 1, "no prompt": 2})


def test_what_is_learnt_follows_from_the_rows_and_not_their_order():
    """The same asset for shuffled rows, 200 of a class at most; media are left out."""
    many = Dataset.from_dict(
        {"text": [f"mail {n}" for n in range(500)], "label": [n % 2 for n in range(500)]},
        features=Features({"text": Value("string"), "label": LABEL}),
    )
    first, second = Generate().fit(many), Generate().fit(many.shuffle(seed=1))
    assert first == second
    assert first.examples.table().num_rows == 400
    photos = MAILS.add_column("photo", [None] * 5).cast_column("photo", Image())
    assert Generate().fit(photos).examples.table().column_names == ["text", "label", "stars", "tags"]


def test_what_cannot_work_is_said_early():
    with pytest.raises(CallError, match="must be fitted"):
        made(Generate(model="fake"))
    with pytest.raises(RoleError, match=r"'text' is .*string.* there and .*int8.* here"):
        Generate(columns={"text": "int8"}).fit(MAILS)
    with pytest.raises(RoleError, match="must find texts to learn from"):
        Generate().fit(MAILS.select([]))
    with pytest.raises(CallError, match="must lack a column to write"):
        Generate().fit(MAILS).features(Features({**FEATURES, "prompt": Value("string")}))
    with pytest.raises(ParameterError, match="the type of 'text'"):
        Generate(columns={"text": "txt"})


def test_a_row_depends_on_itself_alone_with_a_real_model():
    """A small random model on the CPU held to the schema: valid rows, the same in batches of 1, 3 and 7."""
    folder, _ = tiny_chat.build()
    op = Generate(
        model=str(folder),
        columns={"said": "string", "tone": ["calm", "angry"], "stars": "uint8"},
        shots=0,
        longest=6,
        temperature=1,
        top_p=1,
        max_new_tokens=128,
    )
    rows = Dataset.from_dict({"prompt": [f"number {n}" for n in range(7)]})
    found = [rows.map(op, batched=True, batch_size=size).to_list() for size in (1, 3, 7)]
    assert found[0] == found[1] == found[2]
    assert sum(row["tone"] in (0, 1) for row in found[0]) >= 4


RECIPE = """
name: more-mail
source: {path: json, data_files: mails.jsonl, encode: label, license: cc0-1.0}
steps:
  - synthesise:
      op: {text.generate: {model: fake, shots: 2, attributes: {tone: [calm, angry]}}}
      requests: {column: label, count: 320, prompt: "a {label} mail about {what}", slots: {what: [tea, work]}}
"""
SCRIPT = """
import json, os, sys
import datasets; datasets.disable_progress_bars()
from hfaug.backends import override
from hfaug.recipe.build import build
from hfaug.recipe.schema import load_recipe
from tests.fakes import FakeLanguageModel

class Model(FakeLanguageModel):
    def generate(self, prompts, **options):
        with open("asked", "a") as file:
            file.writelines(f"{len(prompts)}\\n")
        if len(open("asked").readlines()) == int(sys.argv[1]):
            os._exit(9)
        return super().generate(prompts, **options)

    def reply(self, prompt, seed, schema):
        return json.dumps({"text": f"Row {seed} of {len(prompt[-1].content)}"})

with override("language_model", Model):
    done = build(load_recipe("recipe.yaml"), sys.argv[2], progress=False)
record, rows = done.record, done.splits["train"].to_list()
print(json.dumps([rows, [step.rejects for step in record.steps], [m.id for m in record.models]]))
"""


def test_a_long_generation_goes_on_where_it_was_killed(tmp_path):
    """Killed in its third call: two units stay, the rest is asked for, and the rows are those of a whole run."""
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    mails = MAILS.select_columns(["text"]).add_column("label", ["spam", "spam", "ham", "ham", "ham"])
    mails.to_json(tmp_path / "mails.jsonl")
    (tmp_path / "script.py").write_text(textwrap.dedent(SCRIPT))

    def run(kill, work):
        (tmp_path / "asked").unlink(missing_ok=True)
        command = [sys.executable, str(tmp_path / "script.py"), str(kill), work]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env={**hfaug_env(tmp_path), "OMP_NUM_THREADS": "1"},
        )
        assert (tmp_path / "asked").exists(), done.stderr
        asked = [int(line) for line in (tmp_path / "asked").read_text().split()]
        return done, asked

    killed, asked = run(3, "work")
    assert killed.returncode == 9, killed.stderr
    assert asked == [200, 200, 200]
    resumed, asked = run(0, "work")
    assert resumed.returncode == 0, resumed.stderr
    assert asked == [200, 40]
    whole, asked = run(0, "other")
    assert sum(asked) == 640
    assert json.loads(resumed.stdout) == json.loads(whole.stdout)
    rows, rejects, models = json.loads(whole.stdout)
    assert len(rows) == 5 + 640
    assert (rejects, models) == ([{}], ["fake"])


def hfaug_env(folder):
    """Where the package and the tests are found, and a cache of its own."""
    import os
    from pathlib import Path

    root = Path(hfaug.__file__).parents[1]
    return {**os.environ, "PYTHONPATH": str(root), "HF_HOME": str(folder / "home"), "HFAUG_HOME": str(folder / "home")}
