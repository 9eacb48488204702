"""torch modules that hold a configuration and no weights, as plain data: transforms of torchvision and of kornia.

They are written down by their classes and attributes, since their constructors do not keep what they were given.
"""

from __future__ import annotations

import contextlib
import enum
import functools
import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hfaug.errors import FingerprintError
from hfaug.randomness import isolated_globals
from hfaug.wrap.freezing import MOST_BYTES, Freezer, is_installed, locate
from hfaug.wrap.thawing import Thawer

__all__ = ["Attributes", "freeze_layers", "lend_globals", "module_attributes", "thaw_layers"]

Attributes = Callable[[Any], Mapping[str, Any]]
"""The attributes of a module that are its configuration."""

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def module_attributes(layer: Any) -> dict[str, Any]:
    """The attributes that a module's own class gave it; whether it trains, if it does not."""
    machinery = _machinery()
    held = {name: value for name, value in vars(layer).items() if name not in machinery}
    return held if layer.training else {**held, "training": False}


@functools.cache
def _machinery() -> frozenset[str]:
    """What every module holds; and ``forward``, which stands there where hfaug put another one."""
    import torch

    return frozenset({*vars(torch.nn.Module()), "forward"})


def freeze_layers(target: Any, attributes: Attributes, finish: Callable[[Any], None]) -> Any:
    """A module with all inside it, as a tree for JSON: equal for equal ones, before and after use.

    Args:
        target: The module.
        attributes: What of a module's attributes is its configuration.
        finish: See `thaw_layers`.

    Raises:
        FingerprintError: It holds weights, a generator or something else that lives, or it is too large.
    """
    tree = _Layers(type(target).__qualname__, attributes).tree(target)
    weight = len(_text(tree))
    if weight > MOST_BYTES:
        raise FingerprintError(
            f"wrap: {type(target).__name__} must hold at most {MOST_BYTES} bytes of configuration, holds {weight}; "
            "wrap its parts and chain them with hfaug.Chain"
        )
    again = _Layers(type(target).__qualname__, attributes).tree(thaw_layers(tree, finish))
    if _text(again) != _text(tree):
        raise FingerprintError(
            f"wrap: {type(target).__name__} must be made again by its attributes, is not; write an op of your own "
            "(hfaug new)"
        )
    return tree


def thaw_layers(tree: Any, finish: Callable[[Any], None]) -> Any:
    """The module of a tree.

    Args:
        tree: From `freeze_layers`.
        finish: Gives a module back what its class makes anew, such as samplers.

    Raises:
        FingerprintError: The code of one of its classes is no longer what was wrapped.
    """
    return _Builder(finish).value(tree)


@contextlib.contextmanager
def lend_globals() -> Iterator[None]:
    """Lend the global generators to transforms of torch, which compute on one thread and without gradients meanwhile.

    Sums over many threads are rounded in another order, so the bytes would follow from the number of threads.
    """
    import torch

    from hfaug.backends.threads_each import one_thread_each

    with isolated_globals(), one_thread_each(), torch.no_grad():
        yield


def _text(tree: Any) -> str:
    return json.dumps(tree, sort_keys=True, separators=(",", ":"), allow_nan=False)


class _Layers(Freezer):
    """Modules, and the values of torch that a configuration is made of."""

    draws_instead = "draw from torch's global generator, which is seeded by the row"

    def __init__(self, who: str, attributes: Attributes) -> None:
        super().__init__(who)
        self._attributes = attributes

    def tree(self, value: Any) -> Any:
        """The tree of any value; numbers as they are, since people read them in the lineage."""
        if type(value) is float and math.isfinite(value):
            return self.weighed(value, 8)
        return super().tree(value)

    def compound(self, value: Any) -> Any:
        """The tree of a module, or of what it holds."""
        import torch

        if isinstance(value, torch.nn.Module):
            return self._layer(value)
        if isinstance(value, torch.Tensor):
            held = value.detach().cpu()
            return {"tensor": str(held.dtype).removeprefix("torch."), "values": self.tree(held.tolist())}
        if isinstance(value, torch.dtype):
            return {"name": f"torch:{str(value).removeprefix('torch.')}"}
        if isinstance(value, enum.Enum) and (place := locate(type(value))) and is_installed(place.partition(":")[0]):
            return {"name": f"{place}.{value.name}"}
        return super().compound(value)

    def refuse_live(self, value: Any, name: str = "") -> None:
        """Refuse what has a state; a module has one if it has weights or hooks."""
        import torch

        if isinstance(value, torch.nn.Module):
            if next(value.parameters(recurse=False), None) is None and not any(vars(value)[hooks] for hooks in _HOOKS):
                return
        elif isinstance(value, torch.Tensor) and not value.requires_grad:
            self.weighed(value, 8 * value.numel())
            return
        super().refuse_live(value, name)

    def _layer(self, layer: Any) -> dict[str, Any]:
        tree: dict[str, Any] = {
            "layer": self.tree(type(layer)),
            "state": {name: self.tree(value) for name, value in self._attributes(layer).items()},
        }
        if layer._modules:  # noqa: SLF001 - children that are None count too
            tree["parts"] = [[name, self.tree(part)] for name, part in layer._modules.items()]  # noqa: SLF001
        buffers = {name: self.tree(held) for name, held in layer.named_buffers(recurse=False)}
        return {**tree, "buffers": buffers} if buffers else tree


class _Builder(Thawer):
    """Modules again."""

    def __init__(self, finish: Callable[[Any], None]) -> None:
        super().__init__()
        self._finish = finish

    def value(self, tree: Any) -> Any:
        """The value of a tree."""
        if isinstance(tree, dict) and "layer" in tree:
            return self._layer(tree)
        if isinstance(tree, dict) and "tensor" in tree:
            import torch

            return torch.tensor(self.value(tree["values"]), dtype=getattr(torch, tree["tensor"]))
        return super().value(tree)

    def _layer(self, tree: dict[str, Any]) -> Any:
        import torch

        cls = self.value(tree["layer"])
        layer = cls.__new__(cls)
        torch.nn.Module.__init__(layer)
        # Past the class's own setters: they would do again what the values have been through.
        vars(layer).update({name: self.value(held) for name, held in tree["state"].items()})
        for name, part in tree.get("parts", ()):
            layer.add_module(name, self.value(part))
        for name, held in tree.get("buffers", {}).items():
            layer.register_buffer(name, self.value(held))
        self._finish(layer)
        return layer
