"""English words: which part of speech a form is, and other words in the same form."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

from hfaug.errors import MissingExtra
from hfaug.language.lists import word_set

__all__ = ["CLOSED", "Reading", "article_for", "inflected", "reading_in", "readings"]

_PARTS = {"NOUN": "noun", "VERB": "verb", "ADJ": "adjective", "ADV": "adverb"}

_DETERMINERS = word_set("a an the this that these those my your his her its our their some any no every each")
_TO_VERBS = word_set(
    """to can could will would shall should may might must i you we they he she it who not don't didn't doesn't can't
    won't couldn't wouldn't let's"""
)
CLOSED = _DETERMINERS | word_set(
    """i me mine we us ours you yours he him she hers it they them theirs who whom whose which what one ones
    myself yourself himself herself itself ourselves themselves someone anyone everyone nobody something anything
    everything nothing be am is are was were been being have has had having do does did done doing can could will
    would shall should may might must ought need dare let and or but nor so yet if then else when where why how than
    because while although though unless until since as of in on at by for with about against between into through
    during before after above below to from up down out off over under around along across again further once here
    there all both few more most other such only own same too very just now not never ever also even still already
    quite rather much many less least almost enough per via another either neither get got go going gone went come
    came like well don't doesn't didn't can't won't isn't aren't wasn't weren't it's i'm two three four five six
    seven eight nine ten first second mr mrs ms dr yes no oh ok okay please"""
)
"""Words that hold sentences together and have no synonyms, whatever a dictionary says of "a", "in" or "he"."""

_AN_SOUND = re.compile(r"(?:[aeiou]|hour|honest|honou?r|heir)", re.IGNORECASE)
_A_SOUND = re.compile(r"(?:uni(?!n|m)|use|usu|ut[ei]|eu|ew|one\b|once\b|ub[ie]|uk)", re.IGNORECASE)


class Reading(NamedTuple):
    """What a form can be.

    Attributes:
        part_of_speech: ``noun``, ``verb``, ``adjective`` or ``adverb``.
        lemma: Its basic form.
        tags: The Penn tags that the form can bear as this part of speech.
    """

    part_of_speech: str
    lemma: str
    tags: tuple[str, ...]


@functools.cache
def _library() -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import lemminflect
    except ImportError as error:
        raise MissingExtra.for_extra("text", "lemminflect") from error
    return lemminflect


@functools.lru_cache(maxsize=65_536)
def readings(word: str) -> tuple[Reading, ...]:
    """All that an English form can be; nothing for words that are not in the dictionary, names among them.

    >>> [(found.part_of_speech, found.lemma, found.tags) for found in readings("mice")]
    [('noun', 'mouse', ('NNS',))]
    """
    library = _library()
    found = []
    for kind, lemmas in sorted(library.getAllLemmas(word).items()):
        for lemma in lemmas if kind in _PARTS else ():
            forms = library.getAllInflections(lemma, upos=kind)
            if "VBD" in forms:
                forms.setdefault("VBN", forms["VBD"])  # left out where it is the same
            usual = [tag for tag, spelt in forms.items() if word == spelt[0]]
            tags = tuple(sorted(usual or (tag for tag, spelt in forms.items() if word in spelt)))
            if tags:
                found.append(Reading(_PARTS[kind], lemma, tags))
    return tuple(found)


def reading_in(before: str, behind: str, options: Sequence[Reading]) -> Reading | None:
    """What a word is where it stands; None where that is not plain.

    A word that can be one part of speech is that. One that can be several is a verb behind "to", "can" or "they", and a
    noun between an article and the end of its phrase.

    Args:
        before: The word before it, in small letters; empty where there is none, or punctuation stands between.
        behind: The word behind it, likewise.
        options: What it can be.

    >>> [reading_in(*around, readings("walk")).part_of_speech for around in (("to", "home"), ("a", "in"))]
    ['verb', 'noun']
    """
    kinds = {option.part_of_speech for option in options}
    if len(kinds) > 1:
        if "verb" in kinds and before in _TO_VERBS:
            kinds = {"verb"}
        elif "noun" in kinds and before in _DETERMINERS and (not behind or behind in CLOSED):
            kinds = {"noun"}
    left = [option for option in options if option.part_of_speech in kinds]
    return left[0] if len(left) == 1 else None


@functools.lru_cache(maxsize=65_536)
def inflected(word: str, tags: tuple[str, ...]) -> str | None:
    """A word in the form of some tags, None where they ask for different forms or it has none.

    Of several words the one that bears the ending is inflected: the first of a verb, the last of a noun.

    Args:
        word: In its basic form.
        tags: Penn tags.

    >>> inflected("look at", ("VBD", "VBN")), inflected("see", ("VBD", "VBN")), inflected("bus stop", ("NNS",))
    ('looked at', None, 'bus stops')
    """
    if not tags[0].startswith(("N", "V")) and " " in word:
        return word if tags[0] in ("JJ", "RB") else None
    head, gap, rest = word.partition(" ") if tags[0].startswith("V") else ("", "", "")
    if not head:
        rest, gap, head = word.rpartition(" ")
    forms = {_form(head, tag) for tag in tags}
    if len(forms) != 1 or None in forms:
        return None
    form = str(forms.pop())
    return form + gap + rest if tags[0].startswith("V") else rest + gap + form


def _form(word: str, tag: str) -> str | None:
    """One word in one form; words that are in no dictionary follow the rules."""
    if tag in ("NN", "VB", "JJ", "RB"):
        return word
    library = _library()
    found = library.getInflection(word, tag, inflect_oov=False) or library.getInflection(word, tag)
    return str(found[0]) if found else None


def article_for(word: str) -> str:
    """The indefinite article before a word, by how it sounds.

    >>> article_for("hour"), article_for("university"), article_for("apple")
    ('an', 'a', 'an')
    """
    return "an" if _AN_SOUND.match(word) and not _A_SOUND.match(word) else "a"
