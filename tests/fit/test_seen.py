"""What a training sees: in which order, how often of which class, and through which op."""

import numpy as np
import pytest
import torch
from datasets import ClassLabel, Dataset, Features, Image

import hfaug
from hfaug.errors import LabelError, ParameterError, RoleError
from hfaug.fit.augmenting import Augmenter
from hfaug.fit.folder import ModelFolder
from hfaug.fit.images import read_images
from hfaug.fit.order import Order
from hfaug.ops import image as ops
from tests.fit.conftest import fitted
from tests.fit.test_fit import same, weights


def _seen(order, steps):
    return [np.concatenate(some) for some in zip(*(order.step(step) for step in range(steps)), strict=True)]


def test_every_epoch_has_each_image_once():
    numbers, visits = _seen(Order(np.zeros(7, int), 3, 5, balanced=False), 7)
    for epoch in range(3):
        assert sorted(numbers[7 * epoch : 7 * epoch + 7]) == list(range(7))
    assert visits.tolist() == np.repeat(range(3), 7).tolist()
    assert numbers[:7].tolist() != numbers[7:14].tolist()


def test_balanced_each_class_is_seen_equally_often():
    """In every round of as many images as there are classes; each image of a class before any of it comes again."""
    labels = np.array([0] * 11 + [2] * 3 + [5])
    numbers, visits = _seen(Order(labels, 4, 5, balanced=True), 33)
    rounds = labels[numbers].reshape(-1, 3)
    assert (np.sort(rounds, 1) == [0, 2, 5]).all()
    assert len({tuple(one) for one in rounds.tolist()}) == 6  # in all orders
    for label in (0, 2, 5):
        members, own = np.flatnonzero(labels == label), numbers[labels[numbers] == label]
        whole = len(own) // len(members) * len(members)
        for epoch in own[:whole].reshape(-1, len(members)):
            assert sorted(epoch) == members.tolist()
    assert len(set(zip(numbers.tolist(), visits.tolist(), strict=True))) == len(numbers)  # no showing comes twice


def test_a_step_is_seen_alike_from_anywhere():
    order, other = (Order(np.arange(9) % 2, 4, 1, balanced=True) for _ in range(2))
    _seen(order, 6)
    assert all(np.array_equal(*pair) for pair in zip(order.step(4), other.step(4), strict=True))


@pytest.fixture(scope="module")
def images(some_digits):
    return read_images(some_digits, who="x", size=16)


def test_an_image_is_changed_by_number_seed_and_showing_alone(images):
    """In any company; other draws at the next showing and for another seed."""
    op = hfaug.Chain(ops.Rotate(degrees=(-30, 30)), ops.Flip())
    augmenter = Augmenter(op, images, "fit", 0, alone=False)
    together = augmenter.pixels(np.array([5, 9, 5, 30]), np.array([0, 0, 1, 7]))
    assert together.shape == (4, 1, 16, 16)
    assert np.array_equal(augmenter.pixels(np.array([30]), np.array([7])), together[3:])
    assert np.array_equal(augmenter.pixels(np.array([5, 5]), np.array([1, 0])), together[[2, 0]])
    assert not np.array_equal(together[0], together[2])
    other = Augmenter(op, images, "fit", 1, alone=False)
    assert not np.array_equal(other.pixels(np.array([30]), np.array([7])), together[3:])


def test_the_op_sees_the_whole_image(photos):
    """Before it is made small and square: lengths in pixels are those of the file."""
    rows = photos.select_columns(["image"]).add_column("kind", ["b", "a", "b", "c"])
    found = read_images(rows, who="fit", size=24, label="kind")
    seen = Augmenter(ops.CenterCrop(height=60, width=40), found, "fit", 0, alone=False).pixels(np.array([2, 0]), [0, 0])
    for one, whole in zip(seen, found.whole(np.array([2, 0])), strict=True):
        top, left = (whole.shape[0] - 60) // 2, (whole.shape[1] - 40) // 2
        assert np.array_equal(one, found.squares([whole[top : top + 60, left : left + 40]])[0])


def test_half_of_the_images_are_mirrored(images):
    """And those that are not are what is held."""
    numbers = np.arange(60)
    seen = Augmenter(ops.Flip().sometimes(0.5), images, "fit", 0, alone=False).pixels(numbers, numbers)
    plain = images.pixels(numbers)
    kept = [np.array_equal(one, other) for one, other in zip(seen, plain, strict=True)]
    turned = [np.array_equal(one[..., ::-1], other) for one, other in zip(seen, plain, strict=True)]
    assert all(one or other for one, other in zip(kept, turned, strict=True))
    assert 15 < sum(kept) < 45


@pytest.mark.parametrize(
    ("op", "error", "told"),
    [
        (hfaug.ops.mix.MixUp(), ParameterError, r"mix\.mix_up would add label_weights; change it"),
        (ops.Flip().times(2), ParameterError, "times makes more or fewer of it"),
        (hfaug.ops.text.SwapChars(), RoleError, "text"),
        (ops.Flip().on(boxes="boxes"), RoleError, "boxes"),
        ("flip", ParameterError, "op must be an op, got 'flip'"),
    ],
)
def test_an_op_that_does_something_else_is_refused(op, error, told, some_digits, tmp_path):
    with pytest.raises(error, match=told):
        fitted("gan", some_digits, tmp_path / "m", augment=op)
    assert not (tmp_path / "m").exists()


