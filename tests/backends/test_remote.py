"""A model behind an endpoint that fails, stalls, drops and limits: nothing is lost, and nothing is bought twice."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hfaug.backends import LanguageModel, Message, Sampling, Translator, registry
from hfaug.backends.remote.wire import storable
from hfaug.errors import ModelError, ParameterError
from tests.backends.endpoint import Endpoint, unreliable

pytestmark = pytest.mark.usefixtures("quick")
DRAW = Sampling(temperature=0.7, top_p=0.9)
SCHEMA = {
    "type": "object",
    "properties": {"text": {"type": "string"}, "label": {"enum": ["good", "bad"]}},
    "required": ["text", "label"],
    "additionalProperties": False,
}


def _chats(count):
    return [(Message("system", "Say it."), Message("user", f"text {row}")) for row in range(count)]


def test_a_chat_is_asked_and_answered(ask):
    with Endpoint() as endpoint:
        model = ask(endpoint, extra={"reasoning_effort": "low"})
        found = model.generate(_chats(1), seeds=[2**40 + 7], sampling=DRAW, max_new_tokens=9, stop=["\n"])
    (body,) = endpoint.bodies
    assert body == {
        "model": "some/model", "max_tokens": 9, "temperature": 0.7, "top_p": 0.9, "stop": ["\n"], "seed": 7,
        "messages": [{"role": "system", "content": "Say it."}, {"role": "user", "content": "text 0"}],
        "reasoning_effort": "low",
    }  # fmt: skip
    assert (found[0].text, found[0].finish, found[0].flag) == ("text 0 #7", "stop", None)
    assert (found[0].prompt_tokens, found[0].new_tokens) == (10, 5)
    assert isinstance(model, LanguageModel)
    assert model.determinism == "recorded"


def test_whatever_the_endpoint_does_each_answer_is_bought_once(ask):
    """Busy, failing, dropping, stalling, broken and empty answers, 2 of 5 tries; then all again, for nothing."""
    prompts, seeds = _chats(60), list(range(60))
    with Endpoint(unreliable(0.4)) as endpoint:
        first = ask(endpoint, concurrency=16)
        found = first.generate([*prompts, prompts[3]], seeds=[*seeds, 3], sampling=DRAW)
        assert [one.text for one in found] == [f"text {row} #{row}" for row in [*range(60), 3]]
        assert set(endpoint.sold.values()) == {1}
        assert len(endpoint.sold) == len(endpoint.charged) == 60
        assert len(endpoint.bodies) > 70
        assert 2 < endpoint.most_under_way <= 16
        assert first.spending.bought == 60
        assert first.spending.sent == len(endpoint.bodies)
        asked = len(endpoint.bodies)
        second = ask(endpoint)
        assert second.generate(prompts, seeds=seeds, sampling=DRAW) == found[:60]
        assert len(endpoint.bodies) == asked
        assert (second.spending.bought, second.spending.reused) == (0, 60)


def test_whatever_was_asked_otherwise_is_another_answer(ask):
    """Another seed, prompt, length, sampling, stop text, schema, model, revision or extra field; not another price."""
    with Endpoint(answer=lambda body: '{"text": "a", "label": "good"}') as endpoint:
        model = ask(endpoint)
        (prompt,) = _chats(1)
        ways = [
            {}, {"max_new_tokens": 7}, {"stop": ["x"]}, {"schema": SCHEMA}, {"sampling": DRAW, "seeds": [1]},
            {"sampling": DRAW, "seeds": [2]}, {"sampling": DRAW, "seeds": [1 + 2**31]},
        ]  # fmt: skip
        for way in ways:
            model.generate([prompt], **way)
        model.generate([(Message("user", "Say it.text 0"),)])
        registry.get("language_model", "other/model", runtime=endpoint.address).generate([prompt])
        registry.get("language_model", "some/model", revision="v2", runtime=endpoint.address).generate([prompt])
        ask(endpoint, extra={"min_p": 0.1}).generate([prompt])
        assert len(endpoint.bodies) == len(ways) + 4
        ask(endpoint, price_in=3, timeout_s=2, concurrency=1).generate([prompt])
        model.generate([prompt], seeds=[9])
        assert len(endpoint.bodies) == len(ways) + 4


CLIENT = """
import sys
from hfaug.backends import Message, registry
from hfaug.backends.remote import RemoteSettings, configure
address, folder, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
configure(address, RemoteSettings(answers=folder, concurrency=4))
model = registry.language_model("m", runtime=address)
prompts = [(Message("user", f"text {row}"),) for row in range(count)]
print("ready", flush=True)
sys.stdin.readline()
found = model.generate(prompts)
assert [one.text for one in found] == [f"text {row} #None" for row in range(count)], found
print(model.spending.bought, model.spending.reused, flush=True)
"""


def _client(endpoint, folder, count):
    command = [sys.executable, "-c", CLIENT, endpoint.address, str(folder), str(count)]
    root = str(Path(__file__).parents[2])
    env = {**os.environ, "PYTHONPATH": root}
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
    assert client.stdout.readline() == "ready\n"
    return client


def test_several_processes_buy_each_answer_once(tmp_path):
    with Endpoint(pause_s=0.02) as endpoint:
        clients = [_client(endpoint, tmp_path, 40) for _ in range(3)]
        for client in clients:
            client.stdin.write("go\n")
            client.stdin.flush()
        counts = [[int(count) for count in client.communicate(timeout=100)[0].split()] for client in clients]
        assert [client.returncode for client in clients] == [0, 0, 0]
        assert set(endpoint.sold.values()) == {1}
        assert len(endpoint.sold) == 40
        assert sum(bought for bought, _ in counts) == 40
        assert [sum(count) for count in counts] == [40, 40, 40]


def test_a_killed_process_loses_no_answer_it_had(tmp_path):
    """kill -9, three times: what was on disk is not asked again, what was under way is asked with the same key."""
    with Endpoint(pause_s=0.03) as endpoint:
        kept = 0
        for kills, stop_at in enumerate((8, 16, 24), start=1):
            client = _client(endpoint, tmp_path, 40)
            client.stdin.write("go\n")
            client.stdin.flush()
            while sum(endpoint.sold.values()) < stop_at:
                assert client.poll() is None
            client.send_signal(signal.SIGKILL)
            client.wait(timeout=60)
            client.stdin.close()
            client.stdout.close()
            files = len(list(tmp_path.glob("??/*.json")))
            assert files >= max(kept, stop_at - 4 * kills)  # each time, at most what was under way is lost
            kept = files
        client = _client(endpoint, tmp_path, 40)
        out, _ = client.communicate("go\n", timeout=100)
        bought, reused = map(int, out.split())
        assert client.returncode == 0
        assert (bought, reused) == (40 - kept, kept)
        assert len(endpoint.charged) == len(endpoint.sold) == 40  # by their keys the endpoint knows what is the same
        assert sum(endpoint.sold.values()) <= 40 + 3 * 4  # at most what was under way when the process was killed


def test_a_damaged_answer_is_bought_again(ask, tmp_path):
    """As one is that a full disk cut, or a hand edited."""
    with Endpoint() as endpoint:
        ask(endpoint).generate(_chats(2))
        file, _ = sorted(tmp_path.glob("answers/??/*.json"))
        whole = file.read_text()
        broken = [
            '{"version": 1, "ans',
            '{"version": 0, "answer": {}}',
            '{"version": 2, "answer": [1]}',
            '{"text": 5}',
            "[]",
        ]
        broken += ["3", "null", "", whole.replace("#None", "#Some"), whole.replace('"text":', '"said":')]
        for number, text in enumerate(broken, start=1):
            file.write_text(text)
            assert [one.text for one in ask(endpoint).generate(_chats(2))] == ["text 0 #None", "text 1 #None"]
            assert sum(endpoint.sold.values()) == 2 + number


@pytest.mark.parametrize(
    ("status", "says"),
    [(401, "check the key"), (402, "check the account"), (404, "check the address"), (400, "check the parameters")],
)
def test_a_refusal_stops_and_keeps_what_was_answered(ask, status, says):
    refuse = lambda body, before: (status, "no, since") if "text 20" in str(body) else None  # noqa: E731
    with Endpoint(refuse) as endpoint:
        with pytest.raises(ModelError, match=f"some/model: must take the request.*HTTP {status}.*no, since.*{says}"):
            ask(endpoint, concurrency=2).generate(_chats(40))
        answered = sum(endpoint.sold.values())
        assert 18 <= answered < 40
        endpoint.trouble = lambda body, before: None
        model = ask(endpoint)
        assert len(model.generate(_chats(40))) == 40
        assert model.spending.reused == answered
        assert set(endpoint.sold.values()) == {1}


def test_an_endpoint_that_never_answers_is_given_up(ask):
    with Endpoint(lambda body, before: "error") as endpoint:
        with pytest.raises(
            ModelError, match=r"did not in 3 tries, the last time: HTTP 503.*overloaded.*run again later"
        ):
            ask(endpoint, tries=3).generate(_chats(1))
        assert len(endpoint.bodies) == 3


def test_nobody_there_is_an_error_with_a_reason(ask):
    endpoint = Endpoint()
    endpoint.server.server_close()
    with pytest.raises(ModelError, match="did not in 2 tries, the last time: ConnectError"):
        ask(endpoint, tries=2).generate(_chats(1))


def test_a_wait_that_is_too_long_is_not_waited(ask):
    with Endpoint(lambda body, before: "busy") as endpoint:
        with pytest.raises(ModelError, match=r"must be ready in 0.01 s \(patience_s\), asks to wait 0.05 s"):
            ask(endpoint, patience_s=0.01).generate(_chats(1))
        assert len(endpoint.bodies) == 1


def test_what_is_wrong_with_a_row_is_said_of_the_row(ask):
    """Too long, filtered before or after; the first two were not sold, so they are not kept."""
    full = {"choices": [{"message": {"content": None, "refusal": "I cannot"}, "finish_reason": "stop"}], "model": "m"}
    cut = {"choices": [{"message": {"content": "and so"}, "finish_reason": "length"}], "model": "m"}
    troubles = {
        "text 0": (400, "This model's maximum context length is 100 tokens"),
        "text 1": (400, "blocked: content_filter"),
    }
    answers = {"text 2": full, "text 3": cut}
    last = lambda body: body["messages"][-1]["content"]  # noqa: E731
    with Endpoint(lambda body, _: troubles.get(last(body)), lambda body: answers.get(last(body), "fine")) as endpoint:
        found = ask(endpoint).generate(_chats(5))
        assert [one.flag for one in found] == ["too_long", "filtered", "filtered", "truncated", None]
        assert [one.text for one in found] == ["", "", "", "and so", "fine"]
        assert ask(endpoint).generate(_chats(5)) == found
        assert len(endpoint.bodies) == 7


def test_an_answer_that_breaks_the_schema_is_flagged_and_kept(ask):
    """The endpoint is told the schema; what it makes of it is its own matter, and paid for."""
    said = {"text 0": '{"text": "a", "label": "good"}', "text 1": '{"text": "a", "label": "so', "text 2": "[]"}
    with Endpoint(answer=lambda body: said[body["messages"][-1]["content"]]) as endpoint:
        found = ask(endpoint).generate(_chats(3), schema=SCHEMA)
        assert [one.flag for one in found] == [None, "invalid", "invalid"]
        assert json.loads(found[0].text)["label"] == "good"
        assert endpoint.bodies[0]["response_format"]["json_schema"]["schema"] == SCHEMA
        ask(endpoint).generate(_chats(3), schema=SCHEMA)
        assert len(endpoint.bodies) == 3


def test_what_was_spent_is_counted_and_limited(ask):
    """10 tokens in and 5 out each, at 100 and 200 a million."""
    with Endpoint() as endpoint:
        prices = {"price_in": 100, "price_out": 200}
        model = ask(endpoint, **prices)
        model.generate(_chats(3))
        spent = model.spending
        assert (spent.bought, spent.tokens_in, spent.tokens_out) == (3, 30, 15)
        assert spent.cost == pytest.approx(3 * (10 * 100 + 5 * 200) / 1e6)
        model = ask(endpoint, **prices, max_cost=0.02, concurrency=1)
        with pytest.raises(ModelError, match=r"may spend 0.02, .* is spent and the next request could exceed it"):
            model.generate(_chats(40), max_new_tokens=20)
        assert model.spending.cost <= 0.02
        assert 0 < model.spending.bought < 37


def test_half_a_surrogate_pair_becomes_a_character_that_columns_can_hold(ask):
    """An answer that no column can hold would stop the build, and from disk each one after it."""
    broken = "hi \ud83d there"
    with Endpoint(answer=lambda body: broken if "messages" in body else [{"translation_text": broken}]) as endpoint:
        assert ask(endpoint).generate(_chats(1))[0].text == "hi \ufffd there"
        assert ask(endpoint).generate(_chats(1))[0].text == "hi \ufffd there"
        assert json.loads('"\\ud83d\\ude00"') == storable("\U0001f600") == storable("\ud83d\ude00")


def test_tokens_that_an_endpoint_does_not_count_are_guessed(ask):
    """So what may be spent is a limit there too."""
    said = {"choices": [{"message": {"content": "word " * 400}, "finish_reason": "stop"}], "model": "m"}
    with Endpoint(answer=lambda body: said) as endpoint:
        model = ask(endpoint, price_in=1, price_out=1e6, max_cost=2000, concurrency=1)
        with pytest.raises(ModelError, match="may spend 2000"):
            model.generate(_chats(20), max_new_tokens=600)
        assert 2 <= model.spending.bought < 5
        assert model.spending.tokens_out >= 400 * model.spending.bought


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"prompts": ["plain"]}, "answers chats"),
        ({"prompts": [()]}, "answers chats"),
        ({"sampling": DRAW}, "one seed a text"),
        ({"sampling": Sampling(beams=3)}, "one beam"),
        ({"max_new_tokens": 0}, "max_new_tokens"),
        ({"schema": {"type": "nonsense"}}, "JSON schema"),
    ],
)
def test_what_an_endpoint_cannot_do_is_refused_before_it_is_asked(ask, values, message):
    with Endpoint() as endpoint:
        with pytest.raises(ParameterError, match=message):
            ask(endpoint).generate(**{"prompts": _chats(1), **values})
        assert endpoint.bodies == []


def test_an_endpoint_translates(ask):
    with Endpoint(unreliable(0.3)) as endpoint:
        model = ask(endpoint, "translator", "facebook/nllb-200")
        assert isinstance(model, Translator)
        found = model.translate(["Hello.", "", "Bye.", "Hello."], source="eng_Latn", target="deu_Latn")
        assert [one.text for one in found] == ["Hello. [deu_Latn]", "", "Bye. [deu_Latn]", "Hello. [deu_Latn]"]
        assert sum(endpoint.sold.values()) == 2
        with pytest.raises(ParameterError, match="source must be given"):
            model.translate(["Hello."], target="deu_Latn")
        with pytest.raises(ParameterError, match="cannot draw"):
            model.translate(["a"], source="eng_Latn", target="deu_Latn", seeds=[1], sampling=DRAW)
        pair = ask(endpoint, "translator", "Helsinki-NLP/opus-mt-en-de")
        assert pair.translate(["Hello."], target="de", source="en")[0].text == "Hello. [None]"
        with pytest.raises(ParameterError, match="target must be 'de', was 'fr'"):
            pair.translate(["Hello."], target="fr")


def test_facts_are_known_without_asking(ask):
    with Endpoint() as endpoint:
        ask(endpoint, licence="openrail")
        known = registry.facts("language_model", "some/model", runtime=endpoint.address)
        assert known.pop("events")["sent"] == 0
        assert known.pop("settings")["runtime"] == endpoint.address
        assert known == {
            "id": "some/model",
            "revision": "served by 127.0.0.1",
            "licence": "openrail",
            "determinism": "recorded",
        }
        assert registry.facts("language_model", "some/model", "v2", runtime=endpoint.address)["revision"] == "v2"
        assert endpoint.bodies == []


def test_a_forked_process_opens_connections_of_its_own(ask):
    with Endpoint() as endpoint:
        model = ask(endpoint)
        model.generate(_chats(1))
        child = os.fork()
        if child == 0:
            own = registry.language_model("some/model", runtime=endpoint.address)
            ok = own is not model and own.generate(_chats(2))[1].text == "text 1 #None"
            os._exit(0 if ok and own.spending.reused == 1 else 7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert sum(endpoint.sold.values()) == 2
