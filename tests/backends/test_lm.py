"""Language models with transformers, on random ones: each answer depends on its prompt and seed alone."""

import json
import random

import pytest
import torch

from hfaug.backends import Completion, Halving, LanguageModel, Message, Sampling, registry
from hfaug.backends.constrain import SchemaCheck
from hfaug.backends.identity import ModelIdentity
from hfaug.backends.lm import TransformersLanguageModel
from hfaug.errors import ModelError, ParameterError
from tests import tiny_models

DRAW = Sampling(temperature=1.0, top_p=0.9)
WAYS = [Sampling(), DRAW, Sampling(temperature=0.7, top_k=20), Sampling(temperature=1.3)]
COUNT = 40
SCHEMA = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "maxLength": 12},
        "label": {"enum": ["good", "bad", None]},
        "stars": {"type": "integer", "minimum": 1, "maximum": 5},
        "tags": {"type": "array", "items": {"type": "string", "pattern": "^[a-z]{1,4}$"}, "maxItems": 2},
    },
    "required": ["text", "label", "stars", "tags"],
    "additionalProperties": False,
}


def _prompts():
    """Chats and plain texts of many lengths."""
    draws = [random.Random(row) for row in range(COUNT)]
    texts = [" ".join(draw.choices(("the", "film", "was", "long"), k=draw.randint(1, 25))) for draw in draws]
    chats = [(Message("system", "Say it again."), Message("user", text)) for text in texts]
    return [chat if row % 3 else text for row, (chat, text) in enumerate(zip(chats, texts, strict=True))]


PROMPTS = _prompts()
SEEDS = [random.Random(row).getrandbits(63) for row in range(COUNT)]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    yield registry.language_model(str(tiny_models.causal(tmp_path_factory.mktemp("lm") / "tiny-llama")), device="cpu")
    registry.unload("language_model")


@pytest.fixture(scope="module")
def t5(tmp_path_factory):
    folder = tiny_models.translator(tmp_path_factory.mktemp("lm") / "tiny-t5", family="madlad")
    yield registry.language_model(str(folder), device="cpu")
    registry.unload("language_model")


@pytest.fixture
def generated(model, monkeypatch):
    """How many rows each call of `generate` had."""
    seen = []
    generate = model._model.generate

    def count(**inputs):
        seen.append(len(inputs["input_ids"]))
        return generate(**inputs)

    monkeypatch.setattr(model._model, "generate", count)
    return seen


def _say(model, rows=range(COUNT), **names):
    values = {"sampling": DRAW, "max_new_tokens": 24, **names}
    return model.generate([PROMPTS[row] for row in rows], seeds=[SEEDS[row] for row in rows], **values)


def test_what_is_known_without_loading_is_what_the_model_says(tmp_path):
    folder = str(tiny_models.causal(tmp_path / "known", seed=5))
    before = registry.facts("language_model", folder)
    model = registry.language_model(folder, device="cpu")
    told = {name: getattr(model, name) for name in ("revision", "licence", "determinism")}
    after = registry.facts("language_model", folder)
    assert (after.pop("settings"), after.pop("events")) == (model.settings, {"out_of_memory": 0})
    assert before == after == {"id": "known", **told}


def test_it_says_what_it_is(model, t5):
    for one, padding in ((model, "left"), (t5, "right")):
        assert isinstance(one, LanguageModel)
        assert one.determinism == "row"
        assert one.settings["attention"] == "eager"
        assert one.settings["padding"] == padding
        assert one.settings["rows_multiple"] == 8
    assert (model.model_id, model.licence) == ("tiny-llama", None)
    assert model.revision.startswith("xxh3:")


@pytest.mark.parametrize(
    "more", [{}, {"stop": ["e", "qu"]}, {"schema": SCHEMA, "max_new_tokens": 90}], ids=["free", "stop", "schema"]
)
@pytest.mark.parametrize("sampling", WAYS, ids=str)
def test_a_row_depends_on_its_prompt_and_seed_alone(model, threads, sampling, more):
    """In one call, alone, in parts, in another order, with one thread and with two."""
    threads(2)
    together = _say(model, sampling=sampling, **more)
    threads(1)
    assert [_say(model, [row], sampling=sampling, **more)[0] for row in range(3)] == together[:3]
    order = random.Random(0).sample(range(COUNT), COUNT)
    for start in range(0, COUNT, 7):
        rows = order[start : start + 7]
        assert _say(model, rows, sampling=sampling, **more) == [together[row] for row in rows]


