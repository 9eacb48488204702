"""Prompts of rows: columns and classes by name, drawn words and templates, and what a row spells is data."""

import logging
import pickle

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, Features, Image, List, Value

import hfaug
from hfaug.backends import registry
from hfaug.errors import LabelError, ParameterError, UnboundColumnError
from hfaug.ops.image import ImageToImage, Sample, TextToImage
from tests.fakes import FakeImagePipeline

ANIMALS = ClassLabel(names=["cat", "dog", "golden_eagle"])
ROWS = Dataset.from_dict(
    {"label": [0, 1, 2, 0, 1, 2, None], "place": ["a {{ 7*7 }}", "b", "c", None, "e", "f", "g"]},
    features=Features({"label": ANIMALS, "place": Value("string")}),
)


def asked(op, rows=ROWS):
    """What the pipeline is asked for, and what comes of it."""
    with registry.override("image_pipeline", FakeImagePipeline):
        done = hfaug.augment(rows, op, keep=False)
        fake = registry.image_pipeline(op.model, revision=op.revision, parts=op.parts)
    return fake.requests, done


def prompts(op, rows=ROWS):
    return [request.prompt for request in asked(op, rows)[0]]


def test_classes_are_named_and_values_are_data():
    found = prompts(TextToImage(prompt="a {{ label | replace('_', ' ') }} in {{ place }}"))
    assert found == ["a cat in a {{ 7*7 }}", "a dog in b", "a golden eagle in c", "a dog in e", "a golden eagle in f"]


def test_a_column_of_prompts_is_no_template():
    rows = Dataset.from_dict({"prompt": ["a {{ place }}", None, ""]})
    assert prompts(TextToImage(), rows) == ["a {{ place }}", ""]
    with pytest.raises(ParameterError, match="attributes must be named in the prompt, light is not"):
        TextToImage(attributes={"light": ["sun"]})


def test_a_column_of_prompts_can_stand_in_a_template():
    rows = Dataset.from_dict({"prompt": ["a cat"]})
    assert prompts(TextToImage(prompt="{{ prompt }}, oil on canvas"), rows) == ["a cat, oil on canvas"]


def test_one_of_several_prompts_is_drawn_by_the_row():
    rows = Dataset.from_dict({"number": list(range(200))})
    texts = ["a", "b", "c"]
    found = prompts(TextToImage(prompt=texts), rows)
    assert all(45 <= found.count(text) <= 90 for text in texts)
    reverse = rows.select(range(199, -1, -1))
    assert prompts(TextToImage(prompt=texts), reverse) == found[::-1]


def test_a_class_has_prompts_of_its_own_and_others_are_rejected():
    op = TextToImage(prompt={"cat": ["a kitten", "a tomcat"], "dog": "a puppy"})
    found, done = asked(op, ROWS.select_columns("label"))
    assert {request.prompt for request in found} <= {"a kitten", "a tomcat", "a puppy"}
    assert len(done) == 4
    assert set(done["label"]) == {0, 1}


def test_attributes_are_drawn_by_weight():
    rows = Dataset.from_dict({"number": list(range(300))})
    op = TextToImage(prompt="{{ weather }}, {{ weather }}", attributes={"weather": ["sun", ["rain", 3]]})
    found = prompts(op, rows)
    assert set(found) == {"sun, sun", "rain, rain"}
    assert 195 <= found.count("rain, rain") <= 255


def test_the_negative_prompt_is_a_template_too():
    found, _ = asked(TextToImage(prompt="a {{ label }}", negative_prompt="no {{ label }}"), ROWS.select(range(2)))
    assert [request.negative_prompt for request in found] == ["no cat", "no dog"]


@pytest.mark.parametrize(
    ("op", "error", "match"),
    [
        (lambda: TextToImage(prompt="a {{ lable }}"), ParameterError, "must be an attribute or one of the columns"),
        (lambda: TextToImage(prompt="a {{ label"), ParameterError, "a template must be Jinja"),
        (lambda: TextToImage(prompt=()), ParameterError, "prompt must hold a template"),
        (lambda: TextToImage(prompt={"cat": ()}), ParameterError, "prompt must hold a template, for each class"),
        (
            lambda: TextToImage(prompt={"cow": "a cow"}),
            ParameterError,
            "prompt must name classes of 'label', cow is none",
        ),
        (lambda: TextToImage(prompt="a", attributes={"x": []}), ParameterError, "TextToImage: slots must have"),
        (lambda: ImageToImage(prompt=None), ValueError, "needs one image column"),
        (TextToImage, ValueError, "needs one prompt column|no column can be it"),
    ],
)
def test_prompts_that_cannot_be_filled_are_refused_before_any_work(op, error, match):
    with pytest.raises(error, match=match):
        op().features(ROWS.select_columns("label").features)


def test_prompts_by_class_need_a_class():
    with pytest.raises(LabelError, match="prompts by class need a class column"):
        TextToImage(prompt={"cat": "a cat"}).features(Features({"place": Value("string")}))


