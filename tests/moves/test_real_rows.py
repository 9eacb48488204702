"""Random edits over real tweets and real questions: every label is right afterwards, or is not there."""

import random

import pytest

from hfaug.moves import Edits, answer_spans, joined, move_answers, move_tags, move_tokens
from tests.moves import reference


def random_edits(rng, text, count):
    """Edits that know nothing of words and labels."""
    places = sorted(rng.sample(range(len(text) + 1), min(2 * count, len(text) + 1)))
    puts = ["", "", " ", "x", " new words ", "\u00e9", text[: rng.randrange(8)]]
    return Edits(
        [(a, rng.choice([a, b, b]), rng.choice(puts)) for a, b in zip(places[::2], places[1::2], strict=False)]
    )


@pytest.mark.parametrize("count", [1, 3, 12])
def test_tweets_keep_valid_tags(ner, count):
    """Each word has a tag, the sequence is valid, and an entity's words are an entity of the same kind."""
    names = ner.features["tags"].feature.names
    rng = random.Random(count)
    changed = 0
    for row in ner:
        tags = [names[number] for number in row["tags"]]
        edits = random_edits(rng, joined(row["tokens"])[0], count)
        move = move_tokens(row["tokens"], edits, [tags])
        after = move_tags(tags, move)
        assert len(after) == len(move.tokens)
        assert reference.is_valid_bio(after)
        for owners, tag in zip(move.owners, after, strict=True):
            assert {tags[owner].partition("-")[2] for owner in owners} <= {tag.partition("-")[2]}
        changed += list(move.tokens) != row["tokens"]
    assert changed > 60


@pytest.mark.parametrize("count", [1, 3, 12])
def test_answers_stay_found(qa, count):
    """Each kept answer stands at its offset and holds what survived of the old one; some are kept, some lost."""
    rng = random.Random(count)
    kept = lost = 0
    for row in qa:
        edits = random_edits(rng, row["context"], count)
        after = edits.apply(row["context"])
        moved = move_answers(row["answers"], edits, row["context"], after)
        if moved is None:
            lost += 1
            continue
        kept += 1
        spans = answer_spans(moved, after)
        before = answer_spans(row["answers"], row["context"])
        expected = [reference.moved_span(row["context"], list(edits), span) for span in before]
        assert spans == [span for span in expected if span is not None]
    assert kept > 60
    assert lost > 0 or count == 1
