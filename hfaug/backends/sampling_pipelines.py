"""The generators that hfaug fits, as pipelines of diffusers.

Their classes derive from those of diffusers and torch, so this module is heavy: it is imported inside the functions
that need it, and by nothing else.

diffusers has no pipeline for them: ``DDPMPipeline`` knows no classes, ``DiTPipeline`` draws latents and has 1,000
classes and the number 1,000 for none built in. A pipeline here keeps to what is usual there, so that
``from_pretrained``, ``save_pretrained``, ``to`` and a scheduler of one's choice work:
``ClassConditionalPipeline.from_pretrained(folder)``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from diffusers import ConfigMixin, DiffusionPipeline, ImagePipelineOutput, ModelMixin
from diffusers.configuration_utils import register_to_config
from diffusers.utils.torch_utils import randn_tensor

from hfaug.backends.sampling_gan import Generator  # diffusers loads parts of a class only where its module is imported

__all__ = ["ClassConditionalPipeline", "GANPipeline", "LatentPrior", "SamplingPipeline", "VAEPipeline"]

Generators = torch.Generator | Sequence[torch.Generator] | None


class SamplingPipeline(DiffusionPipeline):
    """A pipeline that draws images of classes.

    Args:
        id2label: Number of each class -> its name; JSON makes texts of the numbers.
    """

    def __init__(self, id2label: Mapping[Any, str] | None = None) -> None:
        super().__init__()
        self.register_to_config(id2label={str(number): name for number, name in (id2label or {}).items()})

    @property
    def labels(self) -> dict[str, int]:
        """Name of each class -> its number, as in ``DiTPipeline``."""
        return {name: int(number) for number, name in self.config.id2label.items()}

    def output(self, pixels: torch.Tensor, output_type: str, *, return_dict: bool) -> Any:
        """Pixels in -1..1 as the caller wants them."""
        images: Any = (pixels / 2 + 0.5).clamp(0, 1)
        if output_type != "pt":
            images = images.cpu().permute(0, 2, 3, 1).float().numpy()
        if output_type == "pil":
            images = self.numpy_to_pil(images)
        self.maybe_free_model_hooks()
        return ImagePipelineOutput(images=images) if return_dict else (images,)


class ClassConditionalPipeline(SamplingPipeline):
    """Draws images of classes by denoising pixels.

    Args:
        unet: A ``UNet2DModel`` with one class more than there are: the last stands for "any class", which guidance
            needs.
        scheduler: Any scheduler of diffusers.
        id2label: Number of each class -> its name.
    Source: Ho and Salimans 2022, arXiv:2207.12598 (guidance without a classifier).
    """

    model_cpu_offload_seq = "unet"

    def __init__(self, unet: Any, scheduler: Any, id2label: Mapping[Any, str] | None = None) -> None:
        super().__init__(id2label)
        self.register_modules(unet=unet, scheduler=scheduler)

    @torch.no_grad()
    def __call__(
        self,
        class_labels: Sequence[int],
        generator: Generators = None,
        num_inference_steps: int = 25,
        guidance_scale: float = 1.5,
        output_type: str = "pil",
        return_dict: bool = True,
    ) -> Any:
        """Draw an image for each class number.

        Args:
            class_labels: Numbers of classes.
            generator: One for all, or one an image; on the CPU the noise is the same for every device.
            num_inference_steps: Denoising steps.
            guidance_scale: 1 draws as the classes are, above 1 clearer and less varied; at 0 the class has no effect.
            output_type: ``pil``, ``np`` (height, width, channels; 0..1) or ``pt``.
            return_dict: Whether the images come in an ``ImagePipelineOutput``, or in a tuple.
        """
        config = self.unet.config
        shape = (len(class_labels), config.in_channels, config.sample_size, config.sample_size)
        device, dtype = self._execution_device, self.unet.dtype
        image = randn_tensor(shape, generator=generator, device=device, dtype=dtype)
        self.scheduler.set_timesteps(num_inference_steps, device=device)
        image = image * self.scheduler.init_noise_sigma
        wanted = torch.as_tensor(list(class_labels), device=device)
        anything = torch.full_like(wanted, config.num_class_embeds - 1)
        numbers = wanted if guidance_scale == 1 else torch.cat([wanted, anything])
        more = {"generator": generator} if _takes_generator(self.scheduler) else {}
        for t in self.progress_bar(self.scheduler.timesteps):
            seen = self.scheduler.scale_model_input(image, t)
            seen = seen if guidance_scale == 1 else torch.cat([seen, seen])
            found = self.unet(seen, t, class_labels=numbers).sample
            if guidance_scale != 1:
                followed, free = found.chunk(2)
                found = free + guidance_scale * (followed - free)
            image = self.scheduler.step(found, t, image, **more).prev_sample
        return self.output(image, output_type, return_dict=return_dict)


class LatentPrior(ModelMixin, ConfigMixin):
    """One Gaussian a class over the latents of an autoencoder.

    Args:
        classes: How many there are.
        shape: (channels, height, width) of the latents.
    """

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(self, classes: int, shape: Sequence[int]) -> None:
        super().__init__()
        width = shape[0] * shape[1] * shape[2]
        self.register_buffer("mean", torch.zeros(classes, width))
        self.register_buffer("factor", torch.zeros(classes, width, width))

    def forward(self, labels: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Latents of classes, from standard normal noise of their shape."""
        rows = zip(labels.tolist(), noise.flatten(1), strict=True)  # row by row, so that each has its own bits
        found = torch.stack([self.mean[label] + self.factor[label] @ row for label, row in rows])
        return found.view_as(noise)


