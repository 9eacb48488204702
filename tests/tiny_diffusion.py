"""Random pipelines of a few thousand weights, of each family: what they draw is noise, how they draw it is tested.

`build(family, folder)` writes one and returns the folder.
"""

from __future__ import annotations

import string
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers

MODELS = Path(__file__).parent / "models"
LENGTH = 16
"""The longest prompt of T5, in tokens."""


def _clip() -> Any:
    return transformers.CLIPTokenizer.from_pretrained(MODELS / "digits-text-to-image" / "tokenizer")


def _clip_text(tokenizer: Any, *, projects: bool = False, cls: Any = None) -> Any:
    config = transformers.CLIPTextConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=37, num_hidden_layers=2, num_attention_heads=4,
        projection_dim=32, bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
        max_position_embeddings=tokenizer.model_max_length,
    )  # fmt: skip
    return (transformers.CLIPTextModelWithProjection if projects else transformers.CLIPTextModel)(config)


def _t5() -> tuple[Any, Any]:
    words = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    words += [(letter, -3.0) for letter in string.ascii_lowercase + string.digits + ",."]
    tokenizer = transformers.T5Tokenizer(vocab=words, extra_ids=0, model_max_length=LENGTH)
    config = transformers.T5Config(
        vocab_size=len(tokenizer),
        d_model=32,
        d_kv=8,
        d_ff=37,
        num_layers=2,
        num_heads=4,
        relative_attention_num_buckets=8,
    )
    return tokenizer, transformers.T5EncoderModel(config).eval()


def _vae(channels: int = 4, **more: Any) -> Any:
    return diffusers.AutoencoderKL(
        block_out_channels=(8, 16), latent_channels=channels, norm_num_groups=2, sample_size=16,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2, **more,
    )  # fmt: skip


def _unet(**more: Any) -> Any:
    settings = {
        "block_out_channels": (8, 16), "layers_per_block": 1, "sample_size": 8, "norm_num_groups": 2,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"), "attention_head_dim": 2, "cross_attention_dim": 32,
    }  # fmt: skip
    return diffusers.UNet2DConditionModel(**{**settings, **more})


