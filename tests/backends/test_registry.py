"""The registry: loads once, lets itself be overridden, and survives a fork."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from hfaug.backends import Sampling, registry
from hfaug.errors import ModelError, ParameterError
from tests.fakes import FakeImagePipeline, FakeTranslator


@pytest.fixture
def model(models_folder):
    return str(models_folder / "translate-en-de-fr")


def test_a_model_is_loaded_once(translator, model):
    assert registry.translator(model, device="cpu") is translator
    assert registry.translator(os.path.relpath(model), device="cpu", dtype="float32") is translator
    assert registry.translator(model, device="cpu", revision=translator.revision) is translator


def test_other_contents_in_the_same_folder_are_loaded_anew(model, tmp_path):
    copy = shutil.copytree(model, tmp_path / "copy")
    first = registry.translator(str(copy), device="cpu")
    config = json.loads((copy / "generation_config.json").read_text())
    (copy / "generation_config.json").write_text(json.dumps({**config, "num_beams": 2}))
    second = registry.translator(str(copy), device="cpu")
    assert second is not first
    assert second.revision != first.revision
    registry.unload("translator")


def test_what_is_known_without_loading_is_what_the_model_says(translator, model):
    told = {
        "id": translator.model_id,
        "revision": translator.revision,
        "licence": translator.licence,
        "determinism": translator.determinism,
    }
    assert registry.facts("translator", model) == told
    assert told["id"] == "translate-en-de-fr"
    assert told["licence"] == "mixed-training-text"
    assert told["determinism"] == "row"
    with registry.override("translator", FakeTranslator):
        assert registry.facts("translator", "any")["id"] == "any"


def test_a_folder_without_its_kind_of_model_is_refused(models_folder, model):
    with pytest.raises(ModelError, match=r"model_index.json"):
        registry.image_pipeline(model)
    with pytest.raises(ModelError, match=r"config.json"):
        registry.translator(str(models_folder / "digits-text-to-image"))


def test_broken_weights_are_an_error_that_names_the_model(model, tmp_path):
    copy = shutil.copytree(model, tmp_path / "cut-short")
    weights = copy / "model-00001-of-00002.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelError, match=r"^cut-short: must be a model that can be loaded"):
        registry.translator(str(copy), device="cpu")


def test_an_override_holds_inside_its_block():
    with registry.override("translator", FakeTranslator):
        outer = registry.translator("some/model", revision="v1")
        assert isinstance(outer, FakeTranslator)
        assert outer.revision == "v1"
        assert registry.translator("some/model", revision="v1") is outer
        with registry.override("translator", lambda model, **_: FakeTranslator(f"inner {model}")):
            assert registry.translator("some/model").model_id == "inner some/model"
        assert registry.translator("some/model", revision="v1") is outer
    with pytest.raises(ModelError):
        registry.translator("/some/model")


def test_an_override_is_undone_by_an_error():
    with pytest.raises(ZeroDivisionError), registry.override("image_pipeline", FakeImagePipeline):
        raise ZeroDivisionError
    with pytest.raises(ModelError):
        registry.image_pipeline("/some/model")


@pytest.mark.parametrize(
    "use", [registry.get, registry.facts, lambda kind, _: registry.override(kind, None).__enter__()]
)
def test_an_unknown_kind_is_named(use):
    with pytest.raises(ParameterError, match="translator, language_model, masked_model, image_pipeline"):
        use("translater", "some/model")


FORK = """
import os, sys, warnings
warnings.simplefilter("ignore")
import torch
torch.set_num_threads(2)
from hfaug.backends import Sampling, registry
from hfaug.errors import WorldError
folder = sys.argv[1]
texts = ["The film was long.", "I liked it.", "We wait for the train."]
def say(): return [t.text for t in registry.translator(folder, device="cpu").translate(texts, target="de")]
before = say()
(torch.randn(700, 700) @ torch.randn(700, 700)).exp().sum()  # the thread pool is up
on_gpu = ("translator", "transformers", "x", "y", "bfloat16", "cuda:0")
registry._loaded[on_gpu] = registry.translator(folder, device="cpu")
child = os.fork()
if child == 0:
    ok = say() == before and torch.get_num_threads() == 1
    try:
        registry.translator(folder, device="cuda:0", dtype="bfloat16")
        ok = False
    except WorldError as error:
        ok = ok and "forked" in str(error)
    os._exit(0 if ok else 7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), torch.get_num_threads())
"""


def test_a_forked_process_uses_the_model_on_the_cpu_and_refuses_the_gpu(model):
    """With two threads the child would wait for ever for a thread pool that did not survive the fork."""
    done = subprocess.run([sys.executable, "-c", FORK, model], capture_output=True, text=True, timeout=100, check=True)
    assert done.stdout.split() == ["0", "2"]


HUB = """
import json, warnings
warnings.simplefilter("ignore")
from hfaug.backends import Sampling, ImageRequest, registry
backend = registry.translator("org/translate", revision="v1")
print(json.dumps([backend.model_id, backend.revision, backend.licence]))
print(backend.translate(["I liked it."], target="de")[0].text)
pipe = registry.image_pipeline("org/digits")
print(json.dumps([pipe.model_id, pipe.revision, pipe.licence]))
print(pipe.generate([ImageRequest("a red seven")], [1], steps=1)[0].array.tobytes().hex())
"""


@pytest.mark.slow
def test_models_load_from_a_hub_and_then_offline(model_hub, models_folder, translator, digits_pipeline):
    """The same bytes as from the folder; once fetched, no request is needed."""
    from hfaug.backends import ImageRequest

    commits = [
        model_hub.add("org/translate", models_folder / "translate-en-de-fr", tags=("v1",)),
        model_hub.add("org/digits", models_folder / "digits-text-to-image"),
    ]
    lines = model_hub.python(HUB)
    assert json.loads(lines[0]) == ["org/translate", commits[0], translator.licence]
    assert json.loads(lines[2]) == ["org/digits", commits[1], digits_pipeline.licence]
    assert lines[1] == translator.translate(["I liked it."], target="de", sampling=Sampling())[0].text
    image = digits_pipeline.generate([ImageRequest("a red seven")], [1], steps=1)[0]
    assert bytes.fromhex(lines[3]) == image.array.tobytes()
    model_hub.log.clear()
    assert model_hub.python(HUB, HF_HUB_OFFLINE="1") == lines
    assert model_hub.log == []
