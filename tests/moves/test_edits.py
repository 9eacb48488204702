"""Edits against identities: every character is somebody, and one looks who survived."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfaug.errors import ParameterError, RowError
from hfaug.moves import Edits, answer_spans, from_code_points, joined, move_answers, to_code_points
from tests.moves import reference

PIECES = [
    "a", "Z", " ", "  ", ".", "\r\n", "\t", "e\u0301", "n\u0303\u0323", "\u00e9",  # combining marks
    "\U0001f469\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea", "\U0001f44d\U0001f3fd",  # joiners
    "\u05e9\u05dc\u05d5\u05dd", "\u0645\u0631\u062d\u0628\u0627", "\u200f", "\u4e2d\u6587", "\ufeff", "\u00a0",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


@st.composite
def edits_of(draw, length):
    """Random sorted edits over a text of some length: insertions, deletions, replacements, some of them touching."""
    places = sorted(draw(st.lists(st.integers(0, length), max_size=8)))
    items, at = [], 0
    for start, end in zip(places[::2], places[1::2], strict=False):
        if start >= at:
            items.append((start, end, draw(st.lists(st.sampled_from(PIECES), max_size=2).map("".join))))
            at = end
    return items


@st.composite
def edited_text(draw):
    """A text, edits of it and spans in it: empty, nested, equal and overlapping ones."""
    text = draw(texts)
    items = draw(edits_of(len(text)))
    place = st.integers(0, len(text))
    spans = [tuple(sorted(pair)) for pair in draw(st.lists(st.tuples(place, place), max_size=6))]
    return text, items, spans + spans[:1]


@settings(max_examples=400, deadline=None)
@given(edited_text())
def test_text_and_spans_follow_identities(case):
    """The text is spelt by the characters that are there, and each span covers exactly its own."""
    text, items, spans = case
    edits = Edits(items)
    cells = reference.edited_cells(text, list(edits))
    after = edits.apply(text)
    assert after == reference.spell(cells, text, list(edits))
    for span, moved in zip(spans, edits.spans(spans), strict=True):
        if span[0] < span[1]:
            assert moved == reference.moved_span(text, list(edits), span)
        elif moved is not None:
            assert moved[0] == moved[1]
            before = set(range(span[0]))
            assert {cell[1] for cell in cells[: moved[0]] if cell[0] == "old"} == before & {
                c[1] for c in cells if c[0] == "old"
            }


@settings(max_examples=200, deadline=None)
@given(edited_text())
def test_spans_that_no_edit_touches_keep_their_text(case):
    """An untouched span reads the same afterwards; sparing edits makes that true of any span."""
    text, items, spans = case
    edits = Edits(items)
    spared = edits.sparing(spans)
    after, all_after = spared.apply(text), edits.apply(text)
    for start, end in spans:
        low, high = spared.span((start, end))
        assert after[low:high] == text[start:end]
        if not edits.touches((start, end)):
            low, high = edits.span((start, end))
            assert all_after[low:high] == text[start:end]


def old_characters(cells):
    """Who of the first text is in a list of identities."""
    return [cell[1] for cell in cells if cell[0] == "old"]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_two_passes_as_one(data):
    """Composed edits make the same text, and a span that both ways keep holds the same old characters."""
    text, items, spans = data.draw(edited_text())
    first = Edits(items)
    between = first.apply(text)
    second = Edits(data.draw(edits_of(len(between))))
    both = first.then(second)
    after = second.apply(between)
    assert both.apply(text) == after
    cells = reference.edited_cells(text, list(both))
    halfway = reference.edited_cells(text, list(first))
    steps = reference.edited_cells(between, list(second))
    stepped = [halfway[cell[1]] if cell[0] == "old" else cell for cell in steps]
    for span in spans:
        middle = first.span(span)
        two = second.span(middle) if middle is not None else None
        one = both.span(span)
        if one is not None and two is not None and span[0] < span[1]:
            assert old_characters(cells[slice(*one)]) == old_characters(stepped[slice(*two)])


@pytest.mark.parametrize(
    ("span", "moved"),
    [
        ((0, 3), (0, 3)),  # before everything
        ((0, 4), (0, 4)),  # text put in at its end stays outside
        ((4, 7), (6, 9)),  # text put in at its start stays outside
        ((3, 7), (3, 9)),  # text put in inside
        ((10, 13), (12, 14)),  # replaced as a whole
        ((9, 14), (11, 15)),  # an edit inside
        ((8, 11), None),  # crossed at its end
        ((11, 15), None),  # crossed at its start
        ((11, 12), None),  # swallowed
        ((16, 18), None),  # deleted
        ((15, 18), (16, 17)),  # something is left
        ((15, 19), (16, 18)),
        ((4, 4), (6, 6)),  # empty, behind text put in at its place
        ((10, 10), (12, 12)),  # empty, at the border of an edit
        ((13, 13), (14, 14)),
        ((11, 11), None),  # empty, swallowed
    ],
)
def test_rules(span, moved):
    """The rules of the class, one by one."""
    assert Edits([(4, 4, "++"), (10, 13, "ab"), (16, 18, "")]).span(span) == moved


def test_wrong_edits_are_refused():
    """Order, overlap, direction, type and length are checked."""
    for wrong in (
        [(3, 2, "")],
        [(-1, 2, "")],
        [(0, 3, "a"), (2, 4, "b")],
        [(5, 6, ""), (1, 2, "")],
        [(0, 1, None)],
        [(0, 1, b"a")],
    ):
        with pytest.raises(ParameterError, match="Edits: "):
            Edits(wrong)
    with pytest.raises(ParameterError, match="5 code points"):
        Edits([(3, 6, "")]).apply("short")


def test_edits_are_values():
    """Equal edits are equal and hash equally; edits that do nothing are left out."""
    assert Edits([(1, 2, "a"), (3, 3, "")]) == Edits(((1, 2, "a"),))
    assert hash(Edits([(1, 2, "a")])) == hash(Edits([(1, 2, "a")]))
    assert Edits() != ()
    assert not Edits([(3, 3, "")])
    assert repr(Edits([(1, 2, "a")])) == "Edits([(1, 2, 'a')])"
    text = "same"
    assert Edits().apply(text) is text
    assert Edits([(0, 0, "a"), (0, 0, "b"), (0, 1, "c")]).apply("x") == "abc"


@settings(max_examples=200, deadline=None)
@given(edited_text(), st.sampled_from(["byte", "utf16", "code_point"]))
def test_offsets_in_other_units(case, unit):
    """Spans counted in bytes or UTF-16 units cut out the same text and come back unchanged."""
    text, _, spans = case
    other = from_code_points(text, spans, unit)
    data = text.encode("utf-8" if unit == "byte" else "utf-16-le")
    for (start, end), (low, high) in zip(spans, other, strict=True):
        if unit == "byte":
            assert data[low:high].decode() == text[start:end]
        elif unit == "utf16":
            assert data[2 * low : 2 * high].decode("utf-16-le") == text[start:end]
        else:
            assert (low, high) == (start, end)
    assert to_code_points(text, other, unit) == spans


def test_wrong_offsets_are_named():
    """Positions beyond the text or within a character are errors of the row, unknown units of the call."""
    for unit, span in [
        ("byte", (1, 2)),
        ("byte", (0, 9)),
        ("utf16", (3, 4)),
        ("utf16", (2, 3)),
        ("code_point", (-1, 2)),
    ]:
        with pytest.raises(RowError, match="offsets: "):
            to_code_points("\u00e9a\U0001f600", [span], unit)
    with pytest.raises(RowError, match="lie within"):
        from_code_points("abc", [(0, 4)], "byte")
    with pytest.raises(ParameterError, match="unit"):
        to_code_points("abc", [(0, 1)], "bytes")
    with pytest.raises(RowError, match="offsets: "):
        to_code_points("\ud800a\u00e9", [(0, 1)], "byte")


@settings(max_examples=200, deadline=None)
@given(edited_text())
def test_answers_are_found_at_their_offsets(case):
    """Whatever the edits, an answer that is kept stands where it says."""
    text, items, spans = case
    edits = Edits(items)
    answers = {
        "text": [text[a:b] for a, b in spans],
        "answer_start": [a for a, _ in spans],
        "kind": [str(s) for s in spans],
    }
    after = edits.apply(text)
    moved = move_answers(answers, edits, text, after)
    expected = [(span, place) for span, place in zip(spans, edits.spans(spans), strict=True) if place is not None]
    if spans and not expected:
        assert moved is None
        return
    assert moved["kind"] == [str(span) for span, _ in expected]
    assert answer_spans(moved, after) == [place for _, place in expected]


def test_answers_that_are_not_there():
    """A wrong offset or lists of unlike length are errors of the row; no answers are fine."""
    with pytest.raises(RowError, match="'red', not 'car'"):
        answer_spans({"text": ["car"], "answer_start": [2]}, "a red car")
    with pytest.raises(RowError, match="equally long"):
        answer_spans({"text": ["car"], "answer_start": []}, "a red car")
    with pytest.raises(RowError, match="at -3"):
        answer_spans({"text": ["car"], "answer_start": [-3]}, "a red car")
    assert move_answers({"text": [], "answer_start": []}, Edits([(0, 1, "")]), "ab", "b") == {
        "text": [],
        "answer_start": [],
    }


def test_joined_pieces():
    """Each piece is found at its span, empty ones too."""
    pieces = ["", "a", "b c", ""]
    text, spans = joined(pieces)
    assert [text[a:b] for a, b in spans] == pieces
    assert joined([]) == ("", [])