@pytest.mark.parametrize("sampling", [Sampling(beams=3), DRAW], ids=str)
def test_the_same_holds_for_encoder_decoders(t5, sampling):
    texts = ["".join(random.Random(row).choices("abcde ", k=row + 3)) for row in range(COUNT)]
    names = {"sampling": sampling, "max_new_tokens": 12}
    together = t5.generate(texts, seeds=SEEDS, **names)
    assert len({one.text for one in together}) > 3
    order = random.Random(0).sample(range(COUNT), COUNT)
    for start in range(0, COUNT, 7):
        rows = order[start : start + 7]
        found = t5.generate([texts[row] for row in rows], seeds=[SEEDS[row] for row in rows], **names)
        assert found == [together[row] for row in rows]


def test_an_encoder_decoder_gets_a_chat_as_one_text(t5):
    chat = (Message("system", "ab"), Message("user", "cd"))
    assert t5.generate([chat], max_new_tokens=5) == t5.generate(["ab\n\ncd"], max_new_tokens=5)


def test_greedy_answers_are_those_of_the_bare_model(model):
    """One row a call, not padded, without a batch plan: the same words where no two scores are close."""
    same = 0
    for row, prompt in enumerate(PROMPTS):
        ids = torch.tensor([model._prompts.encode(prompt)])
        with torch.inference_mode():
            bare = model._model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=24)
        text = model._tokenizer.decode(bare[0, ids.shape[1] :], skip_special_tokens=True)
        same += text == _say(model, [row], sampling=Sampling())[0].text
    assert same >= COUNT - 1


def test_drawing_follows_the_seed(model):
    found = model.generate(PROMPTS[:1] * 8, seeds=range(8), sampling=DRAW, max_new_tokens=24)
    assert len({one.text for one in found}) > 6
    again = model.generate(PROMPTS[:1] * 3, seeds=[5, 1, 5], sampling=DRAW, max_new_tokens=24)
    assert again == [found[5], found[1], found[5]]


def test_global_random_numbers_are_left_alone(model):
    before = torch.get_rng_state()
    _say(model)
    assert torch.equal(torch.get_rng_state(), before)


def test_equal_work_is_done_once(model, generated):
    """Equal prompts for the search, equal prompts with equal seeds for a draw."""
    model.generate(PROMPTS[:1] * 20, max_new_tokens=3)
    model.generate(PROMPTS[:1] * 20, seeds=range(20), max_new_tokens=3)
    model.generate(PROMPTS[:1] * 20, seeds=[1, 2] * 10, sampling=DRAW, max_new_tokens=3)
    assert generated == [8, 8, 8]
    assert model.generate([]) == []


@pytest.mark.parametrize("sampling", WAYS, ids=str)
def test_an_answer_held_to_a_schema_parses_and_is_valid(model, sampling):
    """Of noise too, which never hits upon JSON by itself."""
    found = _say(model, sampling=sampling, schema=SCHEMA, max_new_tokens=120)
    check = SchemaCheck(SCHEMA)
    assert {one.finish for one in found} == {"stop"}
    assert all(check(one.text) for one in found)
    assert all(list(json.loads(one.text)) == ["text", "label", "stars", "tags"] for one in found)
    free = _say(model, sampling=sampling)
    assert not any(check(one.text) for one in free)


def test_a_document_that_does_not_fit_is_not_taken_for_one(model):
    found = _say(model, schema=SCHEMA, max_new_tokens=20)
    assert {(one.finish, one.flag, one.new_tokens) for one in found} == {("length", "truncated", 20)}


def test_a_document_that_just_fits_is_one(model):
    """Without a token to end it."""
    one = _say(model, [0], schema={"enum": ["abc"]}, max_new_tokens=5)[0]
    assert (one.text, one.finish) == ('"abc"', "stop")


def test_a_schema_that_cannot_be_held_to_is_refused(model):
    for schema, said in (
        ({"type": "array", "items": {"type": "integer"}, "uniqueItems": True}, "uniqueItems"),
        ({"type": "string", "pattern": "(?=a)b"}, "look-around"),
        ({"type": "nonsense"}, "draft 2020-12"),
    ):
        with pytest.raises(ParameterError, match=said):
            model.generate(["a"], schema=schema)


def test_a_tokenizer_without_bytes_holds_no_schema(t5):
    with pytest.raises(ParameterError, match="a schema needs a tokenizer that tells the bytes"):
        t5.generate(["a"], schema={"type": "null"}, max_new_tokens=4)


def test_a_stop_text_ends_an_answer_and_is_left_out(model):
    """Also one that several tokens make up; what comes behind it is what would have come without."""
    free = _say(model, max_new_tokens=40)
    ended = _say(model, max_new_tokens=40, stop=["e", "q"])
    assert any(one.finish == "length" for one in free)
    for long, short in zip(free, ended, strict=True):
        places = [place for place in (long.text.find("e"), long.text.find("q")) if place >= 0]
        if places:
            assert short.text == long.text[: min(places)]
            assert short.finish == "stop"
            assert short.new_tokens <= long.new_tokens
        else:
            assert short == long
    second = _say(model, [0], max_new_tokens=40, stop=[free[0].text[3:6]])[0]
    assert second.text == free[0].text[:3]


