"""Files that a new op, filter or recipe begins with, in a folder of one's own or in the house of hfaug."""

from __future__ import annotations

import ast
import functools
import keyword
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from hfaug.errors import ParameterError

__all__ = ["start_filter", "start_op", "start_recipe"]

_KIND_OF = {"text": "edit", "image": "pixel", "audio": "wave", "mix": "mix"}
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_TABLE = ("<!-- ops -->", "<!-- /ops -->")


@dataclass(frozen=True)
class _Start:
    """What is begun.

    Args:
        family: ``text``, ``image`` ...; of a filter ``filter``.
        name: In snake case.
        top: Top of a checkout of hfaug, or None.
        folder: Where to write outside of one.
    """

    family: str
    name: str
    top: Path | None
    folder: Path

    @property
    def cls(self) -> str:
        """Name of the class."""
        return "".join(part.capitalize() for part in self.name.split("_"))

    @property
    def package(self) -> str:
        """Package inside hfaug."""
        return "filters" if self.family == "filter" else f"ops.{self.family}"

    @property
    def file(self) -> Path:
        """File of the class."""
        inside = self.top / "hfaug" / self.package.replace(".", "/") if self.top else self.folder
        return inside / f"{self.name}.py"

    @property
    def test(self) -> Path:
        """File of its test."""
        inside = self.top / "tests" / self.package.replace(".", "/") if self.top else self.folder
        return inside / f"test_{self.name}.py"

    def words(self) -> dict[str, Any]:
        """What the templates are filled with."""
        outside = {"importing": f"from {self.name} import {self.cls}", "called": self.cls}
        called = f"hfaug.{self.package}.{self.cls}"
        place = {"importing": "import hfaug", "called": called} if self.top else outside
        title = self.name.replace("_", " ").capitalize()
        return {
            "cls": self.cls,
            "family": self.family,
            "module": self.name,
            "title": title,
            "inside": bool(self.top),
        } | place


def start_op(name: str, kind: str | None, folder: str) -> list[str]:
    """Write an op and its test.

    Args:
        name: Family and name, ``text.shout_words``.
        kind: Template; by default that of the family.
        folder: Where to.

    Returns:
        What was done, and what comes next, in lines.

    Raises:
        ParameterError: The name is none, or taken.
    """
    family, _, own = name.partition(".")
    if family not in _KIND_OF:
        raise ParameterError(
            f"new op: NAME must begin with a family ({', '.join(_KIND_OF)}), got {name!r}; say text.{own or family}"
        )
    return _start(family, own, kind or _KIND_OF[family], folder)


def start_filter(name: str, folder: str) -> list[str]:
    """Write a filter and its test.

    Args:
        name: Its name, ``drop_short``.
        folder: Where to.
    """
    return _start("filter", name.removeprefix("filter."), "filter", folder)


def start_recipe(file: str, kind: str) -> list[str]:
    """Write a recipe.

    Args:
        file: Where to.
        kind: ``text``, ``image`` or ``audio``.
    """
    path = Path(file if Path(file).suffix else f"{file}.yaml")
    name = re.sub(r"[^\w-]+", "-", path.stem).strip("-") or "dataset"
    _write({path: _filled("recipe.yaml", {"name": name, "file": path.name, "kind": kind})})
    return [f"wrote  {path}", "next   set its source, then", f"       hfaug preview {path}"]


def _start(family: str, name: str, kind: str, folder: str) -> list[str]:
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise ParameterError(f"new: NAME must be words in small letters joined by _, got {name!r}; say shout_words")
    top = Path(folder)
    start = _Start(family, name, top if _is_house(top) else None, top)
    words = {**start.words(), "kind": kind}
    _write({start.file: _filled(f"{kind}.py", words), start.test: _filled(f"test_{kind}.py", words)})
    lines = [f"wrote  {start.file}", f"wrote  {start.test}"]
    if start.top is not None:
        return [*lines, *_settle(start, start.top), "next   make test"]
    return [
        *lines,
        f"next   pytest {start.test}",
        f"       in Python: from {name} import {start.cls}",
        f"       in a recipe beside it: {name}:{start.cls}",
    ]


