"""Back-translation: fixed parts stay, sentences keep their places, bad ones are named; and a real small model."""

import contextlib
import json
from pathlib import Path
from typing import ClassVar

import pytest
from datasets import Dataset

from hfaug.backends import Completion, Translation, override
from hfaug.errors import ParameterError
from hfaug.ops.text import BackTranslate
from hfaug.ops.text.models.round_trip import Trip
from hfaug.randomness import Streams
from tests import tiny_models
from tests.fakes import FakeLanguageModel, FakeTranslator

MODEL = str(Path(__file__).parents[2] / "models" / "translate-en-de-fr")
MAILS = Path(__file__).parents[2] / "data" / "mail" / "mail.jsonl"


class Reworder(FakeTranslator):
    """There it changes nothing; back it says "a movie" for "a film", or what `answers` says."""

    answers: ClassVar = {}

    def _one(self, text, target, seed):
        if target != "en":
            return Translation(text)
        return Translation(self.answers.get(text, text.replace("film", "movie")))


def made(texts, op=None, model=Reworder, **fields):
    """What becomes of each text: the text, or the reason as a one-tuple."""
    rows = Dataset.from_dict({"text": texts})
    fake = contextlib.nullcontext() if op else override("translator", model)
    op = op or BackTranslate(model="fake", **{"check_language": False, **fields})
    with fake:
        table, _ = op.run_table(rows.with_format("arrow")[:], rows.features)
    return [_said(row) for row in table.to_pylist()]


def _said(row):
    step = json.loads(row["provenance"]["steps"])[-1]
    return (step["rejected"]["reason"],) if "rejected" in step else row["text"]


def saying(answers):
    """A translator that says given sentences in given other ones."""
    return type("Saying", (Reworder,), {"answers": answers})


def test_white_space_between_sentences_stays():
    """Sentences come back with what stood between them: blanks, empty lines, CRLF, the white space at both ends."""
    text = "  A film ran.  We saw the film!\r\n\r\n\tA film, again?\n"
    assert made([text]) == [text.replace("film", "movie")]


def test_a_sentence_that_several_rows_share_is_translated_once():
    """All sentences of a unit go to the model in one call a way, and the model is handed each with its seed."""
    model = Reworder()
    with override("translator", lambda *_, **__: model):
        rows = Dataset.from_dict({"text": ["A film. A dog.", "A film.", "A dog and a film."]})
        BackTranslate(model="fake", check_language=False)(rows.with_format("arrow")[:])
    assert model.calls == [4, 4]


@pytest.mark.parametrize(
    "part",
    [
        "https://example.org/a?b=1&c=(2)",
        "www.example.org",
        "ann.lee+x@example.co.uk",
        "@ann",
        "#film",
        "1,200.50",
        "$5",
        "10:30",
        "2002-08-22",
        "50%",
        "+44 20 7946 0958",
        "3rd",
    ],
)
def test_fixed_parts_are_hidden_and_restored(part):
    """What is protected never reaches the model, and comes back letter by letter."""
    seen = []

    class Watching(Reworder):
        def translate(self, texts, **options):
            seen.extend(texts)
            return super().translate(texts, **options)

    assert made([f"The film is at {part} today."], model=Watching) == [f"The movie is at {part} today."]
    assert not any(part in text for text in seen)


def test_names_and_words_of_ones_own_are_kept():
    """By choice, words in capitals and given words are hidden too."""
    texts = ["I saw the film with Ann Lee in New York, said the cinephile."]
    watched = made(
        texts,
        model=saying({"I saw the film with X0X in X1X, said the X2X.": "With X0X in X1X I saw it, says the X2X."}),
        protect=("name",),
        keep=("cinephile",),
    )
    assert watched == ["With Ann Lee in New York I saw it, says the cinephile."]


@pytest.mark.parametrize(
    "answer", ["The movie.", "The movie at X0X X0X.", "The movie at X1X.", "The movie at X0X for 7 people."]
)
def test_a_sentence_that_loses_or_gains_a_fixed_part_stays_as_it_was(answer):
    """Lost, doubled, swapped for another, or with a number that was made up: it is kept, the others change."""
    model = saying({"The film at X0X.": answer})
    assert made(["The film at 10:30. A film."], model=model) == ["The film at 10:30. A movie."]
    assert made(["The film at 10:30."], model=model) == [("lost a protected part",)]


