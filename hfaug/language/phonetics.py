"""Words that sound alike, and letters that are written for one another because they do, by language."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence

__all__ = ["misspellings"]

_HOMOPHONES = {
    "en": """their there they're; your you're; its it's; to too two; then than; whose who's; affect effect;
        accept except; weather whether; hear here; know no; knew new; write right; piece peace; plain plane; buy by bye;
        see sea; son sun; one won; would wood; week weak; meet meat; wait weight; break brake; brakes breaks;
        where wear; lose loose; passed past; quite quiet; threw through; which witch; aloud allowed;
        principal principle; stationary stationery; complement compliment; of off; were we're; lets let's; hole whole;
        made maid; mail male; road rode; sail sale; tail tale; steal steel; role roll; great grate; fair fare""",
    "de": """das dass; seid seit; wider wieder; den denn; wen wenn; im ihm; in ihn; ihr ihre; war wahr; mehr meer;
        man mann; fiel viel; fast fasst; ist isst; lies ließ; statt stadt; seite saite; lehre leere; tot tod; rad rat;
        malen mahlen; weis weiß; hast hasst; laib leib; lid lied; ferse verse; häute heute; stelle ställe""",
    "fr": """et est; a à; ou où; ces ses c'est s'est; son sont; on ont; la là l'a; mes mais; peu peut peux; sa ça;
        ce se; leur leurs; quand quant qu'en; ni n'y; si s'y; sans s'en cent; plus plu; voix voie; foi fois foie;
        mer mère maire; vert vers verre; cour cours court; fin faim; pain pin; saint sein; temps tant; père pair paire;
        compte conte""",
}

_RULES: Mapping[str, Sequence[tuple[str, str]]] = {
    "en": (
        (r"ph", "f"),
        (r"f(?=[aeiou])", "ph"),
        (r"ck\b", "k"),
        (r"c(?=[eiy])", "s"),
        (r"(?<=[aeiou])s(?=[eiy])", "z"),
        (r"ie(?=.)", "ei"),
        (r"(?<=.)ei", "ie"),
        (r"([bcdfglmnprst])\1", r"\1"),
        (r"(?<=[aeiou])([lmnprst])(?=[aeiou])", r"\1\1"),
        (r"able\b", "ible"),
        (r"ible\b", "able"),
        (r"ance\b", "ence"),
        (r"ence\b", "ance"),
        (r"ant\b", "ent"),
        (r"ent\b", "ant"),
        (r"\bkn", "n"),
        (r"\bwr", "r"),
        (r"\bwh", "w"),
        (r"ight", "ite"),
        (r"ough\b", "o"),
        (r"mb\b", "m"),
        (r"tion\b", "sion"),
        (r"ee", "ea"),
        (r"ea", "ee"),
        (r"ely\b", "ly"),
        (r"ould", "uld"),
    ),
    "de": (
        (r"ä", "e"),
        (r"äu", "eu"),
        (r"eu", "äu"),
        (r"ß", "ss"),
        (r"ss", "ß"),
        (r"ie", "i"),
        (r"(?<=[bdfglmnprst])ih", "i"),
        (r"v", "f"),
        (r"\bf", "v"),
        (r"ph", "f"),
        (r"th", "t"),
        (r"dt\b", "t"),
        (r"d\b", "t"),
        (r"g\b", "k"),
        (r"b\b", "p"),
        (r"tz", "z"),
        (r"ck", "k"),
        (r"([bdfglmnprt])\1", r"\1"),
        (r"ai", "ei"),
        (r"chs", "x"),
        (r"qu", "kw"),
        (r"(?<=[aeiouäöü])h(?=[lmnrt])", ""),
    ),
    "fr": (
        (r"é\b", "er"),
        (r"er\b", "é"),
        (r"ph", "f"),
        (r"([cflmnprst])\1", r"\1"),
        (r"(?<=[aeiou])s(?=[aeiou])", "z"),
        (r"ç", "ss"),
        (r"c(?=[eéèiy])", "s"),
        (r"eau", "o"),
        (r"au", "o"),
        (r"ai(?!n)", "è"),
        (r"qu", "k"),
        (r"th", "t"),
        (r"\bh", ""),
        (r"(?<=\w\w)s\b", ""),
        (r"(?<=\w\w)ent\b", "e"),
        (r"an(?=[^aeioun]|\b)", "en"),
        (r"en(?=[^aeioun])", "an"),
        (r"ê|è", "é"),
        (r"tion\b", "ssion"),
    ),
}


def _groups(language: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for group in _HOMOPHONES[language].split(";"):
        words = group.split()
        found.update({word: tuple(other for other in words if other != word) for word in words})
    return found


_ALIKE = {language: _groups(language) for language in _HOMOPHONES}
_COMPILED = {language: [(re.compile(pattern), other) for pattern, other in rules] for language, rules in _RULES.items()}


@functools.lru_cache(maxsize=65_536)
def misspellings(word: str, language: str) -> tuple[str, ...]:
    """How a word is misspelt by ear; empty where nothing is known.

    Args:
        word: In small letters.
        language: ``en``, ``de`` or ``fr``.

    >>> misspellings("their", "en"), misspellings("knight", "en")
    (('there', "they're"), ('night', 'knite'))
    """
    alike = _ALIKE[language].get(word)
    if alike:
        return alike
    if len(word) < 4:
        return ()
    return tuple(
        dict.fromkeys(rule.sub(other, word, count=1) for rule, other in _COMPILED[language] if rule.search(word))
    )
