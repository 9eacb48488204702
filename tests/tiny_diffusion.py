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


def _variation() -> Any:
    return diffusers.StableDiffusionImageVariationPipeline(
        vae=_vae(), image_encoder=_vision(), unet=_unet(), scheduler=diffusers.DDIMScheduler(clip_sample=False),
        safety_checker=None, feature_extractor=_reader(), requires_safety_checker=False,
    )  # fmt: skip


def _unclip() -> Any:
    from diffusers.pipelines.stable_diffusion.stable_unclip_image_normalizer import StableUnCLIPImageNormalizer

    tokenizer = _clip()
    return diffusers.StableUnCLIPImg2ImgPipeline(
        feature_extractor=_reader(), image_encoder=_vision(), image_normalizer=StableUnCLIPImageNormalizer(32),
        image_noising_scheduler=diffusers.DDPMScheduler(), tokenizer=tokenizer, text_encoder=_clip_text(tokenizer),
        unet=_unet(class_embed_type="projection", projection_class_embeddings_input_dim=64),
        scheduler=diffusers.DDIMScheduler(clip_sample=False), vae=_vae(),
    )  # fmt: skip


def _vision(size: int = 32, *, siglip: bool = False) -> Any:
    settings = {
        "hidden_size": size, "intermediate_size": 37, "num_hidden_layers": 2, "num_attention_heads": 4,
        "image_size": 16, "patch_size": 8,
    }  # fmt: skip
    if siglip:
        return transformers.SiglipVisionModel(transformers.SiglipVisionConfig(**settings))
    return transformers.CLIPVisionModelWithProjection(transformers.CLIPVisionConfig(**settings, projection_dim=size))


def _reader() -> Any:
    return transformers.CLIPImageProcessor(size=16, crop_size=16)


FAMILIES: dict[str, Callable[[], Any]] = {
    "sd": _sd, "xl": _xl, "sd3": _sd3, "flux-dev": _flux, "flux-schnell": lambda: _flux(embeds_guidance=False),
    "sdxl-turbo": _turbo, "lcm": _lcm, "latent-consistency": _latent_consistency, "inpainting": _inpainting,
}  # fmt: skip
"""By the name of the folder, which counts for Turbo."""
VARIATIONS: dict[str, Callable[[], Any]] = {"variation": _variation, "unclip": _unclip}
"""Made to draw images like others."""


def build(family: str, folder: Path) -> Path:
    """Write a pipeline of a family."""
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of schedulers that wait for a newer NumPy
        {**FAMILIES, **VARIATIONS}[family]().save_pretrained(folder / family)
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


def image_encoder(folder: Path, size: int = 32, *, siglip: bool = False) -> Path:
    """Write what an IP-Adapter sees an image with: of CLIP, or of SigLIP."""
    torch.manual_seed(3)
    _vision(size, siglip=siglip).save_pretrained(folder)
    return folder


def _projection(tokens: int, size: int) -> dict[str, Any]:
    """How an IP-Adapter makes some tokens of what CLIP says of an image."""
    return {
        "proj.weight": torch.randn(tokens * size, 32), "proj.bias": torch.zeros(tokens * size),
        "norm.weight": torch.ones(size), "norm.bias": torch.zeros(size),
    }  # fmt: skip


def _resampler(size: int) -> dict[str, Any]:
    """How the ones called Plus make tokens of all that CLIP sees."""
    shapes = {
        "latents": (1, 3, 8), "proj_in.weight": (8, 32), "proj_in.bias": (8,), "proj_out.weight": (size, 8),
        "proj_out.bias": (size,), "norm_out.weight": (size,), "norm_out.bias": (size,),
    }  # fmt: skip
    layer = {
        "0.norm1.weight": (8,), "0.norm1.bias": (8,), "0.norm2.weight": (8,), "0.norm2.bias": (8,),
        "0.to_q.weight": (64, 8), "0.to_kv.weight": (128, 8), "0.to_out.weight": (8, 64), "1.0.weight": (8,),
        "1.0.bias": (8,), "1.1.weight": (32, 8), "1.3.weight": (8, 32),
    }  # fmt: skip
    shapes |= {f"layers.{number}.{name}": shape for number in range(4) for name, shape in layer.items()}
    return {name: torch.randn(*shape) for name, shape in shapes.items()}


def _unet_adapter(unet: Any, *, plus: bool = False) -> dict[str, Any]:
    size = unet.config.cross_attention_dim
    found = {
        f"image_proj.{name}": value for name, value in (_resampler(size) if plus else _projection(4, size)).items()
    }
    across = [name for name in unet.attn_processors if name.endswith("attn2.processor")]
    for number, name in enumerate(across):
        width = unet.get_submodule(name.removesuffix(".processor")).to_k.out_features
        for part in ("to_k_ip", "to_v_ip"):
            found[f"ip_adapter.{2 * number + 1}.{part}.weight"] = torch.randn(width, size)
    return found


def _flux_adapter(transformer: Any) -> dict[str, Any]:
    found = {f"ip_adapter_proj_model.{name}": value for name, value in _projection(4, 32).items()}
    for number in range(transformer.config.num_layers):
        for part in ("k", "v"):
            name = f"double_blocks.{number}.processor.ip_adapter_double_stream_{part}_proj"
            found |= {f"{name}.weight": torch.randn(32, 32), f"{name}.bias": torch.zeros(32)}
    return found


def _sd3_adapter(transformer: Any) -> dict[str, Any]:
    from diffusers.models.attention_processor import SD3IPAdapterJointAttnProcessor2_0
    from diffusers.models.embeddings import IPAdapterTimeImageProjection

    config = transformer.config
    width = config.attention_head_dim * config.num_attention_heads
    tokens = IPAdapterTimeImageProjection(
        embed_dim=32, output_dim=width, hidden_dim=16, depth=4, heads=1, num_queries=3, timestep_in_dim=320
    )
    layer = SD3IPAdapterJointAttnProcessor2_0(
        hidden_size=width, ip_hidden_states_dim=width, head_dim=config.attention_head_dim, timesteps_emb_dim=16
    )
    found = {f"image_proj.{name}": value for name, value in tokens.state_dict().items()}
    for number in range(config.num_layers):
        found |= {f"ip_adapter.{number}.{name}": 3 * value for name, value in layer.state_dict().items()}
    return found


def ip_adapter(family: str, folder: Path, *, plus: bool = False) -> Path:
    """Write an IP-Adapter for the pipeline of a family in the folder, as they are published, its encoder beside it."""
    from safetensors.torch import save_file

    pipe = diffusers.DiffusionPipeline.from_pretrained(folder / family)
    torch.manual_seed(4)
    if family.startswith("flux"):
        weights = _flux_adapter(pipe.transformer)
    else:
        weights = _sd3_adapter(pipe.transformer) if family == "sd3" else _unet_adapter(pipe.unet, plus=plus)
    home = folder / f"{family}-ip{'-plus' if plus else ''}"
    image_encoder(home / "image_encoder", siglip=family == "sd3")
    save_file({name: value.contiguous() for name, value in weights.items()}, home / "ip-adapter.safetensors")
    return home / "ip-adapter.safetensors"
