"""A run record says how models ran: with what, what did not fit into memory, what was bought."""

import json
from pathlib import Path

import pytest
import torch

from hfaug.backends import facts, override, registry
from hfaug.backends.remote import RemoteSettings, configure
from hfaug.errors import StageError
from hfaug.ops.text import AskQuestions, BackTranslate, Fill, Generate, Rewrite, SubstituteMasked
from hfaug.recipe import parse_recipe
from hfaug.recipe.build import build
from hfaug.record import RunRecord
from hfaug.release.of_recipe import release_build
from tests import tiny_models
from tests.backends.endpoint import Endpoint
from tests.fakes import FakeLanguageModel

RECIPE = """
name: words
source: {path: json, data_files: rows.jsonl, license: cc0-1.0}
steps:
  - augment: {ops: [text.rewrite: {model: MODEL, runtime: "RUNTIME", max_new_tokens: 8}], copies: 1}
"""


@pytest.fixture
def rows(tmp_path):
    """A folder with the data of the recipe."""
    lines = [json.dumps({"text": f"It took {n} hours to get there."}) for n in range(12)]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines) + "\n")
    return tmp_path


def built(folder, model, runtime="transformers", work="work"):
    text = RECIPE.replace("MODEL", str(model)).replace("RUNTIME", runtime)
    return build(parse_recipe(text, folder), folder / work, progress=False)


def test_settings_and_halvings_are_recorded(rows, tmp_path, monkeypatch):
    """A batch that does not fit is halved, the build goes on, and the record and the card say so."""
    folder = tiny_models.causal(tmp_path / "tiny")
    model = registry.language_model(str(folder))._model
    generate = model.generate

    def cramped(**inputs):
        if len(inputs["input_ids"]) > 8:  # the least that a batch is filled up to
            raise torch.OutOfMemoryError("CUDA out of memory")
        return generate(**inputs)

    monkeypatch.setattr(model, "generate", cramped)
    done = built(rows, folder)
    (ran,) = done.record.ran
    assert (ran.id, len(ran.settings), ran.events["out_of_memory"]) == ("tiny", 1, 1)
    settings = ran.settings[0]
    assert (settings["device"], settings["dtype"], settings["units"]) == ("cpu", "float32", 1)
    assert {"batch_tokens", "batch_rows", "padding", "determinism"} <= settings.keys()
    assert RunRecord.from_json(done.record.to_json()) == done.record
    card = Path(release_build(done, str(tmp_path / "out"), license="cc0-1.0").target, "README.md").read_text()
    assert "ran on cpu, float32, transformers (1 units)" in card
    assert "Batches halved for want of memory: 1" in card


def test_what_was_bought_is_recorded_once(rows, tmp_path):
    """What a build that failed had bought shows as reused; a build that finds all its units keeps their account."""
    with Endpoint(answer=lambda body: f"Well, {body['messages'][-1]['content'][4:-4]}") as endpoint:
        configure(endpoint.address, RemoteSettings(answers=str(tmp_path / "answers"), price_in=1.0, price_out=2.0))
        first = built(rows, "some-model", endpoint.address).record
        again = built(rows, "some-model", endpoint.address).record
        fresh = built(rows, "some-model", endpoint.address, work="other").record
    (ran,) = first.ran
    assert (ran.events["bought"], ran.events["sent"]) == (12, 12)
    assert ran.events["cost"] == pytest.approx((ran.events["tokens_in"] + 2 * ran.events["tokens_out"]) / 1e6)
    assert again.ran == first.ran
    assert fresh.ran[0].events == {"reused": 12}
    assert first.identity() == fresh.identity()
    assert first.models[0].determinism == "recorded"


def _machine(device, dtype, determinism, *, breaks_at=99):
    """A model as it runs on some machine, which breaks down in one of its calls."""

    class Model(FakeLanguageModel):
        def generate(self, prompts, **options):
            if len(self.calls) == breaks_at:
                raise RuntimeError("power failure")
            return super().generate(prompts, **options)

        def reply(self, prompt, seed, schema):
            return f"Well, {prompt[-1].content[4:-4]}"

    Model.determinism = determinism
    Model.settings = {"runtime": "fake", "device": device, "dtype": dtype, "versions": "fake 1"}
    return Model


def _interrupted(rows, monkeypatch, first, then):
    """Builds a recipe on two machines: the first breaks down in its third unit."""
    monkeypatch.setattr(Rewrite, "unit_rows", 4)
    with override("language_model", first), pytest.raises(RuntimeError, match="power failure"):
        built(rows, "some-model")
    with override("language_model", then):
        return built(rows, "some-model")


GPU = ("cuda", "bfloat16", "request")


@pytest.mark.parametrize(
    "then", [("cpu", "float32", "row"), ("cuda", "float16", "request"), ("cpu", "float32", "request")]
)
def test_a_stage_is_not_made_half_on_one_kind_of_machine_and_half_on_another(rows, monkeypatch, then):
    """Else its rows would follow from neither of the two records."""
    wanted = (
        rf"some-model@.* ran with .*dtype bfloat16.* before and with .*dtype {then[1]}.*now; go on where it was begun"
    )
    with pytest.raises(StageError, match=wanted):
        _interrupted(rows, monkeypatch, _machine(*GPU, breaks_at=2), _machine(*then))


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (GPU, GPU),
        (("cpu", "float32", "row"), ("cpu", "float32", "row")),
        (("a", "b", "recorded"), ("c", "d", "recorded")),
    ],
)
def test_what_is_made_alike_goes_on(rows, monkeypatch, first, then):
    done = _interrupted(rows, monkeypatch, _machine(*first, breaks_at=2), _machine(*then))
    assert sum(ran["units"] for ran in done.record.ran[0].settings) == 3


def test_models_of_one_name_are_recorded_each(rows, tmp_path):
    """Two folders may be called alike: their licences, settings and events are not each other's."""
    folders = [tiny_models.causal(tmp_path / str(seed) / "tiny", seed=seed) for seed in (0, 1)]
    steps = "".join(
        f"\n  - augment: {{ops: [text.rewrite: {{model: {one}, max_new_tokens: 8}}], copies: 1}}" for one in folders
    )
    recipe = parse_recipe(RECIPE.partition("steps:")[0] + "steps:" + steps, rows)
    done = build(recipe, rows / "work", progress=False)
    revisions = {facts("language_model", str(one))["revision"] for one in folders}
    assert len(revisions) == 2
    for found in (done.record.models, done.record.ran):
        assert {(one.id, one.revision) for one in found} == {("tiny", revision) for revision in revisions}
    assert [sum(way["units"] for way in ran.settings) for ran in done.record.ran] == [1, 1]
    assert RunRecord.from_json(done.record.to_json()) == done.record
    card = Path(release_build(done, str(tmp_path / "out"), license="cc0-1.0").target, "README.md").read_text()
    assert all(f"tiny@{revision}` `ran on cpu" in card for revision in revisions)


@pytest.mark.parametrize("op", [AskQuestions, BackTranslate, Fill, Generate, Rewrite, SubstituteMasked])
def test_a_unit_is_large_enough_for_batches_of_like_length(op):
    """And for an endpoint to be kept busy: eight times as many rows as requests that are under way at once."""
    assert op.unit_rows == 200 >= 8 * RemoteSettings().concurrency
