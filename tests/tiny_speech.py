"""Random models of speech, of some thousand weights, built offline: what they say and hear is noise.

Each function writes a model with all its files to a folder and returns it.
"""

from __future__ import annotations

import atexit
import functools
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.tiny_models import byte_tokenizer

LETTERS = " abcdefghijklmnopqrstuvwxyz'"


def vits(folder: Path, *, speakers: int = 1, seed: int = 0) -> Path:
    """A VITS of 8 channels at 16 kHz, 1 frame of 64 samples a step, with its stochastic lengths."""
    import torch
    import transformers

    torch.manual_seed(seed)
    config = transformers.VitsConfig(
        vocab_size=len(LETTERS) + 2, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, window_size=2,
        ffn_dim=32, flow_size=16, spectrogram_bins=9, prior_encoder_num_flows=2, posterior_encoder_num_wavenet_layers=2,
        prior_encoder_num_wavenet_layers=2, duration_predictor_num_flows=2, duration_predictor_filter_channels=16,
        depth_separable_num_layers=2, upsample_initial_channel=16, upsample_rates=[8, 8],
        upsample_kernel_sizes=[16, 16], resblock_kernel_sizes=[3], resblock_dilation_sizes=[[1, 3]],
        num_speakers=speakers,
        speaker_embedding_size=16 if speakers > 1 else 0, sampling_rate=16000, initializer_range=0.2,
    )  # fmt: skip
    model = transformers.VitsModel(config)
    with torch.no_grad():
        for weights in model.decoder.parameters():
            weights.normal_(0, 0.1)
        model.duration_predictor.flows[0].translate.fill_(-1.0)  # as built, each letter takes one step
        for flow in model.duration_predictor.flows[1:]:
            flow.conv_proj.weight.normal_(0, 0.3)
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    vocabulary = {"<pad>": 0, **{letter: row + 1 for row, letter in enumerate(LETTERS)}, "<unk>": len(LETTERS) + 1}
    (folder / "letters.json").write_text(json.dumps(vocabulary))
    transformers.VitsTokenizer(folder / "letters.json", phonemize=False).save_pretrained(folder)
    (folder / "letters.json").unlink()
    return folder


def speech_t5(folder: Path, *, seed: int = 0) -> Path:
    """A SpeechT5 of 16 units with its vocoder beside it, and two voices in ``voices``."""
    import sentencepiece
    import torch
    import transformers

    torch.manual_seed(seed)
    folder.mkdir(parents=True, exist_ok=True)
    text = folder / "text.txt"
    text.write_text("\n".join(" ".join(LETTERS.strip()) for _ in range(20)))
    sentencepiece.SentencePieceTrainer.train(
        input=str(text), model_prefix=str(folder / "spm_char"), vocab_size=32, model_type="char", bos_id=0, pad_id=1,
        eos_id=2, unk_id=3, minloglevel=2, hard_vocab_limit=False,
    )  # fmt: skip
    text.unlink()
    (folder / "spm_char.vocab").unlink()
    tokenizer = transformers.SpeechT5Tokenizer(str(folder / "spm_char.model"))
    tokenizer.save_pretrained(folder)
    config = transformers.SpeechT5Config(
        vocab_size=len(tokenizer) + 4, hidden_size=16, encoder_layers=1, encoder_attention_heads=2, encoder_ffn_dim=32,
        decoder_layers=1, decoder_attention_heads=2, decoder_ffn_dim=32, num_mel_bins=8, speech_decoder_prenet_units=16,
        speech_decoder_postnet_units=16, speech_decoder_postnet_layers=2, speaker_embedding_dim=4, reduction_factor=2,
        max_text_positions=60, initializer_range=0.5, pad_token_id=1, bos_token_id=0, eos_token_id=2,
        max_speech_positions=4000,
    )  # fmt: skip
    model = transformers.SpeechT5ForTextToSpeech(config)
    with torch.no_grad():
        model.speech_decoder_postnet.prob_out.weight.mul_(0.3)
        model.speech_decoder_postnet.prob_out.bias.fill_(-1.6)
    model.save_pretrained(folder)
    vocoder = transformers.SpeechT5HifiGan(
        transformers.SpeechT5HifiGanConfig(
            model_in_dim=8, upsample_initial_channel=8, upsample_rates=[4, 4], upsample_kernel_sizes=[8, 8],
            resblock_kernel_sizes=[3], resblock_dilation_sizes=[[1, 3]], sampling_rate=16000, initializer_range=0.3,
        )
    )  # fmt: skip
    vocoder.save_pretrained(folder / "vocoder")
    (folder / "voices").mkdir(exist_ok=True)
    for number, name in enumerate(("ann", "bob")):
        np.save(folder / "voices" / f"{name}.npy", np.eye(4, dtype=np.float32)[number])
    return folder


