"""Another image of what an image shows: the image is the prompt, its label stays, nothing that names places does."""

from pathlib import Path

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, Features, Image, List, Value

import hfaug
from hfaug import media
from hfaug.backends import GeneratedImage, ImageRequest, image_pipeline, registry
from hfaug.errors import LabelError, ModelError, ParameterError, RoleError
from hfaug.ops.image import Vary
from tests import tiny_diffusion
from tests.fakes import FakeImagePipeline

KINDS = ClassLabel(names=["cat", "dog"])


@pytest.fixture(scope="module")
def op(tmp_path_factory):
    """The op with a tiny pipeline, as the fields given say."""
    folder = tmp_path_factory.mktemp("vary")
    tiny_diffusion.build("sd", folder)
    adapter = tiny_diffusion.ip_adapter("sd", folder)
    return lambda **fields: Vary(**{"model": str(folder / "sd"), "adapter": str(adapter), "steps": 2, **fields})


def stored(seed, size=(24, 40), channels=3, form="PNG"):
    array = np.random.default_rng(seed).integers(0, 256, (*size, channels), np.uint8)
    like = media.Picture(array, format=form, lossless=form == "PNG")
    return {"bytes": media.encode_image(array, like=like), "path": None}


def rows(images, **columns):
    kinds = {"label": KINDS, **{name: Value("string") for name in columns if name != "label"}}
    columns = {"image": images, "label": [number % 2 for number in range(len(images))], **columns}
    return Dataset.from_dict(columns, features=Features({"image": Image(), **kinds}))


def varied(op, data):
    """The rows as stored."""
    return hfaug.augment(data, op, keep=False).with_format("arrow")[:].to_pylist()


def pixels(row):
    return media.decode_image(row["image"]["bytes"]).array


def test_another_image_of_the_same_size_and_label_follows_the_image(op):
    """Rows of equal ids draw equal noise, so that all that differs comes from the images."""
    data = rows([stored(0), stored(1)])
    one, other = varied(op().on(id="label"), data)
    ((moved, _),) = [varied(op().on(id="label"), rows([stored(1), stored(0)]))]
    assert pixels(one).shape == (24, 40, 3)
    assert [row["label"] for row in (one, other)] == [0, 1]
    assert not np.array_equal(pixels(one), pixels(moved))
    assert not np.array_equal(pixels(one), media.decode_image(stored(0)["bytes"]).array)


def test_a_row_is_drawn_alike_in_any_batch_and_order(op):
    data = rows([stored(seed) for seed in range(5)])
    whole = varied(op(), data)
    back = varied(op(), data.select([4, 3, 2, 1, 0]))[::-1]
    assert back == whole
    mapped = [
        data.map(op(), batched=True, batch_size=size).cast_column("image", Image(decode=False))["image"][:]
        for size in (1, 2, 5)
    ]
    assert mapped[0] == mapped[1] == mapped[2]


def test_without_scale_it_is_the_prompt_alone_that_is_drawn(op):
    vary = op(prompt="a red {{ label }}", scale=0.0, height=16, width=16)
    with registry.override("image_pipeline", FakeImagePipeline):
        varied(vary, rows([stored(0, (16, 16))]))
        fake = registry.image_pipeline(vary.model, parts=vary.parts)
        (request,) = fake.requests
    assert request.prompt == "a red cat"
    assert request.like.shape == (16, 16, 3)
    seen = []
    with registry.override("image_pipeline", lambda *_, **__: Spy(seen)):
        varied(vary, rows([stored(0, (16, 16))]))
    (seed,) = seen
    backend = image_pipeline(vary.model, device="cpu")
    (plain,) = backend.generate([ImageRequest("a red cat")], [seed], steps=2, height=16, width=16)
    assert np.array_equal(pixels(varied(vary, rows([stored(0, (16, 16))]))[0]), plain.array)


class Spy(FakeImagePipeline):
    """Notes the seeds."""

    def __init__(self, seen):
        super().__init__()
        self.seen = seen

    def generate(self, requests, seeds, **how):
        self.seen += seeds
        return super().generate(requests, seeds, **how)


def test_grey_stays_grey_and_alpha_stays(op):
    grey, clear = varied(op(), rows([stored(0, channels=1), stored(1, channels=4)]))
    assert pixels(grey).shape == (24, 40, 1)
    assert pixels(clear).shape == (24, 40, 4)
    assert np.array_equal(pixels(clear)[..., 3], media.decode_image(stored(1, channels=4)["bytes"]).array[..., 3])


def test_what_has_no_image_or_prompt_or_is_flagged_is_left_out():
    class Flagging(FakeImagePipeline):
        def _one(self, request, seed, size):
            return GeneratedImage(np.zeros(size, np.uint8), flagged="bad" in request.prompt)

    data = rows([stored(0), None, stored(1), stored(2)], what=["a", "b", None, "bad"])
    with registry.override("image_pipeline", Flagging):
        done = varied(Vary(prompt="{{ what }}", adapter=None), data)
    assert [row["what"] for row in done] == ["a"]


def test_labels_that_name_places_are_refused(op):
    boxed = Features({"image": Image(), "box": List(List(Value("float32"), length=4))})
    with pytest.raises(LabelError, match="Vary"):
        op().on(boxes="box", box_format="xyxy").features(boxed)
    masked = Features({"image": Image(), "mask": Image()})
    with pytest.raises(LabelError, match="Vary"):
        op().on(image="image", mask="mask").features(masked)
    with pytest.raises(RoleError, match="needs one image a row"):
        op().features(Features({"image": List(Image())}))


def test_models_are_told_with_adapter_and_encoder(op):
    vary = op(scale=0.5)
    known = vary.models()
    assert [model["id"] for model in known] == ["sd", "ip-adapter.safetensors", "image_encoder"]
    assert all(model["revision"].startswith("xxh3:") for model in known)
    assert "ip-adapter.safetensors" in vary.published_json
    assert str(Path(vary.adapter).parent) not in vary.published_json
    assert vary.stream_digest != op(scale=1.0).stream_digest


def test_another_adapter_makes_another_fingerprint(op, tmp_path):
    """Also one that has the name of the old one."""
    copy = tmp_path / "ip-adapter.safetensors"
    copy.write_bytes(Path(op().adapter).read_bytes())
    encoder = str(tiny_diffusion.image_encoder(tmp_path / "image_encoder"))
    before = op(adapter=str(copy), image_encoder=encoder).models()
    copy.write_bytes(copy.read_bytes() + b"0")
    after = op(adapter=str(copy), image_encoder=encoder).models()
    assert before[1]["revision"] != after[1]["revision"]
    assert [one["revision"] for one in (before[0], before[2])] == [one["revision"] for one in (after[0], after[2])]


def test_what_belongs_to_an_adapter_needs_one():
    for fields in ({"scale": 0.5}, {"image_encoder": "org/clip"}):
        with pytest.raises(ParameterError, match="Vary: image_encoder and scale belong to an adapter, there is none"):
            Vary(adapter=None, **fields)


def test_a_model_without_an_adapter_says_what_is_missing(op):
    with pytest.raises(ParameterError, match="an IP-Adapter, or a model made for it, must be loaded"):
        varied(op(adapter=None), rows([stored(0)]))
    with pytest.raises(ModelError, match="name the one that the adapter was taught with"):
        op(image_encoder="/no/where").models()
