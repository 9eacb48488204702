"""Text from data on its way into Markdown: it must be shown, never obeyed.

Class names, reasons for rejects, model ids and the like come from rows and strangers. In a card template every ``{{
value }}`` is escaped; what should look like code goes through ``code`` or, inside a table, ``cell``.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from markupsafe import Markup

__all__ = ["MARK", "block", "cell", "clean", "code", "escape"]

MARK = "<!-- hfaug:"
"""How the comments begin between which a card belongs to hfaug."""

_SPECIAL = re.compile(r"([\\`*_\[\]|~$])")
_LONGEST = 120  # characters of one value in a card


def clean(value: Any, longest: int = _LONGEST) -> str:
    """One line of at most ``longest`` characters, without control characters or such as turn the direction of text."""
    shown = "".join(" " if _hidden(character) else character for character in str(value))
    line = " ".join(shown.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _hidden(character: str) -> bool:
    return (
        unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
        or character in "\u200e\u200f\u061c\ufeff"
        or ("\u202a" <= character <= "\u202e" or "\u2066" <= character <= "\u2069")
    )


def escape(value: Any) -> Markup:
    r"""Plain text: no character of it means anything to Markdown or HTML.

    >>> print(escape("<b>*x*</b> [a](http://b)"))
    &lt;b>\*x\*&lt;/b> \[a\](http\://b)
    """
    if isinstance(value, Markup):
        return value
    text = clean(value, 2000).replace("&", "&amp;").replace("<", "&lt;")
    text = _SPECIAL.sub(r"\\\1", text)
    text = re.sub(r"^([-+#>=]|\d+(?=[.)]( |$)))", _guard, text)  # a list, a heading, a quote
    text = re.sub(r"(?i)\b(https?|ftp)://", r"\1\\://", text)  # a bare address would become a link
    return Markup(re.sub(r"(?i)\bwww\.", r"www\\.", text))  # noqa: S704  escaped above


def _guard(match: re.Match[str]) -> str:
    start = match[1]
    return f"{start}\\" if start.isdigit() else f"\\{start}"


def code(value: Any) -> Markup:
    """An inline code span around one line of text.

    >>> print(code("a`b"), code("  "))
    `` a`b `` `(empty)`
    """
    text = clean(value) or "(empty)"
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") or len(fence) > 1 else ""
    return Markup(f"{fence}{pad}{text}{pad}{fence}")  # noqa: S704  nothing is markup inside a code span


def cell(value: Any) -> Markup:
    r"""A code span that may stand in a table.

    >>> print(cell("a|b"))
    `a\|b`
    """
    return Markup(str(code(value)).replace("|", "\\|"))  # noqa: S704  as code()


def block(value: Any, language: str = "") -> Markup:
    """A fenced block of several lines, which no line of the text can close."""
    text = str(value).replace(MARK, "<!-\u200b- hfaug:").strip("\n")
    text = "\n".join("".join(c for c in line if c == "\t" or not _hidden(c)) for line in text.split("\n"))
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return Markup(f"{fence}{language}\n{text}\n{fence}")  # noqa: S704  nothing is markup inside a fence