def _is_house(top: Path) -> bool:
    """Whether a folder is the top of a checkout of hfaug."""
    project = top / "pyproject.toml"
    return project.is_file() and 'name = "hfaug"' in project.read_text(encoding="utf-8")


def _write(files: dict[Path, str]) -> None:
    """Write all files or none."""
    for path in files:
        if path.exists():
            raise ParameterError(f"new: {path} must be free, is there already; choose another name, or remove it")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _filled(template: str, words: dict[str, Any]) -> str:
    return str(_environment().from_string(_source(template)).render(words))


def _source(template: str) -> str:
    return resources.files("hfaug.cli").joinpath("templates", f"{template}.jinja").read_text(encoding="utf-8")


@functools.cache
def _environment() -> Any:
    from jinja2 import Environment, StrictUndefined

    return Environment(  # noqa: S701 - it makes Python and YAML, not HTML
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )


# ---- in the house


def _settle(start: _Start, top: Path) -> list[str]:
    """The lines that a new class needs elsewhere in the house."""
    package = start.file.parent / "__init__.py"
    package.write_text(_exported(package.read_text(encoding="utf-8"), start), encoding="utf-8")
    changelog = top / "CHANGELOG.md"
    what = "Filter `filter." if start.family == "filter" else f"Op `{start.family}."
    changelog.write_text(
        _noted(changelog.read_text(encoding="utf-8"), f"- {what}{start.name}`: say what it does."), "utf-8"
    )
    changed = [f"edited {package}", f"edited {changelog}"]
    readme = top / "README.md"
    if _TABLE[0] in readme.read_text(encoding="utf-8"):
        # In an interpreter of its own: this one knows the ops as they were.
        command = [sys.executable, "-m", "hfaug", "ops", "--markdown"]
        table = subprocess.run(command, cwd=top, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
        before, _, rest = readme.read_text(encoding="utf-8").partition(_TABLE[0])
        after = rest.partition(_TABLE[1])[2]
        readme.write_text(f"{before}{_TABLE[0]}\n{table}\n{_TABLE[1]}{after}", encoding="utf-8")
        changed.append(f"edited {readme}")
    return changed


def _exported(text: str, start: _Start) -> str:
    """The package with one more class, everything sorted."""
    lines = text.splitlines()
    found = [node for node in ast.parse(text).body if isinstance(node, ast.ImportFrom) and node.level == 0]
    named = re.search(r"^__all__ = \[(.*?)\]", text, re.MULTILINE | re.DOTALL)
    if named is None or not found:
        raise ParameterError(
            f"new: {start.file.parent / '__init__.py'} must have imports and __all__; add the class by hand"
        )
    first = found[0].lineno - 1
    imports = ["\n".join(lines[node.lineno - 1 : node.end_lineno]) for node in found]
    sorted_imports = sorted([*imports, f"from hfaug.{start.package}.{start.name} import {start.cls}"])
    names = sorted([*re.findall(r'"(\w+)"', named[1]), start.cls])
    head = [*lines[:first], *sorted_imports, ""]
    quoted = [f'"{name}"' for name in names]
    inline = f"__all__ = [{', '.join(quoted)}]"
    block = ["__all__ = [", *(f"    {name}," for name in quoted), "]"]
    return "\n".join([*head, *([inline] if len(inline) <= 120 else block)]) + "\n"


def _noted(text: str, line: str) -> str:
    """The changelog with one more line under what was added."""
    head, found, rest = text.partition("## [Unreleased]\n")
    if not found:
        raise ParameterError("new: CHANGELOG.md must have the heading [Unreleased]; add it")
    if not rest.lstrip("\n").startswith("### Added\n"):
        return f"{head}{found}\n### Added\n\n{line}\n{rest}"
    _, _, entries = rest.partition("### Added\n\n")
    return f"{head}{found}\n### Added\n\n{line}\n{entries}"
