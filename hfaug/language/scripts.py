"""Scripts of letters, so that an op can refuse texts that it knows nothing of."""

from __future__ import annotations

import functools
import re
import unicodedata

__all__ = ["script_of", "unknown_script", "well_formed"]

_LONE = re.compile("[\ud800-\udfff]")


@functools.lru_cache(maxsize=4096)
def script_of(letter: str) -> str:
    """The script of a letter, by the first word of its Unicode name; empty for what has none.

    >>> script_of("a"), script_of("ж"), script_of("字"), script_of("あ"), script_of("ع")
    ('latin', 'cyrillic', 'cjk', 'hiragana', 'arabic')
    """
    return unicodedata.name(letter, "").partition(" ")[0].lower() if letter.isalpha() else ""


def unknown_script(text: str, known: tuple[str, ...]) -> str | None:
    """Why an op refuses a text: it has letters, and none of them of a script that the op knows. None where it does not.

    Args:
        text: Any text.
        known: Scripts as `script_of` names them.

    >>> unknown_script("你好", ("latin",)), unknown_script("OK 你好", ("latin",)), unknown_script("123", ("latin",))
    ('no latin letters', None, None)
    """
    if text.isascii() and "latin" in known:
        return None
    scripts = {script_of(letter) for letter in set(text)} - {""}
    return f"no {' or '.join(known)} letters" if scripts and scripts.isdisjoint(known) else None


def well_formed(text: str) -> str:
    r"""A text of equal length that can be written as UTF-8, which halves of surrogate pairs cannot.

    >>> ascii(well_formed("a\ud800b"))
    "'a\\ufffdb'"
    """
    return _LONE.sub("\ufffd", text)
