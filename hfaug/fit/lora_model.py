"""Fine-tune a Stable Diffusion pipeline on classes of one's own, by LoRA: small matrices beside those of attention."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
from datasets import Dataset, DatasetDict

from hfaug.backends.identity import ModelIdentity, identify
from hfaug.backends.loading import import_extra, loading, quiet
from hfaug.errors import ModelError, ParameterError
from hfaug.fields import canonical
from hfaug.fit.fitting import fit
from hfaug.fit.images import TrainingImages
from hfaug.fit.job import Batch, Job, Phase
from hfaug.fit.sheets import COLUMNS, MOST_CLASSES, joined
from hfaug.language.prompting import PromptTemplate

if TYPE_CHECKING:
    import torch

__all__ = ["lora"]

_TARGETS = ("to_q", "to_k", "to_v", "to_out.0")


def lora(
    model: str,
    data: Dataset | DatasetDict,
    *,
    out: str | os.PathLike[str],
    prompt: str = "a photo of a {{ label }}",
    revision: str | None = None,
    image: str | None = None,
    label: str | None = None,
    split: str = "train",
    size: int | None = None,
    rank: int = 8,
    free_share: float = 0.1,
    license: str | None = None,  # noqa: A002 - the Hub's word
    **training: Any,
) -> Path:
    """Fine-tune a Stable Diffusion pipeline on the classes of a dataset; give the folder to ``lora=`` of image ops.

    The pipeline stays as it is. Beside the matrices of its attention small ones are learnt, a few MB in all, by the
    pipeline's own loss; they can be loaded over it, strongly or weakly. Prompts that leave the class out are shown for
    a share of the images, so that guidance keeps working. A promise of privacy (``epsilon``) is about these images, and
    not about those that the pipeline learnt from before.

    Args:
        model: The pipeline: Hub repo id or folder of a ``StableDiffusionPipeline``.
        data: A dataset, or several splits of which one is read.
        out: Folder of the weights. If a training broke off in it, that training goes on.
        prompt: What is said of an image, a template in Jinja's sandbox; ``{{ label }}`` is the name of its class. Draw
            with the same words.
        revision: Tag or commit of a Hub model; for a folder, the digest that its contents must have.
        image: The image column, where there are several.
        label: The column of the class, where there are several.
        split: The split to learn from.
        size: Height and width in pixels; the pipeline's own when left out.
        rank: Rank of the small matrices, from 1 up: how much can be learnt.
        free_share: Share of images shown with an empty prompt, 0..1.
        license: Licence of the data, for the card.
        **training: See :class:`hfaug.fit.Training`.

    Returns:
        The folder, with ``pytorch_lora_weights.safetensors``.

    Raises:
        MissingExtra: torch, diffusers, peft or Accelerate is not installed.
        ParameterError: An argument is out of its limits, or the folder holds something else.
        RoleError: A column is missing or in doubt.
        CallError: There are no images, or some have no class.
        ModelError: The pipeline cannot be loaded or is of another kind, a batch does not fit into memory, or the disk
            is full.
    Source: Hu et al. 2021, arXiv:2106.09685.
    """
    rank, size = canonical(rank, int, "fit lora", "rank"), canonical(size, int | None, "fit lora", "size")
    free_share = canonical(free_share, float, "fit lora", "free_share")
    if rank < 1 or not 0 <= free_share < 1:
        raise ParameterError(
            f"fit lora: rank must be 1 or more and free_share from 0 to below 1, were {rank} and {free_share}; change "
            "them"
        )
    template = PromptTemplate(prompt, ("label",), "fit lora")
    identity, pipe = _load(model, revision)
    whole = pipe.unet.config.sample_size * pipe.vae_scale_factor
    size = whole if size is None else size
    if size < 1 or size % pipe.vae_scale_factor:
        raise ParameterError(f"fit lora: size must be a multiple of {pipe.vae_scale_factor}, was {size}; change it")
    settings = Settings(prompt, f"{identity.model_id}@{identity.revision}", rank, free_share)
    columns = {"image": image, "label": label, "split": split}
    chosen = {"learning_rate": 1e-4, "batch_size": 8, "steps": 1000, **training}
    make = functools.partial(LoraJob, chosen=settings, pipe=pipe, identity=identity, template=template)
    return fit(make, data, "lora", out, size, columns, license, chosen)


def _load(model: str, revision: str | None) -> tuple[ModelIdentity, Any]:
    diffusers = import_extra("diffusers", "fit")
    import_extra("peft", "fit")
    import_extra("transformers", "fit")
    identity = identify(model, revision, entry="model_index.json")
    with loading(identity.model_id, identity.hub_revision), quiet("diffusers", "transformers"):
        pipe = diffusers.DiffusionPipeline.from_pretrained(identity.source, revision=identity.hub_revision)
    if type(pipe).__name__ != "StableDiffusionPipeline":
        raise ModelError(
            f"{identity.model_id}: must be a StableDiffusionPipeline to be fine-tuned here, is "
            f"{type(pipe).__name__}; take one, or the training scripts of diffusers for the other families"
        )
    pipe.set_progress_bar_config(disable=True)
    return identity, pipe


@dataclasses.dataclass(frozen=True)
class Settings:
    """What decides the weights; see `lora`."""

    prompt: str
    base: str
    rank: int
    free_share: float


class LoraJob(Job):
    """A fine-tuning on its way."""

    kind: ClassVar[str] = "lora"
    averaged: ClassVar[str] = "unet"
    entry: ClassVar[str] = "pytorch_lora_weights.safetensors"

    def __init__(
        self,
        data: TrainingImages,
        chosen: Settings,
        pipe: Any,
        identity: ModelIdentity,
        template: PromptTemplate,
    ) -> None:
        super().__init__(data)
        self.chosen, self.pipe, self.identity = chosen, pipe, identity
        self.prompts = [template.messages({"label": name})[0][1] for name in data.classes]
        self._told: torch.Tensor | None = None
        from diffusers import DDPMScheduler

        self.scheduler = DDPMScheduler.from_config(pipe.scheduler.config)

    @property
    def settings(self) -> Mapping[str, Any]:
        return dataclasses.asdict(self.chosen)

    @property
    def meta(self) -> Mapping[str, Any]:
        return {"base_model": self.identity.model_id, "tags": ["hfaug", "lora", "text-to-image"]}

    def build(self) -> dict[str, torch.nn.Module]:
        from peft import LoraConfig

        for part in (self.pipe.unet, self.pipe.vae, self.pipe.text_encoder):
            part.requires_grad_(False)
        rank = self.chosen.rank
        self.pipe.unet.add_adapter(
            LoraConfig(r=rank, lora_alpha=rank, init_lora_weights="gaussian", target_modules=list(_TARGETS))
        )
        return {"unet": self.pipe.unet}

    def weights(self, part: str) -> list[torch.nn.Parameter]:
        return [weight for name, weight in self.parts[part].named_parameters() if "lora_" in name]

    def state(self, part: str) -> dict[str, torch.Tensor]:
        from peft.utils import get_peft_model_state_dict

        found: dict[str, torch.Tensor] = get_peft_model_state_dict(self.parts[part])
        return found

    def load(self, part: str, state: Mapping[str, torch.Tensor]) -> None:
        from peft.utils import set_peft_model_state_dict

        set_peft_model_state_dict(self.parts[part], dict(state))

    def phases(self) -> Sequence[Phase]:
        self._embeddings()  # once, and never inside of functorch, which would keep what is made there for itself
        return (Phase("unet", self._losses),)

    def _losses(self, batch: Batch) -> dict[str, torch.Tensor]:
        import torch

        count = len(batch.labels)
        with torch.no_grad():
            latents = self._latents(batch)
            free = batch.uniform(count) < self.chosen.free_share
            told = self._embeddings()[torch.where(free, len(self.prompts), batch.labels)]
        noise = batch.normal(latents.shape)
        times = (batch.uniform(count) * self.scheduler.config.num_train_timesteps).long()
        noisy = self.scheduler.add_noise(latents, noise, times)
        kind = self.scheduler.config.prediction_type
        wanted = {"epsilon": noise, "sample": latents}.get(kind)
        if wanted is None:
            wanted = self.scheduler.get_velocity(latents, noise, times)
        found = self.parts["unet"](noisy, times, encoder_hidden_states=told).sample
        return {"loss": torch.nn.functional.mse_loss(found.float(), wanted)}

    def _latents(self, batch: Batch) -> torch.Tensor:
        pixels, network = batch.pixels, self.pipe.vae
        if pixels.shape[1] == 1:
            pixels = pixels.repeat(1, 3, 1, 1)
        found = network.encode(pixels).latent_dist
        drawn = found.mean + found.std * batch.normal(found.mean.shape)
        latents: torch.Tensor = drawn * network.config.scaling_factor
        return latents

    def _embeddings(self) -> torch.Tensor:
        """The prompt of each class, and the empty one, as the U-Net reads them."""
        import torch

        if self._told is None:
            encoder = self.pipe.text_encoder
            with torch.no_grad():
                found = [
                    self.pipe.encode_prompt(prompt, encoder.device, 1, do_classifier_free_guidance=False)[0]
                    for prompt in [*self.prompts, ""]
                ]
            self._told = torch.cat(found)
        return self._told

    def helpers(self) -> Sequence[torch.nn.Module]:
        return (self.pipe.vae, self.pipe.text_encoder)

    def optimizer(self, weights: Sequence[torch.nn.Parameter], rate: float) -> torch.optim.Optimizer:
        import torch

        return torch.optim.AdamW(weights, lr=rate, weight_decay=0.01)

    def pipeline(self) -> Any:
        return self.pipe.to(self.parts["unet"].device)

    def draw(self) -> npt.NDArray[np.uint8]:
        import torch

        pipe, rows = self.pipeline(), []
        for number, prompt in enumerate(self.prompts[:MOST_CLASSES]):
            generators = [torch.Generator("cpu").manual_seed(1000 * number + place) for place in range(COLUMNS)]
            found = pipe([prompt] * COLUMNS, generator=generators, num_inference_steps=20, output_type="np").images
            rows.append((np.nan_to_num(found) * 255).round().astype(np.uint8))
        return joined(rows)

    def write(self, path: Path) -> None:
        from diffusers.utils import convert_state_dict_to_diffusers

        weights = convert_state_dict_to_diffusers(self.state("unet"))
        type(self.pipe).save_lora_weights(path, unet_lora_layers=weights, safe_serialization=True)
