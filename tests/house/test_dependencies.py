"""What hfaug imports is what it asks pip for: the core anywhere, an extra only inside the function that needs it."""

import ast
import importlib.metadata
import re
import sys

from tests.house import source

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TOLERATED = {
    "markupsafe": "the string type of jinja2's templates, which brings it",
    "torchvision": "whoever wraps its transforms has it; beside a torch of another build it breaks transformers",
    "threadpoolctl": "asked for only where it is already installed (scikit-learn brings it)",
}
"""Imported without being asked for, and why."""


def plain_name(requirement):
    """``PyYAML>=6`` -> ``pyyaml``."""
    return re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-")


def declared():
    """The direct dependencies by name: those of the core, and those of all groups."""
    project = tomllib.loads((source.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    core = {plain_name(line) for line in project["dependencies"]}
    extras = {plain_name(line) for group in project["optional-dependencies"].values() for line in group}
    return core, core | extras - {"hfaug"}


def borrowed():
    """Every import of another project: the names its distribution may have, whether it waits, and where it stands."""
    distributions = importlib.metadata.packages_distributions()
    for module, path in source.modules().items():
        for node in ast.walk(source.tree(path)):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            else:
                continue
            for top in {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"hfaug"}:
                waits = module in source.DERIVED or source.inside(node, ast.FunctionDef) or source.type_only(node)
                yield {plain_name(name) for name in distributions.get(top, [top])}, waits, f"{module}:{node.lineno}"


def test_imports_are_declared():
    core, everything = declared()
    missing = [
        f"{where} imports {' or '.join(names)}"
        for names, waits, where in borrowed()
        if not names & (everything if waits else core) and not names & set(TOLERATED)
    ]
    assert not missing, "\n".join(missing)


def test_tested_versions_cover_what_is_declared():
    """Each direct dependency has its tested version in constraints.txt."""
    lines = (source.ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {plain_name(line) for line in lines if line and not line.startswith("#")}
    assert declared()[1] <= pinned
