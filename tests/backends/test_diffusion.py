"""Drawing with a real small pipeline: each image depends on its prompt and seed alone."""

import dataclasses
import functools
import random

import numpy as np
import pytest
import torch

from hfaug.backends import Halving, ImageRequest
from hfaug.backends.diffusion import DiffusersPipeline
from hfaug.backends.identity import ModelIdentity
from hfaug.backends.image_memory import RunSettings
from hfaug.errors import ModelError, ParameterError
from tests import tiny_diffusion

REQUESTS = [
    ImageRequest("a small red seven on a blue background, top left"),
    ImageRequest("a large bold green 3 on a pink background"),
    ImageRequest("handwritten digit 5, white on black", negative_prompt="a thin digit"),
    ImageRequest("a small red seven on a blue background, top left"),
    ImageRequest("handwritten digit 5, white on black"),
]
SEEDS = [random.Random(row).getrandbits(63) for row in range(len(REQUESTS))]


def _draw(pipeline, rows=None, **options):
    rows = range(len(REQUESTS)) if rows is None else rows
    options = {"steps": 2, "guidance": 4.0} | options
    found = pipeline.generate([REQUESTS[row] for row in rows], [SEEDS[row] for row in rows], **options)
    return [image.array for image in found]


def _equal(some, others):
    return [np.array_equal(a, b) for a, b in zip(some, others, strict=True)]


@pytest.fixture
def called(digits_pipeline, monkeypatch):
    """How many images each call of the pipeline draws, and on how many threads."""
    seen = []
    call = type(digits_pipeline._pipe).__call__

    @functools.wraps(call)
    def count(self, **inputs):
        seen.append((len(inputs["generator"]), torch.get_num_threads()))
        return call(self, **inputs)

    monkeypatch.setattr(type(digits_pipeline._pipe), "__call__", count)
    return seen


def test_an_image_is_pixels(digits_pipeline):
    (image,) = digits_pipeline.generate(REQUESTS[:1], SEEDS[:1], steps=20, guidance=4.0)
    assert image.array.shape == (64, 64, 3)
    assert image.array.dtype == np.uint8
    assert not image.flagged
    assert not image.prompt_cut
    red, green, blue = image.array[-8:, -8:].reshape(-1, 3).mean(axis=0)
    assert blue > max(red, green) + 60  # the seven stands at the top left, on blue


def test_it_says_what_it_is(digits_pipeline):
    assert digits_pipeline.determinism == "row"
    assert digits_pipeline.licence == "mnist-derived"
    assert digits_pipeline.settings["scheduler"] == "DDIMScheduler"


def test_an_image_depends_on_its_prompt_and_seed_alone(digits_pipeline, threads):
    """To the last bit: alone, in parts, in another order, with one thread and with three."""
    threads(3)
    together = _draw(digits_pipeline)
    threads(1)
    assert all(_equal([_draw(digits_pipeline, [row])[0] for row in range(5)], together))
    assert all(_equal(_draw(digits_pipeline, [4, 1, 0]), [together[row] for row in (4, 1, 0)]))
    assert not np.array_equal(together[0], together[3])  # one prompt, two seeds
    assert not np.array_equal(together[2], together[4])  # the negative prompt counts


@pytest.mark.slow
def test_24_images_of_20_steps_depend_on_themselves_alone(digits_pipeline, threads):
    """In calls of 1, 5 and 24, with one, two and three threads."""
    requests = [
        ImageRequest(f"a {colour} {digit} on white") for digit in range(8) for colour in ("red", "blue", "pink")
    ]
    seeds = [random.Random(row).getrandbits(63) for row in range(24)]
    threads(2)
    expected = digits_pipeline.generate(requests, seeds, steps=20, guidance=5.0)
    for size, count in ((1, 1), (5, 3)):
        threads(count)
        for start in range(0, 24, size):
            part = slice(start, start + size)
            found = digits_pipeline.generate(requests[part], seeds[part], steps=20, guidance=5.0)
            assert all(_equal([i.array for i in found], [i.array for i in expected[part]]))


def _by_itself(pipe, row, count, **options):
    """What a pipeline draws where it is driven alone, as many images together as hfaug draws, all of one request."""
    request = REQUESTS[row]
    return pipe(
        [request.prompt] * count,
        negative_prompt=None if request.negative_prompt is None else [request.negative_prompt] * count,
        generator=[torch.Generator("cpu").manual_seed(SEEDS[row] + number) for number in range(count)],
        num_inference_steps=2,
        guidance_scale=4.0,
        **options,
    ).images[0]


