"""Lets torchvision be imported beside a torch that its compiled operators do not fit, as the CPU build of a CUDA wheel.

Python runs this file by itself where its folder is on the path, so the interpreters that tests start have it too. The
transforms need none of those operators; only their names must be known for the import.
"""

import importlib.abc
import importlib.machinery
import sys
from pathlib import Path


class _Operators(importlib.abc.MetaPathFinder):
    """Finds nothing; makes the operators known when torchvision is first asked for."""

    def find_spec(self, name, path=None, target=None):
        if name == "torchvision":
            sys.meta_path.remove(self)
            spec = importlib.machinery.PathFinder.find_spec(name)
            if spec is not None:
                _define(Path(spec.origin).parent)


def _define(folder):
    import torch

    for library in folder.glob("_C*.so"):
        try:
            torch.ops.load_library(library)
        except OSError:
            for name in ("nms", "qnms"):
                torch.library.define(f"torchvision::{name}", "(Tensor dets, Tensor scores, float threshold) -> Tensor")


sys.meta_path.insert(0, _Operators())
