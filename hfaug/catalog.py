"""The names of all ops and filters: ``image.rotate`` -> class, and the nearest names when there is none."""

from __future__ import annotations

import difflib
import functools
import importlib
import inspect

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


@functools.cache
def all_classes() -> dict[str, type[Config]]:
    """Every op and filter of hfaug by name, sorted.

    >>> all_classes()["image.rotate"].__name__
    'Rotate'
    """
    found: dict[str, type[Config]] = {}
    for module_name in FAMILIES.values():
        module = importlib.import_module(module_name)
        for name in module.__all__:
            cls = getattr(module, name)
            if not _is_base(cls):
                found[cls.op_name()] = cls
    compose = importlib.import_module("hfaug.compose")
    for name in compose.__all__:
        found[snake_case(name)] = getattr(compose, name)
    return dict(sorted(found.items()))


def _is_base(cls: type[Config]) -> bool:
    """Whether a class leaves a method to be written, as the bases of filters do."""
    return any(getattr(inspect.getattr_static(cls, name), "__isabstractmethod__", False) for name in dir(cls))


def lookup(name: str) -> type[Config]:
    """The class of a name.

    Raises:
        ParameterError: There is none; names the nearest.

    >>> lookup("image.jitter_colour")
    Traceback (most recent call last):
      ...
    hfaug.errors.ParameterError: op: must be one of the known ops, got 'image.jitter_colour'; did you mean ...
    """
    known = all_classes()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.75)
    here = known_as(name)
    found = [here] if here else near or [one for one in known if one.rpartition(".")[2] == name]
    hint = f"did you mean {' or '.join(found)}?" if found else "run `hfaug ops` for the list"
    raise ParameterError(f"op: must be one of the known ops, got {name!r}; {hint}")
