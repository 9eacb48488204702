"""Where a release may go: a repo on the Hub, or a folder."""

from __future__ import annotations

import re
from pathlib import Path

from hfaug.errors import ParameterError

__all__ = ["as_target"]

_REPO = re.compile(r"(?!.*(--|\.\.))[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_HUB_PREFIX = "hf://datasets/"
_FOLDER_STARTS = ("/", "./", "../", "~", ".\\", "..\\")


def as_target(target: str | Path) -> str | Path:
    """A repo id as text, or a folder as a path.

    A `Path` is a folder, and so is text that begins with ``/``, ``./``, ``../`` or ``~``. Text of the form
    ``name/name`` is a repo on the Hub, with or without ``hf://datasets/`` before it. So ``out/digits`` is a repo;
    write ``./out/digits`` for the folder.

    Raises:
        ParameterError: It is neither.

    >>> as_target("ada/digits"), as_target("./out/digits").as_posix()
    ('ada/digits', 'out/digits')
    """
    if isinstance(target, Path):
        return target.expanduser()
    if target in {".", ".."} or target.startswith(_FOLDER_STARTS):
        return Path(target).expanduser()
    name = target.removeprefix(_HUB_PREFIX)
    if _REPO.fullmatch(name):
        return name
    raise ParameterError(
        f"release: target must be a repo id like 'ada/digits' or a folder like './out/digits', was {target!r}; "
        "begin a folder with './' or '/'"
    )
