"""Contracted forms and what they stand for, by language. A form that is not plain where it stands is left alone."""

from __future__ import annotations

import re

from hfaug.language.inflection import readings
from hfaug.language.lists import word_set

__all__ = ["contracted", "expanded"]

Edit = tuple[int, int, str]

_SUBJECTS = "I|you|he|she|it|we|they|that|there|who|what|here|where|how"
_NOT = "are|could|did|does|do|had|has|have|is|might|must|need|should|was|were|would"

_CONTRACT_EN = re.compile(
    rf"\b(?:(?P<can>can(?:not| not))|(?P<wont>will not)|(?P<neg>{_NOT}) not|(?P<lets>let us)"
    rf"|(?P<be>I am|(?:you|we|they) are|(?:he|she|it|that|there|who|what|here|where|how) is)"
    rf"|(?P<have>(?:I|you|we|they) have(?! not\b))|(?P<would>(?:{_SUBJECTS}) (?:will|would)(?! not\b)))\b",
    re.IGNORECASE,
)
_EXPAND_EN = re.compile(
    rf"\b(?:(?P<can>ca) ?n['’]t|(?P<wont>wo) ?n['’]t|(?P<neg>{_NOT}) ?n['’]t|(?P<us>let) ?['’]s|(?P<am>I) ?['’]m"
    rf"|(?P<are>you|we|they|who|what|there) ?['’]re|(?P<have>I|you|we|they|who|could|should|would|might|must) ?['’]ve"
    rf"|(?P<will>{_SUBJECTS}) ?['’]ll|(?P<d>{_SUBJECTS}) ?['’]d"
    rf"|(?P<s>he|she|it|that|there|who|what|here|where|how) ?['’]s)\b",
    re.IGNORECASE,
)
"""With a blank too, as in lists of words: do n't."""

_WORDS = re.compile(r"(?: \w+(?:['’]\w+)?){1,4}")
_NO_WORDS = re.compile(r"[^\w'’ ]")
_END = re.compile(r"[.!?\n]")
_CLAUSE, _SENTENCE = 60, 400
"""Characters of a clause that are looked at before a place, and of a sentence behind it."""

_ENDINGS = {"am": "'m", "are": "'re", "is": "'s", "have": "'ve", "will": "'ll", "would": "'d"}
_PRONOUNS = word_set("i you he she it we they")
_DETERMINERS = word_set("a an the this that these those my your his her its our their some any no every")
_ASKING = word_set("what why where when how which whose who whom")
_JOINING = word_set("and but or so then")
_BETWEEN = word_set("all almost already also always both ever even just nearly never not now only really so still")
"""Words between "has" and its participle, besides those on -ly."""

_HAS = word_set("been got had become")
_WOULD = word_set("be do have go like love say want need prefer hate see rather")
_STRANDING = word_set("what who whom which why how where than as whatever whoever whichever however wherever way")
"""Behind these a verb may stand alone at the end of its clause, in full: what it is now, than I am in many ways."""

_GOES_ON = _DETERMINERS | word_set(
    "not very so too quite really always never just still all only why what how where who"
)
_FOCUS = word_set("a an one the only just merely simply because")
"""Behind "not" these take it to themselves: they have not only one."""

_NO_LETS = word_set("know hear have")

_DE = {
    "am": "an dem", "ans": "an das", "aufs": "auf das", "beim": "bei dem", "durchs": "durch das", "fürs": "für das",
    "im": "in dem", "ins": "in das", "ums": "um das", "unterm": "unter dem", "vom": "von dem", "zum": "zu dem",
    "zur": "zu der", "übers": "über das", "vors": "vor das", "hinterm": "hinter dem",
}  # fmt: skip
_BACK_DE = {long: short for short, long in _DE.items()}
_FIXED_DE = r"\w+ste|Ganze|Gesicht|Haar|Leben|Licht|Neue|Spiel|Werk"
_POINTED_DE = "Art|Augenblick|Fall|Jahr|Maße|Moment|Monat|Punkt|Sinne?|Tage?|Weise|Zeit|Zeitpunkt"

_EXPAND_DE = re.compile(rf"\b(?:ans|aufs|durchs|fürs|ums)\b(?= \w)(?! (?:{_FIXED_DE})\b)", re.IGNORECASE)
"""Those that are written out by choice; nobody writes "an dem 5. März", and "zu dem Beispiel" is another thing."""

_CONTRACT_DE = re.compile(
    rf"(?<![,;] )(?<!und )(?<!oder )\b(?:{'|'.join(_BACK_DE)})\b"
    rf"(?= (?-i:[A-ZÄÖÜ])[\w-]+(?![\w,-]))(?! (?:{_POINTED_DE})\b)",
    re.IGNORECASE,
)
"""Only before a noun, where nothing says that this very one is meant or that a clause begins: in dem Peter wohnt."""


def contracted(text: str, language: str) -> list[Edit]:
    """Every place where a text can be contracted, with the shorter form.

    >>> contracted("I am sure you will not go.", "en")
    [(0, 4, "I'm"), (14, 22, "won't")]
    """
    if language == "de":
        return [(*m.span(), _like(m[0], _BACK_DE[m[0].lower()])) for m in _CONTRACT_DE.finditer(text)]
    return [(*m.span(), _short(m)) for m in _CONTRACT_EN.finditer(text) if _can_be_short(m, text)]


