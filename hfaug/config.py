"""What ops and filters have in common: frozen fields, a name, digests, and a pickle that is plain JSON.

An instance is its class and its fields, nothing else. `datasets` hashes a callable by pickling it, so the pickle is
``(rebuild, (canonical JSON,))``: equal before and after use, in any process, whatever the fields weigh.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import json
import re
import sys
from typing import Any, ClassVar

import xxhash
from typing_extensions import Self

from hfaug.assets import Asset
from hfaug.calls import check_fields
from hfaug.code import code_digest
from hfaug.errors import FingerprintError, ParameterError
from hfaug.fields import canonical, hints, published

__all__ = ["OUTPUT_VERSION", "Config", "find", "from_json", "snake_case"]

OUTPUT_VERSION = 1
"""Raised when code that all ops share changes the bytes they write."""


def snake_case(name: str) -> str:
    """The op name of a class name.

    >>> snake_case("SwapChars"), snake_case("FlipX")
    ('swap_chars', 'flip_x')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """Base of ops and filters: canonical fields, equality, digests, pickling."""

    version: ClassVar[int] = 1
    _unpublished: ClassVar[frozenset[str]] = frozenset({"binding"})

    def __new__(cls, *given: Any, **said: Any) -> Self:
        """Refuse what the constructor would not take, in the words of the op."""
        check_fields(cls, given, said)
        return super().__new__(cls)

    def __post_init__(self) -> None:
        kinds = hints(type(self))
        who = type(self).__name__
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            object.__setattr__(self, field.name, canonical(value, kinds[field.name], who, field.name))

    @classmethod
    def op_name(cls) -> str:
        """The name in recipes: ``image.rotate`` for hfaug's own, ``module:Class`` for others."""
        # Spawned worker processes run the main module under another name.
        module = "__main__" if cls.__module__ == "__mp_main__" else cls.__module__
        if module.startswith("hfaug.ops."):
            return f"{module.split('.')[2]}.{snake_case(cls.__name__)}"
        if module.startswith("hfaug.filters."):
            return f"filter.{snake_case(cls.__name__)}"
        if module == "hfaug.compose":
            return snake_case(cls.__name__)
        return f"{module}:{cls.__qualname__}"

    def spec(self) -> dict[str, Any]:
        """The op as plain data: its name and fields."""
        return {"op": self.op_name(), "fields": self._values(_short, public=True)}

    @functools.cached_property
    def stream_digest(self) -> str:
        """32 hex digits over name and fields; keys the draws."""
        return _digest(self.spec())

    @property
    def canonical_json(self) -> str:
        """Everything that can change the result, as JSON with sorted keys: the pickle, and so the map fingerprint.

        Made anew each time: code outside of hfaug can be edited while an op lives, as in a notebook.
        """
        return _dumps(_full(self))

    @property
    def published_json(self) -> str:
        """The canonical JSON as rows, cards and stages show it: a model in a folder goes by the folder's name."""
        return _dumps(_full(self, public=True))

    @property
    def fingerprint(self) -> str:
        """32 hex digits over the published JSON, so equal on every machine."""
        return xxhash.xxh3_128_hexdigest(self.published_json.encode())

    def _values(self, convert: Any, *, public: bool) -> dict[str, Any]:
        kinds = hints(type(self))
        return {
            field.name: _plain(_seen(getattr(self, field.name), kinds[field.name], public=public), convert)
            for field in dataclasses.fields(self)
            if field.name not in self._unpublished
        }

    def _extra(self) -> dict[str, Any]:
        """More that belongs to the fingerprint but not to the draws."""
        return {}

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.canonical_json,)


def from_json(spec: Any) -> Any:
    """Build an op or filter (or a field of one) from its plain data.

    >>> from_json({"op": "sometimes", "fields": {"op_": 1}})
    Traceback (most recent call last):
      ...
    hfaug.errors.ParameterError: sometimes: must have only its fields chance, op, got op_; remove it
    """
    if isinstance(spec, list):
        return tuple(from_json(item) for item in spec)
    if not isinstance(spec, dict):
        return spec
    if set(spec) == {"asset"}:
        return Asset(spec["asset"])
    if not isinstance(spec.get("op"), str) or not isinstance(spec.get("fields", {}), dict):
        raise ParameterError(f"op: must be a mapping with its name as `op` and `fields`, got {spec!r}; name the op")
    return _built(spec)


def find(name: str) -> type[Config]:
    """The class of an op name, imported when needed.

    Raises:
        ParameterError: No such op; names the nearest ones.
    """
    module, _, qualname = name.partition(":")
    if qualname:
        found: Any = sys.modules.get(module) or importlib.import_module(module)
        for part in qualname.split("."):
            found = getattr(found, part, None)
    else:
        catalog = importlib.import_module("hfaug.catalog")
        found = catalog.lookup(name)
    if not (isinstance(found, type) and issubclass(found, Config)):
        raise ParameterError(f"{name}: must be the name of an op or filter class, and is not; check the spelling")
    return found


def _rebuild(text: str) -> Config:
    """What a pickled op unpickles by."""
    return _built(json.loads(text))


def _built(spec: dict[str, Any]) -> Config:
    cls = find(spec["op"])
    names = [field.name for field in dataclasses.fields(cls) if field.name not in cls._unpublished]  # of this file
    values = {key: from_json(value) for key, value in spec.get("fields", {}).items()}
    unknown = sorted(set(values) - set(names))
    if unknown:
        raise ParameterError(
            f"{cls.op_name()}: must have only its fields {', '.join(sorted(names))}, "
            f"got {', '.join(unknown)}; remove {'it' if len(unknown) == 1 else 'them'}"
        )
    if "binding" in spec:
        values["binding"] = hints(cls)["binding"].from_json(spec["binding"])
    return cls(**values)


def _seen(value: Any, annotation: Any, *, public: bool) -> Any:
    return published(value, annotation) if public else value


def _full(config: Config, *, public: bool = False) -> dict[str, Any]:
    result = {
        "op": config.op_name(),
        "fields": config._values(functools.partial(_full, public=public), public=public),  # noqa: SLF001  # of the class of this file
        "version": config.version,
        "output": OUTPUT_VERSION,
        **config._extra(),  # noqa: SLF001  # likewise
    }
    code = code_digest(type(config))
    return {**result, "code": code} if code else result


def _short(config: Config) -> dict[str, Any]:
    return config.spec()


def _plain(value: Any, convert: Any) -> Any:
    if isinstance(value, Config):
        return convert(value)
    if isinstance(value, Asset):
        return {"asset": value.digest}
    if isinstance(value, tuple):
        return [_plain(item, convert) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise FingerprintError(
        f"{type(value).__name__}: a field must be a number, text, tuple, op or asset, got {value!r}; "
        "keep models and arrays out of the fields"
    )


def _dumps(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _digest(value: Any) -> str:
    return xxhash.xxh3_128_hexdigest(_dumps(value).encode())
