"""Words and tags under edits of their text, against identities of characters."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfaug.errors import ParameterError, RowError
from hfaug.moves import Edits, joined, move_tag_ids, move_tags, move_tokens
from hfaug.moves.chunks import entities, is_chunked
from tests.moves import reference

WORDS = ["a", "bb", "Ada", "x-y", "e\u0301e", "\u05d0\u05d1", "\U0001f469\u200d\U0001f467", "...", "'s"]
BIO = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


def moved(tokens, edits, *tags):
    """The new words with their tags."""
    move = move_tokens(tokens, Edits(edits), tags)
    return list(move.tokens), *(move_tags(kind, move) for kind in tags)


@st.composite
def tagged_words(draw, scheme="bio"):
    """Words with a valid tag sequence, and edits of their text that know nothing of words."""
    tokens = draw(st.lists(st.sampled_from(WORDS), max_size=8))
    tags = []
    for _ in tokens:
        before = tags[-1] if tags else "O"
        allowed = [tag for tag in BIO if not tag.startswith("I-") or before[2:] == tag[2:]]
        tags.append(draw(st.sampled_from(allowed)))
    length = len(joined(tokens)[0])
    places = sorted(draw(st.lists(st.integers(0, length), max_size=8)))
    items, at = [], 0
    for start, end in zip(places[::2], places[1::2], strict=False):
        if start >= at:
            items.append((start, end, draw(st.sampled_from(["", " ", "q", "q r", " q ", "q ", "\n"]))))
            at = end
    return tokens, tags, items


@settings(max_examples=400, deadline=None)
@given(tagged_words())
def test_words_are_those_of_the_text(case):
    """The new words are the edited text cut at white space, and each knows the words its characters come from."""
    tokens, _, items = case
    text, spans = joined(tokens)
    edits = Edits(items)
    move = move_tokens(tokens, edits)
    assert list(move.tokens) == edits.apply(text).split()
    home = {place: number for number, span in enumerate(spans) for place in range(*span)}
    cells = iter(
        [c for c in reference.edited_cells(text, list(edits)) if not reference.spell([c], text, list(edits)).isspace()]
    )
    for word, owners in zip(move.tokens, move.owners, strict=True):
        origins = set()
        for _ in word:
            cell = next(cells)
            if cell[0] == "old":
                origins.add(home[cell[1]])
                continue
            start, end, _ = edits.items[cell[1]]
            origins |= {home[place] for place in range(start, end) if place in home}
            if start == end:
                origins |= {number for number, (low, high) in enumerate(spans) if low < start < high}
        assert set(owners) == origins


@settings(max_examples=400, deadline=None)
@given(tagged_words())
def test_tags_stay_with_their_characters(case):
    """Told of the tags, every word gets one, the sequence is valid, and each surviving character keeps its kind."""
    tokens, tags, items = case
    kinds = {tag[2:] for tag in tags}
    words, after = moved(tokens, items, tags)
    assert len(words) == len(after)
    assert reference.is_valid_bio(after)
    assert {tag[2:] for tag in after} <= kinds | {""}
    move = move_tokens(tokens, Edits(items), [tags])
    for owners, tag in zip(move.owners, after, strict=True):
        assert {tags[owner][2:] for owner in owners} <= {tag[2:]}
    starts = [i for i, tag in enumerate(after) if tag.startswith("B-")]
    numbers = entities(tags)
    first_of = [{numbers[owner] for owner in move.owners[i]} for i in starts]
    assert all(first_of[i] != first_of[i + 1] for i in range(len(first_of) - 1) if first_of[i])


@settings(max_examples=100, deadline=None)
@given(tagged_words())
def test_no_edit_no_change(case):
    """Without edits words and tags are what they were, valid or not."""
    tokens, tags, _ = case
    odd = [tag.replace("B-", "I-") for tag in tags]
    assert moved(tokens, [], tags, odd) == (tokens, tags, odd)


@pytest.mark.parametrize(
    ("edits", "words", "tags"),
    [
        ([(0, 4, "")], "Lovelace wrote to Mr Babbage", "B-PER O O O B-PER"),  # the beginning is deleted
        ([(3, 12, "")], "Ada wrote to Mr Babbage", "B-PER O O O B-PER"),  # the continuation is
        ([(0, 13, "")], "wrote to Mr Babbage", "O O O B-PER"),
        ([(4, 4, "King ")], "Ada King Lovelace wrote to Mr Babbage", "B-PER I-PER I-PER O O O B-PER"),  # put in inside
        ([(13, 13, "once ")], "Ada Lovelace once wrote to Mr Babbage", "B-PER I-PER O O O O B-PER"),  # put in behind
        ([(6, 6, " ")], "Ada Lo velace wrote to Mr Babbage", "B-PER I-PER I-PER O O O B-PER"),  # split
        ([(3, 4, "")], "AdaLovelace wrote to Mr Babbage", "B-PER O O O B-PER"),  # joined within the entity
        ([(18, 19, "")], "Ada Lovelace wroteto Mr Babbage", "B-PER I-PER O O B-PER"),  # joined outside
        (
            [(12, 13, "")],
            "Ada Lovelace wrote to Mr Babbage",
            "B-PER I-PER O O O B-PER",
        ),  # joined over a border: left out
        ([(10, 15, "x")], "Ada Lovelace wrote to Mr Babbage", "B-PER I-PER O O O B-PER"),  # crosses a border: left out
        ([(13, 21, "to wrote")], "Ada Lovelace to wrote Mr Babbage", "B-PER I-PER O O O B-PER"),  # swapped outside
        ([(0, 12, "Charles Dickens")], "Charles Dickens wrote to Mr Babbage", "B-PER I-PER O O O B-PER"),
        ([(22, 22, "Ms/")], "Ada Lovelace wrote to Ms/Mr Babbage", "B-PER I-PER O O O B-PER"),  # stuck to a word
        ([(0, 32, "")], "", ""),
    ],
)
def test_cases(edits, words, tags):
    """Deleting, inserting, splitting, joining and replacing, one by one."""
    tokens, before = ["Ada", "Lovelace", "wrote", "to", "Mr", "Babbage"], ["B-PER", "I-PER", "O", "O", "O", "B-PER"]
    assert moved(tokens, edits, before) == (words.split(), tags.split())


def test_without_tags_impossible_ones_are_told():
    """Told of no tags, all edits are made, and `move_tags` says that a word has none."""
    move = move_tokens(["Ada", "wrote"], Edits([(3, 4, "")]))
    assert move.tokens == ("Adawrote",)
    assert move_tags(["B-PER", "O"], move) is None
    assert move_tokens(["Ada", "wrote"], Edits([(3, 4, "")]), [["B-PER", "O"]]).left_out == 1


def test_plain_tags():
    """Parts of speech follow their words; what would need a new one is left out, but its neighbours are edited."""
    tokens, tags = ["the", "red", "car"], ["DET", "ADJ", "NOUN"]
    assert moved(tokens, [(4, 7, "dark red")], tags) == (["the", "dark", "red", "car"], ["DET", "ADJ", "ADJ", "NOUN"])
    assert moved(tokens, [(0, 1, "T"), (8, 8, "old ")], tags) == (["The", "red", "car"], tags)
    assert moved(tokens, [(4, 8, "")], tags) == (["the", "car"], ["DET", "NOUN"])
    assert moved(["a", "b"], [(2, 2, "x ")], ["O", "X"]) == (["a", "x", "b"], ["O", "O", "X"])


@pytest.mark.parametrize(
    ("tags", "after"),
    [
        ("B-X I-X E-X O S-Y", "B-X E-X O S-Y"),
        ("B-X I-X L-X O U-Y", "B-X L-X O U-Y"),
        ("I-X I-X I-X O I-Y", "B-X I-X O B-Y"),  # IOB1
        ("B-X I-X B-X O B-Y", "B-X B-X O B-Y"),
    ],
)
def test_other_schemes(tags, after):
    """Deleting the middle word leaves a valid sequence of the same scheme."""
    assert moved(["a", "b", "c", "d", "e"], [(2, 4, "")], tags.split())[1] == after.split()


def test_single_word_entities_of_bioes():
    """An entity of which one word is left becomes a single one."""
    assert moved(["a", "b"], [(0, 2, "")], ["B-X", "E-X"])[1] == ["S-X"]
    assert moved(["ab"], [(1, 1, " ")], ["U-X"])[1] == ["B-X", "L-X"]


def test_numbers_of_classes():
    """Class numbers move like their names; a class that the list lacks is told."""
    names = ["O", "B-PER", "I-PER", "I-LOC"]
    move = move_tokens(["Ada", "Lovelace", "wrote"], Edits([(0, 4, "")]))
    assert move_tag_ids([1, 2, 0], move, names) == [1, 0]
    assert move_tag_ids([3, 3, 0], move, names) is None
    with pytest.raises(RowError, match="one is 4"):
        move_tag_ids([1, 4, 0], move, names)
    with pytest.raises(RowError, match="2 for 3"):
        move_tag_ids([1, 2], move, names)


def test_odd_words():
    """White space inside untouched words and empty words stay; touched ones are cut anew."""
    tokens = ["New York", "", "\u00a0", "b"]
    text, spans = joined(tokens)
    assert moved(tokens, [(*spans[3], "B")]) == (["New York", "", "\u00a0", "B"],)
    assert moved(tokens, [(0, 1, "n")]) == (["new", "York", "", "\u00a0", "b"],)
    assert moved([], [(0, 0, "x y"), (0, 0, "z")]) == (["x", "yz"],)
    assert text == "New York  \u00a0 b"


def test_wrong_calls():
    """Edits beyond the text and tags of another number are refused."""
    with pytest.raises(ParameterError, match="2 code points"):
        move_tokens(["ab"], Edits([(1, 3, "")]))
    with pytest.raises(RowError, match="1 for 2"):
        move_tokens(["a", "b"], Edits([(0, 1, "")]), [["O"]])
    assert is_chunked(["O"]) is False
