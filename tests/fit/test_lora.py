"""LoRA on a real small Stable Diffusion pipeline: matrices that diffusers loads, and that change what is drawn."""

import shutil

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import load_file

from hfaug import fit
from hfaug.errors import MissingExtra, ModelError, ParameterError

QUICK = {"steps": 2, "batch_size": 2, "sample_every": 0, "checkpoint_every": 1, "log_every": 1, "learning_rate": 0.05}
FILE = "pytorch_lora_weights.safetensors"


@pytest.fixture(scope="module")
def base(models_folder):
    return str(models_folder / "digits-text-to-image")


@pytest.fixture(scope="module")
def tuned(base, some_digits, tmp_path_factory):
    """Two long steps on digits, white on black."""
    out = tmp_path_factory.mktemp("lora") / "digits"
    return fit.lora(base, some_digits, out=out, prompt="a white {{ label }} on a black background", rank=2, **QUICK)


def _drawn(pipe):
    generator = torch.Generator().manual_seed(0)
    return pipe("a white 3 on a black background", num_inference_steps=2, generator=generator, output_type="np").images


def test_what_was_learnt_is_loaded_over_the_pipeline(tuned, base):
    """The pipeline draws otherwise with it, and as before without it."""
    pipe = StableDiffusionPipeline.from_pretrained(base)
    pipe.set_progress_bar_config(disable=True)
    before = _drawn(pipe)
    pipe.load_lora_weights(tuned)
    assert np.abs(_drawn(pipe) - before).max() > 0.01
    pipe.unload_lora_weights()
    assert np.array_equal(_drawn(pipe), before)


def test_pictures_on_the_way_change_nothing(tuned, base, some_digits, tmp_path):
    """The network is tuned as it is used; one that has dropout would else learn otherwise after a picture."""
    from hfaug.fit.loop import Loop

    modes, update = [], Loop._update

    def noting(self):
        modes.append(self.job.parts["unet"].training)
        return update(self)

    said = {"prompt": "a {{ label }}", "rank": 2, **QUICK, "sample_every": 1}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Loop, "_update", noting)
        patch.setattr("hfaug.fit.lora_model.LoraJob.draw", lambda _self: np.zeros((8, 8, 3), np.uint8))
        fit.lora(base, some_digits, out=tmp_path / "m", **said)
    assert modes == [False, False]


def test_only_small_matrices_of_attention_are_learnt(tuned):
    found = load_file(tuned / FILE)
    assert found
    assert all(min(weight.shape) == 2 for weight in found.values())
    assert all(".attn" in name for name in found)
    assert sum(weight.numel() for weight in found.values()) < 50_000
    card = (tuned / "README.md").read_text()
    assert "base_model: digits-text-to-image" in card
    assert "a white {{ label }} on a black background" in card


def test_a_broken_off_fine_tuning_ends_with_the_weights_of_a_whole_one(tuned, base, some_digits, tmp_path):
    said = {"prompt": "a white {{ label }} on a black background", "rank": 2}
    fit.lora(base, some_digits, out=tmp_path / "part", **said, **{**QUICK, "steps": 1})
    part = fit.lora(base, some_digits, out=tmp_path / "part", **said, **QUICK)
    whole, found = load_file(tuned / FILE), load_file(part / FILE)
    assert whole.keys() == found.keys()
    assert all(torch.equal(whole[name], found[name]) for name in whole)


def test_what_cannot_be_fine_tuned_is_refused(base, some_digits, tmp_path, monkeypatch):
    with pytest.raises(ParameterError, match="prompt must name only label, names colour"):
        fit.lora(base, some_digits, out=tmp_path / "m", prompt="a {{ colour }} {{ label }}")
    with pytest.raises(ParameterError, match="rank must be 1 or more"):
        fit.lora(base, some_digits, out=tmp_path / "m", rank=0)
    with pytest.raises(ParameterError, match=r"size must be a whole number, got 32\.0"):
        fit.lora(base, some_digits, out=tmp_path / "m", size=32.0)
    with pytest.raises(ParameterError, match="size must be a multiple of 4, was 30"):
        fit.lora(base, some_digits, out=tmp_path / "m", size=30)
    other = shutil.copytree(base, tmp_path / "other")
    index = (other / "model_index.json").read_text()
    (other / "model_index.json").write_text(index.replace("StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline"))
    with pytest.raises(ModelError, match=r"must be a StableDiffusionPipeline .*, is StableDiffusionImg2ImgPipeline"):
        fit.lora(str(other), some_digits, out=tmp_path / "m")
    monkeypatch.setitem(__import__("sys").modules, "peft", None)
    with pytest.raises((MissingExtra, ImportError), match="peft"):
        fit.lora(base, some_digits, out=tmp_path / "m")
