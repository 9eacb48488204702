"""How many images go through a pipeline at once is found, from the model and the card alone; settings of a run."""

import numpy as np
import pytest
import torch

from hfaug.backends import ImageRequest
from hfaug.backends.diffusion import DiffusersPipeline, load
from hfaug.backends.identity import ModelIdentity, identify
from hfaug.backends.image_call import _shrunk_mask
from hfaug.backends.image_memory import RunSettings, find_rows, rows_at, run_settings, settle_on
from hfaug.errors import ModelError, ParameterError
from tests import tiny_diffusion

GB = 10**9


@pytest.mark.parametrize(
    ("weights", "each", "card", "rows"),
    [(3, 1, 24, 16), (3, 1, 80, 32), (3, 1, 8, 4), (3, 1, 4.5, 1), (12, 2, 24, 4), (23, 2, 24, 1), (2, 2, 16, 4)],
)
def test_the_largest_power_of_two_that_fits(weights, each, card, rows):
    assert find_rows(lambda count: int((weights + each * count) * GB), int(card * GB)) == rows


def test_a_few_bytes_change_nothing():
    noise = iter([12_345, 99_999, 0, 54_321])
    found = {find_rows(lambda count: (3 + count) * GB + next(noise), 24 * GB) for _ in range(2)}
    assert found == {16}


def test_two_that_do_not_fit_leave_one():
    assert find_rows(lambda count: 20 * GB if count == 1 else 2**63, 24 * GB) == 1


def test_larger_images_are_fewer():
    assert [rows_at(8, (512, 512), size) for size in ((512, 512), (1024, 1024), (4096, 4096), (64, 64))] == [
        8,
        2,
        1,
        32,
    ]


