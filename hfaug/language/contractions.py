"""Contracted forms and what they stand for, by language."""

from __future__ import annotations

import re

from hfaug.language.lists import word_set

__all__ = ["contracted", "expanded"]

Edit = tuple[int, int, str]

_SUBJECTS = "I|you|he|she|it|we|they|that|there|who|what|here|where|how"
_NOT = "are|could|did|does|do|had|has|have|is|might|must|need|should|was|were|would"
_PRONOUNS = word_set("i you he she it we they")

_CONTRACT_EN = re.compile(
    rf"\b(?:(?P<can>can(?:not| not))|(?P<will>will not)|(?P<neg>{_NOT}) not|(?P<lets>let us)"
    rf"|(?P<i>I) am|(?P<are>you|we|they) are|(?P<is>he|she|it|that|there|who|what|here|where|how) is"
    rf"|(?P<have>I|you|we|they) have(?= (?:been|had|got|become|\w+ed)\b)"
    rf"|(?P<w>{_SUBJECTS}) (?:will|would)(?! not\b))\b(?=[ ,;:][^,.;:!?\n])",
    re.IGNORECASE,
)
"""Only where more follows: nobody writes "Yes, I'm." for "Yes, I am."."""

_EXPAND_EN = re.compile(
    rf"\b(?:(?P<cant>can)['’]t|(?P<wont>won)['’]t|(?P<neg>{_NOT})n['’]t|(?P<lets>let)['’]s|(?P<im>I)['’]m"
    rf"|(?P<are>you|we|they|who|what|there)['’]re|(?P<have>I|you|we|they|who|could|should|would|might|must)['’]ve"
    rf"|(?P<will>{_SUBJECTS})['’]ll|(?P<d>{_SUBJECTS})['’]d|(?P<s>he|she|it|that|there|who|what|here|where|how)['’]s)\b"
    r"(?P<next> \w+)?",
    re.IGNORECASE,
)
_HAS = word_set("been got had become done gone made taken never always already ever")
_BASE = word_set("be do have go like love say want need prefer hate see never rather")

_DE = {
    "am": "an dem", "ans": "an das", "aufs": "auf das", "beim": "bei dem", "durchs": "durch das", "fürs": "für das",
    "im": "in dem", "ins": "in das", "ums": "um das", "unterm": "unter dem", "vom": "von dem", "zum": "zu dem",
    "zur": "zu der", "übers": "über das", "vors": "vor das", "hinterm": "hinter dem",
}  # fmt: skip
_EXPAND_DE = re.compile(rf"\b(?:{'|'.join(_DE)})\b(?! (?:\w+sten|meisten|ersten)\b)", re.IGNORECASE)
_CONTRACT_DE = re.compile(rf"\b(?:{'|'.join(_DE.values())})\b(?= (?-i:[A-ZÄÖÜ]))", re.IGNORECASE)
"""Only before a noun: "in dem ich wohne" is no "im"."""
_BACK_DE = {long: short for short, long in _DE.items()}


def contracted(text: str, language: str) -> list[Edit]:
    """Every place where a text can be contracted, with the shorter form.

    >>> contracted("I am sure you will not go.", "en")
    [(0, 4, "I'm"), (14, 22, "won't")]
    """
    if language == "de":
        return [(*m.span(), _like(m[0], _BACK_DE[m[0].lower()])) for m in _CONTRACT_DE.finditer(text)]
    return [(*found.span(), _short(found)) for found in _CONTRACT_EN.finditer(text)]


def _short(found: re.Match[str]) -> str:
    words = found[0].split()
    if found["can"]:
        return words[0][:3] + ("'T" if found[0].isupper() else "'t")
    if found["will"]:
        return _like(words[0], "won't")
    if found["neg"]:
        return words[0] + ("N'T" if words[0].isupper() else "n't")
    if found["lets"]:
        return words[0] + "'s"
    ending = {"am": "'m", "are": "'re", "is": "'s", "have": "'ve", "will": "'ll", "would": "'d"}[words[1].lower()]
    return words[0] + (ending.upper() if words[1].isupper() else ending)


def expanded(text: str, language: str) -> list[Edit]:
    """Every place where a text is contracted, with the full form, where it is plain which.

    >>> expanded("It's been fun, but she's late and can't stay. Don't you?", "en")
    [(0, 4, 'It has'), (19, 24, 'she is'), (34, 39, 'cannot')]
    """
    if language == "de":
        return [(*m.span(), _like(m[0], _DE[m[0].lower()])) for m in _EXPAND_DE.finditer(text)]
    found = []
    for match in _EXPAND_EN.finditer(text):
        long = _long(match)
        if long:
            found.append((match.start(), match.start("next") if match["next"] else match.end(), long))
    return found


def _long(found: re.Match[str]) -> str | None:
    behind = (found["next"] or "").strip().lower()
    for name, ending in (("im", "am"), ("are", "are"), ("have", "have"), ("will", "will"), ("lets", "us")):
        if found[name]:
            return _with(found[name], ending, found)
    if found["cant"] or found["wont"] or found["neg"]:
        if behind in _PRONOUNS:
            return None  # a question: "do not you" is no English
        if found["cant"]:
            return found["cant"] + ("NOT" if found["cant"].isupper() else "not")
        return _with(_like(found["wont"], "will") if found["wont"] else found["neg"], "not", found)
    if found["d"]:
        if behind in _BASE or behind == "better":
            return _with(found["d"], "had" if behind == "better" else "would", found)
        return None
    has = behind in _HAS
    return _with(found["s"], "has" if has else "is", found) if behind else None


def _with(word: str, ending: str, found: re.Match[str]) -> str:
    loud = found[0].split()[0].isupper() and len(found[0].split()[0]) > 3
    return f"{word} {ending.upper() if loud else ending}"


def _like(word: str, other: str) -> str:
    """A word with the capitals of another."""
    if word.isupper() and len(word) > 1:
        return other.upper()
    return other[0].upper() + other[1:] if word[0].isupper() else other