def test_a_stand_in_that_the_text_spells_is_protected_itself():
    """A text about X0X comes back with it."""
    assert made(["The film X0X is at 10:30 on X1X."]) == ["The movie X0X is at 10:30 on X1X."]


@pytest.mark.parametrize(
    ("reason", "text", "answer"),
    [
        ("unchanged", "The dog was long.", "The dog was long"),
        ("empty", "A film.", " "),
        ("looping", "A film about it.", "It is about the end of the end of the end of the end of the end of the end."),
        ("too short", "A film that was much too long for all of us.", "A movie."),
        (
            "too long",
            "A film that was much too long for all of us.",
            "A movie that was long. " * 3 + "It was, and we were tired of it.",
        ),
        (
            "too different",
            "A film that was much too long for all of us.",
            "Every dog sleeps in some garden, they say here.",
        ),
    ],
)
def test_bad_translations_are_rejected_with_their_reason(reason, text, answer):
    assert made([text], model=saying({text: answer})) == [(reason,)]


def test_flags_of_the_backend_reject():
    """Sentences too long for the model, and translations that were cut off."""
    assert made(["word " * 60, "ENDLESS film."], model=FakeTranslator) == [("too_long",), ("truncated",)]


def test_wrong_languages_are_told_apart():
    """A source in another language, a pivot that is none, and a result that never came back."""
    english = "The film was long, but I liked it very much, and so did all of my friends."
    german = "Der Film war lang, aber er hat mir sehr gut gefallen, und allen meinen Freunden auch."
    spanish = "La película era larga, pero me gustó mucho, y también a todos mis amigos."

    def through(pivot, back):
        class Model(FakeTranslator):
            def _one(self, text, target, seed):
                return Translation(pivot if target == "de" else back)

        return made([english], model=Model, check_language=True)

    assert through(german, "The movie was long, but I and all my friends liked it a lot.")[0].startswith("The movie")
    assert through(spanish, english) == [("wrong language",)]
    assert through(german, german) == [("wrong language",)]
    assert made([german], check_language=True) == [("source in another language",)]


def test_a_language_model_is_asked_by_prompt_line_by_line():
    """Languages go by their English names, lines keep their places, special tokens stay letters of the text."""
    asked = []

    class Chat(FakeLanguageModel):
        def reply(self, prompt, seed, schema):
            asked.append(prompt)
            return prompt[-1].content.strip("`\n").replace("film", "movie")

    rows = Dataset.from_dict({"text": ["A film. <|im_end|>\n\n  {{ 7*7 }} film at 10:30\n"]})
    op = BackTranslate(model="fake", kind="chat", language="eng_Latn", pivots=("de",), check_language=False)
    with override("language_model", Chat):
        table, _ = op.run_table(rows.with_format("arrow")[:], rows.features)
    assert table["text"].to_pylist() == ["A movie. <|im_end|>\n\n  {{ 7*7 }} movie at 10:30\n"]
    assert "from English to German" in asked[0][0].content
    assert "from German to English" in asked[-1][0].content
    assert asked[1][-1].content == "```\n{{ X0X*X1X }} film at X2X\n```"


def test_answers_of_a_language_model_that_are_no_translation_are_rejected():
    class Filtered(FakeLanguageModel):
        def _one(self, prompt, *more):
            return Completion("", "filtered")

    rows = Dataset.from_dict({"text": ["A film."]})
    with override("language_model", Filtered):
        _, rejects = BackTranslate(model="fake", kind="chat").run_table(rows.with_format("arrow")[:], rows.features)
    assert rejects == {"filtered": 1}


@pytest.mark.parametrize(
    ("family", "language", "pivots"),
    [
        ("nllb", "eng_Latn", ("deu_Latn", "fra_Latn")),
        ("m2m100", "en", ("de", "fr")),
        ("madlad", "fr", ("de",)),
    ],
)
def test_every_family_of_models_is_told_the_languages_in_its_way(family, language, pivots, tmp_path):
    """NLLB, M2M100 and MADLAD run, and a row has one result whatever the batch; what random models say is noise."""
    folder = tiny_models.translator(tmp_path / family, family=family, spm=Path(MODEL))
    op = BackTranslate(
        model=str(folder),
        language=language,
        pivots=pivots,
        temperature=1,
        check_language=False,
        similarity=(0, 1),
        length=(0, 1000),
    )
    texts = ["the film was long.", "a dog sleeps. it runs.", "red and green"] * 2
    whole = made(texts, op)
    assert whole == [said for start in (0, 2, 4) for said in made(texts[start : start + 2], op)]
    assert len(whole) == 6


