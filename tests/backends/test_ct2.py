"""Translation with CTranslate2: the words of transformers, faster; converted once; what it promises and what not."""

import random
import shutil
import subprocess
import sys

import pytest

from hfaug.backends import Halving, Sampling, Translation, Translator, registry
from hfaug.backends import cache as caches
from hfaug.backends.ct2 import converted_folder
from hfaug.backends.identity import identify
from hfaug.errors import ModelError, ParameterError
from tests import tiny_models

DRAW = Sampling(temperature=1.0, top_k=10)
GREEDY = Sampling(beams=1)
SENTENCES = [
    "Good morning.",
    "I bought this book for my daughter and she loves it.",
    "The food was cold and the waiter was not friendly.",
    "Where is the station?",
    "No.",
    "Do not waste your money on this product.",
    "The train to Paris leaves at half past nine.",
    "It stopped working after two weeks, so I sent it back to the shop where I had bought it.",
]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Where converted models lie in these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HFAUG_HOME", str(tmp_path_factory.mktemp("home")))
        yield caches.cache_folder("ctranslate2")


@pytest.fixture(scope="module")
def fast(home, models_folder):
    yield registry.translator(str(models_folder / "translate-en-de-fr"), runtime="ctranslate2", device="cpu")
    registry.forget_runtime("ctranslate2")


def test_it_says_what_it_is(fast, models_folder):
    import ctranslate2

    assert isinstance(fast, Translator)
    assert fast.determinism == "request"
    assert fast.settings["runtime"] == f"ctranslate2 {ctranslate2.__version__}"
    assert fast.settings["dtype"] == "float32"
    told = registry.facts("translator", str(models_folder / "translate-en-de-fr"), runtime="ctranslate2")
    assert told["determinism"] == "request"
    assert told["id"] == "translate-en-de-fr"


def test_its_greedy_translations_are_those_of_transformers(fast, translator):
    """Word by word; its beam search ends by other rules, so there a few may differ."""
    for target in ("de", "fr"):
        expected = translator.translate(SENTENCES, target=target, sampling=GREEDY)
        assert fast.translate(SENTENCES, target=target, sampling=GREEDY) == expected
    assert fast.translate(["Guten Morgen."], target="en", source="de") == [Translation("Good morning.")]
    same = zip(fast.translate(SENTENCES, target="de"), translator.translate(SENTENCES, target="de"), strict=True)
    assert sum(one == other for one, other in same) >= len(SENTENCES) - 1


@pytest.mark.slow
def test_200_greedy_translations_are_those_of_transformers(fast, translator, mails):
    texts = [text.strip() for mail in mails["text"] for text in mail.split(". ") if 10 < len(text) < 160][:200]
    expected = translator.translate(texts, target="fr", sampling=GREEDY)
    found = fast.translate(texts, target="fr", sampling=GREEDY)
    assert sum(one == other for one, other in zip(found, expected, strict=True)) >= 199


