"""The names of all ops and filters: ``image.rotate`` -> class, and the nearest names when there is none."""

from __future__ import annotations

import difflib
import functools
import importlib

from hfaug.config import Config, snake_case
from hfaug.errors import ParameterError
from hfaug.known_as import known_as

__all__ = ["FAMILIES", "all_classes", "lookup"]

FAMILIES = {
    "image": "hfaug.ops.image",
    "text": "hfaug.ops.text",
    "audio": "hfaug.ops.audio",
    "video": "hfaug.ops.video",
    "mix": "hfaug.ops.mix",
    "filter": "hfaug.filters",
}
"""Families of ops and filters, and the package whose ``__all__`` lists each."""


_COMPOSED = ""
"""The family of ops made of ops, whose names have no family in front."""


@functools.cache
def all_classes() -> dict[str, type[Config]]:
    """Every op and filter of hfaug by name, sorted.

    >>> all_classes()["image.rotate"].__name__
    'Rotate'
    """
    found = {name: cls for family in (*FAMILIES, _COMPOSED) for name, cls in _classes(family).items()}
    return dict(sorted(found.items()))


@functools.cache
def _classes(family: str) -> dict[str, type[Config]]:
    """The ops of one family: every worker looks up its op anew, and should not have to load the other families."""
    if family not in FAMILIES:
        compose = importlib.import_module("hfaug.compose")
        return {snake_case(name): getattr(compose, name) for name in compose.__all__} if family == _COMPOSED else {}
    module = importlib.import_module(FAMILIES[family])
    classes = [getattr(module, name) for name in module.__all__]
    return {cls.op_name(): cls for cls in classes if not _is_base(cls)}


def _is_base(cls: type[Config]) -> bool:
    """Whether a class leaves a method to be written, as the bases of filters do."""
    known: set[str] = set()
    for owner in cls.__mro__:
        for name, value in vars(owner).items():
            if name not in known and getattr(value, "__isabstractmethod__", False):
                return True
            known.add(name)
    return False


def lookup(name: str) -> type[Config]:
    """The class of a name.

    Raises:
        ParameterError: There is none; names the nearest.

    >>> lookup("image.jitter_colour")
    Traceback (most recent call last):
      ...
    hfaug.errors.ParameterError: op: must be one of the known ops, got 'image.jitter_colour'; did you mean ...
    """
    found = _classes(name.rpartition(".")[0]).get(name)
    if found is not None:
        return found
    known = all_classes()
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.75)
    here = known_as(name)
    meant = [here] if here else near or [one for one in known if one.rpartition(".")[2] == name]
    hint = f"did you mean {' or '.join(meant)}?" if meant else "run `hfaug ops` for the list"
    raise ParameterError(f"op: must be one of the known ops, got {name!r}; {hint}")
