"""A filter with a model in a recipe: the card names the model, and another revision of it is judged anew."""

from datasets import Dataset, Features, Value

from hfaug.backends import registry
from hfaug.engine import Stage
from hfaug.recipe.build import model_records
from hfaug.recipe.schema import FilterRows, parse_recipe
from hfaug.recipe.steps import filter_nodes
from tests.fakes import FakeTranscriber

RECIPE = """
name: speech
source: {path: text, data_files: a.txt}
steps:
  - filter: {filter.transcript_matches: {model: fake, limit: 0.3%s}}
"""
FEATURES = Features({"text": Value("string"), "audio": Value("string"), "said": Value("string")})


def digest(text):
    """The digest of the stage in which the rows are judged."""
    (step,) = parse_recipe(text).steps
    assert isinstance(step, FilterRows)
    rows = Dataset.from_dict({name: [] for name in FEATURES}, features=FEATURES)
    made = filter_nodes(0, step, {"train": rows}, {"train": FEATURES})
    assert isinstance(made["train"], Stage)
    return made["train"].step.digest


def test_the_card_names_the_model_of_a_filter():
    with registry.override("transcriber", FakeTranscriber):
        (model,) = model_records(parse_recipe(RECIPE % ", revision: v1"))
    assert (model.id, model.revision, model.licence) == ("fake", "v1", "apache-2.0")


def test_another_revision_of_the_model_is_another_stage():
    """Though the recipe may say the same: a branch moves."""

    class Moved(FakeTranscriber):
        def __init__(self, *args, **names):
            super().__init__(*args, **names)
            self.revision = "moved"

    with registry.override("transcriber", FakeTranscriber):
        before = digest(RECIPE % "")
    with registry.override("transcriber", Moved):
        assert digest(RECIPE % "") != before


def test_a_filter_without_a_model_names_none():
    assert model_records(parse_recipe(RECIPE % ", heard: said")) == ()
