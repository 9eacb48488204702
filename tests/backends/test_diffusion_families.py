"""Each family by name alone: its steps and guidance, its prompts encoded once, each image by itself the same."""

import copy
import functools
import inspect

import numpy as np
import pytest
import torch

from hfaug.backends import ImageRequest, image_pipeline
from hfaug.backends.diffusion import DiffusersPipeline
from hfaug.backends.identity import ModelIdentity
from hfaug.backends.image_families import defaults_of
from hfaug.backends.image_memory import RunSettings
from hfaug.errors import ModelError, ParameterError
from tests import tiny_diffusion

WITH_NEGATIVE = {"sd", "xl", "sd3", "inpainting"}
SIZE = {"height": 16, "width": 16}


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A loaded pipeline by the name of its family."""
    folder = tmp_path_factory.mktemp("pipelines")
    return lambda family: image_pipeline(
        str(folder / family if (folder / family).exists() else tiny_diffusion.build(family, folder)), device="cpu"
    )


def picture(seed=0, size=(12, 20)):
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)


def half(size=(12, 20)):
    mask = np.zeros(size, np.uint8)
    mask[:, : size[1] // 2] = 1
    return mask


def requests(task, count=3):
    """Different requests of one task; the size of all is that of their picture."""
    image = {} if task == "text" else {"image": picture(), "strength": 0.8}
    mask = {"mask": half()} if task == "inpaint" else {}
    return [ImageRequest(f"a red {number}", **image, **mask) for number in range(count)]


def drawn(backend, wanted, seeds, **how):
    settings = {**SIZE, **({} if backend.settings.get("steps") else {"steps": 2}), **how}
    return [image.array for image in backend.generate(wanted, seeds, **settings)]


@pytest.mark.parametrize("family", sorted(set(tiny_diffusion.FAMILIES) - {"inpainting"}))
@pytest.mark.parametrize("task", ["text", "image", "inpaint"])
def test_an_image_depends_on_itself_alone(tiny, family, task, threads):
    """Alone and among others, with one thread and with two; and it is what the bare pipeline draws."""
    if (family, task) == ("latent-consistency", "inpaint"):
        pytest.skip("diffusers has no such pipeline")
    backend, wanted = tiny(family), requests(task)
    threads(2)
    together = drawn(backend, wanted, [5, 6, 7])
    threads(1)
    assert np.array_equal(drawn(backend, wanted[1:2], [6])[0], together[1])
    assert not np.array_equal(together[0], together[1])
    assert together[0].shape == (16, 16, 3)
    assert together[0].std() > 1


@pytest.mark.parametrize("family", ["sd", "xl", "sd3", "flux-dev"])
def test_text_is_drawn_as_the_pipeline_draws_it_by_itself(tiny, family):
    backend = tiny(family)
    (found,) = drawn(backend, [ImageRequest("a red seven")], [3], steps=2)
    generator = torch.Generator("cpu").manual_seed(3)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    alone = backend._pipe("a red seven", num_inference_steps=2, generator=generator, **SIZE).images[0]
    torch.set_num_threads(threads)
    assert np.array_equal(found, np.asarray(alone))


@pytest.mark.parametrize("family", ["sd", "sd3", "flux-dev"])
def test_an_image_is_drawn_from_as_the_pipeline_does_it_by_itself(tiny, family):
    from PIL import Image

    backend = tiny(family)
    square = picture(size=(16, 16))
    (found,) = drawn(backend, [ImageRequest("a 7", image=square, strength=0.5)], [3], steps=4)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    alone = backend._tasks.of("image")(
        "a 7", image=Image.fromarray(square), strength=0.5, num_inference_steps=4,
        generator=torch.Generator("cpu").manual_seed(3),
        **({} if family == "sd" else SIZE), **({"guidance_scale": 3.5} if family == "flux-dev" else {}),
    ).images[0]  # fmt: skip
    torch.set_num_threads(threads)
    if family == "flux-dev":
        (found,) = drawn(backend, [ImageRequest("a 7", image=square, strength=0.5)], [3], steps=4, guidance=3.5)
    assert np.array_equal(found, np.asarray(alone))


@pytest.mark.parametrize("family", ["sd", "xl", "sd3", "flux-dev", "latent-consistency"])
def test_a_prompt_is_encoded_once(tiny, family):
    backend = tiny(family)
    seen = []
    hook = backend._pipe.text_encoder.register_forward_hook(lambda *_: seen.append(1))
    against = "what no other test is against" if family in WITH_NEGATIVE else None
    for prompt in ("a prompt that no other test draws: an orange 6", "another one: a brown 6"):
        for seeds in ([1, 2, 3], [4, 5, 6]):
            drawn(backend, [ImageRequest(prompt, against)] * 3, seeds)
    hook.remove()
    assert len(seen) == (3 if against else 2)  # two prompts, and what both are against


@pytest.mark.parametrize("family", sorted(set(tiny_diffusion.FAMILIES) - {"inpainting"}))
def test_negative_prompts_act_or_are_refused(tiny, family):
    backend = tiny(family)
    against = [ImageRequest("a red 3", "a thin digit")]
    if family in WITH_NEGATIVE:
        assert not np.array_equal(drawn(backend, against, [1])[0], drawn(backend, [ImageRequest("a red 3")], [1])[0])
        with pytest.raises(ParameterError, match="negative prompts act where guidance is above 1, it is 1"):
            drawn(backend, against, [1], guidance=1.0)
    else:
        with pytest.raises(ParameterError, match=r"negative prompts (must act|act where)"):
            drawn(backend, against, [1])


@pytest.mark.parametrize(
    ("family", "steps", "guidance"),
    [("sd", None, None), ("xl", None, None), ("sd3", None, None), ("flux-dev", None, None), ("flux-schnell", 4, 0),
     ("sdxl-turbo", 4, 0), ("lcm", 4, 1), ("latent-consistency", None, None)],
)  # fmt: skip
def test_a_family_has_its_own_steps_and_guidance(tiny, family, steps, guidance):
    backend = tiny(family)
    assert (backend.settings.get("steps"), backend.settings.get("guidance")) == (steps, guidance)


def test_few_steps_are_those_that_are_taken(tiny, monkeypatch):
    """From an image, a Turbo model takes its four steps whatever the strength; others take their share."""
    seen = []
    scheduler = type(tiny("sdxl-turbo")._pipe.scheduler)
    step = scheduler.step

    @functools.wraps(step)  # pipelines look whether it takes generators
    def count(self, *args, **more):
        seen.append(1)
        return step(self, *args, **more)

    monkeypatch.setattr(scheduler, "step", count)
    for strength in (0.3, 0.5, 1.0):
        seen.clear()
        drawn(tiny("sdxl-turbo"), [ImageRequest("a 3", image=picture(), strength=strength)], [1])
        assert len(seen) == 4


def test_noise_from_elsewhere_is_noticed(tiny, tmp_path):
    """Pipelines of flow matching give their schedulers no generator, so one that draws would draw from torch's own."""
    pipe = copy.copy(tiny("sd3")._pipe)
    pipe.scheduler = type(pipe.scheduler).from_config(pipe.scheduler.config, stochastic_sampling=True)
    identity = ModelIdentity("org/sd3", "main", None, "org/sd3", local=False)
    with pytest.raises(ModelError, match="StableDiffusion3Pipeline draws some elsewhere with FlowMatchEulerDiscrete"):
        drawn(DiffusersPipeline(identity, pipe), requests("text"), [5, 6, 7])