def bark(folder: Path, *, seed: int = 0) -> Path:
    """A Bark of 16 units over bytes, which says at most 24 tokens of meaning."""
    import torch
    import transformers

    torch.manual_seed(seed)
    sizes = {"num_layers": 1, "num_heads": 2, "hidden_size": 16, "block_size": 1024, "bias": True}
    config = transformers.BarkConfig(
        semantic_config={"input_vocab_size": 600, "output_vocab_size": 60, **sizes},
        coarse_acoustics_config={"input_vocab_size": 200, "output_vocab_size": 200, **sizes},
        fine_acoustics_config={
            "input_vocab_size": 40, "output_vocab_size": 40, "n_codes_total": 4, "n_codes_given": 1, **sizes
        },
        codec_config={
            "target_bandwidths": [30.0], "sampling_rate": 24000, "num_filters": 4, "num_residual_layers": 1,
            "upsampling_ratios": [8, 4], "codebook_size": 32, "codebook_dim": 8, "hidden_size": 8,
            "num_lstm_layers": 1, "kernel_size": 3, "last_kernel_size": 3,
        },
    )  # fmt: skip
    model = transformers.BarkModel(config)
    model.generation_config = transformers.GenerationConfig()  # Bark's own cannot be saved by transformers 5.23
    model.save_pretrained(folder)
    settings = {
        "model_type": "bark", "codebook_size": 32, "sample_rate": 24000,
        "semantic_config": {
            "eos_token_id": 50, "text_encoding_offset": 100, "text_pad_token": 590, "semantic_infer_token": 591,
            "semantic_vocab_size": 50, "max_input_semantic_length": 32, "semantic_rate_hz": 49.9, "max_new_tokens": 24,
            "do_sample": True,
        },
        "coarse_acoustics_config": {
            "coarse_rate_hz": 75, "n_coarse_codebooks": 2, "coarse_semantic_pad_token": 190, "coarse_infer_token": 191,
            "max_coarse_input_length": 32, "max_coarse_history": 60, "sliding_window_len": 20, "do_sample": True,
            "renormalize_logits": True,
        },
        "fine_acoustics_config": {
            "max_fine_history_length": 16, "max_fine_input_length": 64, "n_fine_codebooks": 4, "temperature": 0.5
        },
    }  # fmt: skip
    (folder / "generation_config.json").write_text(json.dumps(settings))
    transformers.BarkProcessor(byte_tokenizer()).save_pretrained(folder)
    return folder


def ctc(folder: Path, *, seed: int = 0) -> Path:
    """A Wav2Vec2 of 16 units that reads 16 kHz in frames of 20 ms."""
    import torch
    import transformers

    torch.manual_seed(seed)
    words = ["<pad>", "<s>", "</s>", "<unk>", "|", *LETTERS.strip().upper()]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "letters.json").write_text(json.dumps({word: row for row, word in enumerate(words)}))
    transformers.Wav2Vec2CTCTokenizer(folder / "letters.json").save_pretrained(folder)
    (folder / "letters.json").unlink()
    transformers.Wav2Vec2FeatureExtractor(return_attention_mask=True).save_pretrained(folder)
    config = transformers.Wav2Vec2Config(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        conv_dim=[8] * 7, num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=2, initializer_range=0.5,
        feat_extract_norm="layer", do_stable_layer_norm=True, pad_token_id=0,
    )  # fmt: skip
    model = transformers.Wav2Vec2ForCTC(config)
    with torch.no_grad():
        # as built, all frames come out much alike: what they have in common is taken away, the rest made large
        common = model.eval().wav2vec2(torch.randn(1, 16000)).last_hidden_state.mean(dim=(0, 1))
        model.lm_head.weight.normal_(0, 50.0)
        model.lm_head.bias.copy_(-model.lm_head.weight @ common)
    model.save_pretrained(folder)
    return folder


