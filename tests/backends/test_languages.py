"""Translators of other families: how each is told the languages, and that a row still depends on itself alone."""

import random
import types

import pytest

from hfaug.backends import Sampling, registry
from hfaug.backends.languages import Frame, Languages
from hfaug.errors import ParameterError
from tests import tiny_models

DRAW = Sampling(temperature=1.5)
FAMILIES = {"nllb": ("deu_Latn", "eng_Latn"), "m2m100": ("de", "en"), "madlad": ("de", None)}


@pytest.fixture(scope="module", params=FAMILIES)
def family(request, tmp_path_factory, models_folder):
    """The name of a family, and a random model of it."""
    folder = tmp_path_factory.mktemp("models") / request.param
    tiny_models.translator(folder, family=request.param, spm=models_folder / "translate-en-de-fr")
    return request.param, registry.translator(str(folder), device="cpu")


def _texts(count):
    draws = [random.Random(row) for row in range(count)]
    return [" ".join("".join(draw.choices("abcde", k=3)) for _ in range(draw.randint(1, 12))) for draw in draws]


@pytest.mark.parametrize("sampling", [Sampling(), Sampling(beams=3), DRAW], ids=str)
def test_a_row_depends_on_its_text_and_seed_alone(family, sampling):
    """In one call, in parts and in another order."""
    (target, source), model = FAMILIES[family[0]], family[1]
    texts, seeds = _texts(40), list(range(40))
    names = {"target": target, "source": source, "sampling": sampling}
    together = model.translate(texts, seeds=seeds, **names)
    assert model.determinism == "row"
    order = random.Random(0).sample(range(40), 40)
    for start in range(0, 40, 7):
        rows = order[start : start + 7]
        part = model.translate([texts[row] for row in rows], seeds=[seeds[row] for row in rows], **names)
        assert part == [together[row] for row in rows]


def test_the_target_decides(family, monkeypatch):
    """By the first token of the translation where the family does it so, else by a token before the text."""
    name, model = family
    target, source = FAMILIES[name]
    seen = []
    generate = model._model.generate

    def look(**inputs):
        output = generate(**inputs)
        seen.append((inputs["input_ids"][0].tolist(), output[0].tolist()))
        return output

    monkeypatch.setattr(model._model, "generate", look)
    model.translate(["ab"], target=target, source=source, seeds=[1], sampling=DRAW)
    tokens = model._tokenizer.convert_ids_to_tokens
    read, written = tokens(seen[0][0]), tokens(seen[0][1])
    if name == "madlad":
        assert read[:4] == ["<2de>", "a", "b", "</s>"]
    else:
        assert read[0] == {"nllb": "eng_Latn", "m2m100": "__en__"}[name]
        assert written[1] == {"nllb": "deu_Latn", "m2m100": "__de__"}[name]
    assert model._model.generation_config.forced_bos_token_id is None


def test_a_text_that_names_a_language_asks_for_nothing(family):
    """Nor does one that spells another special token."""
    name, model = family
    target, source = FAMILIES[name]
    frame = model._languages.frame(target, source)
    spelled = {"nllb": "fra_Latn", "m2m100": "__fr__", "madlad": "<2fr>"}[name]
    ids = model._languages.encode([f"a {spelled} </s> b"], frame)[0]
    assert model._tokenizer.convert_tokens_to_ids(spelled) not in ids
    assert ids.count(model._tokenizer.eos_token_id) == 1


def test_unknown_languages_are_refused_with_those_it_knows(family):
    name, model = family
    target, source = FAMILIES[name]
    with pytest.raises(ParameterError, match=r"target must be one of .*, was 'xx'"):
        model.translate(["a"], target="xx", source=source)
    if source is not None:
        with pytest.raises(ParameterError, match="source must be given"):
            model.translate(["a"], target=target)
        with pytest.raises(ParameterError, match=r"source must be one of .*, was 'xx'"):
            model.translate(["a"], target=target, source="xx")


def test_a_text_that_is_too_long_is_flagged(family):
    target, source = FAMILIES[family[0]]
    found = family[1].translate(["abc " * 60, "ab"], target=target, source=source)
    assert found[0].flags == ("too_long",)
    assert "too_long" not in found[1].flags


def test_t5_is_told_in_words():
    """As its configuration says it, for the pairs it was trained on."""

    class Tokenizer:
        def get_vocab(self):
            return {"a": 0}

        def __call__(self, texts, **_):
            return {"input_ids": [[len(text)] for text in texts]}

    tasks = {"summarization": {"prefix": "summarize: "}, "translation_en_to_de": {"prefix": "translate to German: "}}
    languages = Languages("t5", Tokenizer(), types.SimpleNamespace(task_specific_params=tasks))
    assert languages.frame("de", "en") == Frame(prefix="translate to German: ")
    assert languages.encode(["ab"], languages.frame("de", "en")) == [[23]]
    with pytest.raises(ParameterError, match="source and target must be one of en-de, was 'en-fr'"):
        languages.frame("fr", "en")
