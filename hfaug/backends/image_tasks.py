"""One set of weights as pipelines for several tasks."""

from __future__ import annotations

import threading
from typing import Any

from hfaug.backends.threads_each import Clones
from hfaug.errors import ModelError

__all__ = ["Tasks"]

_AUTO = {"image": "AutoPipelineForImage2Image", "inpaint": "AutoPipelineForInpainting"}
_SAID = {"text": "draw from text alone", "image": "start from images", "inpaint": "draw into images"}


class Tasks:
    """The pipelines for drawing from text, from images and into images, which share all weights.

    Args:
        pipe: The pipeline as it was loaded, which draws from text.
        who: The model, for errors.
    """

    def __init__(self, pipe: Any, who: str) -> None:
        self._who = who
        self._pipes: dict[str, Any] = {"text": pipe}
        self._clones: dict[str, Clones] = {}
        self._lock = threading.Lock()

    def of(self, task: str) -> Any:
        """The pipeline for a task.

        Raises:
            ModelError: The family has none, or the weights are for another task.
        """
        with self._lock:
            if task not in self._pipes:
                self._pipes[task] = self._made(task)
        if task != "inpaint" and self.only_inpaints:
            raise ModelError(f"{self._who}: must be able to {_SAID[task]}, is made to draw into images; choose another")
        return self._pipes[task]

    @property
    def only_inpaints(self) -> bool:
        """Whether the model takes an image with a mask and nothing else, by the channels that it reads."""
        unet, vae = (getattr(self._pipes["text"], name, None) for name in ("unet", "vae"))
        if unet is None or vae is None:
            return False
        latents = vae.config.latent_channels
        return bool(unet.config.in_channels == 2 * latents + 1)

    def _made(self, task: str) -> Any:
        import diffusers

        pipe = self._pipes["text"]
        try:
            made = getattr(diffusers, _AUTO[task]).from_pipe(pipe)
        except ValueError as error:
            raise ModelError(
                f"{self._who}: must be able to {_SAID[task]}, and diffusers has no such pipeline for "
                f"{type(pipe).__name__}; choose another model"
            ) from error
        made.set_progress_bar_config(disable=True)
        return made

    def clones(self, task: str) -> Clones:
        """Clones of the pipeline for a task, for threads."""
        pipe = self.of(task)
        with self._lock:
            return self._clones.setdefault(task, Clones(pipe))