class VAEPipeline(SamplingPipeline):
    """Draws images of classes by decoding latents that are drawn from one Gaussian a class.

    Args:
        vae: An ``AutoencoderKL``.
        prior: The Gaussians.
        id2label: Number of each class -> its name.
    """

    model_cpu_offload_seq = "prior->vae"

    def __init__(self, vae: Any, prior: LatentPrior, id2label: Mapping[Any, str] | None = None) -> None:
        super().__init__(id2label)
        self.register_modules(vae=vae, prior=prior)

    @torch.no_grad()
    def __call__(
        self,
        class_labels: Sequence[int],
        generator: Generators = None,
        output_type: str = "pil",
        return_dict: bool = True,
    ) -> Any:
        """Draw an image for each class number; see :meth:`ClassConditionalPipeline.__call__`."""
        device, dtype = self._execution_device, self.vae.dtype
        shape = (len(class_labels), *self.prior.config.shape)
        noise = randn_tensor(shape, generator=generator, device=device, dtype=dtype)
        latents = self.prior(torch.as_tensor(list(class_labels), device=device), noise)
        return self.output(self.vae.decode(latents).sample, output_type, return_dict=return_dict)


class GANPipeline(SamplingPipeline):
    """Draws images of classes in one go.

    Args:
        generator_network: Noise and a class to an image.
        id2label: Number of each class -> its name.
    """

    model_cpu_offload_seq = "generator_network"

    def __init__(self, generator_network: Generator, id2label: Mapping[Any, str] | None = None) -> None:
        super().__init__(id2label)
        self.register_modules(generator_network=generator_network)

    @torch.no_grad()
    def __call__(
        self,
        class_labels: Sequence[int],
        generator: Generators = None,
        output_type: str = "pil",
        return_dict: bool = True,
    ) -> Any:
        """Draw an image for each class number; see :meth:`ClassConditionalPipeline.__call__`."""
        network, device = self.generator_network, self._execution_device
        shape = (len(class_labels), network.config.latent)
        noise = randn_tensor(shape, generator=generator, device=device, dtype=network.dtype)
        pixels = network(noise, torch.as_tensor(list(class_labels), device=device))
        return self.output(pixels, output_type, return_dict=return_dict)


def _takes_generator(scheduler: Any) -> bool:
    import inspect

    return "generator" in inspect.signature(scheduler.step).parameters
