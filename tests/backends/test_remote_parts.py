"""The parts behind an endpoint: pace, settings, waits, the way through InferenceClient."""

import email.utils
import re
import threading
import time

import pytest

from hfaug.backends import Message, registry
from hfaug.backends.remote import RemoteSettings, configure, pacing, settings, wire
from hfaug.backends.remote.answers import Answers, request_key
from hfaug.backends.remote.asking import Asker
from hfaug.errors import ModelError, ParameterError
from tests.backends.endpoint import Endpoint, unreliable


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def _starts(pace, clock, count, tokens=0):
    found = []
    for _ in range(count):
        pace.wait(tokens, clock.sleep)
        found.append(clock.now - 100)
    return found


def test_requests_are_spread_over_the_minute():
    clock = Clock()
    assert _starts(pacing.Pace(120, None, clock=clock), clock, 5) == pytest.approx([0, 0.5, 1, 1.5, 2])
    assert _starts(pacing.Pace(None, None, clock=clock), clock, 3)[2] == pytest.approx(2)


def test_tokens_count_too_and_a_guess_is_corrected():
    """600 a minute: a request of 100 takes ten seconds, or four when it turns out to be of 40."""
    clock = Clock()
    pace = pacing.Pace(None, 600, clock=clock)
    assert _starts(pace, clock, 2, tokens=100) == pytest.approx([0, 10])
    pace.serve(100, 40)
    assert _starts(pace, clock, 1) == pytest.approx([14])


def test_an_endpoint_that_asks_for_a_wait_holds_all():
    """Then they go out one by one, no nearer than the wait that was asked for if need be, and soon faster again."""
    clock = Clock()
    pace = pacing.Pace(None, None, clock=clock)
    pace.hold(7, pace.wait(0))
    pace.hold(3, 99)
    first, second, _ = _starts(pace, clock, 3)
    assert first == 7
    assert 0.05 <= second - first <= 0.0625
    for _ in range(9):
        pace.hold(1, pace.wait(0, clock.sleep))
    slow = _starts(pace, clock, 3)
    assert 1 <= slow[2] - slow[1] <= 1.25
    for _ in range(200):
        pace.serve(0, 0)
    quick = _starts(pace, clock, 3)
    assert quick[2] == quick[1]


def test_processes_share_the_limits_of_a_run(monkeypatch):
    for name in ("WORLD_SIZE", "HFAUG_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    assert pacing.run_size() == 1
    monkeypatch.setenv("HFAUG_WORLD_SIZE", "4")
    assert pacing.run_size() == 4


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": email.utils.formatdate(0, usegmt=True)}, 0),
        ({"retry-after": "soon"}, None),
    ],
)
def test_what_a_server_says_about_waiting_is_read(headers, seconds):
    assert wire._asked_wait(headers) == seconds


def test_a_date_to_wait_for_is_in_the_future():
    said = email.utils.formatdate(time.time() + 100, usegmt=True)
    assert 90 < wire._asked_wait({"retry-after": said}) <= 100


def test_waits_without_a_word_grow_and_end():
    asker = Asker("m", RemoteSettings(patience_s=20), None, pacing.Pace(None, None), None)
    draw = type("Middle", (), {"uniform": staticmethod(lambda low, high: (low + high) / 2)})
    found = [asker._backoff(attempt, wire.UnavailableError("x"), draw) for attempt in range(1, 9)]
    assert found == [0.5, 1, 2, 4, 8, 16, 20, 20]
    asked = [asker._backoff(attempt, wire.UnavailableError("x", 3), draw) for attempt in range(1, 6)]
    assert asked == [3, 3, 3, 4, 8]
    assert asker._backoff(4, wire.UnavailableError("x", 0), draw) == 4  # as a date that is over says


FILE = """
https://a.example/v1: {token_variable: A_KEY, price_in: 0.5, extra: {seed: null}}
inference:together: {concurrency: 3}
inference:
"""


def test_settings_come_from_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "_configured", {})
    path = tmp_path / "remote.yaml"
    path.write_text(FILE)
    monkeypatch.setenv("HFAUG_REMOTE", str(path))
    assert settings.settings_of("https://a.example/v1") == RemoteSettings(
        token_variable="A_KEY", price_in=0.5, extra={"seed": None}
    )
    assert settings.settings_of("inference:together").concurrency == 3
    assert settings.settings_of("inference") == settings.settings_of("https://b.example") == RemoteSettings()
    configure("inference", RemoteSettings(tries=2))
    assert settings.settings_of("inference").tries == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("inference: {concurency: 3}", r"among answers, concurrency, .*, were \['concurency'\]"),
        ("inference: {concurrency: 0}", "concurrency must be above 0, was 0"),
        ("inference: {price_in: -1}", "price_in must be 0 or more"),
        ("inference: {max_cost: 3}", "max_cost needs the prices"),
        ("inference: {header: api-key}", "header must be a name and a form"),
        ("inference: [", "must name a YAML file"),
        ("inference: 3", "must be a mapping"),
        ("- inference", "must be a mapping"),
        (None, "must name a YAML file"),
    ],
)
def test_a_file_that_is_wrong_says_where(tmp_path, monkeypatch, text, message):
    monkeypatch.setattr(settings, "_configured", {})
    path = tmp_path / "remote.yaml"
    if text is not None:
        path.write_text(text)
    monkeypatch.setenv("HFAUG_REMOTE", str(path))
    with pytest.raises(ParameterError, match=message):
        settings.settings_of("inference")


