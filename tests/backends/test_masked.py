"""Masked language models on random ones: candidates are whole words, and depend on the text and its places alone."""

import random
import re

import pytest
import torch

from hfaug.backends import Candidate, Filled, Halving, MaskedModel, MaskRequest, registry
from hfaug.errors import ModelError, ParameterError
from tests import tiny_models

COUNT = 48


def _requests():
    found = []
    for row in range(COUNT):
        draw = random.Random(row)
        text = " ".join(draw.choices(tiny_models.WORDS, k=draw.randint(2, 20))) + "."
        words = [match.span() for match in re.finditer(r"\w+", text)]
        found.append(MaskRequest(text, tuple(sorted(draw.sample(words, min(len(words), draw.randint(1, 3)))))))
    return found


REQUESTS = _requests()


@pytest.fixture(scope="module", params=["bert", "roberta"])
def model(request, tmp_path_factory):
    folder = tiny_models.masked(tmp_path_factory.mktemp("masked") / request.param, pieces=request.param)
    yield registry.masked_model(str(folder), device="cpu")
    registry.unload("masked_model")


def _tokens(model, text, *places):
    return model._tokenizer.convert_ids_to_tokens(model._encode(MaskRequest(text, places)))


def test_it_says_what_it_is(model):
    assert isinstance(model, MaskedModel)
    assert model.determinism == "row"
    assert model.settings["rows_multiple"] == 8
    assert model._limit == 64  # of 66 positions, RoBERTa leaves two out


def test_candidates_depend_on_their_text_alone(model, threads):
    """In one call, alone, in parts, in another order, with one thread and with two, to the last bit."""
    threads(2)
    together = model.fill(REQUESTS, top_k=6)
    threads(1)
    assert [model.fill([request], top_k=6)[0] for request in REQUESTS[:3]] == together[:3]
    order = random.Random(0).sample(range(COUNT), COUNT)
    for start in range(0, COUNT, 7):
        rows = order[start : start + 7]
        assert model.fill([REQUESTS[row] for row in rows], top_k=6) == [together[row] for row in rows]
    assert len({filled.candidates for filled in together}) == COUNT


def test_candidates_are_whole_words_likeliest_first(model):
    for request, filled in zip(REQUESTS, model.fill(REQUESTS, top_k=10), strict=True):
        assert len(filled.candidates) == len(request.places)
        for found in filled.candidates:
            shares = [candidate.probability for candidate in found]
            assert shares == sorted(shares, reverse=True)
            assert all(0 < share <= 1 for share in shares)
            words = [candidate.text for candidate in found]
            assert len(words) == len(set(words)) == 10
            assert all(re.fullmatch(r"\w[\w'-]*", word) and word[-1] != "-" for word in words)
            assert not {"unused1", "ing", "[MASK]", "<mask>"}.intersection(words) or model._mark == "##"


def test_probabilities_are_those_of_the_bare_model(model):
    """One text a call, not padded, with all scores made."""
    for request, filled in zip(REQUESTS[:8], model.fill(REQUESTS[:8], top_k=5), strict=True):
        ids = torch.tensor([model._encode(request)])
        with torch.inference_mode():
            scores = model._model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0]
        places = (ids[0] == model._tokenizer.mask_token_id).nonzero()[:, 0]
        for place, found in zip(places, filled.candidates, strict=True):
            shares = scores[place].softmax(dim=-1)
            for candidate in found:
                spaced = f"Ġ{candidate.text}" if model._mark == "Ġ" else candidate.text
                names = [spaced, candidate.text]
                rows = [model._tokenizer.convert_tokens_to_ids(name) for name in names]
                closest = min(abs(shares[row].item() - candidate.probability) for row in rows)
                assert closest < 1e-6


def test_places_are_masked_and_what_spells_a_mask_is_not(model):
    mask = model._tokenizer.mask_token
    start = len(f"the {mask} ")
    tokens = _tokens(model, f"the {mask} film was", (start, start + 4))
    assert tokens.count(mask) == 1
    assert tokens[tokens.index(mask) + 1 :][:2] in (["was", "[SEP]"], ["Ġwas", "</s>"], ["Ġ", "was"])


