"""How long and how a generator is trained."""

from __future__ import annotations

import dataclasses
from typing import Any

from hfaug.arguments import check_op
from hfaug.errors import ParameterError
from hfaug.fields import canonical, hints
from hfaug.op import Op

__all__ = ["Training"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Training:
    """How long and how a generator is trained; the same for every kind.

    Args:
        steps: Updates, from 1 up. May be raised afterwards, to go on.
        batch_size: Images an update, over all processes.
        learning_rate: Step width, above 0, reached within ``warmup`` steps and then kept: the average of the weights
            settles what a falling one would, and the training may be made longer later.
        warmup: Steps over which the learning rate rises.
        accumulate: In how many parts a process works through its share of a batch, to fit into memory.
        ema_decay: How slowly the average of the weights moves at most, 0..1; it starts faster by itself.
        clip: The longest gradient, by its norm; longer ones are cut to it. Where there is a promise of privacy, this is
            about what sees no image alone.
        mixed_precision: ``no``, ``fp16`` or ``bf16``.
        augment: An image op or a `Chain` that each image goes through whenever it is seen, with other draws each time,
            such as ``hfaug.ops.image.Flip().sometimes(0.5)``. Pixels come to the size afterwards. What is drawn will
            look like what comes out of it, so take changes that a class survives.
        balanced: Each class is seen equally often, however few images it has.
        epsilon: Differential privacy: how much the model may tell about any one image, above 0; None for no promise.
            In one process, and with classes that a ``ClassLabel`` names; ``batch_size`` is then the number on average,
            and steps are fixed. Below 1 is strong, above 10 hardly anything. Each training spends its own: what is
            told by several on the same images adds up.
        delta: The chance that the promise does not hold; well below one over the number of images.
        max_grad_norm: The longest gradient of one image, where there is a promise; 1 when left out.
        seed: Draw otherwise.
        checkpoint_every: Steps between checkpoints.
        keep: How many checkpoints are kept.
        sample_every: Steps between pictures of samples; 0 for none.
        log_every: Steps between lines of the log.

    Raises:
        ParameterError: A value out of its limits.

    >>> Training(steps=100).batch_size
    128
    """

    steps: int = 5000
    batch_size: int = 128
    learning_rate: float = 2e-4
    warmup: int = 100
    accumulate: int = 1
    ema_decay: float = 0.9999
    clip: float = 1.0
    mixed_precision: str = "no"
    augment: Op | None = None
    balanced: bool = False
    epsilon: float | None = None
    delta: float | None = None
    max_grad_norm: float | None = None
    seed: int = 0
    checkpoint_every: int = 500
    keep: int = 2
    sample_every: int = 500
    log_every: int = 50

    def __post_init__(self) -> None:
        if self.augment is not None:
            check_op(self.augment, "fit")
        kinds = hints(Training)
        for field in dataclasses.fields(self):
            value = canonical(getattr(self, field.name), kinds[field.name], "fit", field.name)
            object.__setattr__(self, field.name, value)
        counts = ("steps", "batch_size", "accumulate", "checkpoint_every", "keep", "log_every")
        others = ("warmup", "seed", "sample_every")
        limits = [(name, getattr(self, name) >= 1, "1 or more") for name in counts]
        limits += [(name, getattr(self, name) >= 0, "0 or more") for name in others]
        limits += [(name, getattr(self, name) > 0, "above 0") for name in ("learning_rate", "clip")]
        limits += [
            ("ema_decay", 0 <= self.ema_decay < 1, "from 0 to below 1"),
            ("mixed_precision", self.mixed_precision in {"no", "fp16", "bf16"}, "no, fp16 or bf16"),
        ]
        if self.epsilon is not None:
            if self.max_grad_norm is None:
                object.__setattr__(self, "max_grad_norm", 1.0)
            limits += [("delta", self.delta is not None, "given beside epsilon")]
            limits += [("mixed_precision", self.mixed_precision == "no", "'no' beside epsilon")]
            limits += [("balanced", not self.balanced, "False beside epsilon, whose account counts on equal chances")]
        for name in ("delta", "max_grad_norm"):  # without epsilon nothing would be promised, and nobody told
            limits += [("epsilon", self.epsilon is not None or getattr(self, name) is None, f"given beside {name}")]
        for name, holds, text in limits:
            if not holds:
                raise ParameterError(f"fit: {name} must be {text}, was {getattr(self, name)!r}; change it")

    @property
    def decisive(self) -> dict[str, Any]:
        """What decides the weights of a step, as plain JSON values."""
        free = {"steps", "checkpoint_every", "keep", "sample_every", "log_every"}
        names = [field.name for field in dataclasses.fields(self) if field.name not in free]
        augment = None if self.augment is None else self.augment.spec()
        return {name: getattr(self, name) for name in names} | {"augment": augment}