def _can_be_short(found: re.Match[str], text: str) -> bool:
    """Whether a form is plainly bound to what follows: nobody writes "Yes, I'm." or "what it's now"."""
    before, behind = _before(text, found.start()), _behind(text, found.end())
    kind, following = found.lastgroup, behind[0] if behind else ""
    if not following or following in _JOINING:
        return False
    if kind in ("can", "wont", "neg"):
        has = found[0][:2].lower() == "ha"
        return following not in _FOCUS and (not has or _is_participle(following))
    if kind == "lets":
        return not before and _is(following, "VB") and following not in _NO_LETS
    if not _STRANDING.isdisjoint(before):
        return False
    if kind == "be":
        return following in _GOES_ON or _is(following, "JJ", "VBG", "VBN")
    if kind == "have":
        kinds = {reading.part_of_speech for reading in readings(following)}
        return following in _HAS or (kinds == {"verb"} and _is_participle(following))
    return _is(following, "VB") or following in {"always", "also", "never"}


def _short(found: re.Match[str]) -> str:
    words = found[0].split()
    if found["can"]:
        return words[0][:3] + ("'T" if found[0].isupper() else "'t")
    if found["wont"]:
        return _like(words[0], "won't")
    if found["neg"]:
        return words[0] + ("N'T" if words[0].isupper() else "n't")
    ending = "'s" if found["lets"] else _ENDINGS[words[1].lower()]
    return words[0] + (ending.upper() if words[1].isupper() else ending)


def expanded(text: str, language: str) -> list[Edit]:
    """Every place where a text is contracted, with the full form, where it is plain which.

    >>> expanded("It's been fun, but she's late and can't stay. Don't you?", "en")
    [(2, 4, ' has'), (22, 24, ' is'), (36, 39, 'nnot')]
    """
    if language == "de":
        return [(*m.span(), _like(m[0], _DE[m[0].lower()])) for m in _EXPAND_DE.finditer(text)]
    return [edit for found in _EXPAND_EN.finditer(text) if (edit := _long(found, text))]


def _long(found: re.Match[str], text: str) -> Edit | None:
    """The edit that writes a form in full; the word that was there before stays, with its tag."""
    kind = str(found.lastgroup)
    word, behind = found[kind].lower(), _behind(text, found.end())
    if kind in ("can", "wont", "neg"):
        if _is_inverted(text, found, behind):
            return None  # a question: "do not you" is no English
        ending = "nnot" if kind == "can" else " not"
    elif kind == "d":
        if behind[:1] != ["better"] and _WOULD.isdisjoint(behind[:1]):
            return None
        ending = " had" if behind[0] == "better" else " would"
    elif kind == "s":
        verb = _is_or_has(word, behind)
        if verb is None:
            return None
        ending = f" {verb}"
    else:
        ending = f" {kind}"
    ending = ending.upper() if found[0].isupper() else ending
    if kind == "wont":
        return (*found.span(), _like(found[kind], "will") + ending)
    return found.end(kind), found.end(), ending


def _is_or_has(word: str, behind: list[str]) -> str | None:
    """What an 's stands for; None where a participle follows, which both can have."""
    if not behind:
        return None
    looked: list[str] = behind
    if word not in _ASKING:
        passed = next((n for n, other in enumerate(behind) if other not in _BETWEEN and other[-2:] != "ly"), None)
        if passed is None:
            return None
        looked = behind[passed : passed + 1]
    if looked[0] in _HAS:
        return "has"
    return None if any(map(_is_participle, looked)) else "is"


def _is_inverted(text: str, found: re.Match[str], behind: list[str]) -> bool:
    """Whether the subject stands, or may stand, behind a verb with n't, as in questions."""
    before = _before(text, found.start())[-1:]
    if behind[:1] and behind[0] in _PRONOUNS:
        return True
    if before and before[0] in _PRONOUNS:
        return False
    end = _END.search(text, found.end(), found.end() + _SENTENCE)
    if (end and end[0] == "?") or not _ASKING.isdisjoint(before):
        return True
    return (not before or before[0] in _JOINING) and not _DETERMINERS.isdisjoint(behind[:1])


def _behind(text: str, at: int) -> list[str]:
    """Up to four words behind a place, in small letters, with nothing but single blanks before and between them."""
    found = _WORDS.match(text, at)
    return found[0].lower().split() if found else []


def _before(text: str, at: int) -> list[str]:
    """Up to five words of the same clause before a place, in small letters."""
    return _NO_WORDS.split(text[max(0, at - _CLAUSE) : at])[-1].lower().split()[-5:]


def _is(word: str, *tags: str) -> bool:
    """Whether an English word can bear one of some tags."""
    return any(tag in reading.tags for reading in readings(word) for tag in tags)


def _is_participle(word: str) -> bool:
    return _is(word, "VBN") if readings(word) else word.endswith("ed")


def _like(word: str, other: str) -> str:
    """A word with the capitals of another."""
    if word.isupper() and len(word) > 1:
        return other.upper()
    return other[0].upper() + other[1:] if word[0].isupper() else other