def test_an_empty_place_asks_for_a_word_to_put_in(model):
    mask = model._tokenizer.mask_token
    whole = [token for token in _tokens(model, "the film was", (8, 8)) if token != mask]
    assert "".join(whole).replace("Ġ", "").replace("##", "").endswith(("thefilmwas[SEP]", "thefilmwas</s>"))
    assert _tokens(model, "the film was", (8, 8)).count(mask) == 1
    assert len(model.fill([MaskRequest("the film was", ((8, 8),))], top_k=3)[0].candidates[0]) == 3


def test_a_vocabulary_with_spaces_gives_words_as_they_stand(tmp_path):
    """Behind a space the tokens with one, at the beginning and within a word those without."""
    model = registry.masked_model(str(tiny_models.masked(tmp_path / "roberta", pieces="roberta")), device="cpu")
    tokens = model._tokenizer.convert_ids_to_tokens
    behind, start = (tokens(model._words_for(spaced=spaced, first=not spaced).tolist()) for spaced in (True, False))
    assert "Ġfilm" in behind
    assert all(token.startswith("Ġ") for token in behind)
    assert "film" in start
    assert not any(token.startswith("Ġ") for token in start)
    assert not {"<mask>", "<s>", "Ġ", "!"}.intersection([*behind, *start])
    assert all(text.strip() == text != "" for text, _ in model._words.values())


def test_a_text_that_is_too_long_is_flagged_not_cut(model):
    long = MaskRequest("film " * 80, ((0, 4),))
    found = model.fill([long, REQUESTS[0]], top_k=2)
    assert found[0] == Filled((), ("too_long",))
    assert found[1].flags == ()


def test_equal_work_is_done_once_and_none_is_no_work(model, monkeypatch):
    seen = []
    run = model._run
    monkeypatch.setattr(model, "_run", lambda tokens, *rest: seen.append(len(tokens)) or run(tokens, *rest))
    assert model.fill(REQUESTS[:1] * 30, top_k=2) == model.fill(REQUESTS[:1], top_k=2) * 30
    assert seen == [1, 1]
    assert model.fill([]) == []


def test_more_candidates_than_words_are_what_there_is(model):
    found = model.fill(REQUESTS[:1], top_k=100_000)[0].candidates[0]
    assert 20 < len(found) < len(model._tokenizer)
    assert all(isinstance(candidate, Candidate) for candidate in found)


def test_a_batch_that_does_not_fit_is_halved_and_the_rows_stay_the_same(model, monkeypatch):
    expected = model.fill(REQUESTS, top_k=4)
    scores = model._scores

    def small(ids, *rest):
        if len(ids) > 8:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return scores(ids, *rest)

    monkeypatch.setattr(model, "_scores", small)
    monkeypatch.setattr(model, "halvings", [])
    assert model.fill(REQUESTS, top_k=4) == expected
    assert model.halvings
    assert all(isinstance(one, Halving) for one in model.halvings)


@pytest.mark.parametrize("places", [(), ((2, 1),), ((0, 2), (1, 3)), ((0, 2), (2, 3)), ((3, 9),), ((-1, 1),)])
def test_places_that_cannot_be_are_refused(places):
    with pytest.raises(ParameterError, match="MaskRequest: places must be spans inside a text of 5 characters"):
        MaskRequest("abcde", places)


def test_no_candidates_and_no_mask_are_refused(model, tmp_path):
    with pytest.raises(ParameterError, match="top_k must be 1 or more, was 0"):
        model.fill(REQUESTS[:1], top_k=0)
    folder = tiny_models.masked(tmp_path / "maskless")
    config = (folder / "tokenizer_config.json").read_text()
    (folder / "tokenizer_config.json").write_text(config.replace('"mask_token": "[MASK]"', '"mask_token": null'))
    with pytest.raises(ModelError, match="maskless: must have a mask token"):
        registry.masked_model(str(folder), device="cpu")


def test_a_head_that_the_model_does_not_name_works_too(model, monkeypatch):
    """Then all scores are made, and those of the places taken."""
    expected = model.fill(REQUESTS[:5], top_k=3)
    monkeypatch.setattr(type(model._model), "get_output_embeddings", lambda self: None)
    found = model.fill(REQUESTS[:5], top_k=3)
    for one, other in zip(found, expected, strict=True):
        assert [[c.text for c in place] for place in one.candidates] == [[c.text for c in p] for p in other.candidates]