def whisper(folder: Path, *, heads: bool = True, seed: int = 0) -> Path:
    """A Whisper of 16 units over bytes, for English and German.

    Args:
        folder: Where it is written.
        heads: Whether it says which of its attention heads follow the time.
        seed: For the weights.
    """
    import torch
    import transformers
    from tokenizers import AddedToken, pre_tokenizers

    torch.manual_seed(seed)
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = {word: row for row, word in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    special = [
        "<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|de|>", "<|translate|>", "<|transcribe|>",
        "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>",
        *(f"<|{0.02 * step:.2f}|>" for step in range(1501)),
    ]  # fmt: skip
    ids = {word: len(vocabulary) + row for row, word in enumerate(special)}
    plain = vocabulary | {"<|endoftext|>": ids["<|endoftext|>"]}
    tokenizer = transformers.WhisperTokenizer(vocab=plain, merges=[], language=None, task=None)
    tokenizer.add_special_tokens({"extra_special_tokens": special[1:10]})
    tokenizer.add_tokens([AddedToken(word, special=False) for word in special[10:]])
    tokenizer.save_pretrained(folder)
    transformers.WhisperFeatureExtractor(feature_size=16).save_pretrained(folder)
    config = transformers.WhisperConfig(
        vocab_size=len(vocabulary) + len(special), num_mel_bins=16, d_model=16, encoder_layers=1, decoder_layers=2,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32,
        max_source_positions=1500, max_target_positions=448, init_std=0.4, suppress_tokens=None,
        begin_suppress_tokens=None,
        bos_token_id=ids["<|endoftext|>"], eos_token_id=ids["<|endoftext|>"], pad_token_id=ids["<|endoftext|>"],
        decoder_start_token_id=ids["<|startoftranscript|>"],
    )  # fmt: skip
    model = transformers.WhisperForConditionalGeneration(config)
    _shape_whisper(model, ids, heads=heads)
    model.save_pretrained(folder)
    return folder


def _shape_whisper(model: Any, ids: Mapping[str, int], *, heads: bool) -> None:
    """Let a random Whisper listen, come to an end, and know its languages."""
    import torch

    with torch.no_grad():  # it listens closely, and comes to an end soon
        for layer in model.model.decoder.layers:
            layer.encoder_attn.q_proj.weight.mul_(4)
            layer.encoder_attn.k_proj.weight.mul_(4)
            layer.encoder_attn.out_proj.weight.mul_(4)
        end = model.model.decoder.embed_tokens.weight[ids["<|endoftext|>"]]
        model.model.decoder.layer_norm.bias.copy_(1.5 * end)
    settings = {
        "is_multilingual": True, "lang_to_id": {"<|en|>": ids["<|en|>"], "<|de|>": ids["<|de|>"]},
        "task_to_id": {"transcribe": ids["<|transcribe|>"], "translate": ids["<|translate|>"]},
        "no_timestamps_token_id": ids["<|notimestamps|>"], "prev_sot_token_id": ids["<|startofprev|>"],
        "max_initial_timestamp_index": 50, "max_length": 24, **({"alignment_heads": [[1, 0], [1, 1]]} if heads else {}),
    }  # fmt: skip
    model.generation_config._from_model_config = False  # else it is ignored when it is loaded
    for name, value in settings.items():
        setattr(model.generation_config, name, value)


@functools.cache
def kept(name: str) -> Path:
    """A model of a name (``vits``, ``voices``, ``speech_t5``, ``bark``, ``ctc``, ``whisper``), made once a process."""
    home = Path(tempfile.mkdtemp(prefix="hfaug-tiny-speech-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    made = {
        "vits": vits,
        "voices": lambda folder: vits(folder, speakers=3),
        "speech_t5": speech_t5,
        "bark": bark,
        "ctc": ctc,
        "whisper": whisper,
    }
    return made[name](home / name)
