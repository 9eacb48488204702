"""Models of transformers that look at images, tiny random ones: what is said of an image depends on it alone."""

import numpy as np
import pytest
import torch
import transformers
from datasets import ClassLabel, Dataset, Features, Image
from transformers.models.auto import image_processing_auto

from hfaug.backends import facts, image_classes, image_classifier, image_features, registry
from hfaug.errors import ModelError, ParameterError
from hfaug.filters import LabelAgrees, NearDuplicateImages, NotMemorized, SafeImages

SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 37}
IMAGES = [np.random.default_rng(seed).integers(0, 256, (20 + seed, 30, 3), dtype=np.uint8) for seed in range(5)]


def _vit(folder):
    names = {0: "cat", 1: "dog", 2: "nsfw"}
    config = transformers.ViTConfig(**SIZES, image_size=32, patch_size=8, id2label=names, label2id=None)
    transformers.ViTForImageClassification(config).save_pretrained(folder)
    _processor(transformers.ViTImageProcessor, folder, {"height": 32, "width": 32})


def _resnet(folder):
    config = transformers.ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic")
    transformers.ResNetModel(config).save_pretrained(folder)
    _processor(transformers.ConvNextImageProcessor, folder, {"shortest_edge": 32})


def _clip(folder):
    vision = {**SIZES, "image_size": 32, "patch_size": 8}
    text = {**SIZES, "vocab_size": 50, "max_position_embeddings": 16}
    config = transformers.CLIPConfig(vision_config=vision, text_config=text, projection_dim=16)
    transformers.CLIPModel(config).save_pretrained(folder)
    _processor(transformers.CLIPImageProcessor, folder, {"shortest_edge": 32})


def _processor(kind, folder, size):
    pil = getattr(transformers, f"{kind.__name__}Pil", kind)
    pil(size=size, crop_size={"height": 32, "width": 32}).save_pretrained(folder)


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """A folder for each."""
    root = tmp_path_factory.mktemp("seeing")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for make in (_vit, _resnet, _clip):
            make(root / make.__name__[1:])
    yield root
    registry.unload()


@pytest.mark.parametrize("name, width", [("vit", 32), ("resnet", 16), ("clip", 16)])
def test_features_depend_on_the_image_alone(models, name, width):
    """To the last bit: alone and together, in any order; images may differ in size."""
    model = image_features(str(models / name))
    together = model.embed(IMAGES)
    assert together.shape == (5, width)
    assert np.isfinite(together).all()
    for row in (3, 0):
        assert np.array_equal(model.embed([IMAGES[row]])[0], together[row])
    assert np.array_equal(model.embed(IMAGES[::-1]), together[::-1])
    assert len({tuple(row) for row in together.tolist()}) == 5
    assert model.embed([]).shape[0] == 0


def test_each_image_goes_through_alone_on_one_thread(models, monkeypatch, threads):
    """Convolutions sum in another order on several threads, which a process has as many of as it is given cores."""
    model = image_features(str(models / "resnet"))
    alone, call, seen = model.embed(IMAGES), model._model.forward, []

    def spy(pixel_values, **more):
        seen.append((len(pixel_values), torch.get_num_threads()))
        return call(pixel_values=pixel_values, **more)

    monkeypatch.setattr(model._model, "forward", spy)
    threads(3)
    assert np.array_equal(model.embed(IMAGES), alone)
    assert seen == [(1, 1)] * 5
    assert torch.get_num_threads() == 3


def test_pixels_are_made_by_pillow_whatever_is_installed_beside(models, monkeypatch):
    """torchvision makes others of them."""
    chosen, resolve = [], image_processing_auto._resolve_backend

    def spy(*asked):
        chosen.append(resolve(*asked))
        return "pil"

    monkeypatch.setattr(image_processing_auto, "is_torchvision_available", lambda: True)
    monkeypatch.setattr(image_processing_auto, "_resolve_backend", spy)
    registry.unload()
    assert type(image_features(str(models / "vit"))._processor).__name__ == "ViTImageProcessorPil"
    assert chosen == ["pil"]


def test_a_classifier_gives_probabilities_of_its_named_classes(models):
    model = image_classifier(str(models / "vit"))
    found = model.classify(IMAGES)
    assert list(model.classes) == ["cat", "dog", "nsfw"]
    assert found.shape == (5, 3)
    assert np.allclose(found.sum(axis=1), 1)
    assert np.array_equal(model.classify(IMAGES[2:3])[0], found[2])
    assert (model.determinism, model.settings["dtype"]) == ("row", "float32")
    assert facts("image_classifier", str(models / "vit"))["revision"] == model.revision


def test_the_classes_of_a_model_are_known_before_it_is_loaded(models, monkeypatch):
    """From its config, so filters that name others are refused before any work."""
    model, features = str(models / "vit"), Features({"image": Image(), "label": ClassLabel(names=["dog", "cow"])})
    registry.unload()
    monkeypatch.setattr(transformers.AutoModelForImageClassification, "from_pretrained", None)
    assert image_classes(model) == ["cat", "dog", "nsfw"]
    with pytest.raises(ParameterError, match=r"unsafe must name classes of .*vit \(cat, dog, nsfw\), gore is none"):
        SafeImages(model=model, unsafe=("gore",)).check(features)
    with pytest.raises(ParameterError, match="those of 'label', cow is not among cat, dog, nsfw; rename"):
        LabelAgrees(model=model).check(features)
    SafeImages(model=model).check(features)


def test_a_batch_that_does_not_fit_is_halved_and_recorded(models, monkeypatch):
    model = image_classifier(str(models / "vit"))
    expected = model.classify(IMAGES)
    call = model._model.forward

    def fail(pixel_values, **more):
        if len(pixel_values) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return call(pixel_values=pixel_values, **more)

    monkeypatch.setattr(model._model, "forward", fail)
    monkeypatch.setattr("hfaug.backends.seeing._GPU_BATCH", 4)
    monkeypatch.setattr(model, "_on_cpu", False)
    monkeypatch.setattr(model, "halvings", [])
    assert np.allclose(model.classify(IMAGES), expected, atol=1e-6)
    assert [halving.rows for halving in model.halvings] == [4]


def test_filters_run_on_real_models(models):
    """Whatever random weights see: the classes and the spaces are theirs."""
    features = Features({"image": Image(), "label": ClassLabel(names=["dog", "cat"])})
    rows = Dataset.from_dict({"image": IMAGES, "label": [0, 1, 0, 1, 0]}, features)
    table = rows.with_format("arrow")[:]
    seen = image_classifier(str(models / "vit")).classify(IMAGES)
    expected = [
        None if score.argmax() == {"dog": 1, "cat": 0}[features["label"].int2str(label)] else "looks like another class"
        for score, label in zip(seen, rows["label"], strict=True)
    ]
    assert LabelAgrees(model=str(models / "vit")).fit(rows).reasons([table]) == expected
    known = NotMemorized(model=str(models / "clip")).fit(rows)
    assert known.reasons([table]) == ["copy of a real image"] * 5
    assert NearDuplicateImages(model=str(models / "resnet"), least_distance=0).reasons([table]) == [None] * 5
    assert SafeImages(model=str(models / "vit"), most=1).reasons([table]) == [None] * 5
    assert {model["id"] for model in known.models()} == {"clip"}


def test_what_is_no_classifier_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"nobody/nothing|none"):
        image_classifier(str(tmp_path / "none"))
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ModelError, match="must be a model that can be loaded"):
        image_classifier(str(tmp_path))
