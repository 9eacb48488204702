"""Translation with a real small model: what it says, what it flags, and that a row depends on nothing but itself."""

import random

import pytest
import torch

from hfaug.backends import Halving, Sampling, Translation, registry
from hfaug.backends.identity import ModelIdentity
from hfaug.backends.languages import Frame
from hfaug.backends.marian import TransformersTranslator
from hfaug.errors import ModelError, ParameterError

DRAW = Sampling(temperature=1.0, top_k=10)
WAYS = [Sampling(), Sampling(beams=1), DRAW, Sampling(temperature=0.8, top_p=0.8), Sampling(temperature=1.0)]
SENTENCES = [
    "Good morning.",
    "I bought this book for my daughter and she loves it.",
    "The food was cold and the waiter was not friendly.",
    "Where is the station?",
    "This is one of the best films I have ever seen, and I have seen a great many of them in my long life.",
    "No.",
    "It stopped working after two weeks, so I sent it back to the shop where I had bought it for too much money.",
    "Do not waste your money on this product.",
    "Where is the station?",
    "The train to Paris leaves at half past nine.",
]
SEEDS = [random.Random(row).getrandbits(63) for row in range(len(SENTENCES))]


def _say(translator, rows=None, sampling=DRAW):
    rows = range(len(SENTENCES)) if rows is None else rows
    texts, seeds = [SENTENCES[row] for row in rows], [SEEDS[row] for row in rows]
    return translator.translate(texts, target="de", seeds=seeds, sampling=sampling)


@pytest.fixture
def generated(translator, monkeypatch):
    """How many rows, beams left out, each call of `generate` had."""
    seen = []
    generate = translator._model.generate

    def count(**inputs):
        seen.append(len(inputs["input_ids"]))
        return generate(**inputs)

    monkeypatch.setattr(translator._model, "generate", count)
    return seen


def test_it_translates(translator):
    german = [t.text for t in translator.translate(SENTENCES[:4], target="de")]
    assert german[0] == "Guten Morgen."
    assert "Tochter" in german[1]
    assert "Bahnhof" in german[3]
    assert "fille" in translator.translate(SENTENCES[1:2], target="fr")[0].text
    assert translator.translate(german[:1], target="en", source="de") == [Translation("Good morning.")]


def test_it_says_what_it_is(translator):
    assert translator.determinism == "row"
    assert translator.licence == "mixed-training-text"
    assert translator.settings["attention"] == "eager"
    assert translator.settings["rows_multiple"] == 8
    assert translator.settings["dtype"] == "float32"


@pytest.mark.parametrize(("even", "multiple", "determinism"), [(8, 8, "row"), (16, 16, "row"), (1000, 0, "request")])
def test_what_it_says_is_tried_out(translator, monkeypatch, even, multiple, determinism):
    """A machine on which small batches give other bits needs larger ones, or gives the same bits in none."""
    forward = type(translator._model).forward

    def uneven(self, input_ids, **inputs):
        output = forward(self, input_ids=input_ids, **inputs)
        rows = len(input_ids)
        output.logits += 0.001 * rows if rows % even else 0
        return output

    monkeypatch.setattr(type(translator._model), "forward", uneven)
    identity = ModelIdentity("org/model", "main", None, "org/model", local=False)
    found = TransformersTranslator(identity, translator._model, translator._tokenizer)
    assert found.settings["rows_multiple"] == multiple
    assert found.determinism == determinism


@pytest.mark.parametrize("sampling", WAYS, ids=str)
def test_a_row_depends_on_its_text_and_seed_alone(translator, threads, sampling):
    """In one call, alone, in parts, in another order, among others, with one thread and with two."""
    threads(2)
    together = _say(translator, sampling=sampling)
    threads(1)
    rows = list(range(len(SENTENCES)))
    assert [_say(translator, [row], sampling)[0] for row in rows[:3]] == together[:3]
    assert _say(translator, rows[:6], sampling) + _say(translator, rows[6:], sampling) == together
    random.Random(0).shuffle(rows)
    assert _say(translator, [*rows, *rows], sampling) == [together[row] for row in rows] * 2