def test_columns_that_are_not_learnt_from_do_not_hinder(some_digits):
    """Places of objects would have to move with a flip; but nobody learns them here."""
    rows = some_digits.add_column("boxes", [[[0.0, 0.0, 3.0, 3.0]]] * 60)
    with pytest.raises(LabelError):
        ops.Flip().features(rows.features)
    found = read_images(rows, who="x", size=16)
    assert Augmenter(ops.Flip(), found, "fit", 0, alone=False).pixels(np.array([3]), [0]).shape == (1, 1, 16, 16)


@pytest.mark.parametrize("more", [{"augment": ops.Rotate(degrees=(-9, 9))}, {"balanced": True}])
def test_what_is_seen_survives_a_restart_and_decides_the_weights(more, some_digits, tmp_path):
    whole = fitted("vae", some_digits, tmp_path / "whole", **more)
    fitted("vae", some_digits, tmp_path / "part", **more, steps=2)
    assert same(weights(fitted("vae", some_digits, tmp_path / "part", **more)), weights(whole))
    assert not same(weights(fitted("vae", some_digits, tmp_path / "plain")), weights(whole))
    with pytest.raises(ParameterError, match=f"holds another: {next(iter(more))} was"):
        fitted("vae", some_digits, whole)


def test_gaussians_are_laid_over_what_was_seen(images):
    """An encoder that saw mirrored images alone knows no others."""
    from hfaug.fit.vae_model import Settings, VAEJob

    torch.manual_seed(0)
    job = VAEJob(images, Settings((8, 16), 1, 1))
    job.parts = job.build()
    plain = job.pipeline().prior.mean
    job.augmenter = Augmenter(ops.Flip(), images, "fit", 0, alone=False)
    mirrored = job.pipeline().prior.mean
    flipped = Dataset.from_dict(
        {"image": [image[0, :, ::-1] for image in images.held], "label": images.labels.tolist()},
        features=Features({"image": Image(), "label": ClassLabel(names=list(images.classes))}),
    )
    other = VAEJob(read_images(flipped, who="x", size=16), Settings((8, 16), 1, 1))
    other.parts = job.parts
    assert torch.allclose(mirrored, other.pipeline().prior.mean, atol=1e-3)
    assert not torch.allclose(mirrored, plain, atol=1e-2)


def test_a_sheet_is_of_some_images_and_the_model_of_all(images, monkeypatch):
    """A large dataset would take longer to encode for each sheet than the steps between two of them."""
    from hfaug.fit.vae_model import Settings, VAEJob

    job, encoded = VAEJob(images, Settings((8, 16), 1, 1)), []
    job.parts = job.build()
    seen = job.seen
    monkeypatch.setattr(job, "seen", lambda numbers, *more: (encoded.extend(numbers), seen(numbers, *more))[1])
    monkeypatch.setattr("hfaug.fit.vae_model._SAMPLED", 20)
    monkeypatch.setattr("hfaug.fit.vae_model._ENCODED", 7)
    monkeypatch.setattr("hfaug.fit.sheets.COLUMNS", 1)
    job.draw()
    assert len(set(encoded)) == len(encoded) == 20
    encoded.clear()
    job.pipeline()
    assert encoded == list(range(60))


def test_two_processes_see_what_one_sees(some_digits):
    """Half of a step each: the same images, changed alike."""
    order = Order(read_images(some_digits, who="x", size=16).labels, 12, 3, balanced=True)
    numbers, visits = order.step(5)
    augmenter = Augmenter(ops.Rotate(), read_images(some_digits, who="x", size=16), "fit", 3, alone=False)
    halves = [augmenter.pixels(numbers[half], visits[half]) for half in (slice(0, 6), slice(6, 12))]
    assert np.array_equal(np.concatenate(halves), augmenter.pixels(numbers, visits))


def test_the_card_names_the_op(some_digits, tmp_path):
    out = fitted("gan", some_digits, tmp_path / "m", augment=ops.Flip(), balanced=True)
    card = (out / "README.md").read_text()
    assert '"op": "image.flip"' in card
    assert "balanced True" in card
    assert ModelFolder(out, "x").steps() == [2, 4]


def test_augmented_images_are_seen_under_a_promise(some_digits, tmp_path):
    """Each by itself: what takes from other images is refused, and equal chances are what the account counts on."""
    said = {"epsilon": 8.0, "delta": 1e-3}
    out = fitted("diffusion", some_digits, tmp_path / "m", **said, augment=ops.Flip())
    assert (out / "model_index.json").is_file()
    with pytest.raises(ParameterError, match="must make each image of that image alone beside epsilon"):
        fitted("diffusion", some_digits, tmp_path / "other", **said, augment=hfaug.ops.mix.MixUp())
    with pytest.raises(ParameterError, match="balanced must be False beside epsilon"):
        fitted("diffusion", some_digits, tmp_path / "other", **said, balanced=True)
