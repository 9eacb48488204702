"""LoRA weights, learnt words and ControlNets: named to the byte, loaded with the pipeline, refused where none fits."""

import json
import shutil

import numpy as np
import pytest

from hfaug.backends import ImageRequest, Part, facts, image_pipeline, part_facts
from hfaug.backends.image_parts import find_part
from hfaug.errors import ModelError, ParameterError
from tests import tiny_diffusion

SETTINGS = {"steps": 2, "height": 16, "width": 16}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A pipeline and everything that can be laid over it."""
    found = tmp_path_factory.mktemp("parts")
    tiny_diffusion.build("sd", found)
    tiny_diffusion.build("flux-schnell", found)
    tiny_diffusion.controlnet(found)
    tiny_diffusion.learned_words(found)
    tiny_diffusion.lora(found)
    return found


def drawn(folder, *parts, prompt="a red <thing>", control=None, trace=None, **more):
    backend = image_pipeline(str(folder / "sd"), parts=parts, device="cpu")
    (image,) = backend.generate([ImageRequest(prompt, control=control, trace=trace)], [1], **SETTINGS, **more)
    return image.array


def test_learnt_words_are_read_in_prompts(folder):
    words = Part("textual_inversion", str(folder / "words"))
    plain, learnt = (drawn(folder, *parts) for parts in ((), (words,)))
    assert not np.array_equal(plain, learnt)
    assert np.array_equal(drawn(folder, prompt="a red 3"), drawn(folder, words, prompt="a red 3"))
    assert np.array_equal(
        drawn(folder, Part("textual_inversion", str(folder / "words/learned_embeds.safetensors"))), learnt
    )


def test_lora_weights_act_by_their_scale(folder):
    pytest.importorskip("peft")
    plain, half, whole = (
        drawn(folder, Part("lora", str(folder / "lora"), scale), prompt="a 3") for scale in (0.0, 0.5, 1.0)
    )
    assert np.array_equal(plain, drawn(folder, prompt="a 3"))
    moved = [np.abs(one.astype(int) - plain).mean() for one in (half, whole)]
    assert 0 < moved[0] < moved[1]


def test_several_lora_weights_add_up(folder):
    pytest.importorskip("peft")
    lora = str(folder / "lora")
    both = drawn(folder, Part("lora", lora, 0.5), Part("lora", lora + "/pytorch_lora_weights.safetensors", 0.5))
    assert np.abs(both.astype(int) - drawn(folder, Part("lora", lora, 1.0))).max() <= 1


def test_an_lcm_lora_brings_its_scheduler(folder, tmp_path):
    """Known by its name, as it is published, or by that of its folder or file; others leave the scheduler as it is."""
    pytest.importorskip("peft")
    named = shutil.copytree(folder / "lora", tmp_path / "lcm-lora-sdv1-5")
    plain, quick = (
        image_pipeline(str(folder / "sd"), parts=(Part("lora", str(path)),), device="cpu")
        for path in (folder / "lora", named)
    )
    assert plain.settings["scheduler"] == "DDIMScheduler"
    assert "steps" not in plain.settings
    assert [quick.settings[name] for name in ("scheduler", "steps", "guidance")] == ["LCMScheduler", 4, 1.0]
    request, how = [ImageRequest("a red 3")], {"steps": 4, "guidance": 1.0, "height": 16, "width": 16}
    (one,), (other,) = (backend.generate(request, [1], **how) for backend in (plain, quick))
    assert not np.array_equal(one.array, other.array)
    (tmp_path / "loras").mkdir()
    bare = shutil.copy(named / "pytorch_lora_weights.safetensors", tmp_path / "loras" / "quick.safetensors")
    for path, scheduler in (
        (named / "pytorch_lora_weights.safetensors", "LCMScheduler"),
        (bare, "DDIMScheduler"),
        (shutil.copy(bare, tmp_path / "loras" / "my_lcm.safetensors"), "LCMScheduler"),
    ):
        found = image_pipeline(str(folder / "sd"), parts=(Part("lora", str(path)),), device="cpu")
        assert found.settings["scheduler"] == scheduler


def test_a_control_net_holds_the_image(folder):
    net = Part("controlnet", str(folder / "controlnet"))
    bars = np.zeros((16, 16, 3), np.uint8)
    bars[::4] = 255
    one, other = (drawn(folder, net, control=bars, control_scale=scale) for scale in (0.0, 2.0))
    assert not np.array_equal(one, other)
    assert not np.array_equal(other, drawn(folder, net, control=255 - bars, control_scale=2.0))
    with pytest.raises(ParameterError, match=r"a ControlNet must be loaded where requests have a control, .* one is"):
        drawn(folder, net)
    with pytest.raises(ParameterError, match="none is"):
        drawn(folder, control=bars)
    with pytest.raises(ParameterError, match="it has no controlnet_conditioning_scale"):
        drawn(folder, control_scale=1.0)


def test_edges_are_traced_at_the_size_that_is_drawn_at(folder):
    """Those of a large image would be grey lines where it is drawn small."""
    backend = image_pipeline(str(folder / "sd"), parts=(Part("controlnet", str(folder / "controlnet")),), device="cpu")
    large = np.zeros((64, 128, 3), np.uint8)
    large[16:48, 32:96] = 255
    seen = []

    def trace(array):
        seen.append(array)
        return 255 - array

    backend.generate([ImageRequest("a 3", control=large, trace=trace)], [1], steps=1)
    (found,) = seen
    assert found.shape == (8, 24, 3)
    assert (found[2:6, 6:18] == 255).all()
    assert not np.array_equal(
        drawn(folder, Part("controlnet", str(folder / "controlnet")), control=large, trace=trace),
        drawn(folder, Part("controlnet", str(folder / "controlnet")), control=large),
    )


def test_the_colours_of_a_label_map_do_not_mix(folder):
    """Between two of them would lie that of a third thing, or of none."""
    backend = image_pipeline(str(folder / "sd"), parts=(Part("controlnet", str(folder / "controlnet")),), device="cpu")
    colours = np.array([[0, 0, 0], [128, 0, 0], [0, 128, 128]], np.uint8)
    for size in ((61, 127), (5, 9)):
        control, seen = colours[np.random.default_rng(0).integers(0, 3, size)], []
        request = ImageRequest(
            "a 3", control=control, label_map=True, trace=lambda one, seen=seen: seen.append(one) or one
        )
        backend.generate([request], [1], steps=1)
        assert seen[0].shape[:2] not in {size, ()}
        assert {tuple(colour) for colour in seen[0].reshape(-1, 3)} == {tuple(colour) for colour in colours}


def test_parts_are_known_by_their_contents(folder, tmp_path):
    known = part_facts(Part("textual_inversion", str(folder / "words")), "row")
    assert known["id"] == "words"
    assert known["revision"].startswith("xxh3:")
    assert known["determinism"] == "row"
    single = find_part(Part("textual_inversion", str(folder / "words" / "learned_embeds.safetensors")))
    moved = tmp_path / "mine.safetensors"
    moved.write_bytes((folder / "words" / "learned_embeds.safetensors").read_bytes())
    again = find_part(Part("textual_inversion", str(moved)))
    assert (single.identity.model_id, again.identity.model_id) == ("learned_embeds.safetensors", "mine.safetensors")
    assert single.identity.revision == again.identity.revision
    assert "settings" not in facts("image_pipeline", str(folder / "flux-schnell"))


def test_a_pipeline_with_parts_is_another_one(folder):
    plain = image_pipeline(str(folder / "sd"), device="cpu")
    words = (Part("textual_inversion", str(folder / "words")),)
    assert image_pipeline(str(folder / "sd"), parts=words, device="cpu") is not plain
    assert image_pipeline(str(folder / "sd"), parts=words, device="cpu") is image_pipeline(
        str(folder / "sd"), parts=words, device="cpu"
    )


@pytest.mark.parametrize(
    ("part", "match"),
    [
        (Part("lora", "./nowhere.safetensors"), "a lora must be an existing file or folder, or USER/REPO"),
        (Part("lora", "user/repo/readme.txt"), "must end in a repository or a file of weights"),
        (Part("textual_inversion", "/no/such/folder"), "a textual inversion must be an existing file"),
    ],
)
def test_names_that_can_be_none_are_refused(part, match):
    with pytest.raises(ModelError, match=match):
        find_part(part)


def test_folders_without_the_part_are_refused(folder):
    with pytest.raises(ModelError, match=r"must hold pytorch_lora_weights.safetensors"):
        find_part(Part("lora", str(folder / "words")))
    with pytest.raises(ModelError, match="must be a ControlNet, is a UNet2DConditionModel"):
        drawn(folder, Part("controlnet", str(folder / "sd" / "unet")))


def test_a_family_that_takes_no_learnt_words_says_so(folder, monkeypatch):
    import diffusers

    monkeypatch.delattr(diffusers.loaders.TextualInversionLoaderMixin, "load_textual_inversion")
    with pytest.raises(
        ModelError, match="must be a pipeline that takes textual inversion, StableDiffusionPipeline does"
    ):
        drawn(folder, Part("textual_inversion", str(folder / "words" / "learned_embeds.safetensors"), 0.25))


def test_a_control_net_without_weights_is_an_error(folder, tmp_path):
    (tmp_path / "config.json").write_text('{"_class_name": "ControlNetModel"}')
    with pytest.raises(ModelError, match="sd: must be a model that can be loaded, was not"):
        drawn(folder, Part("controlnet", str(tmp_path)))


HUB = """
import json, sys
from hfaug.backends.image_parts import Part, find_part
from hfaug.errors import ModelError
for kind, name in json.load(sys.stdin):
    try:
        found = find_part(Part(kind, name))
        print(json.dumps([found.identity.model_id, found.identity.revision, found.identity.licence, found.file]))
    except ModelError as error:
        print(json.dumps(str(error)))