def test_tokens_are_counted(model):
    """Of the prompt with all its markers; of the answer with the token that ends it."""
    found = _say(model, max_new_tokens=60)
    for prompt, one in zip(PROMPTS, found, strict=True):
        assert one.prompt_tokens == len(model._prompts.encode(prompt))
        assert one.new_tokens == 60 if one.finish == "length" else one.new_tokens <= 60
    assert {"stop", "length"} == {one.finish for one in found}


def test_a_prompt_that_is_too_long_is_flagged_not_cut(model, generated):
    """512 tokens hold prompt and answer; one more is too much."""
    fits, more = "z" * (512 - 24 - 1), "z" * (512 - 24)
    found = model.generate([more, fits, "a"], max_new_tokens=24)
    assert found[0] == Completion("", "too_long", 489)
    assert found[1].prompt_tokens == 488
    assert found[1].finish in {"stop", "length"}
    assert len(generated) == 2


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"max_new_tokens": 0}, "max_new_tokens must be 1 or more"),
        ({"max_new_tokens": 512}, "below the 512 tokens"),
        ({"stop": "ab"}, "stop must be texts"),
        ({"stop": [""]}, "none of them empty"),
        ({"sampling": DRAW}, "one seed a text, 1 texts had none"),
        ({"sampling": DRAW, "seeds": [1, 2]}, "one seed a text, 1 texts had 2"),
        ({"sampling": Sampling(beams=2), "schema": {}}, "along one beam"),
        ({"stop": ["a"], "schema": {}}, "ends its answers by itself"),
        ({"prompts": [()]}, "one message or more"),
    ],
)
def test_what_cannot_be_is_refused_by_name(model, values, said):
    with pytest.raises(ParameterError, match=said):
        model.generate(**{"prompts": ["a"], **values})


def test_beams_and_stop_texts_go_together(model):
    found = _say(model, range(6), sampling=Sampling(beams=3), stop=["e"])
    assert not any("e" in one.text for one in found)


def test_a_chat_needs_a_template(tmp_path):
    model = registry.language_model(str(tiny_models.causal(tmp_path / "base", chat=False)), device="cpu")
    assert model.generate(["a"], max_new_tokens=2)[0].new_tokens == 2
    with pytest.raises(ParameterError, match="base: must have a chat template"):
        model.generate([(Message("user", "a"),)])


def test_a_batch_that_does_not_fit_is_halved_and_the_rows_stay_the_same(model, monkeypatch):
    """The halving is kept for the record."""
    expected = _say(model)
    generate = model._model.generate

    def small(**inputs):
        if len(inputs["input_ids"]) > 8:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return generate(**inputs)

    monkeypatch.setattr(model._model, "generate", small)
    monkeypatch.setattr(model, "halvings", [])
    assert _say(model) == expected
    assert model.halvings
    assert all(isinstance(one, Halving) and one.of == COUNT for one in model.halvings)


def test_a_model_whose_rows_meet_inside_says_so(model, monkeypatch):
    """As experts do that are filled up: the try at loading finds it out."""
    forward = type(model._model).forward

    def meeting(self, input_ids, **inputs):
        output = forward(self, input_ids=input_ids, **inputs)
        output.logits += 0.001 * len(input_ids)
        return output

    monkeypatch.setattr(type(model._model), "forward", meeting)
    identity = ModelIdentity("org/model", "main", None, "org/model", local=False)
    found = TransformersLanguageModel(identity, model._model, model._tokenizer)
    assert (found.determinism, found.settings["rows_multiple"]) == ("request", 0)


def test_a_missing_model_and_a_wrong_kind_are_named(tmp_path, models_folder):
    with pytest.raises(ModelError, match="must be an existing folder"):
        registry.language_model(str(tmp_path / "none"))
    with pytest.raises(ModelError, match="bert: must be a model that can be loaded"):
        registry.translator(str(tiny_models.masked(tmp_path / "bert")), device="cpu")
    with pytest.raises(
        ParameterError, match=r"runtime: must be one of transformers, vllm, inference, .*, was 'ctranslate2'"
    ):
        registry.language_model("a/b", runtime="ctranslate2")
    with pytest.raises(ParameterError, match="runtime: must be one of transformers for a masked_model"):
        registry.get("masked_model", "a/b", runtime="https://a.example")


def test_it_prints_nothing(model, capfd):
    model.generate([PROMPTS[1], "z" * 600], max_new_tokens=3)
    assert capfd.readouterr() == ("", "")