@pytest.mark.slow
@pytest.mark.parametrize("sampling", [*WAYS, Sampling(temperature=1.0, top_p=0.95)], ids=str)
def test_200_mail_sentences_depend_on_themselves_alone(translator, mails, threads, sampling):
    """In calls of 200, of 32 and of 7 rows, in other orders, with one thread and with two."""
    texts = [text.strip() for mail in mails["text"] for text in mail.split(". ") if 10 < len(text) < 160][:200]
    seeds = [random.Random(row).getrandbits(63) for row in range(200)]
    expected = translator.translate(texts, target="fr", seeds=seeds, sampling=sampling)
    assert len({t.text for t in expected}) > 150
    for size, rows_in_all, count in ((32, 200, 1), (7, 105, 1), (16, 48, 2)):
        threads(count)
        order = random.Random(size).sample(range(200), rows_in_all)
        for start in range(0, rows_in_all, size):
            rows = order[start : start + size]
            part, keys = [texts[row] for row in rows], [seeds[row] for row in rows]
            found = translator.translate(part, target="fr", seeds=keys, sampling=sampling)
            assert found == [expected[row] for row in rows]


def test_drawing_follows_the_seed(translator):
    draw = Sampling(temperature=1.0)
    texts = SENTENCES[1:2] * 8
    found = translator.translate(texts, target="de", seeds=range(8), sampling=draw)
    assert len(set(found)) > 4
    assert translator.translate(texts[:1], target="de", seeds=[5], sampling=draw) == found[5:6]
    assert translator.translate(texts[:1], target="de", seeds=[2**63 - 1], sampling=draw) != found[5:6]


def test_a_low_temperature_says_what_the_greedy_search_says(translator):
    greedy = translator.translate(SENTENCES[:4], target="de", sampling=Sampling(beams=1))
    cold = translator.translate(SENTENCES[:4], target="de", seeds=SEEDS[:4], sampling=Sampling(temperature=1e-4))
    assert cold == greedy


def test_global_random_numbers_are_left_alone(translator):
    before = torch.get_rng_state()
    _say(translator)
    assert torch.equal(torch.get_rng_state(), before)


def test_equal_work_is_done_once(translator, generated):
    """Equal texts for the search, equal texts with equal seeds for a draw."""
    translator.translate(["Good morning."] * 40, target="de", seeds=[1] * 40, sampling=DRAW)
    translator.translate(["Good morning."] * 40, target="de", seeds=range(40))
    translator.translate(["Good morning."] * 40, target="de", seeds=range(40), sampling=DRAW)
    assert generated == [8, 2, 40]  # with the beams a multiple of 8, so that the bits do not depend on how many


def test_nothing_to_translate_comes_back_as_it_is(translator, generated):
    assert translator.translate(["", " \n"], target="de") == [Translation(""), Translation(" \n")]
    assert translator.translate([], target="de") == []
    assert generated == []


def test_a_text_that_is_too_long_is_flagged_not_cut(translator, generated):
    """At the limit of 256 tokens it is translated, one token later it is not."""
    words = "very " * 400
    count = lambda text: len(translator._tokenizer(">>de<< " + text)["input_ids"])  # noqa: E731
    fits = next(words[:end] for end in range(len(words), 0, -5) if count(words[:end]) <= 256)
    found = translator.translate([fits + "very ", fits, "Good morning."], target="de")
    assert found[0] == Translation("", ("too_long",))
    assert "too_long" not in found[1].flags
    assert found[2] == Translation("Guten Morgen.")
    assert len(generated) == 2


def test_an_output_that_does_not_end_is_flagged(translator, monkeypatch):
    """As it would be for a model that repeats itself for ever."""
    monkeypatch.setattr(translator._model.generation_config, "sequence_bias", [[[0], -1e9]])
    found = translator.translate(["Good morning."], target="de", sampling=Sampling(beams=1))
    assert found[0].flags == ("truncated",)
    assert found[0].text


def test_a_special_token_in_a_text_is_text(translator):
    """Else a text could end its own translation, or ask for another language."""
    tokens = translator._tokenizer([">>de<< a </s> b <pad> c"], split_special_tokens=True)["input_ids"][0]
    assert tokens.count(translator._tokenizer.eos_token_id) == 1
    assert translator._tokenizer.pad_token_id not in tokens
    plain, marked = translator.translate(["The dog sleeps.", ">>fr<< The dog sleeps."], target="de")
    assert "Hund" in plain.text
    assert "Hund" in marked.text


@pytest.mark.parametrize("seeds", [None, [1]])
def test_drawing_needs_a_seed_for_each_text(translator, seeds):
    with pytest.raises(ParameterError, match="one seed a text"):
        translator.translate(["a", "b"], target="de", seeds=seeds, sampling=DRAW)


def test_an_unknown_language_is_refused_with_those_it_knows(translator):
    with pytest.raises(ParameterError, match="must be one of de, en, fr, was 'it'"):
        translator.translate(["a"], target="it")


