"""A run record says how models ran: with what, what did not fit into memory, what was bought."""

import json
from pathlib import Path

import pytest
import torch

from hfaug.backends import registry
from hfaug.backends.remote import RemoteSettings, configure
from hfaug.recipe import parse_recipe
from hfaug.recipe.build import build
from hfaug.record import RunRecord
from hfaug.release.of_recipe import release_build
from tests import tiny_models
from tests.backends.endpoint import Endpoint

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
