"""Which keys lie beside each other on a keyboard."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping

__all__ = ["LAYOUTS", "neighbours"]

LAYOUTS: Mapping[str, tuple[str, ...]] = {
    "qwerty": ("1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./"),
    "qwertz": ("1234567890ß´", "qwertzuiopü+", "asdfghjklöä#", "yxcvbnm,.-"),
    "azerty": ("&é\"'(-è_çà)=", "azertyuiop^$", "qsdfghjklmù*", "wxcvbn,;:!"),
    "jcuken": ("1234567890-=", "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю."),
}
"""The rows of keys, as they are without shift: English, German, French, Russian."""

_INDENTS = (0.0, 0.5, 0.75, 1.25)
"""How far each row begins to the right, in keys, on keyboards as they are built."""

_REACH = 1.3
"""Keys whose centres are no farther apart, in keys, are hit for each other: those beside, and two above and below."""


@functools.cache
def neighbours(layout: str) -> Mapping[str, str]:
    """The keys around each letter and digit that are letters or digits too, in both cases.

    Args:
        layout: One of `LAYOUTS`.

    >>> "".join(sorted(neighbours("qwerty")["g"])), "".join(sorted(neighbours("qwertz")["Z"]))
    ('bfhtvy', '67GHTU')
    """
    places = {
        key: (_INDENTS[row] + column, row)
        for row, keys in enumerate(LAYOUTS[layout])
        for column, key in enumerate(keys)
    }
    found: dict[str, str] = {}
    for key, (x, y) in places.items():
        near = [other for other, (u, v) in places.items() if other != key and math.dist((x, y), (u, v)) <= _REACH]
        near = [other for other in near if other.isalnum()]
        if key.isalnum() and near:
            found[key] = "".join(near)
            if key.isalpha() and len(key.upper()) == 1:
                found[key.upper()] = "".join(n.upper() if len(n.upper()) == 1 else n for n in near)
    return found
