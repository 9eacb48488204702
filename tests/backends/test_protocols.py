"""The protocols, and what a sampling may be."""

import subprocess
import sys

import pytest

from hfaug.backends import (
    Backend,
    ImagePipeline,
    ImageRequest,
    LanguageModel,
    MaskedModel,
    MaskRequest,
    Message,
    Sampling,
    Translator,
)
from hfaug.backends.constrain import SchemaCheck
from hfaug.backends.diffusion import DiffusersPipeline
from hfaug.backends.marian import TransformersTranslator
from hfaug.errors import ParameterError
from tests.fakes import FakeImagePipeline, FakeLanguageModel, FakeMaskedModel, FakeTranslator


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"temperature": -0.1}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"temperature": float("inf")}, "temperature"),
        ({"temperature": 1, "top_k": -1}, "top_k"),
        ({"temperature": 1, "top_p": 0}, "top_p"),
        ({"temperature": 1, "top_p": 1.1}, "top_p"),
        ({"beams": 0}, "beams"),
        ({"temperature": 1, "beams": 4}, "beams"),
        ({"top_k": 5}, "top_k"),
        ({"top_p": 0.5}, "top_p"),
    ],
)
def test_a_sampling_out_of_its_limits_is_refused_by_name(values, named):
    with pytest.raises(ParameterError, match=named):
        Sampling(**values)


def test_only_a_temperature_draws():
    assert Sampling(temperature=0.5).draws
    assert not Sampling().draws
    assert not Sampling(beams=1).draws


def test_the_real_backends_and_the_fakes_fill_the_protocols(translator, digits_pipeline):
    assert isinstance(translator, TransformersTranslator)
    assert isinstance(digits_pipeline, DiffusersPipeline)
    for backend in (translator, FakeTranslator()):
        assert isinstance(backend, Translator)
        assert isinstance(backend, Backend)
    for backend in (digits_pipeline, FakeImagePipeline()):
        assert isinstance(backend, ImagePipeline)
        assert isinstance(backend, Backend)


def test_the_fakes_of_language_models_fill_their_protocols():
    """The real ones are asked for that in their own tests."""
    assert isinstance(FakeLanguageModel(), LanguageModel)
    assert isinstance(FakeMaskedModel(), MaskedModel)
    assert not isinstance(FakeTranslator(), LanguageModel)


def test_a_fake_language_model_answers_by_prompt_and_seed():
    draw = Sampling(temperature=1)
    prompts = ["a", (Message("system", "x"), Message("user", "b")), "FORBIDDEN", "so ENDLESS it is", "w " * 3000]
    found = FakeLanguageModel().generate(prompts, seeds=range(5), sampling=draw, max_new_tokens=6)
    assert [one.text for one in found] == ["a [0]", "b [1]", "", "so ENDLESS it is [3] so", ""]
    assert [one.flag for one in found] == [None, None, "filtered", "truncated", "too_long"]
    schema = {
        "type": "object",
        "properties": {
            "a": {"type": "string", "maxLength": 5},
            "b": {"type": "array", "items": {"enum": [1, None]}, "minItems": 3},
            "c": {"anyOf": [{"type": "boolean"}, {"type": "number", "maximum": 2}, {"type": ["null", "integer"]}]},
        },
        "required": ["a", "b", "c"],
    }
    documents = FakeLanguageModel().generate(["x"] * 30, seeds=range(30), sampling=draw, schema=schema)
    assert all(SchemaCheck(schema)(one.text) for one in documents)
    assert len({one.text for one in documents}) > 20
    assert FakeLanguageModel().generate(["BROKEN"], schema=schema)[0].flag == "invalid"


def test_a_fake_masked_model_answers_by_context():
    one, other = FakeMaskedModel().fill([MaskRequest("a b", ((0, 1),)), MaskRequest("c b", ((0, 1), (3, 3)))], top_k=3)
    assert one.candidates[0] == other.candidates[0]
    assert [len(place) for place in other.candidates] == [3, 3]


def test_the_fakes_answer_by_content_and_seed():
    """Whatever else is in the call."""
    draw = Sampling(temperature=1)
    one = FakeTranslator().translate(["a", "b", ""], target="de", seeds=[1, 2, 3], sampling=draw)
    other = FakeTranslator().translate(["b"], target="de", seeds=[2], sampling=draw)
    assert [t.text for t in one] == ["a [de 1]", "b [de 2]", ""]
    assert one[1] == other[0]
    requests = [ImageRequest("a"), ImageRequest("b")]
    pixels = [image.array for image in FakeImagePipeline().generate(requests, [5, 6])]
    assert (FakeImagePipeline().generate(requests[1:], [6])[0].array == pixels[1]).all()
    assert (pixels[0] != pixels[1]).any()


def test_importing_the_backends_imports_no_heavy_package():
    code = (
        "import sys, hfaug.backends, hfaug.backends.marian, hfaug.backends.diffusion, hfaug.backends.lm;"
        "import hfaug.backends.masked, hfaug.backends.ct2, hfaug.backends.remote;"
        "heavy = ('torch', 'transformers', 'diffusers', 'accelerate', 'ctranslate2', 'llguidance', 'jsonschema');"
        "print([n for n in heavy if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
