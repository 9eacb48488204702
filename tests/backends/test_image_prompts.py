"""Images as prompts: by an IP-Adapter over each family, and by pipelines that are made to draw images like others."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from hfaug.backends import ImageRequest, Part, encoder_beside, image_pipeline, part_facts
from hfaug.backends.diffusion import DiffusersPipeline
from hfaug.backends.identity import ModelIdentity
from hfaug.backends.image_memory import RunSettings
from hfaug.backends.image_parts import find_part
from hfaug.errors import ModelError, ParameterError
from tests import tiny_diffusion

SIZE = {"steps": 2, "height": 16, "width": 16}
FAMILIES = ["sd", "sd-plus", "xl", "sd3", "flux-dev", "latent-consistency"]


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("image-prompts")


@pytest.fixture(scope="session")
def parts(folder):
    """An adapter for a family, with its encoder; `sd-plus` is one for `sd` that reads all that CLIP sees."""

    def made(family, scale=1.0):
        name = family.removesuffix("-plus")
        pipeline(folder, name)
        file = folder / (f"{name}-ip-plus" if family.endswith("-plus") else f"{name}-ip") / "ip-adapter.safetensors"
        if not file.exists():
            tiny_diffusion.ip_adapter(name, folder, plus=family.endswith("-plus"))
        return Part("ip_adapter", str(file), scale), Part("image_encoder", encoder_beside(str(file)))

    return made


def pipeline(folder, family, parts=()):
    if not (folder / family).exists():
        tiny_diffusion.build(family, folder)
    return image_pipeline(str(folder / family), parts=parts, device="cpu")


def picture(seed=0, size=(16, 16)):
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)


def drawn(backend, images, seeds=None, prompt="a red 3", **how):
    requests = [ImageRequest(prompt, like=image) for image in images]
    return [image.array for image in backend.generate(requests, seeds or [5] * len(images), **{**SIZE, **how})]


@pytest.mark.parametrize("family", [*FAMILIES, "variation", "unclip"])
def test_an_image_follows_its_image_prompt_and_depends_on_itself_alone(folder, parts, family, threads):
    name, prompt = family.removesuffix("-plus"), "" if family == "variation" else "a red 3"
    backend = pipeline(folder, name, () if family in tiny_diffusion.VARIATIONS else parts(family))
    threads(2)
    one, other, again = drawn(backend, [picture(0), picture(1), picture(0)], [5, 5, 6], prompt)
    threads(1)
    assert np.array_equal(drawn(backend, [picture(1)], [5], prompt)[0], other)
    assert np.abs(one.astype(int) - other).mean() > 1
    assert not np.array_equal(one, again)


@pytest.mark.parametrize("family", FAMILIES)
def test_without_scale_it_is_drawn_from_text_alone(folder, parts, family):
    name = family.removesuffix("-plus")
    alone = pipeline(folder, name).generate([ImageRequest("a red 3")], [5], **SIZE)[0].array
    none, half, whole = (drawn(pipeline(folder, name, parts(family, s)), [picture()])[0] for s in (0.0, 0.5, 1.0))
    assert np.array_equal(none, alone)
    assert not np.array_equal(half, alone)
    assert not np.array_equal(half, whole)


@pytest.mark.parametrize("family", ["sd", "xl", "flux-dev"])
def test_an_image_is_read_as_the_pipeline_does_it_by_itself(folder, parts, family):
    backend = pipeline(folder, family, parts(family))
    (found,) = drawn(backend, [picture()], [3])
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    alone = backend._pipe(
        "a red 3", ip_adapter_image=Image.fromarray(picture()), num_inference_steps=2, height=16, width=16,
        generator=torch.Generator("cpu").manual_seed(3),
    ).images[0]  # fmt: skip
    torch.set_num_threads(threads)
    assert np.abs(found.astype(int) - np.asarray(alone)).max() <= 1  # it makes pixels ready in another order of sums


def test_what_is_installed_beside_changes_nothing(folder, parts, monkeypatch):
    """transformers makes pixels ready by torchvision where it is there, else by Pillow."""
    backend = pipeline(folder, "sd", parts("sd"))
    before = drawn(backend, [picture(5, (30, 20))])[0]
    reader = backend._pipe.feature_extractor
    monkeypatch.setattr(type(reader), "__call__", lambda *_, **__: pytest.fail("it was asked"))
    backend._likes._known.clear()
    assert np.array_equal(drawn(backend, [picture(5, (30, 20))])[0], before)


@pytest.mark.parametrize("family", ["sd", "sd-plus", "xl", "sd3", "flux-dev", "variation", "unclip"])
def test_batches_draw_what_single_images_draw(folder, parts, family):
    """The plan of a GPU, on the CPU: each image of a batch has its own image prompt."""
    made = family in tiny_diffusion.VARIATIONS
    here = pipeline(folder, family.removesuffix("-plus"), () if made else parts(family))
    there = DiffusersPipeline(ModelIdentity(family, "main", None, family, local=False), here._pipe, "cuda:0",
                              RunSettings(rows=3))  # fmt: skip
    images, prompt = [picture(seed) for seed in range(3)], "" if family == "variation" else "a red 3"
    found = drawn(there, images, [1, 2, 3], prompt)
    for one, other in zip(found, drawn(here, images, [1, 2, 3], prompt), strict=True):
        assert np.abs(one.astype(int) - other).max() <= 2


def test_equal_images_are_encoded_once(folder, parts):
    backend = pipeline(folder, "sd", parts("sd"))
    seen = []
    hook = backend._pipe.image_encoder.register_forward_hook(lambda *_: seen.append(1))
    for _ in range(2):
        drawn(backend, [picture(77), picture(77).copy(), picture(78)], [1, 2, 3])
    hook.remove()
    assert len(seen) == 2


def test_the_ends_of_a_long_image_are_seen(folder, parts):
    """An encoder by itself would cut a square from the middle; here another end makes another image."""
    long = picture(size=(16, 64))
    other = long.copy()
    other[:, :16] = 255 - other[:, :16]
    for family in ("sd", "variation", "unclip"):
        backend = pipeline(folder, family, parts("sd") if family == "sd" else ())
        one, two = drawn(backend, [long, other], prompt="")
        assert not np.array_equal(one, two)


def test_an_image_keeps_the_aspect_of_its_prompt(folder, parts):
    request = ImageRequest("", like=picture(size=(40, 160)))
    assert pipeline(folder, "sd", parts("sd")).generate([request], [1], steps=1)[0].array.shape == (8, 32, 3)


def test_what_is_asked_for_and_what_is_loaded_must_be_alike(folder, parts):
    with pytest.raises(ParameterError, match=r"an IP-Adapter, or a model made for it, must be loaded .* neither is"):
        drawn(pipeline(folder, "sd"), [picture()])
    for backend in (pipeline(folder, "sd", parts("sd")), pipeline(folder, "unclip")):
        with pytest.raises(ParameterError, match="and nowhere else, one is; change either"):
            backend.generate([ImageRequest("a red 3")], [1], **SIZE)


def test_a_pipeline_without_prompts_says_so(folder):
    backend = pipeline(folder, "variation")
    with pytest.raises(ParameterError, match=r"Variation.* reads none; leave the prompt empty"):
        drawn(backend, [picture()])
    with pytest.raises(ParameterError, match="draws without; leave negative_prompt out"):
        backend.generate([ImageRequest("", "no 3", like=picture())], [1], **SIZE)


def test_a_prompt_and_what_it_is_against_act_on_a_model_made_for_variations(folder):
    backend = pipeline(folder, "unclip")
    ways = [ImageRequest(*said, like=picture()) for said in (("", None), ("a 3", None), ("", "3"))]
    plain, led, against = (backend.generate([way], [1], **SIZE)[0].array for way in ways)
    assert not np.array_equal(plain, led)
    assert not np.array_equal(plain, against)


@pytest.mark.parametrize(
    ("family", "other"), [("sd", "xl"), ("xl", "sd"), ("sd", "flux-dev"), ("sd3", "sd"), ("flux-dev", "sd3")]
)
def test_an_adapter_for_another_family_is_refused(folder, parts, family, other):
    with pytest.raises(ModelError, match=f"must be an IP-Adapter for the family of {family}, .*choose the one for"):
        pipeline(folder, family, parts(other))


def test_an_encoder_that_is_another_one_is_refused(folder, parts, tmp_path):
    adapter, _ = parts("sd")
    tiny_diffusion.image_encoder(tmp_path / "wide", 64)
    with pytest.raises(ModelError, match=r"wide: must be the image encoder that .* was taught with, is another; name"):
        pipeline(folder, "sd", (adapter, Part("image_encoder", str(tmp_path / "wide"))))
    with pytest.raises(ModelError, match="must be an image encoder of CLIP or SigLIP, is clip_text_model; name one"):
        pipeline(folder, "sd", (adapter, Part("image_encoder", str(folder / "sd" / "text_encoder"))))


def test_an_adapter_without_an_encoder_is_refused(folder, parts, tmp_path):
    parts("sd")
    alone = tmp_path / "mine.safetensors"
    alone.write_bytes((folder / "sd-ip" / "ip-adapter.safetensors").read_bytes())
    with pytest.raises(ModelError, match=r"image_encoder: an image encoder must be an existing .* taught with"):
        find_part(Part("image_encoder", encoder_beside(str(alone))))


def test_a_pipeline_that_takes_no_adapter_says_so(folder, parts):
    pipeline(folder, "unclip")
    with pytest.raises(ModelError, match="takes an IP-Adapter, StableUnCLIPImg2ImgPipeline does not; leave it out"):
        image_pipeline(str(folder / "unclip"), parts=parts("sd"), device="cpu")


def test_adapters_and_encoders_are_known_by_their_contents(folder, parts, tmp_path):
    adapter, encoder = parts("sd")
    known = [part_facts(part, "row") for part in (adapter, encoder)]
    assert [one["id"] for one in known] == ["ip-adapter.safetensors", "image_encoder"]
    moved = shutil.copytree(folder / "sd-ip", tmp_path / "elsewhere")
    again = part_facts(Part("image_encoder", str(moved / "image_encoder")), "row")
    assert again["revision"] == known[1]["revision"]
    assert find_part(Part("ip_adapter", str(moved))).file == "ip-adapter.safetensors"


HUB = """
import json, sys
from hfaug.backends import Part, encoder_beside, image_pipeline, part_facts
from hfaug.errors import ModelError
model, adapters = json.load(sys.stdin)
for adapter in adapters:
    parts = Part("ip_adapter", adapter), Part("image_encoder", encoder_beside(adapter))
    try:
        print(json.dumps([[known[name] for name in ("id", "revision", "licence")] for part in parts
                          if (known := part_facts(part, "row"))]))
        if model:
            image_pipeline(model, parts=parts, device="cpu")
    except ModelError as error:
        print(json.dumps(str(error)))
