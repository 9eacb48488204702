"""The protocols, and what a sampling may be."""

import subprocess
import sys

import pytest

from hfaug.backends import Backend, ImagePipeline, ImageRequest, Sampling, Translator
from hfaug.backends.diffusion import DiffusersPipeline
from hfaug.backends.marian import TransformersTranslator
from hfaug.errors import ParameterError
from tests.fakes import FakeImagePipeline, FakeTranslator


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
        "import sys, hfaug.backends, hfaug.backends.marian, hfaug.backends.diffusion;"
        "print([n for n in ('torch', 'transformers', 'diffusers', 'accelerate') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
