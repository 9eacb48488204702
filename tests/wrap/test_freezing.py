"""Callables as data: equal in every process, whole again in each, and refused where they have a state of their own."""

# ruff: noqa: B008 - what a default holds is a part of the function

import functools
import itertools
import operator
import pickle
import re
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from datasets.fingerprint import Hasher

import hfaug
from hfaug.errors import FingerprintError
from hfaug.wrap import freezing, thawing
from hfaug.wrap.freezing import freeze
from hfaug.wrap.thawing import thaw
from tests.wrap import user_code

FACTOR = 3
PATTERN = re.compile("a+", re.IGNORECASE)
TABLE = {"b": (1.5, {"x", "y"}), "a": [None, b"\xff", float("inf"), frozenset({2**70})]}


def outer(depth):
    """A function inside a function that calls itself."""

    def inner(number):
        return depth if number == 0 else inner(number - 1)

    return inner


def caught(value):
    try:
        return 1 / value
    except ZeroDivisionError as error:
        return str(error)
    finally:
        value = None


CALLABLES = [
    (len, ("abc",)),
    (str.upper, ("abc",)),
    ("a-b".split, ("-",)),
    (operator.itemgetter(1), ("abc",)),
    (functools.partial(round, ndigits=1), (2.345,)),
    (functools.partial(user_code.Suffix("!").twice), ("so",)),
    (PATTERN.sub, ("-", "cAat")),
    (np.flip, ([1, 2],)),
    (user_code.long_enough, ("long",)),
    (user_code.Suffix("!"), ("so",)),
    (lambda text, times=2: text * times * FACTOR, ("x",)),
    (lambda text, *, times=2: PATTERN.sub("-", text) * times, ("Aab",)),
    (lambda key: repr(sorted(TABLE[key], key=repr)), ("a",)),
    (lambda values: [value + FACTOR for value in values if value in {1, 2, "a"}], ([1, 2, 5],)),
    (lambda number: sorted([FACTOR, 1], key=lambda more: -number * more), (1,)),
    (lambda number: -0.0 * number + 1j, (2,)),
    (outer("deep"), (3,)),
    (caught, (0,)),
    (lambda array: np.clip(array, 0, FACTOR).tolist(), (np.arange(5),)),
]


@pytest.mark.parametrize("known", [True, False], ids=["in this process", "in another"])
@pytest.mark.parametrize("function, arguments", CALLABLES)
def test_a_callable_comes_back_as_it_was(function, arguments, known, monkeypatch):
    """With the code object of this process, and made from the text alone."""
    text = freeze(function)
    if not known:
        monkeypatch.setattr(freezing, "originals", {})
        monkeypatch.setattr(thawing, "originals", {})
    thaw.cache_clear()
    again = thaw(text)
    expected = function(*arguments)
    assert repr(again(*arguments)) == repr(expected)
    assert freeze(again) == text


UNKNOWN = None if sys.version_info >= (3, 11) else -1
"""The line that Python gives where code has none."""


def test_errors_show_the_line_where_it_is_known(monkeypatch):
    """And are errors of their kind where it is not."""

    def fails(value):
        raise KeyError(value)

    text = freeze(fails)
    for originals, line in ((freezing.originals, fails.__code__.co_firstlineno + 1), ({}, UNKNOWN)):
        monkeypatch.setattr(thawing, "originals", originals)
        thaw.cache_clear()
        with pytest.raises(KeyError) as raised:
            thaw(text)("x")
        assert raised.traceback[-1]._rawentry.tb_lineno == line


def test_where_a_function_stands_does_not_matter():
    one = lambda text: text + "!"  # noqa: E731 - the same thing on two lines

    two = lambda text: text + "!"  # noqa: E731
    other = lambda text: text + "?"  # noqa: E731
    assert freeze(one) == freeze(two) != freeze(other)


def test_an_edited_function_of_a_module_is_another(monkeypatch):
    op = hfaug.wrap(user_code.noisy, reads="pixels")
    monkeypatch.setattr(user_code, "STRENGTH", 6.0)  # a constant that the function reads
    assert Hasher.hash(hfaug.wrap(user_code.noisy, reads="pixels")) != Hasher.hash(op)
    thaw.cache_clear()
    with pytest.raises(FingerprintError, match=r"user_code:noisy must be the code that was wrapped"):
        thaw(freeze(user_code.noisy).replace(code_of(user_code.noisy), code_of(user_code.shout)))


def code_of(function):
    return re.search('"digest":"(.*?)"', freeze(function))[1]


@pytest.mark.parametrize(
    "function, match",
    [
        (user_code.from_module_generator, r"the random generator rng = Generator.*take a parameter `rng`"),
        (np.random.default_rng(0).normal, "random generator"),
        (functools.partial(user_code.shout, rng=np.random.RandomState(0)), "random generator"),
        (lambda text, stream=itertools.count(): text + str(next(stream)), "used up as it is read"),
        (lambda text, lock=threading.Lock(): text, "which is a live object; make it inside the function"),
        (lambda text, kind=type("Kind", (), {}): text, "class Kind, which cannot be imported; put it into a module"),
        (type("Local", (), {"__call__": lambda self, text: text})(), "class Local, which cannot be imported"),
        (lambda text: (yield text), "asynchronous or a generator; return the result"),
        (lambda text, table=tuple(range(20_000)): text, "more than 20000 bytes; have it read large data from a file"),
        (lambda text, table=np.zeros(13_000_000): text, "more than 20000 bytes"),
        (str, "make an object of the class"),
        ("upper", "give what can be called"),
    ],
)
def test_what_has_a_state_of_its_own_is_refused(function, match):
    with pytest.raises(FingerprintError, match=match):
        hfaug.wrap(function, reads="text")


