"""Through the engine: the same images as in a plain map, and a record of how they were drawn."""

import pytest
from datasets import Dataset, Image

from hfaug.engine import RowsStep, Stage, run
from hfaug.ops.image import TextToImage
from hfaug.recipe.model_runs import model_runs
from hfaug.recipe.steps import op_stage


@pytest.fixture
def rows():
    """Requests, of which one is longer than the model reads."""
    prompts = ["a red 3", "a blue 4 on white", "a green 5 " * 20, "a pink 6"]
    return Dataset.from_dict({"prompt": prompts, "number": list(range(4))})


def test_a_build_draws_what_a_map_draws_and_records_how(rows, models_folder, tmp_path):
    op = TextToImage(model=str(models_folder / "digits-text-to-image"), steps=2)
    source = Stage(RowsStep("requests", "v1", lambda: rows))
    report = run(op_stage("draw", op, source, rows.features), tmp_path, progress=False)
    built = report.view.read()["image"].to_pylist()
    mapped = rows.map(op, batched=True, batch_size=3).cast_column("image", Image(decode=False))
    assert [image["bytes"] for image in built] == [image["bytes"] for image in mapped["image"]]
    (ran,) = model_runs([report.happened(stage.name) for stage in report.stages])
    assert ran.id == "digits-text-to-image"
    assert ran.events["prompts_cut"] == 1
    (settings,) = ran.settings
    assert settings["pipeline"] == "StableDiffusionPipeline"
    assert settings["batch_rows"] == 4
    assert settings["determinism"] == "row"