def test_it_draws_what_the_pipeline_draws_by_itself(digits_pipeline):
    """Prompts that are encoded beforehand, clones, threads and company change no bit."""
    for row in range(len(REQUESTS)):
        drawn = _draw(digits_pipeline, [row])[0]
        alone = _by_itself(digits_pipeline._pipe, row, digits_pipeline.settings["batch_rows"])
        assert np.array_equal(drawn, np.asarray(alone))


def test_images_go_through_each_thread_in_one_number_and_that_of_threads_is_put_back(digits_pipeline, called, threads):
    threads(2)
    _draw(digits_pipeline, [0])
    together = digits_pipeline.settings["batch_rows"]
    called.clear()
    _draw(digits_pipeline)
    assert together > 1  # on the machines that the tests run on
    assert called == [(together, 1)] * -(-len(REQUESTS) // together)
    assert torch.get_num_threads() == 2


def test_large_images_go_through_by_themselves(digits_pipeline, called):
    _draw(digits_pipeline, [0, 1], steps=1, height=128, width=128)
    assert called == [(1, 1)] * 2
    assert digits_pipeline.settings["batch_rows"] == 1  # of this call, whatever was drawn before


def test_equal_work_is_done_once(digits_pipeline, called):
    request = ImageRequest("a red 1 on white")
    digits_pipeline.generate([request], [1], steps=1)
    called.clear()
    found = digits_pipeline.generate([request] * 60, [1, 2] * 30, steps=1)
    assert len(called) == 1
    assert found[0] is found[2]


def test_a_prompt_is_encoded_once(digits_pipeline):
    seen = []
    encoder = digits_pipeline._pipe.text_encoder
    hook = encoder.register_forward_hook(lambda *_: seen.append(1))
    request = ImageRequest("a prompt that no other test draws: an orange 6", "a thin digit, small")
    digits_pipeline.generate([ImageRequest("")], [1], steps=1)
    seen.clear()
    for _ in range(2):
        digits_pipeline.generate([request] * 3, [1, 2, 3], steps=1)
    hook.remove()
    assert len(seen) == 2  # itself and its negative


def test_global_random_numbers_are_left_alone(digits_pipeline):
    before = torch.get_rng_state()
    _draw(digits_pipeline, [0], steps=1)
    assert torch.equal(torch.get_rng_state(), before)


def test_settings_reach_the_pipeline(digits_pipeline):
    found = _draw(digits_pipeline, [0], steps=1, height=32, width=48)[0]
    assert found.shape == (32, 48, 3)
    assert not np.array_equal(_draw(digits_pipeline, [0], guidance=1.0)[0], _draw(digits_pipeline, [0])[0])


def test_settings_that_do_not_suit_the_pipeline_are_refused(digits_pipeline):
    with pytest.raises(ParameterError, match="divisible by 8"):
        _draw(digits_pipeline, [0], height=33, width=32)
    with pytest.raises(ParameterError, match="must be given together, were 32 and None"):
        _draw(digits_pipeline, [0], height=32)
    for name in ("batch_size", "steps", "height", "width"):
        with pytest.raises(ParameterError, match=f"{name} must be 1 or more, was 0"):
            _draw(digits_pipeline, [0], **{name: 0})
    with pytest.raises(ParameterError, match="2 requests had 1"):
        digits_pipeline.generate(REQUESTS[:2], [1])
    assert digits_pipeline.generate([], []) == []


def test_a_setting_that_the_pipeline_lacks_is_refused_by_name():
    with pytest.raises(ParameterError, match="ones that Pipe has, it has no guidance_scale"):
        _on_gpu(Pipe()).generate(REQUESTS[:1], [1], guidance=4.0)


def test_a_prompt_that_is_too_long_is_reported(digits_pipeline):
    prompts = ["a red 3 on white " * 2, "a red 3 on white " * 20]
    found = digits_pipeline.generate([ImageRequest(prompt) for prompt in prompts], [1, 2], steps=1)
    assert [image.prompt_cut for image in found] == [False, True]


@dataclasses.dataclass
class Output:
    """What a pipeline returns."""

    images: np.ndarray
    nsfw_content_detected: list[bool] | None


class Pipe:
    """A pipeline that a checker belongs to, encodes its own prompts, and has room for some images at a time."""

    class Config(dict):
        """What every part has."""

    device, dtype, scheduler, components = torch.device("cuda"), torch.bfloat16, object(), {}

    def __init__(self, room=100, value=0.5):
        self.room, self.value, self.calls = room, value, []

    def __call__(self, prompt, negative_prompt=None, generator=None, output_type=None, height=None, width=None):
        self.calls.append((prompt, negative_prompt))
        if len(prompt) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        images = np.stack([np.full((2, 2, 3), self.value + 0.001 * g.initial_seed()) for g in generator])
        return Output(images, [p == "bad" for p in prompt])


def _on_gpu(pipe):
    identity = ModelIdentity("org/model", "main", None, "org/model", local=False)
    return DiffusersPipeline(identity, pipe, settings=RunSettings(rows=8))


def test_on_a_gpu_batches_of_a_long_call_have_one_shape():
    """The last is filled up and cut again; a call of one batch is left as it is."""
    pipe = Pipe()
    backend = _on_gpu(pipe)
    found = backend.generate([ImageRequest(str(row)) for row in range(7)], range(7), batch_size=3)
    assert [prompts for prompts, _ in pipe.calls] == [["0", "1", "2"], ["3", "4", "5"], ["6", "6", "6"]]
    assert [int(image.array[0, 0, 0]) for image in found] == [round(255 * (0.5 + 0.001 * row)) for row in range(7)]
    pipe.calls.clear()
    backend.generate([ImageRequest("a")], [1], batch_size=3)
    assert pipe.calls == [(["a"], None)]
    assert backend.determinism == "request"


def test_a_size_that_the_pipeline_draws_otherwise_is_an_error():
    with pytest.raises(ParameterError, match="drew 2x2 instead of 4x4"):
        _on_gpu(Pipe()).generate(REQUESTS[:1], [1], height=4, width=4)


def test_negative_prompts_reach_a_pipeline_that_encodes_for_itself():
    pipe = Pipe()
    _on_gpu(pipe).generate([ImageRequest("a"), ImageRequest("b", "c")], [1, 2])
    assert pipe.calls == [(["a", "b"], ["", "c"])]


class Padding(Pipe):
    """One on a CPU that fills prompts up to the longest of those that it is given together, which shows in all."""

    device, dtype = torch.device("cpu"), torch.float32

    def __call__(self, prompt, negative_prompt=None, generator=None, output_type=None, height=None, width=None):
        output = super().__call__(prompt, negative_prompt, generator)
        return Output(output.images + 0.01 * max(map(len, prompt)), output.nsfw_content_detected)


def test_images_of_a_pipeline_that_encodes_for_itself_are_drawn_one_by_one():
    """Their prompts would meet; a trial with equal ones cannot tell."""
    backend = DiffusersPipeline(ModelIdentity("org/model", "main", None, "org/model", local=False), Padding())
    requests = [ImageRequest("a"), ImageRequest("a long one")]
    (alone,) = backend.generate(requests[:1], [1], height=2, width=2)
    assert np.array_equal(backend.generate(requests, [1, 2], height=2, width=2)[0].array, alone.array)


def test_flagged_images_are_told():
    found = _on_gpu(Pipe()).generate([ImageRequest("good"), ImageRequest("bad")], [1, 2])
    assert [image.flagged for image in found] == [False, True]


def test_a_batch_that_does_not_fit_is_halved():
    pipe = Pipe(room=2)
    backend = _on_gpu(pipe)
    found = backend.generate([ImageRequest(str(row)) for row in range(5)], range(5), batch_size=4)
    assert [int(image.array[0, 0, 0]) for image in found] == [round(255 * (0.5 + 0.001 * row)) for row in range(5)]
    assert [prompts for prompts, _ in pipe.calls] == [list("0123"), list("01"), list("23"), list("44"), list("44")]
    assert backend.halvings == [Halving(rows=4, of=5)] * 2


def test_pixels_that_overflowed_are_an_error():
    with pytest.raises(ModelError, match="they overflowed"):
        _on_gpu(Pipe(value=float("nan"))).generate(REQUESTS[:1], [1])


def test_it_prints_nothing(digits_pipeline, capfd):
    digits_pipeline.generate([ImageRequest("a red 3 on white " * 20)], [1], steps=1)
    assert capfd.readouterr() == ("", "")


@pytest.fixture(scope="session")
def tiny_xl(tmp_path_factory):
    """A random Stable Diffusion XL pipeline, with two text encoders."""
    import diffusers

    folder = tiny_diffusion.build("xl", tmp_path_factory.mktemp("pipelines"))
    pipe = diffusers.StableDiffusionXLPipeline.from_pretrained(folder, add_watermarker=False)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def test_prompts_of_stable_diffusion_xl_are_encoded_beforehand_too(tiny_xl):
    backend = DiffusersPipeline(ModelIdentity("org/xl", "main", None, "org/xl", local=False), tiny_xl)
    found = _draw(backend, height=16, width=16)
    assert len(backend._prompts._known) == 5  # of two prompts one has a negative too, and the empty one was tried out
    (together,) = backend._together.values()
    for row in range(len(REQUESTS)):
        alone = _by_itself(tiny_xl, row, together, height=16, width=16)
        assert np.array_equal(found[row], np.asarray(alone))