def test_a_name_that_only_sounds_like_turbo_is_none(tiny):
    pipe = tiny("xl")._pipe
    assert defaults_of(pipe, "org/sdxl-turbo").steps == 4
    assert defaults_of(pipe, "org/turbocharged").steps is None


def test_a_share_of_less_than_a_step_is_refused(tiny):
    with pytest.raises(ParameterError, match=r"steps times strength must be 1 or more, 2 times 0.1 is not"):
        drawn(tiny("sd"), [ImageRequest("a 3", image=picture(), strength=0.1)], [1])


def test_an_image_keeps_its_aspect_at_the_area_of_the_model(tiny):
    found = tiny("sd").generate([ImageRequest("a 3", image=picture(size=(40, 160)), strength=1.0)], [1], steps=1)
    assert found[0].array.shape == (8, 32, 3)


def test_a_model_that_only_inpaints_says_so(tiny):
    backend = tiny("inpainting")
    for task in ("text", "image"):
        with pytest.raises(ModelError, match="is made to draw into images"):
            drawn(backend, requests(task), [1, 2, 3])
    assert len(drawn(backend, requests("inpaint"), [1, 2, 3])) == 3


def test_a_family_without_the_task_says_so(tiny):
    with pytest.raises(
        ModelError, match="must be able to draw into images, and diffusers has no such pipeline for Lat"
    ):
        drawn(tiny("latent-consistency"), requests("inpaint"), [1, 2, 3])


def test_requests_of_two_kinds_are_refused(tiny):
    with pytest.raises(ParameterError, match="requests of a call must be of one kind, are of 2"):
        drawn(tiny("sd"), [*requests("text", 1), *requests("image", 1)], [1, 2])


def test_a_prompt_is_as_long_as_the_longest_encoder_reads(tiny):
    prompts = [ImageRequest("a red 3 " * 3), ImageRequest("a red 3 " * 30)]
    found = tiny("sd3").generate(prompts, [1, 2], steps=1, **SIZE)
    assert [image.prompt_cut for image in found] == [False, True]
    assert tiny("sd3").counted["prompts_cut"] >= 1


@pytest.mark.parametrize("family", ["sd", "xl", "sd3", "flux-dev"])
def test_batches_draw_what_single_images_draw(tiny, family):
    """The plan of a GPU, on the CPU: a batch for each size and share of the steps, the last filled up."""
    here = tiny(family)
    identity = ModelIdentity(family, "main", None, family, local=False)
    there = DiffusersPipeline(identity, here._pipe, "cuda:0", RunSettings(rows=2))
    wanted = requests("image", 5)
    wanted[3] = ImageRequest("a red 3", image=picture(), strength=0.5)
    sizes = []
    pipe = there._tasks.of("image")
    call = type(pipe).__call__

    def counted(self, **inputs):
        sizes.append((len(inputs["generator"]), inputs["strength"]))
        return call(self, **inputs)

    counted.__signature__ = inspect.signature(call)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(pipe), "__call__", counted)
        found = drawn(there, wanted, range(5), steps=4, batch_size=2)
    assert sizes == [(2, 0.75), (2, 0.75), (1, 0.5)]
    expected = drawn(here, wanted, range(5), steps=4)
    for one, other in zip(found, expected, strict=True):
        assert np.abs(one.astype(int) - other).max() <= 2
