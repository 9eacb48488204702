"""Sentences end where a reader ends them, and cut texts can be put together again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfaug.language import sentences
from hfaug.language.sentences import sentence_spans
from hfaug.sentences import cut_sentences


@pytest.mark.parametrize(
    "language, parts",
    [
        ("en", ["Dr. Smith paid $3.50 to Acme Inc. in the U.S. on Jan. 5.", "J. K. Rowling wrote it!", "Really?"]),
        ("de", ["Am 3. Oktober kam z. B. Dr. Müller, d. h. um 5 Uhr.", "Er lief ca. 3 km."]),
        ("fr", ["Il est arrivé à 5 h.", "L'homme d'aujourd'hui est là."]),
        ("fr", ["Il a vu M. Dupont et Mme. Curie hier.", "Oui."]),
        ("ru", ["Он, т. е. Иван, пришёл.", "Да."]),
        ("nl", ["Daar is mevr. Jansen met o.a. Piet.", "Ja."]),
        ("pl", ["To dr hab. Nowak i m.in. Kowalski.", "Tak."]),
        ("it", ["Il sig. Rossi, a pag. 5.", "Bene."]),
        ("sv", ["Det är t.ex. Anna, dvs. Kim, kl. 5.", "Ja."]),
        ("ar", ["مرحبا بك.", "كيف حالك؟", "أنا بخير."]),
    ],
)
def test_sentences_of_languages(language, parts):
    text = " ".join(parts)
    assert [text[start:end] for start, end in sentence_spans(text, language)] == parts


@pytest.mark.parametrize(
    "language, text, count", [("zh", "我喜欢中国菜。你呢？我们去。", 3), ("ja", "行きました！楽しかった。", 2)]
)
def test_sentences_without_blanks(language, text, count):
    assert len(sentence_spans(text, language)) == count


def test_the_splitter_never_sees_much_that_has_no_blanks(monkeypatch):
    """Its time would grow with the square."""
    seen = []
    split = sentences._splitter()
    monkeypatch.setattr(sentences, "_splitter", lambda: lambda *call: seen.append(len(call[1])) or split(*call))
    assert len(sentence_spans("我喜欢。" * 5000, "zh")) == 5000
    assert max(seen) < 2100


def test_lines():
    """A list has a sentence a line; a wrapped line goes on; an empty line ends a paragraph."""
    text = "Buy:\r\n- milk\r\n- bread\r\n\r\nthis line\r\nwent on. It\nended here"
    assert [text[start:end] for start, end in sentence_spans(text)] == [
        "Buy:", "- milk", "- bread", "this line\r\nwent on.", "It\nended here"
    ]  # fmt: skip


@given(st.text(alphabet=st.one_of(st.sampled_from("ab. !?\n\r\t\u3000。A"), st.characters()), max_size=40))
def test_cut_texts_can_be_put_together_again(text):
    sentences, gaps = cut_sentences(text)
    assert "".join(part for pair in zip(sentences, gaps, strict=True) for part in pair) == text
    assert all(gap.isspace() or not gap for gap in gaps)
    assert all(sentence == sentence.strip() for sentence in sentences)