"""


@pytest.fixture
def hub(folder, parts, model_hub, tmp_path):
    """A hub with an adapter in a folder of its repository, an encoder beside it, and with one that has none."""
    parts("sd")
    shutil.copytree(folder / "sd-ip", tmp_path / "repo" / "models")
    (tmp_path / "repo" / "README.md").write_text("---\nlicense: apache-2.0\n---\n")
    (tmp_path / "lone").mkdir()
    shutil.copy(folder / "sd-ip" / "ip-adapter.safetensors", tmp_path / "lone")
    model_hub.add("org/ip", tmp_path / "repo", tags=("v1",))
    model_hub.add("org/lone", tmp_path / "lone")
    return model_hub


def test_an_adapter_on_the_hub_is_pinned_with_the_encoder_beside_it(hub):
    """Both at one commit, which is the name of no folder in the repository."""
    file, commit = "models/ip-adapter.safetensors", hub.repos["org/ip"][0]
    names = [f"org/ip/{file}", f"org/ip@v1/{file}", "org/lone", f"org/ip@v2/{file}"]
    found = [json.loads(line) for line in hub.python(HUB, stdin=json.dumps([None, names]))]
    assert found[:2] == [[["org/ip", commit, "apache-2.0"]] * 2] * 2
    assert found[2].startswith("org/lone/image_encoder: must hold an image encoder, lacks its config.json; name the")
    assert "has no 'v2'" in found[3]


@pytest.mark.slow
def test_an_encoder_on_the_hub_is_taken_at_the_commit_of_its_adapter(hub, folder):
    names = ["org/ip/models/ip-adapter.safetensors"]
    (found,) = hub.python(HUB, stdin=json.dumps([str(folder / "sd"), names]))
    assert json.loads(found)[0][0] == "org/ip"
    files = [path for _, path in hub.log if path.endswith(".safetensors")]
    assert {path.rpartition("/")[2] for path in files} == {"ip-adapter.safetensors", "model.safetensors"}
    taken = [path for path in files if "/main/" not in path]  # by the name of the branch it was only asked which it is
    assert taken
    assert all(hub.repos["org/ip"][0] in path for path in taken)
    assert not [path for path in files if path.endswith("main/models/image_encoder/model.safetensors")]
