"""What every test stands on: no network but loopback, caches of its own, a clean environment, and small real data.

The data sets are plain `datasets` objects, made from Arrow tables so that no decoder runs while they are built.
"""

import csv
import importlib.util
import ipaddress
import json
import os
import runpy
import socket
import sys
import tempfile
from pathlib import Path

import hypothesis
import pytest

HERE = Path(__file__).parent
DATA = HERE / "data"

# A busy machine must not fail a property. The rest is as hypothesis chooses: repeatable draws where CI is set.
hypothesis.settings.register_profile("house", hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("house")

# Benchmarks are run by `make bench`; collecting them for doctests would import what they measure against.
collect_ignore = ["benchmarks"]

_CLEARED = (
    "ACCELERATE_",
    "HF_",
    "HFAUG_",
    "HUGGING_FACE_",
    "LOCAL_RANK",
    "LOCAL_WORLD",
    "MASTER_",
    "RANK",
    "TORCHELASTIC_",
    "WORLD_SIZE",
)
_CLOSED_PORT = "http://127.0.0.1:9"


class NetworkBlockedError(RuntimeError):
    """A test tried to reach another machine. Not an OSError: clients must not take it for a fault and try again."""


def pytest_configure(config):
    """Set the environment up before a test module imports `datasets`, which reads it once."""
    if config.option.markexpr == "hub":  # by hand, against the real Hub
        return
    for name in [name for name in os.environ if name.startswith(_CLEARED)]:
        del os.environ[name]
    config.stash[_caches] = caches = tempfile.TemporaryDirectory(prefix="hfaug-tests-")
    os.environ |= {
        "HF_ENDPOINT": _CLOSED_PORT,  # not HF_HUB_OFFLINE: the Hub tests need a client that talks, to loopback
        "HF_HOME": caches.name,
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_XET": "1",  # Xet has no fallback and would not go through Python's sockets
        "NO_ALBUMENTATIONS_UPDATE": "1",  # it asks for its newest version when imported
        "TOKENIZERS_PARALLELISM": "false",
    }
    sys.addaudithook(_loopback_only)
    # First, so that the interpreters which tests start, with this path, run its sitecustomize.
    sys.path.insert(0, str(HERE / "operators"))
    sys.path.append(str(Path(sys.prefix) / "peers"))  # where the Makefile puts torchvision
    runpy.run_path(str(HERE / "operators" / "sitecustomize.py"))


def pytest_collection_modifyitems(items):
    """Skip the examples of what has no version for this Python."""
    if importlib.util.find_spec("kornia") is None:
        for item in items:
            if item.nodeid.startswith("hfaug/wrap/kornia.py"):
                item.add_marker(pytest.mark.skip(reason="kornia wants Python 3.11"))


def pytest_unconfigure(config):
    """Remove the caches of this run."""
    if caches := config.stash.get(_caches, None):
        caches.cleanup()


_caches = pytest.StashKey[tempfile.TemporaryDirectory]()


def pytest_runtest_setup(item):
    """Skip what needs a GPU where there is none."""
    if item.get_closest_marker("gpu"):
        torch = pytest.importorskip("torch")
        if not torch.cuda.is_available():
            pytest.skip("needs a CUDA device")


def _loopback_only(event, args):
    """Refuse to look up or to connect to anything but this machine."""
    if event == "socket.getaddrinfo":
        host = args[0]
    elif event == "socket.connect" and args[0].family in {socket.AF_INET, socket.AF_INET6}:
        host = args[1][0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode()
    if host in {None, "", "localhost", socket.gethostname()}:
        return
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise NetworkBlockedError(f"tests may only reach this machine, this one wanted {host}")


def _dataset(features, columns):
    """A Dataset over an Arrow table; nothing is encoded or decoded."""
    import pyarrow as pa
    from datasets import Dataset

    return Dataset(pa.Table.from_pydict(columns, schema=features.arrow_schema))


def _file(path):
    return {"bytes": path.read_bytes(), "path": path.name}


@pytest.fixture(scope="session")
def data_folder():
    """The folder ``tests/data``."""
    return DATA


@pytest.fixture(scope="session")
def models_folder():
    """The folder ``tests/models``: a translator and a text-to-image pipeline, small and real."""
    return HERE / "models"


@pytest.fixture(scope="session")
def digits():
    """300 MNIST digits, 28x28 PNG: ``image``, ``label``; few sevens and nines."""
    from datasets import ClassLabel, Features, Image

    files = sorted((DATA / "digits").glob("*/*.png"))
    features = Features({"image": Image(), "label": ClassLabel(names=[str(digit) for digit in range(10)])})
    return _dataset(features, {"image": [_file(f) for f in files], "label": [int(f.parent.name) for f in files]})


@pytest.fixture(scope="session")
def mails():
    """300 mails: ``text``, ``label`` (240 ham, 60 spam)."""
    from datasets import ClassLabel, Features, Value

    rows = [json.loads(line) for line in (DATA / "mail" / "mail.jsonl").read_text(encoding="utf-8").splitlines()]
    features = Features({"text": Value("string"), "label": ClassLabel(names=["ham", "spam"])})
    labels = features["label"].str2int([row["label"] for row in rows])
    return _dataset(features, {"text": [row["text"] for row in rows], "label": labels})


@pytest.fixture(scope="session")
def speech():
    """60 spoken digits, 8 kHz WAV: ``audio``, ``digit``, ``speaker``."""
    from datasets import Audio, ClassLabel, Features, Value

    with (DATA / "speech" / "metadata.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    digit = ClassLabel(names=[str(digit) for digit in range(10)])
    features = Features({"audio": Audio(), "digit": digit, "speaker": Value("string")})
    columns = {
        "audio": [_file(DATA / "speech" / row["file_name"]) for row in rows],
        "digit": [int(row["digit"]) for row in rows],
        "speaker": [row["speaker"] for row in rows],
    }
    return _dataset(features, columns)


@pytest.fixture(scope="session")
def ner():
    """120 tweets: ``tokens``, ``tags`` (BIO, six kinds of entities)."""
    from datasets import ClassLabel, Features, List, Value

    kinds = ("corporation", "creative-work", "group", "location", "person", "product")
    tag = ClassLabel(names=["O", *(f"{prefix}-{kind}" for kind in kinds for prefix in "BI")])
    text = (DATA / "ner" / "tweets.conll").read_text(encoding="utf-8")
    sentences = [[line.split("\t") for line in block.splitlines()] for block in text.strip().split("\n\n")]
    features = Features({"tokens": List(Value("string")), "tags": List(tag)})
    columns = {
        "tokens": [[token for token, _ in sentence] for sentence in sentences],
        "tags": [tag.str2int([name for _, name in sentence]) for sentence in sentences],
    }
    return _dataset(features, columns)


@pytest.fixture(scope="session")
def qa():
    """135 questions in the form of SQuAD: ``id``, ``title``, ``context``, ``question``, ``answers``."""
    from datasets import Features, List, Value

    text = Value("string")
    answers = {"text": List(text), "answer_start": List(Value("int32"))}
    features = Features({"id": text, "title": text, "context": text, "question": text, "answers": answers})
    columns = {name: [] for name in features}
    for article in json.loads((DATA / "qa" / "xquad.en.json").read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            for question in paragraph["qas"]:
                columns["id"].append(question["id"])
                columns["title"].append(article["title"])
                columns["context"].append(paragraph["context"])
                columns["question"].append(question["question"])
                columns["answers"].append({key: [answer[key] for answer in question["answers"]] for key in answers})
    return _dataset(features, columns)


@pytest.fixture(scope="session")
def photos():
    """4 photographs, 256x256 JPEG: ``image``, ``mask``, ``objects``, ``keypoints``.

    ``objects`` holds ``bbox`` in xyxy pixels and ``category``. The mask is a PNG; 0 is background, else 1 + category.
    """
    from datasets import ClassLabel, Features, Image, List, Value

    folder = DATA / "photos"
    notes = json.loads((folder / "annotations.json").read_text(encoding="utf-8"))
    category = ClassLabel(names=notes["categories"])
    number = Value("float32")
    features = Features(
        {
            "image": Image(),
            "mask": Image(),
            "objects": {"bbox": List(List(number, length=4)), "category": List(category)},
            "keypoints": List(List(number, length=2)),
        }
    )
    rows = notes["photos"]
    objects = [row["objects"] for row in rows]
    columns = {
        "image": [_file(folder / row["file_name"]) for row in rows],
        "mask": [_file(folder / row["mask_file_name"]) for row in rows],
        "objects": [{"bbox": o["bbox"], "category": category.str2int(o["category"])} for o in objects],
        "keypoints": [row["keypoints"] for row in rows],
    }
    return _dataset(features, columns)