"""


def test_parts_on_the_hub_are_named_by_commit_and_file(model_hub, tmp_path):
    """With a revision and a file where asked for; what is gated, gone or lacks the file says so."""
    (tmp_path / "README.md").write_text("---\nlicense: openrail++\n---\n")
    for name in ("learned_embeds.bin", "other.safetensors"):
        (tmp_path / name).write_bytes(b"0")
    commit = model_hub.add("org/toy", tmp_path, tags=("v1",))
    model_hub.fail("org/gated", 403, "GatedRepo")
    wanted = [
        ["textual_inversion", "org/toy"],
        ["textual_inversion", "org/toy@v1"],
        ["lora", "org/toy@v1/other.safetensors"],
        ["lora", "org/toy"],
        ["lora", "org/toy@v9/other.safetensors"],
        ["controlnet", "org/gated"],
        ["controlnet", "org/nothing"],
    ]
    found = [json.loads(line) for line in model_hub.python(HUB, stdin=json.dumps(wanted))]
    here = ["org/toy", commit, "openrail++"]
    assert found[:3] == [[*here, "learned_embeds.bin"]] * 2 + [[*here, "other.safetensors"]]
    told = ("must hold the files of a model, lacks one", "has no 'v9'", "accept its terms", "is none (or private")
    for message, telling in zip(found[3:], told, strict=True):
        assert telling in message
