"""Endpoints that limit, and keys: limits slow requests down and stop none, and a key is told to nobody else."""

import threading
import time
import traceback

import pytest

from hfaug.backends import Message, registry
from hfaug.errors import ModelError, ParameterError
from hfaug.ops.text import AskQuestions, BackTranslate, Fill, Generate, Rewrite
from tests.backends.endpoint import Endpoint

pytestmark = pytest.mark.usefixtures("quick")


def _chats(count):
    return [(Message("system", "Say it."), Message("user", f"text {row}")) for row in range(count)]


def test_a_key_goes_to_its_endpoint_and_nowhere_else(ask, tmp_path, monkeypatch):
    """Nor does the Hub's token go to an endpoint that nobody gave it to."""
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("MY_KEY", "sk-secret")
    with Endpoint(
        lambda body, _: (401, "bad key") if body["messages"][-1]["content"] == "text 1" else None
    ) as endpoint:
        ask(endpoint).generate(_chats(1))
        assert "Authorization" not in endpoint.headers[0]
        model = ask(endpoint, token_variable="MY_KEY")
        with pytest.raises(ModelError) as caught:
            model.generate(_chats(3))
        assert endpoint.headers[-1]["Authorization"] == "Bearer sk-secret"
        assert "secret" not in f"{caught.value} {model.settings} {model.revision}"
        assert not any(b"secret" in file.read_bytes() for file in tmp_path.rglob("*.json"))
    monkeypatch.delenv("MY_KEY")
    with pytest.raises(ParameterError, match="MY_KEY is not set"):
        ask(endpoint, token_variable="MY_KEY")


@pytest.mark.parametrize("address", ["http://me:kLm7@host/v1", "https://host/v1?key=kLm7", "https://host/v1#kLm7"])
def test_an_address_that_can_hold_a_secret_is_refused(address):
    """By the backends, and by the ops, whose lineage tells it."""
    ways = [lambda: registry.language_model("m", runtime=address), lambda: registry.translator("m", runtime=address)]
    ways += [lambda op=op: op(runtime=address) for op in (Rewrite, Generate, Fill, AskQuestions, BackTranslate)]
    for way in ways:
        with pytest.raises(ParameterError, match=r"runtime must be an address alone.*token_variable") as caught:
            way()
        assert "kLm7" not in "".join(traceback.format_exception(caught.value))


def test_a_key_goes_in_the_header_and_a_query_behind_the_path_that_settings_say(ask, monkeypatch):
    monkeypatch.setenv("MY_KEY", "sk-secret")
    with Endpoint() as endpoint:
        names = {"token_variable": "MY_KEY", "header": "api-key: {key}", "query": {"api-version": "2024-10-21"}}
        assert ask(endpoint, **names).generate(_chats(1))[0].text == "text 0 #None"
        assert (endpoint.headers[0]["Api-Key"], "Authorization" in endpoint.headers[0]) == ("sk-secret", False)
        assert endpoint.paths == ["/v1/chat/completions?api-version=2024-10-21"]


@pytest.mark.parametrize("status", [401, 400, 429, 503])
@pytest.mark.parametrize("key", ["sk-kLm7-123", "sk/kLm7+123", "sk-kLm7'\"\\3"])
def test_a_key_that_an_endpoint_repeats_is_not_told(ask, monkeypatch, status, key):
    """Nor by what an error is chained to, nor in part where the text is cut."""
    monkeypatch.setenv("MY_KEY", key)
    for before in ("", "x" * 190, "x" * 70, "x" * 480):
        said = f"{before} the key {key} is wrong, " + "also as Bearer " + key
        with Endpoint(lambda *_, said=said: (status, said)) as endpoint:
            with pytest.raises(ModelError) as caught:
                ask(endpoint, token_variable="MY_KEY", tries=2).generate(_chats(1))
            told = "".join(traceback.format_exception(caught.value))
            assert "kLm7" not in told
            assert "***" in told or len(before) > 400


@pytest.mark.parametrize("key", ["sk-kLm7\nmore", "sk-kLm7…", "Bearer sk-kLm7", "sk-kLm7\x7f"])
def test_what_is_no_key_is_refused_before_it_is_sent(ask, monkeypatch, key):
    monkeypatch.setenv("MY_KEY", key)
    with Endpoint() as endpoint:
        with pytest.raises(ParameterError, match="MY_KEY is not") as caught:
            ask(endpoint, token_variable="MY_KEY").generate(_chats(1))
        assert "kLm7" not in str(caught.value)
        assert endpoint.bodies == []


class Quota:
    """Trouble of an endpoint that takes one request each ``every_s`` and says when to come back."""

    def __init__(self, every_s, says):
        self.every_s, self.says = every_s, says
        self.lock, self.next = threading.Lock(), 0.0

    def __call__(self, body, before):
        with self.lock:
            now = time.monotonic()
            if now < self.next:
                return (429, "slow down", {"Retry-After": self.says} if self.says else {})
            self.next = now + self.every_s
            return None


@pytest.mark.parametrize(("every_s", "says"), [(0.2, "0.2"), (0.1, "0"), (0.1, "Mon, 01 Jan 2024 00:00:00 GMT")])
def test_a_limit_that_the_endpoint_tells_slows_and_stops_nobody(ask, every_s, says):
    """Eight at once where one is let in: each is put off more often than it may fail, and all are answered."""
    with Endpoint(Quota(every_s, says)) as endpoint:
        model = ask(endpoint, concurrency=8, tries=3)
        began = time.monotonic()
        assert len(model.generate(_chats(24))) == 24
        assert time.monotonic() - began < 24 * every_s * 3 + 2
        assert says != "0.2" or len(endpoint.bodies) < 24 * 4


def test_an_endpoint_that_puts_everybody_off_is_given_up(ask):
    with Endpoint(lambda body, before: (429, "slow down", {"Retry-After": "0"})) as endpoint:
        began = time.monotonic()
        with pytest.raises(ModelError, match=r"ready in 0.3 s \(patience_s\), put off every request: HTTP 429"):
            ask(endpoint, patience_s=0.3).generate(_chats(1))
        assert 0.3 < time.monotonic() - began < 5
        assert len(endpoint.bodies) > 2