def test_settings_of_a_run(monkeypatch):
    assert run_settings() == RunSettings()
    monkeypatch.setenv("HFAUG_IMAGE_BATCH", "4")
    monkeypatch.setenv("HFAUG_COMPILE", "1")
    monkeypatch.setenv("HFAUG_OFFLOAD", "0")
    assert run_settings() == RunSettings(rows=4, compiles=True, offloads=False)
    monkeypatch.setenv("HFAUG_COMPILE", "yes")
    with pytest.raises(ParameterError, match="HFAUG_COMPILE: must be 0 or 1, was 'yes'"):
        run_settings()
    monkeypatch.setenv("HFAUG_IMAGE_BATCH", "0")
    with pytest.raises(ParameterError, match="HFAUG_IMAGE_BATCH: must be a whole number from 1 up, was '0'"):
        run_settings()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A pipeline that is made for a GPU as far as it knows, on the CPU."""
    folder = tiny_diffusion.build("sd", tmp_path_factory.mktemp("memory"))
    here = load(identify(folder, entry="model_index.json"), dtype="float32", device="cpu")

    def made(settings=None):
        identity = ModelIdentity("tiny", "main", None, "tiny", local=False)
        return DiffusersPipeline(identity, here._pipe, "cuda:0", settings)

    return made


class Card:
    """A GPU with so much memory, of which weights take 3 GB and each image 1 GB."""

    def __init__(self, patch, total):
        self.tried = []
        patch.setattr(torch.cuda, "reset_peak_memory_stats", lambda _: None)
        patch.setattr(torch.cuda, "max_memory_allocated", lambda _: (3 + self.tried[-1]) * GB)
        patch.setattr(torch.cuda, "get_device_properties", lambda _: type("Card", (), {"total_memory": total * GB}))

    def watch(self, backend):
        draw = backend._draw

        def watched(pipe, call, batch):
            self.tried.append(len(batch))
            return draw(pipe, call, batch)

        backend._draw = watched
        return backend


def test_batches_are_found_by_two_trials_and_told(tiny, monkeypatch):
    card = Card(monkeypatch, 8)
    backend = card.watch(tiny())
    requests = [ImageRequest(f"a {number}") for number in range(6)]
    backend.generate(requests, range(6), steps=1, height=16, width=16)
    assert card.tried == [1, 2, 4, 4]  # the last batch is filled up
    assert backend.settings["batch_rows"] == 4
    assert backend.determinism == "request"


def test_a_set_batch_is_not_tried(tiny, monkeypatch):
    card = Card(monkeypatch, 8)
    backend = card.watch(tiny(RunSettings(rows=3)))
    backend.generate([ImageRequest("a 3")], [1], steps=1, height=16, width=16)
    assert card.tried == [1]
    assert backend.settings["batch_rows"] == 3


def test_compiled_blocks_always_see_one_shape(tiny, monkeypatch):
    card = Card(monkeypatch, 8)
    backend = card.watch(tiny(RunSettings(rows=4, compiles=True)))
    backend.generate([ImageRequest("a 3")], [1], steps=1, height=16, width=16)
    assert card.tried == [4]
    assert backend.settings["compiled"] is True


class Pipe:
    """What is done to it is noted."""

    def __init__(self, *, blocks=True):
        self.done = []
        self.unet = self if blocks else None

    def to(self, device):
        self.done.append(("to", device))

    def enable_group_offload(self, **how):
        self.done.append(("offload", str(how["onload_device"])))

    def compile_repeated_blocks(self, **how):
        self.done.append(("compile", how))


def test_a_pipeline_is_put_on_its_device_as_the_settings_say():
    everything = RunSettings(compiles=True, offloads=True)
    on_cpu, on_gpu, plain = Pipe(), Pipe(), Pipe()
    settle_on(on_cpu, "cpu", everything)
    settle_on(on_gpu, "cuda:1", everything)
    settle_on(plain, "cuda:0", RunSettings())
    assert on_cpu.done == [("to", "cpu")]
    assert on_gpu.done == [("offload", "cuda:1"), ("compile", {"fullgraph": True})]
    assert plain.done == [("to", "cuda:0")]
    with pytest.raises(ParameterError, match="HFAUG_COMPILE: must be 0 for Pipe, which has no repeated blocks"):
        settle_on(Pipe(blocks=False), "cuda:0", everything)


def test_images_much_larger_than_the_model_s_own_are_decoded_in_tiles(tiny):
    backend, seen = tiny(RunSettings(rows=1)), []
    vae = backend._pipe.vae
    decode = vae.decode
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vae, "decode", lambda *args, **more: seen.append(vae.use_tiling) or decode(*args, **more))
        for side in (16, 64):
            backend.generate([ImageRequest("a 3")], [1], steps=1, height=side, width=side)
    assert seen == [False, True]
    assert not vae.use_tiling


def test_a_pipeline_of_another_kind_is_refused(tmp_path):
    import diffusers

    unet = diffusers.UNet2DModel(
        sample_size=8, block_out_channels=(8, 8), norm_num_groups=2, layers_per_block=1,
        down_block_types=("DownBlock2D",) * 2, up_block_types=("UpBlock2D",) * 2,
    )  # fmt: skip
    diffusers.DDPMPipeline(unet=unet, scheduler=diffusers.DDPMScheduler()).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="must be a pipeline of diffusers that draws from text, is DDPMPipeline"):
        load(identify(tmp_path, entry="model_index.json"), dtype="float32", device="cpu")


def test_a_folder_without_a_pipeline_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"must hold model_index.json to be a model of this kind"):
        identify(tmp_path, entry="model_index.json")


def test_each_image_is_told_once_as_soon_as_it_is_there(tiny):
    told = []
    backend = tiny(RunSettings(rows=2))
    requests = [ImageRequest("a 3"), ImageRequest("a 4"), ImageRequest("a 3")]
    found = backend.generate(
        requests, [1, 2, 1], steps=1, height=16, width=16, batch_size=2, on_done=lambda *image: told.append(image)
    )
    assert sorted(place for place, _ in told) == [0, 1, 2]
    assert all(np.array_equal(image.array, found[place].array) for place, image in told)


def test_a_mask_that_shrinks_keeps_all_that_is_drawn():
    """However little it is of a pixel of the smaller mask."""
    mask = np.zeros((1024, 1024), np.uint8)
    mask[700, 300] = 1
    assert np.argwhere(_shrunk_mask(mask, (16, 16))).tolist() == [[10, 4]]
