"""Imports point one way, heavy packages wait, and no two modules need each other."""

import ast
import graphlib
import subprocess
import sys

import pytest

from tests.house import source

LAYERS = [
    {"errors"},
    {
        "assets", "binding", "calls", "classes", "code", "columns", "config", "fields", "frames", "groups",
        "label_groups", "labels", "language", "layouts", "measures", "media", "moves", "randomness", "roles", "threads",
    },
    {"provenance", "rows", "sentences"},
    {"arguments", "lineage", "op", "plan", "texts"},
    {"compose", "kinds", "mix", "transforms"},
    {"filters", "ops", "wrap"},
    {"augment", "catalog", "engine", "ids", "known_as", "online", "streaming"},
    {"fit", "publishing", "record"},
    {"balance", "evaluation", "examples", "preview", "profile", "recipe"},
    {"release"},
    {"builders", "cli", "gallery", "loading", "pages", "testing"},
]  # fmt: skip
"""A module imports from its own row and from those above it."""

LEVELS = {part: level for level, parts in enumerate(LAYERS) for part in parts}
KNOWN = {*LEVELS, "backends"}
BACKEND_USERS = {"backends", "filters", "fit", "ops", "wrap"}
NOT_LAYERED = {"hfaug", "hfaug.__main__", "hfaug.cards"}
HEAVY = {
    "PIL", "accelerate", "audiomentations", "av", "cv2", "diffusers", "evaluate", "matplotlib",
    "sklearn", "soundfile", "torch", "transformers",
}  # fmt: skip


def part(name):
    """The part of the house a module belongs to: ``hfaug.ops.image.flip`` -> ``ops``."""
    return name.split(".")[1]


def edges():
    """Every import of one module of hfaug by another: importer, imported, statement."""
    for name in source.modules():
        if name not in NOT_LAYERED:
            for target, node in source.imports(name):
                if target not in NOT_LAYERED:
                    yield name, target, node


def test_every_part_has_a_layer():
    """A new module of the first level must be given its place in LAYERS."""
    parts = {part(name) for name in source.modules() if name not in NOT_LAYERED}
    assert parts <= KNOWN


def test_imports_point_one_way():
    """No module imports from a row below its own; only op may reach for compose, inside a function."""
    wrong = []
    for name, target, node in edges():
        here, there = part(name), part(target)
        if not {here, there} <= KNOWN:
            continue  # said by the test above
        if "backends" in {here, there}:
            right = there == "errors" if here == "backends" != there else here in BACKEND_USERS
        else:
            operators = (here, there) == ("op", "compose") and source.inside(node, ast.FunctionDef)
            right = operators or LEVELS[there] <= LEVELS[here]
        if not right:
            wrong.append(f"{name}:{node.lineno} imports {target}")
    assert not wrong, "\n".join(wrong)


def test_no_two_modules_need_each_other():
    """What modules import when they are loaded has no circle."""
    graph = {}
    for name, target, node in edges():
        if name != target and not source.inside(node, ast.FunctionDef) and not source.type_only(node):
            graph.setdefault(name, set()).add(target)
    graphlib.TopologicalSorter(graph).prepare()


def loaded_by(statement):
    """The top-level packages in memory after a statement, in a fresh interpreter."""
    code = f"import sys; {statement}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.fixture(scope="module")
def loaded_by_datasets():
    return loaded_by("import datasets")


def test_importing_hfaug_is_light(loaded_by_datasets):
    """``import hfaug`` loads no heavy package that ``import datasets`` does not load."""
    assert not (loaded_by("import hfaug") - loaded_by_datasets) & HEAVY


def test_importing_everything_is_light(loaded_by_datasets):
    """No module of hfaug loads a heavy package by being imported, the command line least of all."""
    names = sorted(name for name in source.modules() if name not in {"hfaug.__main__", *source.DERIVED})
    extra = (loaded_by("import " + ", ".join(names)) - loaded_by_datasets) & HEAVY
    assert not extra
