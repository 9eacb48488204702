"""Files have one subject: an op file has at most 120 lines, any file 400, a function 40 beside its docstring."""

import ast

import pytest

from tests.house import source

OP_LINES, FILE_LINES, FUNCTION_LINES = 120, 400, 40

EXCEPTIONS = {
    "hfaug/ops/image/diffusion/add_object.py": "a third of it is its page: sixteen fields, each described",
    "hfaug/ops/image/diffusion/control_to_image.py": "a third of it is its page: seventeen fields, each described",
    "hfaug/ops/image/diffusion/inpaint.py": "a third of it is its page: sixteen fields, each described",
    "hfaug/ops/text/back_translate.py": "half of it is its page: seventeen fields, each described, and an example",
    "hfaug/ops/text/fill.py": "half of it is its page: fifteen fields, each described, and an example",
    "hfaug/ops/text/generate.py": "half of it is its page: eighteen fields, each described, and an example",
    "hfaug/ops/text/fill_templates.py": "a third of it is its page: ten fields, each described, and an example",
    # "hfaug/ops/image/rotate.py": "why this file must be longer",
    # "hfaug/ops/image/rotate.py::Rotate.warp": "why this function must be longer",
}
"""What may be longer, and why. An entry that is no longer needed fails too."""


def file_limit(path):
    """The longest a file may be."""
    inside_ops = path.is_relative_to(source.ROOT / "hfaug" / "ops") and path.name != "__init__.py"
    return OP_LINES if inside_ops else FILE_LINES


def functions(path):
    """Every function of a file, its name with that of its class, and its length without decorators and docstring."""
    for node in ast.walk(source.tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            owner = node.parent
            name = f"{owner.name}.{node.name}" if isinstance(owner, ast.ClassDef) else node.name
            first = node.body[0]
            documented = ast.get_docstring(node, clean=False) is not None
            docstring = first.end_lineno - first.lineno + 1 if documented else 0
            yield name, node.end_lineno - node.lineno + 1 - docstring


def too_long(path):
    """What of a file is over its limit: key and length."""
    where = path.relative_to(source.ROOT).as_posix()
    lines = len(path.read_text(encoding="utf-8").splitlines())
    if lines > file_limit(path):
        yield where, lines
    for name, length in functions(path):
        if length > FUNCTION_LINES:
            yield f"{where}::{name}", length


@pytest.fixture(scope="module")
def breaches():
    """Everything over its limit, by key."""
    return dict(breach for path in source.files("hfaug", "builders", "tests") for breach in too_long(path))


def test_nothing_is_too_long(breaches):
    """Split it by subject, or give a reason in EXCEPTIONS."""
    assert {key: length for key, length in breaches.items() if key not in EXCEPTIONS} == {}


def test_no_exception_is_stale(breaches):
    """A file that became short again loses its exception."""
    assert set(EXCEPTIONS) <= set(breaches)
