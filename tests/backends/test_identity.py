"""Which model it is: digests of folders, commits on the Hub, licences."""

import json
import os
import shutil

import pytest

from hfaug.backends import identity as subject
from hfaug.backends.identity import content_digest, identify
from hfaug.errors import ModelError


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "my-model"
    (root / "unet").mkdir(parents=True)
    (root / "config.json").write_text("{}")
    (root / "unet" / "weights.safetensors").write_bytes(bytes(range(256)) * 100)
    return root


def test_a_copy_in_another_place_is_the_same_model(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "elsewhere" / "other-name")
    assert content_digest(copy) == content_digest(folder)
    assert content_digest(folder).startswith("xxh3:")
    assert len(content_digest(folder)) == len("xxh3:") + 32


def test_the_path_to_a_folder_is_no_part_of_its_name(folder):
    found = identify(folder)
    assert found.model_id == "my-model"
    assert found.local
    assert found.hub_revision is None
    assert found.source == str(folder)


@pytest.mark.parametrize("edit", ["change", "rename", "add", "move", "remove"])
def test_other_contents_are_another_model(folder, edit):
    before = content_digest(folder)
    weights = folder / "unet" / "weights.safetensors"
    if edit == "change":
        weights.write_bytes(bytes(range(256)) * 99 + bytes(256))
    elif edit == "rename":
        weights.rename(folder / "unet" / "weights-1.safetensors")
    elif edit == "add":
        (folder / "vocab.json").write_text("{}")
    elif edit == "move":
        weights.rename(folder / "weights.safetensors")
    else:
        weights.unlink()
    assert content_digest(folder) != before


def test_what_computes_nothing_does_not_count(folder):
    before = content_digest(folder)
    (folder / "README.md").write_text("A card.")
    (folder / "LICENSE").write_text("Do as you like.")
    (folder / "sample.png").write_bytes(b"x")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "lock").write_text("")
    assert content_digest(folder) == before


def test_a_file_is_read_once_until_it_changes(folder, monkeypatch):
    reads = []
    digest = subject.xxhash.xxh3_128
    monkeypatch.setattr(subject.xxhash, "xxh3_128", lambda *args: reads.append(1) or digest(*args))
    first = content_digest(folder)
    assert len(reads) == 3  # one for the folder, one for each file
    assert content_digest(folder) == first
    assert len(reads) == 4
    (folder / "config.json").write_text("[]")
    os.utime(folder / "config.json", ns=(1, 1))
    assert content_digest(folder) != first
    assert len(reads) == 6


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ("---\nlicense: apache-2.0\n---\n# x", "apache-2.0"),
        ("---\nlicense: other\nlicense_name: house-rules\n---\n# x", "house-rules"),
        ("---\nlicense: other\n---\n# x", "other"),
        ("---\ntags: [x]\n---\n# x", None),
        ("# no front matter", None),
        (None, None),
    ],
)
def test_the_licence_is_the_one_of_the_card(folder, card, licence):
    if card is not None:
        (folder / "README.md").write_text(card)
    assert identify(folder).licence == licence


def test_a_folder_may_be_held_to_its_digest(folder):
    right = content_digest(folder)
    assert identify(folder, right).revision == right
    with pytest.raises(ModelError, match="must have the contents 'main'"):
        identify(folder, "main")


def test_a_folder_that_is_no_model_of_the_kind_is_refused(folder):
    with pytest.raises(ModelError, match=r"my-model: must hold model_index.json"):
        identify(folder, entry="model_index.json")


@pytest.mark.parametrize("name", ["/no/such/folder", "./nothing", "~/nothing/here", "a/b/c"])
def test_a_path_without_a_folder_is_not_looked_for_on_the_hub(name):
    with pytest.raises(ModelError, match="must be an existing folder or a name on the Hub"):
        identify(name)


HUB = """
import json
from hfaug.backends.identity import identify
from hfaug.errors import ModelError
for name, revision in json.loads(input()):
    try:
        found = identify(name, revision)
        print(json.dumps([found.model_id, found.revision, found.licence, found.source, found.hub_revision]))
    except ModelError as error:
        print(json.dumps(str(error)))
"""


def test_a_model_on_the_hub_is_named_by_its_commit(model_hub, folder):
    (folder / "README.md").write_text("---\nlicense: cc-by-4.0\n---\n")
    commit = model_hub.add("org/model", folder, tags=("v1",))
    wanted = [["org/model", None], ["org/model", "v1"], ["org/model", commit]]
    lines = model_hub.python(HUB, stdin=json.dumps(wanted))
    assert [json.loads(line) for line in lines] == [["org/model", commit, "cc-by-4.0", "org/model", commit]] * 3
    offline = model_hub.python(HUB, stdin=json.dumps(wanted[:1]), HF_HUB_OFFLINE="1")
    assert offline == lines[:1]


def test_what_the_hub_refuses_is_said_with_a_way_out(model_hub, folder):
    model_hub.add("org/model", folder)
    model_hub.fail("org/gated", 403, "GatedRepo")
    (folder / "config.json").unlink()
    model_hub.add("org/empty", folder)
    wanted = [
        ["org/model", "v9"],
        ["org/nothing", None],
        ["org/gated", None],
        ["org/empty", None],
        ["not a name!", None],
    ]
    messages = [json.loads(line) for line in model_hub.python(HUB, stdin=json.dumps(wanted))]
    told = ("has no 'v9'", "is none (or private", "accept its terms", "lacks one", "must be a name as on the Hub")
    for (name, _), message, telling in zip(wanted, messages, told, strict=True):
        assert message.startswith(f"{name}: ")
        assert telling in message


def test_offline_a_model_must_be_in_the_cache(model_hub):
    (line,) = model_hub.python(HUB, stdin=json.dumps([["org/model", "v1"]]), HF_HUB_OFFLINE="1")
    assert "org/model: must be in the cache at revision 'v1'" in json.loads(line)


@pytest.mark.slow  # the client tries again for a while
@pytest.mark.parametrize("endpoint", [None, "http://127.0.0.1:9"])
def test_a_hub_that_fails_or_is_out_of_reach_is_said_so(model_hub, endpoint):
    model_hub.fail("org/model", 500, "")
    (line,) = model_hub.python(
        HUB, stdin=json.dumps([["org/model", "v1"]]), **({"HF_ENDPOINT": endpoint} if endpoint else {})
    )
    assert json.loads(line).startswith("org/model: must be")
    assert "at revision 'v1'" in json.loads(line)
