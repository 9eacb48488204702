"""hfaug turns a recipe into a versioned dataset on the Hugging Face Hub.

It loads, augments, synthesises, balances, filters, measures and releases. Everything is a `datasets` object, every
transform is a plain ``map`` callable, and every row can say where it came from.

A public name is loaded when it is first used, so ``import hfaug`` stays cheap: it imports `datasets` and adds hfaug's
builders to those that ``datasets.load_dataset`` knows.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from hfaug.builders import register as _register

if TYPE_CHECKING:
    from hfaug import errors as errors
    from hfaug import filters as filters
    from hfaug import fit as fit
    from hfaug import ops as ops
    from hfaug.augment import augment as augment
    from hfaug.augment import with_ids as with_ids
    from hfaug.balance import balance as balance
    from hfaug.compose import Chain as Chain
    from hfaug.compose import OneOf as OneOf
    from hfaug.compose import Sometimes as Sometimes
    from hfaug.compose import Times as Times
    from hfaug.config import OUTPUT_VERSION as OUTPUT_VERSION
    from hfaug.kinds import ArrangeOp as ArrangeOp
    from hfaug.kinds import ColorOp as ColorOp
    from hfaug.kinds import CurveOp as CurveOp
    from hfaug.kinds import EditOp as EditOp
    from hfaug.kinds import ImageOp as ImageOp
    from hfaug.kinds import PixelOp as PixelOp
    from hfaug.kinds import SoundOp as SoundOp
    from hfaug.kinds import TimeOp as TimeOp
    from hfaug.kinds import WarpOp as WarpOp
    from hfaug.kinds import WaveOp as WaveOp
    from hfaug.loading import load_dataset as load_dataset
    from hfaug.mix import MixOp as MixOp
    from hfaug.online import online as online
    from hfaug.op import BatchOp as BatchOp
    from hfaug.op import Op as Op
    from hfaug.op import Reject as Reject
    from hfaug.op import RowOp as RowOp
    from hfaug.preview import preview as preview
    from hfaug.recipe.filling import generate_missing as generate_missing
    from hfaug.release import release as release
    from hfaug.testing import check_op as check_op
    from hfaug.wrap import wrap as wrap

__version__ = "0.1.0"

_HOMES = {
    "ArrangeOp": "kinds",
    "BatchOp": "op",
    "Chain": "compose",
    "ColorOp": "kinds",
    "CurveOp": "kinds",
    "EditOp": "kinds",
    "ImageOp": "kinds",
    "MixOp": "mix",
    "OUTPUT_VERSION": "config",
    "OneOf": "compose",
    "Op": "op",
    "PixelOp": "kinds",
    "Reject": "op",
    "RowOp": "op",
    "Sometimes": "compose",
    "Times": "compose",
    "SoundOp": "kinds",
    "TimeOp": "kinds",
    "WarpOp": "kinds",
    "WaveOp": "kinds",
    "augment": "augment",
    "balance": "balance",
    "check_op": "testing",
    "generate_missing": "recipe.filling",
    "load_dataset": "loading",
    "online": "online",
    "preview": "preview",
    "release": "release",
    "with_ids": "augment",
    "wrap": "wrap",
}
"""Public name -> module of hfaug that holds it. A line here needs its twin above, for type checkers and editors."""

_MODULES = ("errors", "filters", "fit", "ops")

__all__ = sorted(["__version__", *_HOMES, *_MODULES])  # noqa: PLE0605


class _Package(ModuleType):
    """This package, in which ``hfaug.augment`` is the function although the module it stands in bears the same name.

    Python binds a submodule to its name in the package when it is first imported, whoever imports it; that would hide
    the function. Such a module is therefore reached by ``from hfaug.augment import ...``, never as an attribute.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if isinstance(value, ModuleType) and _HOMES.get(name) == name:
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
_register()


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"hfaug.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'hfaug' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"hfaug.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
