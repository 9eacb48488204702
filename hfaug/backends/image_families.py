"""What pipelines of diffusers differ in, read from the repository: what prompts become, sizes, steps, guidance.

| family | steps | guidance | how it is known |
| --- | --- | --- | --- |
| Stable Diffusion, XL, 3, FLUX.1-dev and all others | the pipeline's own | the pipeline's own | |
| Turbo: SD, SDXL, SD 3.5 | 4 | 0 | ``turbo`` is a word of the repository's name: nothing else in it tells |
| LCM | 4 | 8 where the model embeds it, else 1 | the scheduler is an ``LCMScheduler`` |
| with an LCM-LoRA | 4 | 1 | ``lcm`` is a word of its file's, folder's or repository's name; the scheduler is changed |
| FLUX.1-schnell | 4 | 0 | a Flux whose transformer has no ``guidance_embeds`` |

The defaults of diffusers belong to the first line alone: with them a Turbo model takes 50 steps and comes out burnt.
"""

from __future__ import annotations

import dataclasses
import inspect
import math
import re
from typing import Any

from hfaug.errors import ParameterError

__all__ = [
    "Defaults", "check_negative", "check_prompt", "defaults_of", "embeddings_of", "is_guided", "is_named",
    "own_size", "unit_of", "varies",
]  # fmt: skip

_PAIR = ("prompt_embeds", "negative_prompt_embeds")
_POOLED = ("pooled_prompt_embeds", "negative_pooled_prompt_embeds")
_EMBEDDINGS = (
    ("StableDiffusionXL", (*_PAIR, *_POOLED)),
    ("StableDiffusion3", (*_PAIR, *_POOLED)),
    ("StableDiffusion", _PAIR),
    ("StableUnCLIP", _PAIR),
    ("LatentConsistencyModel", _PAIR),
    ("Flux", ("prompt_embeds", "pooled_prompt_embeds", "text_ids")),
)
"""What `encode_prompt` returns, by the beginning of a pipeline's name."""
_KNOWN_TASKS = re.compile(r"(ControlNet)?(Img2Img|Inpaint|Inpainting)?Pipeline$")
_FEW_STEPS = 4
_VARIATIONS = ("StableDiffusionImageVariationPipeline", "StableUnCLIPImg2ImgPipeline")
"""Pipelines whose weights are made to draw images like others. No AutoPipeline knows them."""


@dataclasses.dataclass(frozen=True)
class Defaults:
    """What a pipeline draws with where nobody says; None leaves it to the pipeline.

    Args:
        steps: Denoising steps.
        guidance: How closely an image follows its prompt.
    """

    steps: int | None = None
    guidance: float | None = None


def embeddings_of(pipe: Any) -> tuple[str, ...]:
    """What ``encode_prompt`` of a pipeline returns, by the names under which the pipeline takes it back.

    Returns:
        Nothing for families that are not known here, which encode their prompts themselves.
    """
    name = type(pipe).__name__
    stem = _KNOWN_TASKS.sub("", name)
    return next((names for family, names in _EMBEDDINGS if stem == family), ())


def defaults_of(pipe: Any, name: str) -> Defaults:
    """The steps and guidance of a pipeline whose family wants others than diffusers says.

    Args:
        pipe: The pipeline.
        name: The repository or folder.
    """
    kind = type(pipe).__name__
    if kind.startswith("Flux") and not _config(pipe, "transformer").get("guidance_embeds", True):
        return Defaults(_FEW_STEPS, 0.0)
    if kind.startswith("StableDiffusion") and type(pipe.scheduler).__name__ == "LCMScheduler":
        return Defaults(_FEW_STEPS, 8.0 if _embeds_guidance(pipe) else 1.0)
    if kind.startswith("StableDiffusion") and is_named("turbo", name):
        return Defaults(_FEW_STEPS, 0.0)
    return Defaults()


def varies(kind: str) -> bool:
    """Whether the weights of a pipeline of this class are made to draw images like others."""
    return kind in _VARIATIONS


def is_named(word: str, name: str) -> bool:
    """Whether a word stands in the name of a repository or file.

    >>> is_named("lcm", "org/lcm-lora-sdv1-5"), is_named("turbo", "org/turbocharged")
    (True, False)
    """
    return word in re.split(r"[^a-z]+", name.lower())


def is_guided(pipe: Any, guidance: float | None) -> bool:
    """Whether images are also drawn for the negative prompt, to be led away from it."""
    if guidance is None:
        guidance = _own(pipe, "guidance_scale") or 0.0
    return guidance > 1 and not _embeds_guidance(pipe)


def check_negative(pipe: Any, guidance: float | None, who: str) -> None:
    """Refuse a negative prompt that would have no effect.

    Raises:
        ParameterError: The family has none, or the guidance turns it off.
    """
    accepted = inspect.signature(pipe.__call__).parameters
    if "negative_prompt" not in accepted or "true_cfg_scale" in accepted or _embeds_guidance(pipe):
        raise ParameterError(
            f"{who}: negative prompts must act, and {type(pipe).__name__} draws without; leave negative_prompt out"
        )
    own = _own(pipe, "guidance_scale") if guidance is None else guidance
    if own is not None and own <= 1:
        raise ParameterError(
            f"{who}: negative prompts act where guidance is above 1, it is {own:g}; raise it, or leave "
            "negative_prompt out"
        )


def check_prompt(pipe: Any, who: str) -> None:
    """Refuse prompts where a pipeline reads none.

    Raises:
        ParameterError: It draws from images alone.
    """
    if "prompt" not in inspect.signature(pipe.__call__).parameters:
        raise ParameterError(f"{who}: prompts must act, and {type(pipe).__name__} reads none; leave the prompt empty")


def own_size(pipe: Any) -> tuple[int, int] | None:
    """(height, width) that a pipeline draws where nobody says; None where it does not tell."""
    side: Any = getattr(pipe, "default_sample_size", None)
    for part in () if side else ("unet", "transformer"):
        side = side or _config(pipe, part).get("sample_size")
    scale = getattr(pipe, "vae_scale_factor", None)
    if not side or not scale:
        return None
    height, width = side if isinstance(side, (list, tuple)) else (side, side)
    return int(height * scale), int(width * scale)


def unit_of(pipe: Any) -> int:
    """Sides of images are multiples of this: of 8, and of two numbers of the latents, as some pack them in pairs."""
    return math.lcm(8, 2 * int(getattr(pipe, "vae_scale_factor", 8)))


def _own(pipe: Any, name: str) -> Any:
    found = inspect.signature(pipe.__call__).parameters.get(name)
    return None if found is None or found.default is inspect.Parameter.empty else found.default


def _embeds_guidance(pipe: Any) -> bool:
    """Whether the model was taught its guidance, so that it draws each image once."""
    return _config(pipe, "unet").get("time_cond_proj_dim") is not None


def _config(pipe: Any, part: str) -> Any:
    found = getattr(pipe, part, None)
    return {} if found is None else found.config
