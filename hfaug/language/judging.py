"""What is wrong with a text that a model wrote, by looking at it: copies, loops, refusals, class names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

__all__ = ["copies", "echoes", "loops", "names_one", "refuses", "similarity"]

_WORD = re.compile(r"\w+")
_UNIT = r"(.{1,80}?)\1{3,}"
_LOOP = re.compile(_UNIT, re.DOTALL)
_LEAST_LOOP = 16
"""Characters: "!!!!" and "hahaha" are how people write."""

_ECHO = 8
"""Words in a row that two texts of one subject hardly share by chance; quotations of names and phrases are shorter."""

_REFUSAL = re.compile(
    r"""\W*(?:
    (?:(?:(?:i['’]?m|i\ am)\ )?(?:so\ |very\ )?(?:sorry|afraid) | i\ apologi[sz]e | unfortunately)?
      [,.;:]?\ ?(?:but\ |that\ )?
      (?:i|we)\ ?(?:can(?:no|['’]?)t | could\ not | won['’]?t | will\ not | must\ decline
        | (?:am|are|['’]m|['’]re)\ (?:unable|not\ (?:able|allowed|comfortable)))
      \ (?:to\ |with\ )?
      (?:help|assist|fulfil|comply|provid|generat|creat|writ|rewrit|translat|answer|engag|support|produc|paraphras)
    | as\ an?\ (?:ai\b|artificial\ intelligence|(?:large\ )?language\ model) | (?:i['’]m|i\ am)\ an\ ai\b
    | (?:es\ tut\ mir\ leid,?\ (?:aber\ )?)?ich\ kann\ (?:ihnen|dir|dabei|diese\w*|darauf)\b.{0,40}\bnicht\b | als\ ki\b
    | (?:je\ suis\ )?(?:d[ée]sol[ée]\w*,?\ )?(?:mais\ )?je\ ne\ peux\ pas\ (?:vous\ )?
      (?:aider|r[ée]pondre|traduire|[ée]crire)
    | (?:lo\ siento,?\ )?(?:pero\ )?no\ puedo\ (?:ayudar|cumplir|proporcionar|traducir|escribir)
    | (?:抱歉|对不起|很抱歉)[，,]?我(?:不能|无法)
    )""",
    re.IGNORECASE | re.VERBOSE,
)


def _bare(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def copies(text: str, source: str) -> bool:
    """Whether two texts say the same but for case, white space and punctuation.

    >>> copies("the film - was long", "The film was long."), copies("The film is long.", "The film was long.")
    (True, False)
    """
    return text == source or _bare(text) == _bare(source)


def similarity(text: str, source: str) -> float:
    """How much two texts share, 0..1: Dice's coefficient of their runs of three characters, white space made alike.

    Source: L. R. Dice, Measures of the Amount of Ecologic Association Between Species, Ecology 26(3), 1945.

    >>> round(similarity("The film was long.", "The movie was long."), 2), similarity("a", "b")
    (0.63, 0.0)
    """
    first, second = _trigrams(text), _trigrams(source)
    shared = sum((first & second).values())
    return 2 * shared / (first.total() + second.total())


def _trigrams(text: str) -> Counter[str]:
    spaced = f" {_bare(text)} "
    return Counter(spaced[at : at + 3] for at in range(max(1, len(spaced) - 2)))


def loops(text: str, source: str = "") -> bool:
    """Whether a text goes round in circles: a stretch four times in a row, or mostly stretches that were said before.

    What the source repeats itself, such as a line of dashes, is no fault.

    >>> loops("It is very, very good."), loops("the best of the best of the best of the best of the best of")
    (False, True)
    """
    for found in _LOOP.finditer(text):
        whole, unit = found[0], found[1]
        if unit.strip() and len(whole) >= _LEAST_LOOP and unit * 4 not in source:
            return True
    words = _WORD.findall(text.casefold())
    return _repeats(words) > max(0.5, 1.2 * _repeats(_WORD.findall(source.casefold())))


def _repeats(words: Sequence[str]) -> float:
    """The share of a text's runs of four words that it has said before."""
    runs = [tuple(words[at : at + 4]) for at in range(len(words) - 3)]
    return 1 - len(set(runs)) / len(runs) if len(runs) >= 12 else 0.0


def refuses(text: str, source: str = "") -> bool:
    """Whether a model declines to answer; a source that begins so itself may be put into other words.

    >>> refuses("I'm sorry, but I can't help with that."), refuses("I cannot wait!"), refuses("Sorry I am late.")
    (True, False, False)
    """
    return _REFUSAL.match(text) is not None and _REFUSAL.match(source) is None


def echoes(text: str, others: Iterable[str], source: str = "") -> bool:
    """Whether a text repeats eight words in a row, or all it says, of other texts that the source does not have.

    >>> echoes("Say it in other words: the film", ["Say it in other words: "], "the film")
    False
    >>> echoes("Sure! Keep names and numbers exactly as they are.", ["Keep names and numbers exactly as they are."])
    True
    """
    own = _runs(text) - _runs(source)
    return any(own & _runs(other) or _bare(text) == _bare(other) != "" for other in others)


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    return {tuple(words[at : at + _ECHO]) for at in range(len(words) - _ECHO + 1)}


def names_one(text: str, words: Iterable[str], source: str = "") -> bool:
    """Whether a text holds one of some words or phrases, as a word, that the source does not hold.

    >>> names_one("This is spam!", ["spam"]), names_one("Spammers", ["spam"])
    (True, False)
    """
    whole, before = f" {_bare(text)} ", f" {_bare(source)} "
    known = [f" {_bare(word)} " for word in words if _bare(word)]
    return any(word in whole and word not in before for word in known)