def test_a_claim_holds_for_other_threads_until_its_end(tmp_path):
    answers, key = Answers(tmp_path), request_key({"a": 1})
    seen = []

    def other():
        with answers.claim(key, wait=False) as mine:
            seen.append(mine)
        with answers.claim(key, wait=True) as mine:
            seen.append((mine, answers.read(key)))

    with answers.claim(key, wait=False) as mine:
        assert mine
        thread = threading.Thread(target=other)
        thread.start()
        while not seen:
            time.sleep(0.01)
        answers.write(key, {"text": "\ud800 a"})
    thread.join()
    assert seen == [False, (True, {"text": "\ud800 a"})]


def test_a_file_system_without_locks_is_named(tmp_path, monkeypatch):
    from hfaug.backends.remote import answers

    def no_locks(*_):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(answers.fcntl, "flock", no_locks)
    with (
        pytest.raises(ModelError, match=r"answers must be kept where files can be locked.*local disk"),
        Answers(tmp_path).claim("ab" * 32, wait=True),
    ):
        pass


@pytest.fixture
def through_hub(monkeypatch, tmp_path):
    """A function that gives a model of Hugging Face's providers, all of whose requests go to an endpoint here."""
    from huggingface_hub.inference import _providers
    from huggingface_hub.inference._providers import hf_inference

    monkeypatch.setattr(settings, "_configured", {})
    monkeypatch.setattr(hf_inference, "_check_supported_task", lambda *_: None)

    def get(endpoint, kind="language_model", **values):
        proxy = re.sub(r"/v1$", "/{provider}", endpoint.address)
        monkeypatch.setattr(hf_inference.constants, "INFERENCE_PROXY_TEMPLATE", proxy)
        task = _providers.PROVIDERS["hf-inference"]["translation"]
        monkeypatch.setattr(task, "base_url", proxy.format(provider="hf-inference"))
        configure("inference:hf-inference", RemoteSettings(answers=str(tmp_path), timeout_s=0.5, tries=5, **values))
        return registry.get(kind, "org/model", runtime="inference:hf-inference")

    yield get
    registry.forget_runtime("inference:hf-inference")


def test_providers_of_hugging_face_are_asked_through_their_client(through_hub, monkeypatch):
    """With the Hub token, through the same tries, and paid once."""
    monkeypatch.setattr(Asker, "_backoff", lambda *_: 0.01)
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    prompts = [(Message("user", f"text {row}"),) for row in range(12)]
    with Endpoint(unreliable(0.4)) as endpoint:
        model = through_hub(endpoint)
        found = model.generate(prompts, max_new_tokens=9)
        assert [one.text for one in found] == [f"text {row} #None" for row in range(12)]
        assert (found[0].prompt_tokens, found[0].new_tokens) == (10, 5)
        assert set(endpoint.sold.values()) == {1}
        assert endpoint.headers[0]["Authorization"] == "Bearer hf_mine"
        assert endpoint.bodies[0]["max_tokens"] == 9
        assert model.settings["runtime"] == "inference:hf-inference"
        assert model.revision == "served by inference:hf-inference"


def test_a_provider_that_refuses_is_told_of(through_hub):
    with Endpoint(lambda *_: (401, "who are you")) as endpoint:
        with pytest.raises(ModelError, match=r"HTTP 401.*check the key"):
            through_hub(endpoint).generate([(Message("user", "a"),)])
        assert len(endpoint.bodies) == 1


def test_providers_translate(through_hub):
    with Endpoint() as endpoint:
        found = through_hub(endpoint, "translator").translate(["Hello."], source="eng_Latn", target="deu_Latn")
        assert found[0].text == "Hello. [deu_Latn]"


def test_a_provider_that_there_is_not_is_named(monkeypatch):
    monkeypatch.setattr(settings, "_configured", {})
    model = registry.language_model("org/model", runtime="inference:nobody")
    with pytest.raises(ModelError, match="'nobody'"):
        model.generate([(Message("user", "a"),)])
    registry.forget_runtime("inference:nobody")
