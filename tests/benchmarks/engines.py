"""The engines that hfaug drives, driven alone: on the whole list at once, and row by row as in a plain `map`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import diffusers
import torch
import transformers
from datasets import ClassLabel
from diffusers import AutoPipelineForText2Image, DDIMScheduler, UNet2DModel
from PIL.Image import Image
from transformers import MarianMTModel, MarianTokenizer

__all__ = ["Drawer", "Sampler", "Translator"]

MODELS = Path(__file__).parents[1] / "models"
BATCH = 32

diffusers.utils.logging.disable_progress_bar()
transformers.utils.logging.disable_progress_bar()


class Translator:
    """transformers on the translator of the tests, there and back, with the model's own search."""

    folder = str(MODELS / "translate-en-de-fr")

    def __init__(self) -> None:
        self.tokenizer = MarianTokenizer.from_pretrained(self.folder)
        self.model = MarianMTModel.from_pretrained(self.folder).eval()

    def there_and_back(self, texts: Sequence[str]) -> list[str]:
        """English through German."""
        return self._pass(self._pass(texts, "de"), "en")

    def _pass(self, texts: Sequence[str], language: str) -> list[str]:
        """Batches of like length, so that little is padded."""
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        found: dict[int, str] = {}
        for start in range(0, len(order), BATCH):
            some = order[start : start + BATCH]
            found.update(zip(some, self._batch([f">>{language}<< {texts[row]}" for row in some]), strict=True))
        return [found[row] for row in range(len(texts))]

    def _batch(self, texts: list[str]) -> list[str]:
        with torch.inference_mode():
            made = self.model.generate(**self.tokenizer(texts, return_tensors="pt", padding=True))
        return [re.sub(r"^>>\w+<< ", "", text) for text in self.tokenizer.batch_decode(made, skip_special_tokens=True)]


class Drawer:
    """diffusers on the text-to-image model of the tests."""

    folder = str(MODELS / "digits-text-to-image")

    def __init__(self, steps: int) -> None:
        self.pipe = AutoPipelineForText2Image.from_pretrained(self.folder, safety_checker=None)
        self.pipe.set_progress_bar_config(disable=True)
        self.steps = steps

    def draw(self, prompts: Sequence[str]) -> list[Image]:
        """One image a prompt, in one batch, each from a seed of its own."""
        generators = [torch.Generator("cpu").manual_seed(number) for number in range(len(prompts))]
        return self.pipe(list(prompts), num_inference_steps=self.steps, generator=generators).images


class Sampler:
    """diffusers on a class-conditional model of random weights.

    Args:
        folder: Where it is saved.
        steps: Denoising steps.
    """

    classes = 10
    feature = ClassLabel(names=[str(number) for number in range(classes)])

    def __init__(self, folder: str, steps: int) -> None:
        from hfaug.backends.sampling_pipelines import ClassConditionalPipeline

        blocks = {
            "down_block_types": ("DownBlock2D", "AttnDownBlock2D"),
            "up_block_types": ("AttnUpBlock2D", "UpBlock2D"),
        }
        network = UNet2DModel(
            32, 3, 3, block_out_channels=(32, 64), layers_per_block=1, num_class_embeds=self.classes + 1, **blocks
        )
        self.pipe = ClassConditionalPipeline(network, DDIMScheduler(), dict(enumerate(self.feature.names)))
        self.pipe.set_progress_bar_config(disable=True)
        self.pipe.save_pretrained(folder)
        self.steps = steps

    def draw(self, classes: Sequence[int]) -> list[Image]:
        """One image a class number, in one batch, each from a seed of its own."""
        generators = [torch.Generator("cpu").manual_seed(number) for number in range(len(classes))]
        return self.pipe(list(classes), num_inference_steps=self.steps, generator=generators).images
