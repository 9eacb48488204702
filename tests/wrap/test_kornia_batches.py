"""What a GPU does with kornia, on the CPU: images that fit together go through as one batch, and come out as alone."""

import numpy as np
import pytest
import torch
from datasets import Image, List, Value

import hfaug
from hfaug.wrap import Kornia, kornia_specs
from tests.wrap.tables import BOX, LABELS, images, noise, once, pixels, png

pytest.importorskip("kornia", reason="it wants Python 3.11")

import kornia.augmentation as K  # noqa: N812 - as in its documentation

from tests.wrap.kornias import made


@pytest.fixture
def sizes(monkeypatch):
    """The sizes of the batches that were computed."""
    found = []
    monkeypatch.setattr(kornia_specs, "gains_by_batches", lambda: True)
    compute = Kornia._compute

    def counted(op, jobs):
        found.append(len(jobs))
        compute(op, jobs)

    monkeypatch.setattr(Kornia, "_compute", counted)
    return found


@pytest.mark.parametrize("name", sorted(kornia_specs.STACKABLE))
def test_each_image_comes_out_as_alone(name, sizes, monkeypatch):
    """Images, masks, boxes and points; each row draws for itself and has as many objects as it likes."""
    boxes = [[[5.0, 5, 25, 25]] * count for count in range(6)]
    rows = images(
        [noise(40, 60, 3) for _ in range(6)],
        mask=(Image(), [png(noise(40, 60)) for _ in range(6)]),
        boxes=(List(BOX), boxes),
        name=(Value("string"), list("abcdef")),
    )
    op = hfaug.wrap(made(name)).on(boxes="boxes", box_format="pascal_voc", id="name")
    together = once(rows, op, provenance=False)
    assert sum(sizes) == 6
    assert len(sizes) < 6 or name in {"ColorJiggle", "ColorJitter"}  # whose order of steps holds for a whole batch
    monkeypatch.undo()
    alone = once(rows, op, provenance=False)
    for one, other in zip(together, alone, strict=True):
        assert np.abs(pixels(one["image"]).astype(int) - pixels(other["image"])).max() <= 1
        assert one["mask"] == other["mask"]
        np.testing.assert_allclose(one["boxes"], np.reshape(other["boxes"], np.shape(one["boxes"])), atol=1e-3)
    if op.shifts and "Random" in name:
        assert len({row["image"]["bytes"] for row in alone}) == 6


@pytest.mark.parametrize("name", sorted(kornia_specs.STACKABLE))
def test_nothing_more_is_drawn_while_a_batch_is_computed(name):
    pipeline = kornia_specs.build(kornia_specs.specify(made(name)))
    params = pipeline.forward_parameters((1, 3, 40, 60))
    torch.manual_seed(1)
    before = torch.get_rng_state()
    pipeline.forward(torch.rand(1, 3, 40, 60, generator=torch.Generator()), params=params, data_keys=["input"])
    assert torch.equal(torch.get_rng_state(), before)


def test_images_of_other_sizes_and_other_draws_go_apart(sizes):
    rows = images([noise(40, 60, 3)] * 4 + [noise(30, 50, 3)] * 2, name=(Value("string"), list("abcdef")))
    chain = K.ImageSequential(K.RandomHorizontalFlip(), K.RandomInvert(), random_apply=1)
    once(rows, hfaug.wrap(chain).on(id="name"), provenance=False)
    assert sum(sizes) == 6
    assert 2 <= len(sizes) <= 4


def test_what_does_not_fit_together_goes_alone(sizes, photos):
    once(photos, hfaug.wrap(torch.nn.Sequential(K.RandomHorizontalFlip(), K.RandomGaussianNoise())).on(**LABELS))
    assert sizes == [1] * 4


@pytest.mark.gpu
@pytest.mark.parametrize("name", sorted(kornia_specs.STACKABLE))
def test_the_gpu_gives_what_the_cpu_does(name, monkeypatch, photos):
    op = hfaug.wrap(made(name)).on(**LABELS)
    there = once(photos, op, provenance=False)
    monkeypatch.setattr(kornia_specs, "device", lambda: torch.device("cpu"))
    kornia_specs.build.cache_clear()
    here = once(photos, op, provenance=False)
    kornia_specs.build.cache_clear()
    for one, other in zip(there, here, strict=True):
        apart = np.abs(pixels(one["image"]).astype(int) - pixels(other["image"]))
        assert np.percentile(apart, 99) <= 2
        assert one["objects"]["category"] == other["objects"]["category"]
