"""What counts as the code of a class or function: all of its package that it names, nothing that moves by itself."""

import dataclasses
import functools
import re
import subprocess
import sys
import types

import numpy as np

from hfaug.code import code_digest
from hfaug.op import Op
from hfaug.ops.image import Flip

LEVEL = 3


def helper(x):
    return x + LEVEL


def made(source, name="f", **names):
    """A function or class of a module of its own."""
    module = types.ModuleType("notebook")
    vars(module).update(names)
    exec(compile(source, "notebook", "exec"), vars(module))
    return vars(module)[name]


def test_classes_of_hfaug_need_no_digest():
    """They have a version, and every release of hfaug is another one."""
    assert code_digest(Flip) == code_digest(Op) == ""


def test_names_places_and_comments_do_not_count():
    one = made("def f(x):\n    return x + 1\n")
    two = made("\n\n# moved\ndef f(x):\n    # a comment\n    return x + 1\n")
    assert code_digest(one) == code_digest(two)


def test_every_part_of_a_function_counts():
    plain = "def f(x, y=1, *, z=2):\n    return x + y + z"
    variants = [
        plain,
        plain.replace("x + y", "x - y"),
        plain.replace("y=1", "y=2"),
        plain.replace("z=2", "z=3"),
        plain.replace("+ z", "+ len((z, 4))"),
        "def f(x, y=1, *, z=2):\n    def g():\n        return x\n    return g() + y + z",
    ]
    assert len({code_digest(made(source)) for source in variants}) == len(variants)


def test_what_a_function_names_counts():
    """Functions, classes and constants of the same module, however deep; other packages by name."""
    source = "def g(x):\n    return h(x)\ndef h(x):\n    return x * K\ndef f(x):\n    return g(x)\n"
    digests = {code_digest(made(source.replace("x * K", body), K=k)) for body in ("x * K", "x + K") for k in (1, 2)}
    assert len(digests) == 4
    assert code_digest(made("def f(x):\n    return np.sum(x)", np=np)) == code_digest(
        made("def f(x):\n    return np.sum(x)", np=np)
    )


def test_functions_that_call_each_other_end():
    source = "def f(x):\n    return g(x) if x else 0\ndef g(x):\n    return f(x - 1)\n"
    assert code_digest(made(source)) == code_digest(made(source))


def test_closures_and_partials_count():
    def outer(k):
        return lambda x: x + k

    assert code_digest(outer(1)) == code_digest(outer(1)) != code_digest(outer(2))
    partials = [functools.partial(helper, 1), functools.partial(helper, 2), functools.partial(helper)]
    assert len({code_digest(made("def f(x):\n    return p(x)", p=part)) for part in partials}) == 3


def test_tables_and_patterns_count():
    """Constants of every plain kind, by value."""
    source = "def f(x):\n    return T, x"
    tables = [
        (1, 2),
        [1, 2],
        {1, 2},
        {"a": 1},
        {"a": [1]},
        np.arange(3),
        np.arange(3.0),
        re.compile("a"),
        re.compile("b"),
    ]
    digests = [code_digest(made(source, T=table)) for table in tables]
    assert len(set(digests)) == len(tables)
    assert digests[5] == code_digest(made(source, T=np.arange(3)))


def test_every_part_of_a_class_counts():
    head = "import dataclasses\n@dataclasses.dataclass(frozen=True)\nclass C:\n    a: int = 1\n    KIND = 'x'\n"
    body = "    def go(self):\n        return 1\n"
    more = "    @property\n    def p(self):\n        return 2\n    @staticmethod\n    def s():\n        return 3\n"
    variants = [head + body + more]
    changes = [("a: int = 1", "a: int = 2"), ("'x'", "'y'"), ("return 1", "return 11"), ("return 2", "return 22")]
    variants += [variants[0].replace(old, new) for old, new in [*changes, ("return 3", "return 33")]]
    assert len({code_digest(made(source, "C")) for source in variants}) == len(variants)
    documented = variants[0].replace("    a: int", "    '''Said.'''\n    a: int")
    assert code_digest(made(documented, "C")) == code_digest(made(variants[0], "C"))


def test_bases_of_the_same_module_count():
    source = "class B:\n    def go(self):\n        return 1\nclass C(B):\n    pass\n"
    assert code_digest(made(source, "C")) != code_digest(made(source.replace("return 1", "return 2"), "C"))


def test_it_is_the_same_in_another_process():
    """Whatever the hash seed: sets are sorted, addresses left out."""
    code = (
        "import sys; sys.path.insert(0, '.')\n"
        "from hfaug.code import code_digest\n"
        "def g(x): return x in {'a', 'b', 'c'} or print\n"
        "class C:\n    table = {'x': {'p', 'q', 'r'}, 'y': object()}\n    def go(self): return g(self)\n"
        "print(code_digest(C))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        for seed in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout != "\n"


def test_the_digest_is_taken_anew():
    """A function of a notebook can be edited while a class that calls it lives."""
    module = types.ModuleType("notebook")
    exec("def g(x):\n    return 1\ndef f(x):\n    return g(x)", vars(module))
    before = code_digest(module.f)
    exec("def g(x):\n    return 2", vars(module))
    assert code_digest(module.f) != before


@dataclasses.dataclass(frozen=True, kw_only=True)
class Own(Op):
    """An op of somebody else."""


def test_ops_of_others_carry_their_code():
    assert '"code":"' in Own().canonical_json
    assert '"code":"' not in Flip().canonical_json