def test_a_changed_word_list_leaves_other_rows_noise_alone():
    """What is drawn for the prompt and the image's noise come from streams of their own, keyed by the row."""
    rows = Dataset.from_dict({"number": list(range(6))})
    op = TextToImage(prompt="a {{ look }} cat", attributes={"look": ["red", "grey"]})
    some = asked(op, rows.select([4, 1]))[1].cast_column("image", Image(decode=False))["image"]
    whole = asked(op, rows)[1].cast_column("image", Image(decode=False))["image"]
    assert [some[0], some[1]] == [whole[4], whole[1]]


def test_flagged_images_are_rejected():
    rows = Dataset.from_dict({"prompt": ["a cat", "FORBIDDEN", "a dog"]})
    assert len(asked(TextToImage(), rows)[1]) == 2


def test_prompts_that_are_cut_are_told_once_and_counted(models_folder, caplog):
    backend = registry.image_pipeline(str(models_folder / "digits-text-to-image"), device="cpu")
    before = backend.counted["prompts_cut"]
    backend.counted["prompts_cut"] = 0
    rows = Dataset.from_dict({"prompt": ["a red 3 on white " * 20, "a red 3", "a red 4 on white " * 20]})
    op = TextToImage(model=str(models_folder / "digits-text-to-image"), steps=1)
    with caplog.at_level(logging.WARNING, "hfaug"):
        hfaug.augment(rows, op, keep=False)
        hfaug.augment(rows, op, keep=False)
    told = [record.getMessage() for record in caplog.records if "longer than the model reads" in record.getMessage()]
    assert len(told) == 1
    assert "2 of 3 prompts" in told[0]
    assert backend.counted["prompts_cut"] == 4
    assert op.models()[0]["events"]["prompts_cut"] == 4
    backend.counted["prompts_cut"] += before


def test_models_are_told_with_what_is_laid_over_them(models_folder, tmp_path):
    from tests import tiny_diffusion

    words = tiny_diffusion.learned_words(tmp_path)
    op = TextToImage(
        model=str(models_folder / "digits-text-to-image"), textual_inversion=str(words), lora={str(words): 0.5}
    )
    assert [model["id"] for model in op.models()] == ["digits-text-to-image", words.name, words.name]
    assert str(tmp_path) not in op.published_json
    assert pickle.loads(pickle.dumps(op)) == op  # of this test
    assert op.lora == ((str(words), 0.5),)
    assert TextToImage(lora="user/style").lora == (("user/style", 1.0),)


def test_pixels_of_any_kind_are_taken():
    """Grey, alpha and 16 bits go to the model as RGB and come back as they were."""
    from hfaug import media

    def stored(array):
        return {"bytes": media.encode_image(array, like=media.Picture(array)), "path": None}

    rng = np.random.default_rng(0)
    kinds = [(np.uint8, 1), (np.uint8, 3), (np.uint8, 4), (np.uint16, 1), (np.uint16, 3)]
    arrays = [rng.integers(0, np.iinfo(kind).max, (20, 30, channels), kind) for kind, channels in kinds]
    rows = Dataset.from_dict({"image": [stored(array) for array in arrays]}, features=Features({"image": Image()}))
    done = asked(ImageToImage(), rows)[1].cast_column("image", Image(decode=False))["image"]
    for before, value in zip(arrays, done, strict=True):
        after = media.decode_image(value["bytes"]).array
        assert (after.shape, after.dtype) == (before.shape, before.dtype)
        assert not np.array_equal(after, before)
    assert np.array_equal(media.decode_image(done[2]["bytes"]).array[..., 3], arrays[2][..., 3])


def test_an_image_whose_labels_name_places_is_not_replaced():
    """Without such labels it is: a class stays right."""
    features = Features({"image": Image(), "label": ANIMALS, "boxes": List(List(Value("float32")))})
    with pytest.raises(LabelError, match=r"TextToImage: boxes in 'boxes' must move with the image"):
        TextToImage(prompt="a {{ label }}").on(boxes="boxes", box_format="xyxy").features(features)
    with pytest.raises(UnboundColumnError, match="column 'boxes' may hold positions in the image"):
        TextToImage(prompt="a {{ label }}").features(features)
    with pytest.raises(UnboundColumnError, match="Sample: column 'boxes' may hold positions in the image"):
        Sample(model="m").features(features)
    del features["boxes"]
    assert {*TextToImage(prompt="a {{ label }}").features(features)} == {"image", "label", "provenance"}
    assert "drawn" in TextToImage(prompt="a", column="drawn").features(Features({**features, "mask": Image()}))


def test_drawn_images_can_be_drawn_anew_in_a_chain():
    """The second op starts from what the first one drew, and both stand in the lineage."""
    rows = Dataset.from_dict({"label": [0, 1]}, features=Features({"label": ANIMALS}))
    chain = hfaug.Chain(TextToImage(prompt="a {{ label }}"), ImageToImage(prompt="a {{ label }} in the rain"))
    with registry.override("image_pipeline", FakeImagePipeline):
        done = hfaug.augment(rows, chain, keep=False)
        requests = registry.image_pipeline(TextToImage().model).requests
    assert [request.prompt for request in requests] == ["a cat", "a dog", "a cat in the rain", "a dog in the rain"]
    assert [request.image is None for request in requests] == [True, True, False, False]
    assert requests[2].image.shape == (16, 16, 3)
    assert set(done.features) == {"label", "image", "provenance"}
    assert {row["origin"] for row in done["provenance"]} == {"synthetic"}