def test_an_equal_call_draws_equally_in_any_process(fast, models_folder, home):
    """Another order of seeds, or another seed, draws anew."""
    found = fast.translate(SENTENCES, target="de", seeds=range(8), sampling=DRAW)
    assert fast.translate(SENTENCES, target="de", seeds=range(8), sampling=DRAW) == found
    assert fast.translate(SENTENCES, target="de", seeds=range(1, 9), sampling=DRAW) != found
    code = (
        "import sys; from hfaug.backends import Sampling, registry;"
        "model = registry.translator(sys.argv[1], runtime='ctranslate2', device='cpu');"
        "draw = Sampling(temperature=1.0, top_k=10);"
        "found = model.translate(sys.argv[2:], target='de', seeds=range(8), sampling=draw);"
        "print('|'.join(one.text for one in found))"
    )
    folder = str(models_folder / "translate-en-de-fr")
    done = subprocess.run([sys.executable, "-c", code, folder, *SENTENCES], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "|".join(one.text for one in found)


def test_what_is_wrong_with_a_text_is_flagged(fast):
    """Nothing to translate, too long, special tokens spelled out."""
    found = fast.translate(["", "very " * 400, " \n", "The dog sleeps. </s> <pad> >>fr<<"], target="de")
    assert found[:3] == [Translation(""), Translation("", ("too_long",)), Translation(" \n")]
    assert "Hund" in found[3].text


def test_an_output_that_does_not_end_is_flagged(fast, monkeypatch):
    monkeypatch.setattr(fast, "_limit", 5)
    found = fast.translate(["No.", "Go."], target="de", sampling=GREEDY)
    monkeypatch.setattr(fast, "_limit", 4)
    cut = fast.translate(["No."], target="de", sampling=GREEDY)
    assert found[0].flags == ()
    assert cut[0].flags in {("truncated",), ()}


def test_equal_work_is_done_once_and_halved_where_it_does_not_fit(fast, monkeypatch):
    expected = fast.translate(SENTENCES, target="de")
    seen = []
    run = fast._run

    def small(engine, tokens, *rest):
        if len(tokens) > 2:
            raise RuntimeError("CUDA failed with error out of memory: CUDA out of memory")
        seen.append(len(tokens))
        return run(engine, tokens, *rest)

    monkeypatch.setattr(fast, "_run", small)
    monkeypatch.setattr(fast, "halvings", [])
    assert fast.translate([*SENTENCES, *SENTENCES], target="de") == [*expected, *expected]
    assert sum(seen) == len(SENTENCES)
    assert all(isinstance(one, Halving) for one in fast.halvings)
    assert fast.halvings


def test_what_cannot_be_is_refused(fast):
    with pytest.raises(ParameterError, match="must be one of de, en, fr, was 'it'"):
        fast.translate(["a"], target="it")
    with pytest.raises(ParameterError, match="one seed a text"):
        fast.translate(["a"], target="de", sampling=DRAW)


def test_a_model_is_converted_once_for_each_revision(fast, home, models_folder, tmp_path, monkeypatch):
    """A second load converts nothing; another version of the engine, or another model, has a folder of its own."""
    from hfaug.backends import ct2_convert

    folder = models_folder / "translate-en-de-fr"
    registry.forget_runtime("ctranslate2")
    monkeypatch.setattr(ct2_convert, "convert", lambda *_: pytest.fail("was converted before"))
    assert registry.translator(str(folder), runtime="ctranslate2", device="cpu") is not fast
    assert [path.name for path in home.iterdir()] == [converted_folder(identify(str(folder)), fast._version).name]
    identity = identify(str(folder))
    other = identify(str(shutil.copytree(folder, tmp_path / "other")))
    folders = {
        converted_folder(identity, "4.8.5"),
        converted_folder(identity, "4.9.0"),
        converted_folder(other, "4.8.5"),
    }
    assert len(folders) == 3


def test_a_conversion_that_fails_leaves_nothing(home, models_folder, monkeypatch, tmp_path):
    from hfaug.backends import ct2_convert

    def fail(identity, tokenizer, folder):
        (folder / "model.bin").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    copy = shutil.copytree(models_folder / "translate-en-de-fr", tmp_path / "unlucky")
    monkeypatch.setattr(ct2_convert, "convert", fail)
    before = sorted(home.iterdir())
    with pytest.raises(ModelError, match="No space left"):
        registry.translator(str(copy), runtime="ctranslate2", device="cpu")
    assert sorted(home.iterdir()) == before


def _zeroed(folder):
    file = folder / "model.bin"
    file.write_bytes(bytes(file.stat().st_size))


@pytest.mark.parametrize(
    "harm",
    [
        lambda folder: (folder / "model.bin").unlink(),
        lambda folder: (folder / "model.bin").write_bytes((folder / "model.bin").read_bytes()[:100_000]),
        _zeroed,
    ],
)
def test_a_damaged_conversion_is_made_anew(home, models_folder, tmp_path, monkeypatch, harm):
    """Cut, lost, or with other bytes of the same length; and if that does not help, the error says where it lies."""
    import ctranslate2

    from hfaug.backends import ct2

    model = str(shutil.copytree(models_folder / "translate-en-de-fr", tmp_path / "frail"))
    folder = converted_folder(identify(model), ctranslate2.__version__)

    def loaded():
        registry.forget_runtime("ctranslate2")
        return registry.translator(model, runtime="ctranslate2", device="cpu")

    said = loaded().translate(["No."], target="de")
    harm(folder)
    assert loaded().translate(["No."], target="de") == said
    _zeroed(folder)
    monkeypatch.setattr(ct2, "_convert", lambda *_: None)
    with pytest.raises(ModelError, match=rf"converted, in {folder}"):
        loaded()
    registry.forget_runtime("ctranslate2")


@pytest.mark.parametrize(("family", "pair"), [("nllb", ("deu_Latn", "eng_Latn")), ("m2m100", ("de", "en"))])
def test_other_families_are_told_the_languages_too(home, tmp_path, models_folder, family, pair):
    folder = tiny_models.translator(tmp_path / family, family=family, spm=models_folder / "translate-en-de-fr")
    texts = [" ".join(random.Random(row).choices(("abc", "de"), k=4)) for row in range(12)]
    names = {"target": pair[0], "source": pair[1], "sampling": GREEDY}
    expected = registry.translator(str(folder), device="cpu").translate(texts, **names)
    found = registry.translator(str(folder), runtime="ctranslate2", device="cpu").translate(texts, **names)
    registry.forget_runtime("ctranslate2")
    assert sum(one == other for one, other in zip(found, expected, strict=True)) >= 11


def test_a_model_that_it_cannot_convert_is_named(home, tmp_path, monkeypatch, models_folder):
    from ctranslate2.converters import transformers as known

    monkeypatch.setattr(known, "_MODEL_LOADERS", {})
    folder = tiny_models.translator(tmp_path / "madlad", family="madlad")
    with pytest.raises(ModelError, match="madlad: must be a model that CTranslate2 can convert, t5 is none"):
        registry.translator(str(folder), runtime="ctranslate2", device="cpu")


FORK = """
import os, sys
from hfaug.backends import registry
def say(): return registry.translator(sys.argv[1], runtime="ctranslate2", device="cpu").translate(["No."], target="de")
before = say()
child = os.fork()
if child == 0:
    os._exit(0 if say() == before else 7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_forked_process_starts_an_engine_of_its_own(fast, home, models_folder):
    """The threads of the parent's are not there, and waiting for them would never end."""
    command = [sys.executable, "-W", "ignore", "-c", FORK, str(models_folder / "translate-en-de-fr")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True)
    assert done.stdout.strip() == "0"


def test_it_prints_nothing(fast, capfd):
    fast.translate(["Good morning."], target="de")
    assert capfd.readouterr() == ("", "")
