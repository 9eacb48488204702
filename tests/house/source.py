"""The project's own Python files, parsed; what the other tests of this folder look at."""

import ast
import functools
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PACKAGES = {"hfaug": "hfaug", "builders": "hfaug.builders", "cards": "hfaug.cards"}


def module_name(path):
    """``hfaug/ops/image/flip.py`` -> ``hfaug.ops.image.flip``; builders bear the name they are installed under."""
    first, *rest = path.relative_to(ROOT).with_suffix("").parts
    return ".".join([_PACKAGES[first], *rest]).removesuffix(".__init__")


def files(*folders):
    """Every Python file below these folders of the repository."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@functools.cache
def tree(path):
    """The syntax tree of a file; each node knows its parent."""
    root = ast.parse(path.read_text(encoding="utf-8"), str(path))
    for node in ast.walk(root):
        for child in ast.iter_child_nodes(node):
            child.parent = node
    return root


DERIVED = {"hfaug.backends.sampling_gan", "hfaug.backends.sampling_pipelines"}
"""Modules of classes that derive from those of torch and diffusers: these are imported at once, the modules late."""


@functools.cache
def modules():
    """Module name -> file, over everything that is installed."""
    return {module_name(path): path for path in files(*_PACKAGES)}


def inside(node, kinds):
    """Whether a node stands inside one of these kinds of nodes."""
    while node := getattr(node, "parent", None):
        if isinstance(node, kinds):
            return True
    return False


def type_only(node):
    """Whether a node stands under ``if TYPE_CHECKING:``."""
    while node := getattr(node, "parent", None):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            return True
    return False


def imports(name):
    """The modules of hfaug that a module imports, each with its import statement."""
    path = modules()[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            wanted = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parent = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parent, *([node.module] if node.module else [])])
            wanted = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        for target in map(_holder, wanted):
            if target in modules():
                yield target, node


def _holder(target):
    """The module that holds a name: of ``hfaug.errors.RowError`` it is ``hfaug.errors``."""
    while target.startswith("hfaug.") and target not in modules():
        target = target.rpartition(".")[0]
    return target