def test_what_sets_globals_or_holds_itself_is_refused():
    code = "count = 0\ndef bump(text):\n    global count\n    count += 1\n    return text\n"
    space = {}
    exec(code, space)
    ring = []
    ring.append(ring)
    for function, match in ((space["bump"], "sets the global count"), (lambda text: ring, "which holds itself")):
        with pytest.raises(FingerprintError, match=match):
            freeze(function)


def test_models_are_refused_with_the_way_that_models_go():
    torch = pytest.importorskip("torch")
    model = torch.nn.Linear(1, 1)
    for function in (model, lambda text: model(text) + 1, torch.Generator(), lambda text, weights=torch.zeros(1): text):
        with pytest.raises(FingerprintError, match=r"BatchOp|parameter `rng`|give what can be called"):
            hfaug.wrap(function, reads="text")


def test_a_hundred_megabytes_in_a_module_cost_nothing_once_wrapped():
    """They count by a digest that is taken when the op is made."""
    op = hfaug.wrap(user_code.with_huge_table, reads="text")
    assert len(pickle.dumps(op)) < 1000
    start = time.process_time()
    for _ in range(20):
        Hasher.hash(op)
    assert time.process_time() - start < 20 * 0.02  # hashing the table itself takes 0.14 s each time


def test_code_of_another_python_is_refused(monkeypatch):
    text = freeze(lambda text: text).replace(f'"python":"{freezing.PYTHON}"', '"python":"2.7"')
    with pytest.raises(FingerprintError, match=r"compiled by Python 2\.7 must run under it"):
        thaw(text)


FRESH = """
import hashlib, json, sys
import albumentations, audiomentations
from datasets import Dataset
from datasets.fingerprint import Hasher
import hfaug
sys.path.insert(0, {root!r})
from tests.wrap import user_code

words = {{"red", "blue", "green", "grey"}}
def mark(text, rng):
    return " ".join(word.upper() if word in words and rng.random() < 0.5 else word for word in text.split())

ops = [
    hfaug.wrap(mark, reads="text"),
    hfaug.wrap(lambda text: text + str(sorted(words)), reads="text"),
    hfaug.wrap(user_code.shout, reads="text"),
    hfaug.wrap(user_code.Suffix("!"), reads="text"),
    hfaug.wrap(albumentations.Compose([albumentations.HorizontalFlip(), user_code.Speckle()])),
    hfaug.wrap(audiomentations.Compose([audiomentations.Gain(), audiomentations.Reverse()])),
]
rows = Dataset.from_dict({{"text": ["a red car", "a blue and green house", "grey"] * 5}})
texts = [hfaug.augment(rows, op, copies=2)["text"][:] for op in ops[:4]]
print(json.dumps([[Hasher.hash(op) for op in ops], [op.stream_digest for op in ops], texts]))
"""


def test_fresh_processes_agree(request):
    """Fingerprints, draws and results of code in ``__main__``, whatever the hash seed of the process."""
    code = FRESH.format(root=str(request.config.rootpath))
    runs = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", code],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={"PYTHONHASHSEED": seed, "NO_ALBUMENTATIONS_UPDATE": "1"},
        )
        for seed in "01"
    ]
    answers = [run.communicate() for run in runs]
    assert [run.returncode for run in runs] == [0, 0], answers
    assert answers[0][0] == answers[1][0]


SPAWN = """
import albumentations
import multiprocess
from datasets import Dataset
import hfaug
from hfaug.wrap.specs import build
from tests.wrap import user_code

def mark(text, rng):
    return text.upper() if rng.random() < 0.5 else text

class Dots(albumentations.ImageOnlyTransform):
    def apply(self, img, **params):
        return img

def answer(ops):
    table = Dataset.from_dict({"text": [f"row {number}" for number in range(20)]}).with_format("arrow")[:]
    parts = [type(part).__name__ for part in build(ops[2].pipeline, boxes=False, points=False)]
    return [op(table)["text"].to_pylist() for op in ops[:2]], parts, [op.fingerprint for op in ops]

if __name__ == "__main__":
    pipeline = albumentations.Compose([Dots(p=1)])
    ops = [hfaug.wrap(mark, reads="text"), hfaug.wrap(user_code.shout, reads="text"), hfaug.wrap(pipeline)]
    with multiprocess.get_context("spawn").Pool(1) as pool:
        assert pool.apply(answer, (ops,)) == answer(ops)
    print("equal")
"""


@pytest.mark.slow
def test_spawned_workers_agree(tmp_path, request):
    """Workers that were not forked: they know the main module by another name."""
    script = tmp_path / "script.py"
    script.write_text(SPAWN, encoding="utf-8")
    environment = {"PYTHONPATH": str(request.config.rootpath), "NO_ALBUMENTATIONS_UPDATE": "1", "PYTHONHASHSEED": "0"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(script)], check=False, capture_output=True, text=True, env=environment
    )
    assert done.stdout.strip() == "equal", done.stderr
