"""A small convolutional network that learns, in a minute on a CPU, which class small images show.

It judges generated images against real ones where no trained classifier is at hand. It is made and used on one thread,
an image at a time, so the same images give the same network, and an image the same answer in any company.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from hfaug.backends.loading import import_extra
from hfaug.backends.threads_each import one_thread_each

__all__ = ["SIZE", "SmallClassifier", "State", "train"]

SIZE = 32
"""Height and width of the images that it sees, in pixels."""

State = Mapping[str, npt.NDArray[Any]]
"""The weights by name."""

_WIDTHS = (16, 32, 64)
_BATCH = 64
_SHIFT = 2  # pixels that an image is moved by in training, so that little is learnt of where things stand
_STEPS = 600


def train(images: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64], classes: int, *, seed: int = 0) -> State:
    """Learn which class images show; of each class about as often, however many images it has.

    Args:
        images: Shape (images, `SIZE`, `SIZE`, 3).
        labels: The class of each, from 0.
        classes: How many classes there are.
        seed: Of the first weights and the order of the images.

    Raises:
        MissingExtra: torch is not installed.

    Source: stacked convolutions with batch norm, S. Ioffe, C. Szegedy, arXiv:1502.03167.
    """
    torch = import_extra("torch", "fit")
    rng = np.random.default_rng(seed)
    with _alone(torch, seed):
        model = _network(torch, classes).train()
        tuner = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
        rate = torch.optim.lr_scheduler.OneCycleLR(tuner, max_lr=2e-3, total_steps=_STEPS)
        for rows in _batches(labels, rng):
            moved = np.stack([_recoloured(_shifted(images[row], rng), rng) for row in rows])
            loss = torch.nn.functional.cross_entropy(
                model(_as_input(torch, moved)), torch.from_numpy(labels[rows]), label_smoothing=0.05
            )
            tuner.zero_grad()
            loss.backward()
            tuner.step()
            rate.step()
    return {name: value.numpy() for name, value in model.state_dict().items()}


class SmallClassifier:
    """The network, ready to be asked.

    Args:
        state: What `train` gave.
    """

    def __init__(self, state: State) -> None:
        torch = self._torch = import_extra("torch", "fit")
        self._classes = len(state["head.bias"])
        with _alone(torch, 0):
            self._model = _network(torch, self._classes).eval()
        self._model.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in state.items()})

    def probabilities(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """The probability of each class, shape (images, classes).

        Args:
            images: Shape (images, `SIZE`, `SIZE`, 3).
        """
        if not len(images):
            return np.zeros((0, self._classes), np.float32)
        with one_thread_each(), self._torch.inference_mode():
            inputs = (_as_input(self._torch, images[row : row + 1]) for row in range(len(images)))
            found = self._torch.cat([self._model(one).softmax(-1) for one in inputs])
        return np.asarray(found.numpy(), np.float32)


def _network(torch: Any, classes: int) -> Any:
    from collections import OrderedDict

    nn = torch.nn
    parts: list[tuple[str, Any]] = []
    before = 3
    for number, width in enumerate(_WIDTHS):
        parts += [
            (f"conv{number}", nn.Conv2d(before, width, 3, padding=1, bias=False)),
            (f"norm{number}", nn.BatchNorm2d(width)),
            (f"relu{number}", nn.ReLU()),
            (f"pool{number}", nn.MaxPool2d(2)),
        ]
        before = width
    side = SIZE // 2 ** len(_WIDTHS)
    parts += [("flat", nn.Flatten()), ("drop", nn.Dropout(0.2)), ("head", nn.Linear(before * side * side, classes))]
    return nn.Sequential(OrderedDict(parts))


def _as_input(torch: Any, images: npt.NDArray[np.uint8]) -> Any:
    return torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2))).float().div(127.5).sub(1)


def _batches(labels: npt.NDArray[np.int64], rng: np.random.Generator) -> Iterator[npt.NDArray[np.intp]]:
    """So many batches, each class about as often as another: one that is rare must not be seen as a common one."""
    places = [np.flatnonzero(labels == number) for number in np.unique(labels)]
    for _ in range(_STEPS):
        classes = rng.integers(0, len(places), _BATCH)
        yield np.array([places[at][rng.integers(len(places[at]))] for at in classes])


def _shifted(image: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    wide = np.pad(image, ((_SHIFT, _SHIFT), (_SHIFT, _SHIFT), (0, 0)), mode="edge")
    top, left = rng.integers(0, 2 * _SHIFT + 1, 2)
    return wide[top : top + image.shape[0], left : left + image.shape[1]]


def _recoloured(image: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Every second image in other colours, light and dark changed too, each channel between two levels drawn for it.

    So colours are learnt where they tell classes apart, and else little: made images often have others than real ones.
    """
    if rng.random() < 0.5:
        return image
    dark, light = rng.uniform(0, 1, (2, 3))
    return np.asarray(255 * dark + (light - dark) * image, np.uint8)


@contextlib.contextmanager
def _alone(torch: Any, seed: int) -> Iterator[None]:
    """One thread, and global random numbers that are put back."""
    with one_thread_each(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