def test_a_batch_that_does_not_fit_is_halved_and_the_rows_stay_the_same(translator, monkeypatch):
    texts = [f"The train leaves at {hour} o'clock." for hour in range(40)]
    expected = translator.translate(texts, target="de", seeds=range(40), sampling=DRAW)
    generate = translator._model.generate

    def small(**inputs):
        if len(inputs["input_ids"]) > 16:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return generate(**inputs)

    monkeypatch.setattr(translator._model, "generate", small)
    monkeypatch.setattr(translator, "halvings", [])
    assert translator.translate(texts, target="de", seeds=range(40), sampling=DRAW) == expected
    assert translator.halvings == [Halving(rows=40, of=40), Halving(rows=20, of=40), Halving(rows=20, of=40)]


def test_it_prints_nothing(translator, capfd):
    translator.translate(["Good morning.", "word " * 500], target="de")
    assert capfd.readouterr() == ("", "")


def _renamed(translator, name):
    """The same model under another name, as if it were made for one pair of languages."""
    identity = ModelIdentity(name, "main", None, name, local=False)
    found = TransformersTranslator(identity, translator._model, translator._tokenizer)
    found._languages._prefixes = {}
    return found


@pytest.mark.parametrize(
    ("name", "pair"),
    [
        ("Helsinki-NLP/opus-mt-en-de", ("en", "de")),
        ("Helsinki-NLP/opus-mt-tc-big-en-pt", ("en", "pt")),
        ("Helsinki-NLP/opus-mt-NORTH_EU-NORTH_EU", ("NORTH_EU", "NORTH_EU")),
    ],
)
def test_a_model_for_one_pair_tells_it_by_its_name(translator, name, pair):
    model = _renamed(translator, name)
    assert model._languages.frame(pair[1], pair[0]) == model._languages.frame(pair[1], None) == Frame()
    with pytest.raises(ParameterError, match=f"target must be '{pair[1]}', was 'it'"):
        model.translate(["a"], target="it")
    with pytest.raises(ParameterError, match=f"source must be '{pair[0]}', was 'it'"):
        model.translate(["a"], target=pair[1], source="it")


def test_a_model_for_one_pair_may_tell_it_by_its_tokenizer(translator, monkeypatch):
    monkeypatch.setattr(translator._tokenizer, "source_lang", "en")
    monkeypatch.setattr(translator._tokenizer, "target_lang", "de")
    model = _renamed(translator, "my-own")
    assert model._languages.frame("de", "en") == Frame()
    with pytest.raises(ParameterError, match="target must be 'de', was 'fr'"):
        model._languages.frame("fr", "en")


def test_a_model_whose_languages_nobody_knows_is_refused(translator):
    with pytest.raises(ModelError, match="my-own: must take the target language as a prefix"):
        _renamed(translator, "my-own").translate(["a"], target="de")


@pytest.fixture(scope="session")
def tiny_t5(tmp_path_factory):
    """A folder with a random T5 model, whose words are letters and whose languages are prefixes."""
    import transformers
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors

    words = ["<pad>", "</s>", "<unk>", ">>de<<", ">>fr<<", *"abcdefghijklmnopqrstuvwxyz"]
    tokenizer = Tokenizer(models.WordLevel({word: row for row, word in enumerate(words)}, unk_token="<unk>"))
    letters = pre_tokenizers.Split(Regex("."), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), letters])
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=40,
        extra_special_tokens=[">>de<<", ">>fr<<"],
    )  # fmt: skip
    config = transformers.T5Config(
        vocab_size=len(words), d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, decoder_start_token_id=0
    )
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("models") / "tiny-t5"
    transformers.T5ForConditionalGeneration(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


def test_another_model_with_language_prefixes_works_too(tiny_t5):
    """The language is one token before the text; a text that spells another one asks for nothing."""
    model = registry.translator(str(tiny_t5), device="cpu")
    frame = model._languages.frame("de", None)
    assert model._languages.encode(["a b", ">>fr<<"], frame) == [[3, 5, 6, 1], [3, 2, 2, 10, 22, 2, 2, 1]]
    texts = ["a b c", "d e", "f " * 30, "g " * 60]
    draw = Sampling(temperature=2.0)
    german = model.translate(texts, target="de", seeds=range(4), sampling=draw)
    assert german != model.translate(texts, target="fr", seeds=range(4), sampling=draw)
    assert german[3].flags == ("too_long",)
    for row in range(3):
        assert model.translate([texts[row]], target="de", seeds=[row], sampling=draw) == [german[row]]
    assert model.determinism == "row"
