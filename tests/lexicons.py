"""Small wordnets for tests: made in the form that real ones come in (WN-LMF), and read by `wn` as those are."""

import atexit
import functools
import os
import shutil
import tempfile
from pathlib import Path
from xml.sax.saxutils import quoteattr

# Language, then synsets: part of speech, and the words that mean it. A word's synsets stand in the order of their use.
_WORDS = {
    "en": """
        n: car automobile machine | n: movie film picture | n: dog hound | n: breakfast | n: walk stroll
        n: word term | n: laboratory lab | n: guest visitor | n: program programme | n: child kid youngster
        n: reader | n: train | n: box | n: chest box | n: mouse | n: bus_stop stop | n: conductor leader | n: artist
        v: write compose pen | v: buy purchase | v: see watch | v: look_at watch view | v: jump leap | v: confuse puzzle
        v: begin start | v: eat consume | v: open | v: take | v: film shoot | n: apple | n: orange | n: ice_cream
        a: quick fast speedy | a: lazy idle | a: big large | a: long | a: unique alone | a: happy glad | a: honest
        a: slow | n: hour | v: walk stroll
        r: quickly fast rapidly | r: often frequently | r: carefully | r: everywhere all_over
    """,
    "de": "n: Zug Eisenbahnzug | n: Auto Wagen | v: sagen sprechen | r: oft häufig | v: fahren reisen",
    "fr": "n: voiture auto | n: chat matou | v: manger dévorer | r: souvent fréquemment | a: rapide prompt",
    "zh": "n: 学生 学员 | v: 喜欢 喜爱 | n: 北京 北平",
    "ar": "n: سيارة مركبة | a: كبير ضخم",
}
_OPPOSITES = {"fast": "slow", "slow": "fast"}
_KINDS = {"n", "v", "a", "r"}


def _synsets(text):
    for entry in (part for line in text.strip().splitlines() for part in line.split("|")):
        kind, words = entry.strip().split(":")
        assert kind in _KINDS
        yield kind, [word.replace("_", " ") for word in words.split()]


def wn_lmf(language, synsets):
    """The text of a wordnet."""
    name = f"tiny-{language}"
    senses, lines = {}, []
    for number, (kind, words) in enumerate(synsets):
        lines.append(f'<Synset id="{name}-s{number}" ili="" partOfSpeech="{kind}"/>')
        for word in words:
            senses.setdefault((word, kind), []).append(number)
    ids = {key: f"{name}-e{number}" for number, key in enumerate(senses)}
    for number, ((word, kind), places) in enumerate(senses.items()):
        other = (_OPPOSITES.get(word), kind)
        near = f'<SenseRelation relType="antonym" target="{ids[other]}-{senses[other][0]}"/>' if other in senses else ""
        found = "".join(f'<Sense id="{name}-e{number}-{at}" synset="{name}-s{at}">{near}</Sense>' for at in places)
        lemma = f'<Lemma writtenForm={quoteattr(word)} partOfSpeech="{kind}"/>'
        lines.append(f'<LexicalEntry id="{name}-e{number}">{lemma}{found}</LexicalEntry>')
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            '<!DOCTYPE LexicalResource SYSTEM "http://globalwordnet.github.io/schemas/WN-LMF-1.0.dtd">',
            '<LexicalResource xmlns:dc="http://purl.org/dc/elements/1.1/">',
            f'<Lexicon id="{name}" label="{name}" language="{language}" email="a@b.c" license="CC0" version="1">',
            *sorted(lines),  # entries stand before synsets
            "</Lexicon></LexicalResource>",
        ]
    )


@functools.cache
def install():
    """Make the wordnets known to this process and to those that it starts: ``tiny-en:1``, ``tiny-de:1`` and so on."""
    import wn

    folder = Path(tempfile.mkdtemp(prefix="hfaug-wordnets-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["HFAUG_WORDNET"] = str(folder)
    wn.config.data_directory = folder
    for language, text in _WORDS.items():
        add(folder, language, text)
    return folder


def add(folder, language, text):
    """Add a wordnet to those in a folder; `wn` looks at the folder that it looked at before."""
    import wn

    file, before = folder / f"{language}.xml", wn.config.database_path.parent
    file.write_text(wn_lmf(language, list(_synsets(text))), encoding="utf-8")
    wn.config.data_directory = folder
    try:
        wn.add(file, progress_handler=None)
    finally:
        wn.config.data_directory = before
