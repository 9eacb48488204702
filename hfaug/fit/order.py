"""Which images a step sees."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["Numbers", "Order"]

Numbers = npt.NDArray[np.int64]


class Order:
    """The order in which images are seen: a function of seed and step, so nothing of it has to be kept.

    Every epoch goes through all images once, in an order of its own. Balanced, every round goes through all classes
    once, and each class through its own images in epochs of its own.

    Args:
        labels: The class of each image.
        batch: How many images a step takes.
        seed: Draws the orders.
        balanced: Whether each class is seen equally often.

    >>> order = Order(np.array([0, 0, 0, 0, 1, 1]), 4, 0, balanced=False)
    >>> sorted([*order.step(0)[0].tolist(), *order.step(1)[0][:2].tolist()])
    [0, 1, 2, 3, 4, 5]
    >>> order = Order(np.array([0, 0, 0, 0, 1, 1]), 4, 0, balanced=True)
    >>> sorted([*order.step(0)[0].tolist(), *order.step(1)[0].tolist()])
    [0, 1, 2, 3, 4, 4, 5, 5]
    """

    def __init__(self, labels: Numbers, batch: int, seed: int, *, balanced: bool) -> None:
        self.batch, self.seed = batch, seed
        self.classes = [np.flatnonzero(labels == number) for number in np.unique(labels)] if balanced else None
        self.count = len(labels)
        self._newest: dict[tuple[int, ...], tuple[int, Numbers]] = {}

    def step(self, step: int) -> tuple[Numbers, Numbers]:
        """The images of a step by number, and how often each has been seen before.

        Args:
            step: From 0 up.
        """
        places = np.arange(step * self.batch, (step + 1) * self.batch)
        if self.classes is None:
            return self._taken(self.count, places)
        drawn, rounds = self._taken(len(self.classes), places, 1)
        numbers, visits = np.empty_like(places), np.empty_like(places)
        for chosen in np.unique(drawn):
            here, members = drawn == chosen, self.classes[chosen]
            own, visits[here] = self._taken(len(members), rounds[here], 2, int(chosen))
            numbers[here] = members[own]
        return numbers, visits

    def _taken(self, count: int, places: Numbers, *key: int) -> tuple[Numbers, Numbers]:
        """What stands at some places of endless epochs over so many things, and the numbers of these epochs."""
        epochs, turns = np.divmod(places, count)
        found = np.empty_like(places)
        for epoch in np.unique(epochs):
            here = epochs == epoch
            found[here] = self._shuffled(count, int(epoch), key)[turns[here]]
        return found, epochs

    def _shuffled(self, count: int, epoch: int, key: tuple[int, ...]) -> Numbers:
        """An epoch; the newest of each class is kept, since most steps are in the same one as the step before."""
        if self._newest.get(key, (None,))[0] != epoch:
            self._newest[key] = epoch, np.random.default_rng([self.seed, epoch, *key]).permutation(count)
        return self._newest[key][1]
