"""Marked texts hold both texts whole, and every span where it is."""

from hypothesis import given
from hypothesis import strategies as st

from hfaug.preview.texts import MOST_CHARS, Span, answers_in, compare, spans_in, text_panel, words_in

WORDS = st.text(alphabet="ab c.\n é中🙂\u0301", max_size=60)


@st.composite
def texts_with_spans(draw):
    text = draw(WORDS)
    places = st.integers(0, len(text))
    pairs = draw(st.lists(st.tuples(places, places, st.sampled_from("XYZ")), max_size=4))
    return text, [Span(min(a, b), max(a, b), name) for a, b, name in pairs]


@given(before=WORDS, after=WORDS)
def test_both_texts_can_be_read_off_the_pieces(before, after):
    pieces = text_panel(after, before=before).pieces
    assert "".join(piece.text for piece in pieces if piece.edit != "removed") == after
    assert "".join(piece.text for piece in pieces if piece.edit != "added") == before


@given(texts_with_spans(), WORDS)
def test_a_character_is_labelled_where_a_span_lies_over_it(held, before):
    text, spans = held
    panel = text_panel(text, spans, before=before)
    labelled = [set(piece.labels) for piece in panel.pieces if piece.edit != "removed" for _ in piece.text]
    wanted = [{span.name for span in spans if span.start <= at < span.end} for at in range(len(text))]
    assert labelled == wanted


@given(texts_with_spans())
def test_each_span_is_named_once_at_its_end(held):
    text, spans = held
    ends = [name for piece in text_panel(text, spans).pieces for name in piece.ends]
    assert sorted(ends) == sorted(span.name for span in spans if span.start < span.end)


def test_equal_texts_have_no_edits():
    assert [piece.edit for piece in text_panel("a b", before="a b").pieces] == [""]


def test_words_are_compared_as_wholes():
    assert list(compare("the cat", "teh cat")) == [("added", 0, 3, "the"), ("", 3, 7, "")]


def test_scripts_without_blanks_are_compared_by_character():
    assert list(compare("字母表", "字表")) == [("", 0, 1, ""), ("added", 1, 1, "母"), ("", 1, 2, "")]


def test_long_texts_are_cut_and_say_so():
    panel = text_panel("a " * MOST_CHARS)
    assert sum(len(piece.text) for piece in panel.pieces) == MOST_CHARS
    assert panel.more == MOST_CHARS


def test_words_with_bio_tags_become_spans():
    names = ["O", "B-creative-work", "I-creative-work", "B-person"]
    text, spans = words_in(["Star", "Wars", "by", "Lucas", "Lucas"], [1, 2, 0, 3, 3], names)
    assert text == "Star Wars by Lucas Lucas"
    assert spans == [Span(0, 9, "creative-work"), Span(13, 18, "person"), Span(19, 24, "person")]


def test_an_inside_tag_after_another_kind_begins_a_span():
    assert words_in(["a", "b"], ["B-X", "I-Y"])[1] == [Span(0, 1, "X"), Span(2, 3, "Y")]


def test_plain_tags_are_spans_of_a_word_each():
    assert words_in(["a", "b", "c"], ["NOUN", "O", None])[1] == [Span(0, 1, "NOUN")]


def test_spans_in_every_form():
    wanted = [Span(0, 2, "PER"), Span(3, 4, "PER")]
    as_dicts = [{"start": 0, "end": 2, "label": 1}, {"start": 3, "end": 4, "label": 1}]
    as_lists = {"start": [0, 3], "end": [2, 4], "label": [1, 1]}
    assert spans_in(as_dicts, ["LOC", "PER"]) == wanted == spans_in(as_lists, ["LOC", "PER"])
    assert spans_in([[0, 2]]) == [Span(0, 2, "span")]
    assert spans_in(None) == spans_in([]) == []


def test_answers_without_a_place_are_not_shown():
    assert answers_in({"text": ["a", "b"], "answer_start": [-1, 3]}) == [Span(3, 4, "answer")]
    assert answers_in(None) == []
