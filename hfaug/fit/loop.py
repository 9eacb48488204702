"""The training loop, the same for every kind of generator: Accelerate, checkpoints, averages, samples, a log.

A step's images and all that is drawn in it follow from the seed, the step and the number of the part of the batch, so a
training that goes on from a checkpoint sees what it would have seen, and two processes see what one sees in two parts.
Gradients are averaged by one exchange a phase, in place of a wrapper around each network: a loss may then differentiate
twice, and use one network in two phases.
"""

from __future__ import annotations

import contextlib
import math
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from hfaug.backends.loading import import_extra, pick_device
from hfaug.backends.memory import is_out_of_memory
from hfaug.errors import ModelError, ParameterError
from hfaug.fit.folder import ModelFolder
from hfaug.fit.job import Batch, Job, Phase
from hfaug.fit.order import Numbers, Order
from hfaug.fit.privacy import PrivateUpdates
from hfaug.fit.sheets import save_picture
from hfaug.fit.training import Training

__all__ = ["Loop"]


class Loop:
    """One training in one process.

    Args:
        job: What is trained.
        folder: Where checkpoints lie; the newest is gone on from.
        training: How.

    Raises:
        ParameterError: Batches cannot be shared evenly, or this process has another precision already.
    """

    def __init__(self, job: Job, folder: ModelFolder, training: Training) -> None:
        import torch

        self.job, self.folder, self.training = job, folder, training
        self.order = Order(job.data.labels, training.batch_size, training.seed, balanced=training.balanced)
        self.accelerator = _accelerator(training.mixed_precision)
        self.rank, self.size = self.accelerator.process_index, self.accelerator.num_processes
        self._check_shares()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(training.seed)
            job.parts = {name: part.to(self.accelerator.device) for name, part in job.build().items()}
        for helper in job.helpers():
            helper.to(self.accelerator.device)
        self.optimizers = {
            phase.part: self.accelerator.prepare_optimizer(
                job.optimizer(job.weights(phase.part), training.learning_rate)
            )
            for phase in job.phases()
        }
        self.average = self._average()
        self.private = self._private()
        self.step = 0

    def _check_shares(self) -> None:
        training, parts = self.training, self.size * self.training.accumulate
        if training.batch_size % parts:
            raise ParameterError(
                f"fit: batch_size must be a multiple of processes x accumulate ({self.size} x {training.accumulate}), "
                f"was {training.batch_size}; change it"
            )

    def _private(self) -> PrivateUpdates | None:
        """Updates under a promise of privacy, where one is asked for."""
        if self.job.privacy is None:
            return None
        if self.size > 1:
            raise ParameterError(f"fit: epsilon must be asked for in one process, here are {self.size}; start one")
        return PrivateUpdates(self.job.privacy, self.job, self.accelerator.device)

    def _average(self) -> Any:
        from diffusers.training_utils import EMAModel

        return EMAModel(
            self.job.weights(self.job.averaged),
            decay=self.training.ema_decay,
            use_ema_warmup=True,
            power=3 / 4,
        )

    # ---- the loop

    def run(self) -> None:
        """Train to the last step.

        Raises:
            ParameterError: The folder is beyond that step, or losses are no numbers.
            ModelError: A batch does not fit into memory, or the disk is full.
        """
        found = self.folder.steps()
        if found:
            self._restore(self.folder.load(found[-1], self.accelerator.device))
        if self.accelerator.is_main_process:
            self.folder.cut_log(self.step)
        began, since = time.monotonic(), self.step
        with _bar(self.training.steps, self.step, shown=self.accelerator.is_main_process) as bar:
            while self.step < self.training.steps:
                told = self._fitting()
                self.step += 1
                self._tell(told, (time.monotonic() - began) / (self.step - since), bar)
                self._keep()
                bar.update()
        self.accelerator.wait_for_everyone()

    def _fitting(self) -> dict[str, Any]:
        """One step, unless memory runs out."""
        try:
            return self._update()
        except (MemoryError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and not is_out_of_memory(error):
                raise
            training, kept = self.training, self.folder.steps()
            at_once = training.batch_size // self.size // training.accumulate
            raise ModelError(
                f"fit: {at_once} images at once must fit into memory, did not; raise accumulate (the result stays "
                f"nearly the same), or lower batch_size or size (step {kept[-1] if kept else 0} is kept)"
            ) from error

    def _update(self) -> dict[str, Any]:
        """One step."""
        told: dict[str, Any] = {}
        micros = self._micro_batches(*(self._share() if self.private is None else self.private.draw()))
        for number, phase in enumerate(self.job.phases()):
            if (self.step + 1) % phase.every:
                continue
            if self.private is None or phase.blind:
                told |= self._gradients(phase, number, micros)
            else:
                told |= self.private.gradients(phase, micros)
            self._move(phase)
        self.average.step(self.job.weights(self.job.averaged))
        return told

    def _gradients(self, phase: Phase, number: int, micros: Sequence[tuple[Any, Any]]) -> dict[str, Any]:
        """Give the weights of a phase their gradients; returns numbers for the log."""
        weights = self.job.weights(phase.part)
        for name in self.job.parts:
            for weight in self.job.weights(name):
                weight.requires_grad_(name == phase.part)
        told: dict[str, Any] = {}
        batches = self._batches(phase, number, micros)
        for batch in batches:
            with self.accelerator.autocast():
                losses = phase.losses(batch)
            self.accelerator.backward(losses["loss"] / len(batches))
            for name, value in losses.items():
                key = f"{phase.part}.{name}"
                told[key] = told.get(key, 0) + value.detach().float() / len(batches)
        self._exchange(weights)
        told[f"{phase.part}.gradient"] = self.accelerator.clip_grad_norm_(weights, self.training.clip)
        return told

    def _move(self, phase: Phase) -> None:
        """Change the weights of a phase."""
        optimizer = self.optimizers[phase.part]
        for group in optimizer.param_groups:
            group["lr"] = self.training.learning_rate * min(1.0, (self.step + 1) / max(1, self.training.warmup))
        optimizer.step()
        optimizer.zero_grad()

    def _seed(self, micro: int, phase: int) -> int:
        """What all draws of a part of a step follow from."""
        part = int(self.rank) * self.training.accumulate + micro  # the same images have the same one however shared
        key = np.random.SeedSequence([self.training.seed, self.step, part, phase])
        return int(key.generate_state(1, np.uint64)[0] >> 1)

    def _exchange(self, weights: Sequence[Any]) -> None:
        """Average the gradients over the processes."""
        if self.size == 1:
            return
        import torch

        gradients = [weight.grad for weight in weights if weight.grad is not None]
        flat = self.accelerator.reduce(torch.cat([gradient.reshape(-1) for gradient in gradients]), "mean")
        for gradient, mean in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(mean.view_as(gradient))

    # ---- what is seen

    def _share(self) -> tuple[Numbers, Numbers]:
        """The images of a step that are this process's share, and how often each was seen before."""
        numbers, visits = self.order.step(self.step)
        share = len(numbers) // self.size
        mine = slice(self.rank * share, (self.rank + 1) * share)
        return numbers[mine], visits[mine]

    def _batches(self, phase: Phase, number: int, micros: Sequence[tuple[Any, Any]]) -> list[Batch]:
        """What a phase sees, with draws of its own: the images of the step, or none."""
        import torch

        training, device = self.training, self.accelerator.device
        count = training.accumulate if phase.blind else len(micros)
        draws = [torch.Generator(device).manual_seed(self._seed(micro, number)) for micro in range(count)]
        if phase.blind:
            images = training.batch_size // self.size // count
            return [Batch.blind(images, len(self.job.data.classes), generator) for generator in draws]
        return [Batch(*micro, generator) for micro, generator in zip(micros, draws, strict=True)]

    def _micro_batches(self, numbers: Numbers, visits: Numbers) -> list[tuple[Any, Any]]:
        """Pixels and labels of images by number, in parts."""
        import torch

        device, found = self.accelerator.device, []
        for part in np.array_split(np.arange(len(numbers)), self.training.accumulate):
            if not len(part):
                continue
            labels = torch.from_numpy(self.job.data.labels[numbers[part]]).to(device)
            found.append((self.job.seen(numbers[part], visits[part], device), labels))
        return found

    # ---- what is told and kept

    def _tell(self, told: dict[str, Any], seconds: float, bar: Any) -> None:
        if self.step % self.training.log_every and self.step != self.training.steps:
            return
        numbers = {name: float(self.accelerator.reduce(value, "mean")) for name, value in told.items()}
        if self.accelerator.is_main_process:
            self.folder.log({"step": self.step, **numbers, "seconds_a_step": round(seconds, 4)})
            bar.set_postfix({name: f"{value:.3g}" for name, value in numbers.items() if name.endswith("loss")})
        wrong = [name for name, value in numbers.items() if name.endswith("loss") and not math.isfinite(value)]
        if wrong and self.private is None:  # under a promise no single image may stop it: weights alone are looked at
            raise self._wrong(f"losses must be numbers, {wrong[0]} was {numbers[wrong[0]]}")

    def _keep(self) -> None:
        last = self.step == self.training.steps
        every = self.training.sample_every
        drawn = bool(every) and (last or self.step % every == 0)
        counted = drawn and self.private is not None  # what is shown must have been counted
        if last or counted or self.step % self.training.checkpoint_every == 0:
            self._check_weights()
            if last and self.private is not None and self.job.releases:
                with self.averaged():  # before it is saved, so that it cannot be released twice
                    self.job.released = self.private.release()
            if self.accelerator.is_main_process:
                self.folder.save(self.step, self._state(), self.training.keep)
            self.accelerator.wait_for_everyone()
        if drawn and self.accelerator.is_main_process:
            with self.averaged(), self.folder.writing("samples"):
                save_picture(self.job.draw(), self.folder.path / "samples" / f"step-{self.step:06d}.png")

    def _check_weights(self) -> None:
        """See that no broken weights are kept: the log, which tells of losses, may be further apart."""
        import torch

        weights = [weight for name in self.job.parts for weight in self.job.weights(name)]
        if not torch.stack([weight.detach().isfinite().all() for weight in weights]).all():
            raise self._wrong("weights must be numbers, some were not")

    def _wrong(self, told: str) -> ParameterError:
        kept = self.folder.steps()
        return ParameterError(
            f"fit: {told} at step {self.step}; lower learning_rate, or take mixed_precision='no' (step "
            f"{kept[-1] if kept else 0} is kept)"
        )

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """Let the averaged part have the average of its weights inside."""
        part, weights = self.job.parts[self.job.averaged], self.job.weights(self.job.averaged)
        mode = part.training  # a network that came trained is tuned as it is used: pictures must not change that
        self.average.store(weights)
        self.average.copy_to(weights)
        part.eval()
        try:
            yield
        finally:
            part.train(mode)
            self.average.restore(weights)

    def _state(self) -> dict[str, Any]:
        scaler = self.accelerator.scaler
        return {
            "step": self.step,
            "parts": {name: self.job.state(name) for name in self.job.parts},
            "optimizers": {name: optimizer.state_dict() for name, optimizer in self.optimizers.items()},
            "average": self.average.state_dict(),
            "released": self.job.released,
            "scaler": None if scaler is None else scaler.state_dict(),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        if state["step"] > self.training.steps:
            raise ParameterError(
                f"fit: steps must be at least what is done, {self.folder.path} is at step {state['step']}, steps was "
                f"{self.training.steps}; raise steps, or choose another folder"
            )
        self.step = state["step"]
        for name in self.job.parts:
            self.job.load(name, state["parts"][name])
        for name, optimizer in self.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])
        self.average.load_state_dict(state["average"])
        self.job.released = state["released"]
        if state["scaler"] is not None:
            self.accelerator.scaler.load_state_dict(state["scaler"])


def _accelerator(precision: str) -> Any:
    accelerate = import_extra("accelerate", "fit")
    try:
        return accelerate.Accelerator(cpu=pick_device() == "cpu", mixed_precision=precision, log_with=None)
    except ValueError as error:  # Accelerate has one precision a process, whoever asked for it first
        if "already been initialized" not in str(error):
            raise
        known = accelerate.state.AcceleratorState().mixed_precision
        raise ParameterError(
            f"fit: mixed_precision must stay {known!r}, with which Accelerate began in this process, was "
            f"{precision!r}; say {known!r}, or fit this model in another process"
        ) from error


def _bar(steps: int, done: int, *, shown: bool) -> Any:
    from tqdm import tqdm

    watched = shown and sys.stderr.isatty()
    return tqdm(total=steps, initial=done, desc="fit", unit="step", dynamic_ncols=True, disable=not watched)
