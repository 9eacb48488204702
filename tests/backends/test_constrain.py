"""Held to a schema: whatever a model would say, what comes out parses and is valid."""

import json
import string

import hypothesis
import numpy as np
import pytest
import torch
from hypothesis import strategies as st

from hfaug.backends.constrain import SchemaCheck, SchemaGuide
from hfaug.backends.stopping import StopTexts, cut_at
from hfaug.errors import ParameterError
from tests import tiny_models

END = 2


@pytest.fixture(scope="module")
def tokenizer():
    return tiny_models.byte_tokenizer()


@pytest.fixture(scope="module")
def guide(tokenizer):
    return SchemaGuide("m", tokenizer, len(tokenizer) + 5, [END])


def _babble(guide, tokenizer, schema, seeds, steps=400):
    """What rows that choose among the allowed tokens at random say, and whether each came to an end."""
    mask, ids = guide.mask(schema, len(seeds)), torch.zeros((len(seeds), 3), dtype=torch.long)
    draws = [np.random.default_rng(seed) for seed in seeds]
    ended = np.zeros(len(seeds), bool)
    for _ in range(steps):
        allowed = mask(ids, torch.zeros((len(seeds), len(tokenizer) + 5))).isfinite().numpy()
        chosen = [0 if done else int(draw.choice(np.flatnonzero(row))) for done, draw, row in
                  zip(ended, draws, allowed, strict=True)]  # fmt: skip
        ids = torch.cat([ids, torch.tensor(chosen)[:, None]], dim=1)
        ended |= np.array(chosen) == END
        if ended.all():
            break
    return [tokenizer.decode(row, skip_special_tokens=True) for row in ids[:, 3:]], ended


_names = st.text(string.ascii_lowercase + 'é"\\ 名', min_size=1, max_size=6)
_leaves = st.one_of(
    st.just({"type": "null"}),
    st.just({"type": "boolean"}),
    st.builds(
        lambda low, more: {"type": "integer", "minimum": low, "maximum": low + more},
        st.integers(-99, 99),
        st.integers(0, 20),
    ),
    st.builds(lambda size: {"type": "string", "maxLength": size}, st.integers(0, 5)),
    st.builds(lambda values: {"enum": values}, st.lists(_names, min_size=1, max_size=4, unique=True)),
    st.just({"type": "string", "pattern": "^[a-c]{2,3}$"}),
)
_schemas = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.builds(lambda items, most: {"type": "array", "items": items, "maxItems": most}, inner, st.integers(0, 2)),
        st.builds(lambda parts: {"type": "object", "properties": parts, "required": list(parts),
                                 "additionalProperties": False}, st.dictionaries(_names, inner, max_size=3)),
        st.builds(lambda choices: {"anyOf": choices}, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=5,
)  # fmt: skip


@hypothesis.given(schema=_schemas, seed=st.integers(0, 2**32))
@hypothesis.settings(max_examples=60)
def test_any_way_through_a_schema_ends_in_a_document_it_allows(guide, tokenizer, schema, seed):
    texts, ended = _babble(guide, tokenizer, schema, [seed, seed + 1, seed + 2])
    check = SchemaCheck(schema)
    assert ended.all()
    assert all(check(text) for text in texts), (schema, texts)


def test_rows_of_a_batch_do_not_know_of_each_other(guide, tokenizer):
    """Alone and together, and however many end before."""
    schema = {"type": "array", "items": {"type": "string", "maxLength": 9}, "maxItems": 4}
    together, _ = _babble(guide, tokenizer, schema, range(9))
    assert [_babble(guide, tokenizer, schema, [seed])[0][0] for seed in range(9)] == together
    assert len(set(together)) > 6


def test_scores_of_allowed_tokens_stay_as_they_are(guide, tokenizer):
    scores = torch.randn(1, len(tokenizer) + 5)
    found = guide.mask({"enum": ["a", "b"]}, 1)(torch.zeros((1, 1), dtype=torch.long), scores)
    allowed = found.isfinite()
    assert tokenizer.convert_ids_to_tokens(allowed[0].nonzero()[:, 0].tolist()) == ['"']
    assert torch.equal(found[allowed], scores[allowed])


def test_documents_are_written_one_way(guide, tokenizer):
    """A blank behind commas and colons, as models are used to, and none elsewhere."""
    schema = {"type": "object", "properties": {"a": {"const": 1}, "b": {"const": [1, 2]}}, "required": ["a", "b"],
              "additionalProperties": False}  # fmt: skip
    assert set(_babble(guide, tokenizer, schema, range(3))[0]) == {json.dumps({"a": 1, "b": [1, 2]})}


@pytest.mark.parametrize(
    ("text", "holds"),
    [('{"a": 1}', True), ('{"a": 1.5}', False), ("{}", False), ('{"a": 1', False), ('{"a": 1} x', False), ("", False),
     ('{"a": NaN}', False), ("[" * 100_000, False)],
)  # fmt: skip
def test_a_document_is_checked(text, holds):
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    assert SchemaCheck(schema)(text) is holds


def test_formats_are_checked_too():
    check = SchemaCheck({"type": "string", "format": "date"})
    assert check('"2026-02-28"')
    assert not check('"2026-02-30"')


def test_what_is_no_schema_is_refused_with_its_place():
    with pytest.raises(ParameterError, match=r"at \$\.properties\.a\.type"):
        SchemaCheck({"type": "object", "properties": {"a": {"type": "text"}}})


def test_stop_texts_are_found_across_tokens(tokenizer):
    """Each row by itself; what the prompt holds does not count."""
    rows = [" the end", " th", "no  the"]
    ids = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in rows]
    prompt = tokenizer(" the end", add_special_tokens=False)["input_ids"]
    stops = StopTexts(tokenizer, ["the e", "  "], len(prompt), 3)
    for count in range(1, 4):
        batch = torch.tensor([prompt + (one + [0] * 9)[:count] for one in ids])
        found = stops(batch, None)
    assert found.tolist() == [stops.ended_at[0] is not None, False, stops.ended_at[2] is not None]
    for count in range(4, 10):
        found = stops(torch.tensor([prompt + (one + [0] * 9)[:count] for one in ids]), None)
    assert found.tolist() == [True, False, True]
    assert tokenizer.decode(ids[0][: stops.ended_at[0]]).endswith("the e")


def test_a_text_is_cut_at_the_first_stop_of_any():
    assert cut_at("abcd", ["d", "b"]) == ("a", True)
    assert cut_at("abcd", ["x"]) == ("abcd", False)
    assert cut_at("abcd", []) == ("abcd", False)
