"""Random models of a few thousand weights, built offline: what they say is noise, how they say it is what is tested.

Each function writes a model and its tokenizer to a folder and returns it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

CHAT_TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
MARKERS = ("<|system|>", "<|user|>", "<|assistant|>", "<|end|>")


def byte_tokenizer(*, chat: bool = True, longest: int = 512) -> Any:
    """A token for each byte and for some pairs of letters, so that texts have more than one spelling in tokens."""
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

    pairs = [("t", "h"), ("th", "e"), ("a", "n"), ("Ġ", "a"), ("i", "n"), ("e", "r"), ('"', ":")]
    words = ["<pad>", "<s>", "</s>", *sorted(pre_tokenizers.ByteLevel.alphabet()), *("".join(pair) for pair in pairs)]
    tokenizer = Tokenizer(models.BPE(vocab={word: row for row, word in enumerate(words)}, merges=pairs))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>", model_max_length=longest,
        extra_special_tokens=[*MARKERS[:3]],
    )  # fmt: skip
    fast.add_tokens([MARKERS[3]])  # added, but not special: as some models have them
    fast.chat_template = CHAT_TEMPLATE if chat else None
    return fast


def causal(folder: Path, *, chat: bool = True, longest: int = 512, seed: int = 0, **config: Any) -> Path:
    """A Llama of two layers over bytes."""
    import torch
    import transformers

    tokenizer = byte_tokenizer(chat=chat, longest=longest)
    torch.manual_seed(seed)
    values = {
        "vocab_size": len(tokenizer), "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": longest,
        "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0, "initializer_range": 0.3,
    }  # fmt: skip
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**{**values, **config}))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


_WORDS = """the a film book was is long short good bad new old very not and but I we they read saw liked it
    house garden dog cat sleeps runs in on near green red"""
WORDS = tuple(_WORDS.split())


def masked(folder: Path, *, pieces: str = "bert", longest: int = 64, seed: int = 0, **config: Any) -> Path:
    """A BERT of two layers over WordPiece, or (``pieces="roberta"``) a RoBERTa over bytes with spaces in its words."""
    import torch
    import transformers

    torch.manual_seed(seed)
    sizes = {
        "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
        "initializer_range": 0.3, **config,
    }  # fmt: skip
    tokenizer = _wordpiece(longest) if pieces == "bert" else _roberta(longest)
    if pieces == "bert":
        values = {"vocab_size": len(tokenizer), "max_position_embeddings": longest, "pad_token_id": 0, **sizes}
        model: Any = transformers.BertForMaskedLM(transformers.BertConfig(**values))
    else:
        values = {"vocab_size": len(tokenizer), "max_position_embeddings": longest + 2, "pad_token_id": 1, **sizes}
        model = transformers.RobertaForMaskedLM(transformers.RobertaConfig(**values))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _wordpiece(longest: int) -> Any:
    import transformers
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    letters = [chr(code) for code in range(97, 123)]
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[unused1]", *".,!?'-[]", *letters, "ing", "er"]
    words += [f"##{part}" for part in [*letters, "ing", "ed", "er"]] + [word.lower() for word in WORDS if word != "a"]
    vocabulary = {word: row for row, word in enumerate(dict.fromkeys(words))}
    tokenizer = Tokenizer(models.WordPiece(vocab=vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]", model_max_length=longest,
    )  # fmt: skip


def _roberta(longest: int) -> Any:
    import transformers
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors

    vocabulary = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    merges: list[tuple[str, str]] = []
    for word in (form for plain in WORDS for form in (plain, f"Ġ{plain}")):
        for end in range(2, len(word) + 1):
            pair = (word[: end - 1], word[end - 1])
            if pair not in merges:
                merges.append(pair)
                vocabulary.append("".join(pair))
    rows = {word: row for row, word in enumerate(dict.fromkeys(vocabulary))}
    tokenizer = Tokenizer(models.BPE(vocab=rows, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", pad_token="<pad>", bos_token="<s>", eos_token="</s>",
        cls_token="<s>", sep_token="</s>", mask_token=AddedToken("<mask>", lstrip=True, special=True),
        model_max_length=longest,
    )  # fmt: skip


def translator(folder: Path, *, family: str, spm: Path | None = None, longest: int = 64, seed: int = 0) -> Path:
    """A translator of two layers that is told the languages as its family is: ``nllb``, ``m2m100`` or ``madlad``.

    Args:
        folder: Where it is written.
        family: Which.
        spm: A folder with a SentencePiece model and its vocabulary, for m2m100.
        longest: How many tokens it reads.
        seed: For the weights.
    """
    import torch
    import transformers

    tokenizer = {"nllb": _nllb, "m2m100": _m2m100, "madlad": _madlad}[family](longest, spm)
    torch.manual_seed(seed)
    codes = getattr(tokenizer, "lang_token_to_id", {})  # which M2M100 keeps behind its vocabulary
    size = max(*tokenizer.get_vocab().values(), *codes.values()) + 1
    if family == "madlad":
        config = transformers.T5Config(
            vocab_size=size, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, decoder_start_token_id=0,
            pad_token_id=0, eos_token_id=1, initializer_factor=3.0,
        )  # fmt: skip
        model: Any = transformers.T5ForConditionalGeneration(config)
    else:
        config = transformers.M2M100Config(
            vocab_size=size, d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
            decoder_attention_heads=4, encoder_ffn_dim=64, decoder_ffn_dim=64, max_position_embeddings=longest,
            decoder_start_token_id=2, init_std=0.3, pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
        )  # fmt: skip
        model = transformers.M2M100ForConditionalGeneration(config)
    model.generation_config.forced_bos_token_id = None
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _nllb(longest: int, _: Path | None) -> Any:
    import transformers

    words = ["<s>", "<pad>", "</s>", "<unk>", "▁", *"abcdefghijklmnopqrstuvwxyz.,_ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    return transformers.NllbTokenizer(
        vocab={word: row for row, word in enumerate(words)}, merges=[], model_max_length=longest,
        extra_special_tokens=["eng_Latn", "deu_Latn", "fra_Latn", "zho_Hans"],
    )  # fmt: skip


def _m2m100(longest: int, spm: Path | None) -> Any:
    import json
    import tempfile

    import transformers

    if spm is None:
        message = "m2m100 needs a SentencePiece model"
        raise ValueError(message)
    with tempfile.TemporaryDirectory() as folder:
        words = [word for word in json.loads((spm / "vocab.json").read_text()) if not word.startswith(">>")]
        kept = dict.fromkeys(["<s>", "<pad>", "</s>", "<unk>", *words[:400]])
        path = Path(folder) / "vocab.json"
        path.write_text(json.dumps({word: row for row, word in enumerate(kept)}))
        return transformers.M2M100Tokenizer(str(path), str(spm / "source.spm"), model_max_length=longest)


def _madlad(longest: int, _: Path | None) -> Any:
    import transformers
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors

    words = ["<pad>", "</s>", "<unk>", "<2de>", "<2fr>", *"abcdefghijklmnopqrstuvwxyz<>/2"]
    tokenizer = Tokenizer(models.WordLevel({word: row for row, word in enumerate(words)}, unk_token="<unk>"))
    letters = pre_tokenizers.Split(Regex("."), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), letters])
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=longest,
        extra_special_tokens=["<2de>", "<2fr>"],
    )  # fmt: skip
