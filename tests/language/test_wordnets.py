"""A wordnet is known by its content, which enters fingerprints and is read once; its absence says what to do."""

import json
import os
import pickle
import sqlite3

import pytest
from datasets import Dataset
from datasets.fingerprint import Hasher

import hfaug
from hfaug.errors import ParameterError
from hfaug.language import synonyms, wordnets
from hfaug.ops.text import Eda, InsertSynonyms, ReplaceSynonyms, SubstituteMasked
from tests import lexicons

lexicons.install()
OPS = [op(lexicon="my:1") for op in (ReplaceSynonyms, InsertSynonyms, Eda)] + [SubstituteMasked(antonyms="my:1")]
ROWS = Dataset.from_dict({"text": ["a car"]})


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder for wordnets."""
    made = tmp_path / "wordnets"
    made.mkdir()
    monkeypatch.setenv("HFAUG_WORDNET", str(made))
    return made


def tiny(folder, text, *before):
    """The digest of ``tiny-xx:1`` that holds some words, in a folder of its own, behind others."""
    folder.mkdir(exist_ok=True)
    for number, other in enumerate(before):
        lexicons.add(folder, f"before{number}", other)
    lexicons.add(folder, "xx", text)
    os.environ["HFAUG_WORDNET"] = str(folder)  # `folder` puts it back
    return wordnets.lexicon_digest("tiny-xx:1")


def test_equal_content_has_one_digest_and_other_content_another(folder):
    one = tiny(folder / "a", "n: car automobile | a: fast | a: slow")
    hashes = [Hasher.hash(ReplaceSynonyms(lexicon="tiny-xx:1"))]
    again = tiny(folder / "b", "n: car automobile | a: fast | a: slow", "n: word term", "v: run walk")
    hashes.append(Hasher.hash(ReplaceSynonyms(lexicon="tiny-xx:1")))
    assert one == again
    others = "n: car wagon", "v: car automobile", "n: automobile car", "n: car automobile"
    ends = " | a: fast | a: slow", " | a: fast | a: slow", " | a: fast | a: slow", " | a: fast"
    for number, other in enumerate(map(str.__add__, others, ends)):
        assert tiny(folder / f"c{number}", other) != one
        hashes.append(Hasher.hash(ReplaceSynonyms(lexicon="tiny-xx:1")))
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 5


@pytest.mark.parametrize("op", OPS, ids=repr)
def test_every_op_with_a_wordnet_says_what_it_read_and_with_what(op, monkeypatch):
    before = op.fingerprint, Hasher.hash(op)
    monkeypatch.setattr("hfaug.kinds.wordnets.lexicon_digest", lambda _: "0" * 32)
    said = json.loads(op.published_json)
    assert said["wordnet"] == "0" * 32
    assert "wn 1." in said["library"]
    assert "lemminflect" in said["library"]
    assert op.fingerprint != before[0]
    assert Hasher.hash(op) != before[1]
    assert pickle.loads(pickle.dumps(op)) == op


def test_the_content_is_read_once_and_again_when_it_changes(folder, monkeypatch):
    digest = tiny(folder, "n: car automobile")
    note = folder / "hfaug-tiny-xx-1.json"
    wordnets._digest.cache_clear()  # as in another process
    monkeypatch.setattr(wordnets, "_read", None)
    assert wordnets.lexicon_digest("tiny-xx:1") == digest
    monkeypatch.undo()
    monkeypatch.setenv("HFAUG_WORDNET", str(folder))
    for broken in ("", "[]", "{", json.dumps({**json.loads(note.read_text()), "digest": 3})):
        note.write_text(broken)
        wordnets._digest.cache_clear()
        assert wordnets.lexicon_digest("tiny-xx:1") == digest
    with sqlite3.connect(folder / "wn.db") as opened:
        opened.execute("UPDATE forms SET form = 'wagon' WHERE form = 'automobile'")
    assert wordnets.lexicon_digest("tiny-xx:1") != digest
    assert [path.name for path in folder.glob(".*")] == []


def test_a_folder_that_cannot_be_written_to_is_read_each_time(folder, monkeypatch):
    digest = tiny(folder, "n: car automobile")
    (folder / "hfaug-tiny-xx-1.json").unlink()
    wordnets._digest.cache_clear()
    monkeypatch.setattr(wordnets, "_write", lambda *_: (_ for _ in ()).throw(PermissionError()))
    assert wordnets.lexicon_digest("tiny-xx:1") == digest
    assert not (folder / "hfaug-tiny-xx-1.json").exists()


@pytest.mark.parametrize("name", ["oewn", "", "oewn:", "a b:1", "../x:1"])
def test_a_wordnet_without_a_version_is_refused(name):
    with pytest.raises(ParameterError, match=r"ReplaceSynonyms: lexicon must be a wordnet's id and version"):
        ReplaceSynonyms(lexicon=name)
    with pytest.raises(ParameterError, match="antonyms must be a wordnet's id and version"):
        SubstituteMasked(antonyms=name)


@pytest.mark.parametrize("state", ["absent", "empty", "a file", "no database"])
def test_a_wordnet_that_is_not_there_says_how_to_fetch_it(folder, state, monkeypatch):
    """By the command for the folder that is looked at; asking makes no folder and no file."""
    place = folder / "here"
    if state in {"empty", "no database"}:
        place.mkdir()
    if state == "a file":
        place.write_text("")
    if state == "no database":
        (place / "wn.db").write_text("no database")
    before = sorted(folder.rglob("*"))
    monkeypatch.setenv("HFAUG_WORDNET", str(place))
    monkeypatch.setattr("wn.config._data_directory", place)
    monkeypatch.setattr("wn.config._dbpath", place / "wn.db")
    for op in OPS:
        hashed = Hasher.hash(op)
        with pytest.raises(ParameterError) as raised:
            op.features(ROWS.features)
        assert str(raised.value).startswith(f"{type(op).__name__}: ")
        wanted = "remove it" if state == "no database" else f"run: python -m wn --dir {place} download my:1"
        assert str(raised.value).endswith(wanted)
        assert Hasher.hash(op) == hashed
    assert sorted(folder.rglob("*")) == before


def test_without_a_folder_of_its_own_the_command_is_plain(monkeypatch):
    monkeypatch.delenv("HFAUG_WORDNET")
    assert wordnets.how_to_fetch("oewn:2024") == "python -m wn download oewn:2024"
    monkeypatch.setenv("WN_DATA_DIR", "/some")
    assert str(wordnets.database()) == "/some/wn.db"


def test_rows_say_which_content_was_read():
    op = ReplaceSynonyms(lexicon="tiny-en:1", share=1)
    steps = hfaug.augment(ROWS, op, keep=False)["provenance"][0]["steps"]
    assert wordnets.lexicon_digest("tiny-en:1") in steps
    assert synonyms.open_lexicon("tiny-en:1").language == "en"