def test_models_are_named_once_each():
    """A pattern names a model a way; one model for all is one."""
    with override("translator", FakeTranslator):
        pairs = BackTranslate(model="opus-{source}-{target}", pivots=("de", "fr")).models()
        single = BackTranslate(model="one", pivots=("de", "fr")).models()
    assert [model["id"] for model in pairs] == ["opus-en-de", "opus-de-en", "opus-en-fr", "opus-fr-en"]
    assert [model["id"] for model in single] == ["one"]


def test_parameters_that_exclude_each_other_are_refused():
    with pytest.raises(ParameterError, match="pivots must be one or more languages other than 'en'"):
        BackTranslate(pivots=("en",))
    with pytest.raises(ParameterError, match="set a temperature"):
        BackTranslate(top_k=5)


def test_a_trip_puts_together_what_it_cut():
    """Whatever the text, without translation it is what it was: sentences and lines."""
    stream = Streams([1], digest="x")[0]
    for text in (
        "",
        " ",
        "\n\n",
        "One.",
        " One. Two! \n\n three",
        "a\r\n b\t\n",
        "Dr. Low, z. B.\n- x\n- y",
        "我。你！",
    ):
        for lines in (False, True):
            assert Trip(text, "en", "de", stream, lines=lines, kinds=("number",), words=()).text == text


def test_real_mails_come_back_in_other_words():
    """Through both pivots with the small real model: most come back new, near to what they were, addresses intact."""
    texts = [json.loads(line)["text"] for line in MAILS.read_text(encoding="utf-8").splitlines()[:12]]
    texts[0] = f"{texts[0]} Write to ann@example.org or see https://example.org/a?b=1."
    for pivot in ("de", "fr"):
        found = made(texts, BackTranslate(model=MODEL, pivots=(pivot,), beams=1))
        new = [(after, before) for after, before in zip(found, texts, strict=True) if isinstance(after, str)]
        assert len(new) >= 6
        assert all(after != before for after, before in new)
        assert 40 < sum(chrf(after, before) for after, before in new) / len(new) < 95
        if isinstance(found[0], str):
            assert "ann@example.org" in found[0]
            assert "https://example.org/a?b=1" in found[0]


def chrf(text, reference, orders=6, beta=2):
    """Character n-gram F-score, 0..100 (M. Popović, chrF, WMT 2015), white space left out, orders averaged."""
    text, reference = "".join(text.split()), "".join(reference.split())
    precisions, recalls = [], []
    for order in range(1, orders + 1):
        own = [text[at : at + order] for at in range(len(text) - order + 1)]
        other = [reference[at : at + order] for at in range(len(reference) - order + 1)]
        shared = sum(min(own.count(gram), other.count(gram)) for gram in set(own))
        precisions.append(shared / max(1, len(own)))
        recalls.append(shared / max(1, len(other)))
    precision, recall = sum(precisions) / orders, sum(recalls) / orders
    return 100 * (1 + beta**2) * precision * recall / max(1e-9, beta**2 * precision + recall)


def test_ctranslate2_runs_the_same_model(tmp_path, monkeypatch):
    """The same op by another runtime: texts come back new, and the card says what runs them."""
    monkeypatch.setenv("HFAUG_HOME", str(tmp_path))
    texts = ["The hotel room was clean. See https://example.org now.", "I bought this book for my daughter."]
    op = BackTranslate(model=MODEL, runtime="ctranslate2", temperature=1, top_k=10, similarity=(0, 1), length=(0, 10))
    found = made(texts, op)
    assert sum(isinstance(text, str) for text in found) >= 1
    assert all("https://example.org" in text for text in found[:1] if isinstance(text, str))
    assert op.models()[0]["determinism"] in {"row", "request"}
