"""Synonyms from wordnets: Open English Wordnet, and those of the Open Multilingual Wordnet for other languages.

The package `wn` reads them. It fetches their data once, when told to; nothing is fetched here.
"""

from __future__ import annotations

import functools
import os
import sqlite3
from typing import Any

from hfaug.errors import MissingExtra, ParameterError
from hfaug.language.wordnets import database, how_to_fetch

__all__ = ["Lexicon", "open_lexicon"]

_POS = {"noun": "n", "verb": "v", "adjective": "a", "adverb": "r"}


class Lexicon:
    """One wordnet; see `open_lexicon`.

    Attributes:
        language: Its language, as BCP 47 writes it.
    """

    def __init__(self, name: str, wordnet: Any, language: str) -> None:
        self.name = name
        self.language = language.partition("-")[0]
        self._wordnet = wordnet
        self._known: dict[tuple[str, str, int], tuple[str, ...]] = {}

    def synonyms(self, word: str, part_of_speech: str, senses: int) -> tuple[str, ...]:
        """What can be said instead of a word, in its basic form; the likeliest first, the word itself never.

        Args:
            word: In its basic form.
            part_of_speech: ``noun``, ``verb``, ``adjective`` or ``adverb``.
            senses: How many meanings of the word to look at, the most usual first; 0 for all.
        """
        key = word, part_of_speech, senses
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._looked_up(*key)
        return found

    def _looked_up(self, word: str, part_of_speech: str, senses: int) -> tuple[str, ...]:
        synsets = self._wordnet.synsets(word, pos=_POS[part_of_speech])
        if part_of_speech == "adjective":
            synsets = [*synsets, *self._wordnet.synsets(word, pos="s")]  # satellites of another adjective
        lemmas = [lemma for synset in synsets[: senses or None] for lemma in synset.lemmas()]
        return tuple(dict.fromkeys(str(lemma) for lemma in lemmas if lemma.casefold() != word.casefold()))

    @functools.lru_cache(maxsize=65_536)  # noqa: B019 - one a process, and it stays as long as the process
    def antonyms(self, word: str) -> frozenset[str]:
        """The opposites of a word in its basic form, in small letters: its own, and those of words like it."""
        found: set[str] = set()
        for synset in self._wordnet.synsets(word):
            # a satellite such as "speedy" has its opposite by way of the adjective in the middle, "fast"
            for near in (synset, *synset.get_related("similar")):
                for opposite in (other for sense in near.senses() for other in sense.get_related("antonym")):
                    found.update(str(lemma).casefold() for lemma in opposite.synset().lemmas())
        return frozenset(found - {word.casefold()})

    @functools.lru_cache(maxsize=65_536)  # noqa: B019 - one a process, and it stays as long as the process
    def knows(self, word: str, part_of_speech: str) -> bool:
        """Whether a word in its basic form has a meaning as this part of speech."""
        kinds = ("a", "s") if part_of_speech == "adjective" else (_POS[part_of_speech],)
        return any(self._wordnet.words(word, pos=kind) for kind in kinds)


@functools.cache
def open_lexicon(name: str) -> Lexicon:
    """A wordnet by its id and version, such as ``oewn:2024`` or ``omw-fr:1.4``; opened once a process.

    The data lie where `wn` puts them (``~/.wn_data``), or in the folder that ``HFAUG_WORDNET`` names.

    Raises:
        MissingExtra: `wn` is not installed.
        ParameterError: The wordnet has not been fetched; says how to.
    """
    wn, path = _library(), database()
    try:
        known = wn.lexicons() if path.is_file() else []  # `wn` would make an empty database
    except (wn.Error, sqlite3.Error) as error:
        raise ParameterError(f"{path} must be a database of wn, is not: {error}; remove it") from error
    found = next((lexicon for lexicon in known if lexicon.specifier() == name), None)
    if found is None:
        there = ", ".join(sorted(lexicon.specifier() for lexicon in known)) or "none"
        raise ParameterError(
            f"lexicon must be a wordnet that was fetched, {name!r} is not (in {path.parent} there are: {there}); "
            f"run: {how_to_fetch(name)}"
        )
    return Lexicon(name, wn.Wordnet(lexicon=name, normalizer=None, expand=""), found.language)


@functools.cache
def _library() -> Any:
    try:
        import wn
        from wn import _config, _db  # its settings, and its connections, which it closes nowhere else
    except ImportError as error:
        raise MissingExtra.for_extra("text", "wn") from error
    _config.config.data_directory = database().parent
    if not _db.pool:
        _config.config.allow_multithreading = True  # it only reads; must be said before the data are opened
    # A connection to SQLite must not go along into a forked process: there the data are opened anew.
    os.register_at_fork(after_in_child=_db.pool.clear)
    return wn
