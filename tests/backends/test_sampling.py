"""Published pipelines that draw by class or without one, tiny and random: seeds, classes, and what is refused."""

import json

import numpy as np
import pytest
import torch
from datasets import ClassLabel, Dataset

import hfaug
from hfaug.backends import ImageSampler, registry
from hfaug.errors import ModelError, ParameterError, RoleError


def _unet(**more):
    from diffusers import UNet2DModel

    return UNet2DModel(
        sample_size=8,
        block_out_channels=(8, 16),
        layers_per_block=1,
        norm_num_groups=4,
        attention_head_dim=4,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D"),
        **more,
    )


def _dit(scheduler):
    from diffusers import AutoencoderKL, DiTPipeline, DiTTransformer2DModel

    network = DiTTransformer2DModel(
        num_attention_heads=2,
        attention_head_dim=4,
        in_channels=4,
        out_channels=8,
        num_layers=1,
        sample_size=8,
        num_embeds_ada_norm=1000,
    )
    vae = AutoencoderKL(block_out_channels=(8,), norm_num_groups=4)
    return DiTPipeline(network, vae, scheduler)


def _made(kind):
    """A pipeline of a kind, by what its name says."""
    from diffusers import (
        CMStochasticIterativeScheduler,
        ConsistencyModelPipeline,
        DDIMPipeline,
        DDIMScheduler,
        DDPMPipeline,
        DDPMScheduler,
    )

    torch.manual_seed(0)
    makers = {
        "ddpm": lambda: DDPMPipeline(_unet(), DDPMScheduler()),
        "ddim": lambda: DDIMPipeline(_unet(), DDIMScheduler()),
        "consistency": lambda: ConsistencyModelPipeline(_unet(), CMStochasticIterativeScheduler()),
        "dit": lambda: _dit(DDIMScheduler()),
        "dit of numbers": lambda: _dit(DDIMScheduler()),
        "dit that draws elsewhere": lambda: _dit(DDPMScheduler()),
    }
    return makers[kind]()


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A pipeline of a kind, saved and loaded by the registry; and its folder."""
    home, state = tmp_path_factory.mktemp("samplers"), torch.random.get_rng_state()

    def load(kind):
        if not (home / kind).exists():
            _made(kind).save_pretrained(home / kind)
            torch.random.set_rng_state(state)
            if kind == "dit":  # as in the published folders; diffusers itself does not write the names
                index = home / kind / "model_index.json"
                names = {"id2label": {"7": "cock", "8": "hen, biddy"}}
                index.write_text(json.dumps(json.loads(index.read_text()) | names))
        return registry.image_sampler(str(home / kind), device="cpu"), str(home / kind)

    return load


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("ddpm", [None] * 3),
        ("ddim", [None] * 3),
        ("consistency", [None] * 3),
        ("dit", ["hen", "cock", "biddy"]),
        ("dit of numbers", ["999", "0", "7"]),
    ],
)
def test_an_image_depends_on_its_class_and_seed_alone(kind, names, loaded):
    backend, _ = loaded(kind)
    together = backend.sample(names, [1, 2, 3], steps=2)
    assert isinstance(backend, ImageSampler)
    assert {image.shape[2] for image in together} == {3}
    assert {image.dtype for image in together} == {np.dtype(np.uint8)}
    alone = [backend.sample([name], [seed], steps=2)[0] for name, seed in zip(names, [1, 2, 3], strict=True)]
    assert all(np.array_equal(*pair) for pair in zip(together, alone, strict=True))
    assert not np.array_equal(together[0], together[1])


def test_a_pipeline_draws_what_it_draws_by_itself(loaded):
    backend, _ = loaded("ddim")
    drawn = backend.sample([None], [5], steps=2)[0]
    together = backend.settings["batch_rows"]
    generator = [torch.Generator().manual_seed(5 + number) for number in range(together)]
    options = {"num_inference_steps": 2, "output_type": "np"}
    plain = backend._pipe(batch_size=together, generator=generator, **options).images[0]
    assert np.array_equal(drawn, (plain * 255).round().astype(np.uint8))


def test_noise_from_elsewhere_is_noticed(loaded):
    backend, _ = loaded("dit that draws elsewhere")
    with pytest.raises(ModelError, match=r"draws some elsewhere with DDPMScheduler; .* such as DDIMScheduler"):
        backend.sample(["3"], [1], steps=2)


@pytest.mark.parametrize(
    ("kind", "names", "more", "told"),
    [
        ("dit", ["dog"], {}, "classes must be among biddy, cock, hen, got dog"),
        ("dit of numbers", ["dog"], {}, r"classes must be among 0, 1, .* 19 \.\.\. \(1000 in all\), got dog"),
        ("ddpm", ["dog"], {}, "classes must be None, since the model knows no classes, got dog"),
        ("ddpm", [None], {"guidance": 2.0}, "DDPMPipeline has, it has no guidance_scale"),
        ("ddpm", [None], {"steps": 0}, "steps must be 1 or more, was 0"),
        ("ddpm", [None, None], {}, "each image needs one seed, 2 images had 1"),
    ],
)
def test_what_a_model_does_not_know_is_refused(kind, names, more, told, loaded):
    backend, _ = loaded(kind)
    with pytest.raises(ParameterError, match=told):
        backend.sample(names, [1], **more)


def test_other_pipelines_and_folders_are_refused(models_folder, tmp_path):
    with pytest.raises(ModelError, match=r"is StableDiffusionPipeline; for one that follows prompts take image.text"):
        registry.image_sampler(str(models_folder / "digits-text-to-image"))
    with pytest.raises(ModelError, match=r"must hold model_index.json"):
        registry.image_sampler(str(tmp_path))


def test_a_model_without_classes_takes_rows_without_labels(loaded):
    """A label would be a claim that nobody can keep, unless somebody vouches for it."""
    _, folder = loaded("ddim")
    op = hfaug.ops.image.Sample(model=folder, steps=1)
    plain = hfaug.with_ids(Dataset.from_dict({"number": [1, 2]}))
    assert len(set(map(str, plain.map(op, batched=True, load_from_cache_file=False)["image"]))) == 2
    cats = hfaug.with_ids(Dataset.from_dict({"label": [0, 0]}).cast_column("label", ClassLabel(names=["cat"])))
    with pytest.raises(RoleError, match="knows no classes, so its images cannot be of those in 'label'"):
        op(cats.with_format("arrow")[:])
    made = cats.map(op.on(keep="label"), batched=True, load_from_cache_file=False)
    assert made["label"] == [0, 0]