def _sd(scheduler: Any = None, **unet: Any) -> Any:
    tokenizer = _clip()
    return diffusers.StableDiffusionPipeline(
        vae=_vae(), text_encoder=_clip_text(tokenizer), tokenizer=tokenizer, unet=_unet(**unet),
        scheduler=scheduler or diffusers.DDIMScheduler(steps_offset=1, clip_sample=False),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip


def _lcm() -> Any:
    return _sd(diffusers.LCMScheduler(steps_offset=1))


def _latent_consistency() -> Any:
    tokenizer = _clip()
    return diffusers.LatentConsistencyModelPipeline(
        vae=_vae(), text_encoder=_clip_text(tokenizer), tokenizer=tokenizer, unet=_unet(time_cond_proj_dim=8),
        scheduler=diffusers.LCMScheduler(steps_offset=1), safety_checker=None, feature_extractor=None,
        requires_safety_checker=False,
    )  # fmt: skip


def _inpainting() -> Any:
    return diffusers.StableDiffusionInpaintPipeline(**_sd(in_channels=9).components, requires_safety_checker=False)


def _xl(scheduler: Any = None) -> Any:
    tokenizer = _clip()
    unet = _unet(
        attention_head_dim=(2, 4), use_linear_projection=True, addition_embed_type="text_time",
        addition_time_embed_dim=8, transformer_layers_per_block=(1, 1), cross_attention_dim=64,
        projection_class_embeddings_input_dim=6 * 8 + 32,
    )  # fmt: skip
    return diffusers.StableDiffusionXLPipeline(
        vae=_vae(), text_encoder=_clip_text(tokenizer), text_encoder_2=_clip_text(tokenizer, projects=True),
        tokenizer=tokenizer, tokenizer_2=_clip(), unet=unet, add_watermarker=False,
        scheduler=scheduler or diffusers.DDIMScheduler(steps_offset=1, clip_sample=False),
    )  # fmt: skip


def _turbo() -> Any:
    return _xl(diffusers.EulerAncestralDiscreteScheduler(timestep_spacing="trailing"))


def _sd3() -> Any:
    tokenizer = _clip()
    t5_tokenizer, t5 = _t5()
    transformer = diffusers.SD3Transformer2DModel(
        sample_size=8, patch_size=1, in_channels=16, num_layers=1, attention_head_dim=8, num_attention_heads=4,
        joint_attention_dim=32, caption_projection_dim=32, pooled_projection_dim=64, out_channels=16,
    )  # fmt: skip
    return diffusers.StableDiffusion3Pipeline(
        vae=_vae(16, shift_factor=0.06, scaling_factor=1.5, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=_clip_text(tokenizer, projects=True), text_encoder_2=_clip_text(tokenizer, projects=True),
        text_encoder_3=t5, tokenizer=tokenizer, tokenizer_2=_clip(), tokenizer_3=t5_tokenizer,
        transformer=transformer, scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
    )  # fmt: skip


def _flux(*, embeds_guidance: bool = True) -> Any:
    tokenizer = _clip()
    t5_tokenizer, t5 = _t5()
    transformer = diffusers.FluxTransformer2DModel(
        patch_size=1, in_channels=4, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=32, pooled_projection_dim=32, axes_dims_rope=(4, 4, 8), guidance_embeds=embeds_guidance,
    )  # fmt: skip
    return diffusers.FluxPipeline(
        vae=_vae(1, shift_factor=0.06, scaling_factor=1.5, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=_clip_text(tokenizer), tokenizer=tokenizer, text_encoder_2=t5, tokenizer_2=t5_tokenizer,
        transformer=transformer, scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
    )  # fmt: skip


FAMILIES: dict[str, Callable[[], Any]] = {
    "sd": _sd, "xl": _xl, "sd3": _sd3, "flux-dev": _flux, "flux-schnell": lambda: _flux(embeds_guidance=False),
    "sdxl-turbo": _turbo, "lcm": _lcm, "latent-consistency": _latent_consistency, "inpainting": _inpainting,
}  # fmt: skip
"""By the name of the folder, which counts for Turbo."""


def build(family: str, folder: Path) -> Path:
    """Write a pipeline of a family."""
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of schedulers that wait for a newer NumPy
        FAMILIES[family]().save_pretrained(folder / family)
    return folder / family


def controlnet(folder: Path) -> Path:
    """Write a ControlNet for ``sd`` and ``digits-text-to-image``'s latents that has an effect, as trained ones have."""
    torch.manual_seed(1)
    net = diffusers.ControlNetModel(
        block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=2, cross_attention_dim=32,
        attention_head_dim=2, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        conditioning_embedding_out_channels=(8, 16),
    )  # fmt: skip
    for block in (*net.controlnet_down_blocks, net.controlnet_mid_block, net.controlnet_cond_embedding.conv_out):
        torch.nn.init.normal_(block.weight, std=0.3)
    net.save_pretrained(folder / "controlnet")
    return folder / "controlnet"


def learned_words(folder: Path, token: str = "<thing>") -> Path:
    """Write what textual inversion learns for ``sd``."""
    from safetensors.torch import save_file

    (folder / "words").mkdir(exist_ok=True)
    path = folder / "words" / "learned_embeds.safetensors"
    save_file({token: torch.ones(2, 32)}, path)
    return path


def lora(folder: Path) -> Path:
    """Write LoRA weights for ``sd``."""
    torch.manual_seed(2)
    layer = "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_v"
    weights = {f"{layer}.lora_A.weight": torch.randn(2, 32), f"{layer}.lora_B.weight": torch.randn(16, 2)}
    diffusers.StableDiffusionPipeline.save_lora_weights(folder / "lora", unet_lora_layers=weights)
    return folder / "lora"
