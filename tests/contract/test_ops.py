"""Every op keeps every promise: the checks of `hfaug.check_op` over the whole catalog and over compositions.

A new op is picked up by itself. One that needs more than its defaults stands in `catalog.BUILDERS`.
"""

import pytest

from hfaug.errors import ContractError
from hfaug.testing import CHECKS, run_check
from hfaug.testing.fresh import check_fresh_process, fresh_results, importable
from tests.contract.catalog import CASES, OPS, OTHERS, REPRESENTATIVES, asks_models, is_first

FEW = {"name", "pickle", "equality", "limits", "docstring"}
"""Checks that do not run the op, so that they cost nothing with a model either, and once is enough."""

MOVES = {"places", "passages"}
"""Checks of labels, which are different in each kind of rows."""

LONG = {"storage", "processes"}
"""Checks of what lies around an op, which take as long as all others together: one op of each kind tells most."""


def _tried():
    """Each check with the rows of the most labels; what other kinds of rows would hardly make different is slow."""
    for name, case in CASES.items():
        first = is_first(name)
        for check in CHECKS:
            if check == "fresh process" or (check in FEW and not first):
                continue
            slow = (asks_models(case.op) and check not in FEW) or not (first or check in MOVES)
            slow = slow or (check in LONG and name not in REPRESENTATIVES)
            yield pytest.param(name, check, id=f"{name}-{check}", marks=[pytest.mark.slow] if slow else [])


@pytest.mark.parametrize("name,check", list(_tried()))
def test_op_keeps_its_promise(name, check):
    """The docstring of the check says which."""
    run_check(check, CASES[name])


@pytest.mark.parametrize("hash_seed", [0, 4711])
def test_fresh_interpreter_agrees(hash_seed):
    """One fresh interpreter for all ops: equal fingerprints, equal rows, nothing heavy imported."""
    cases = {name: case for name, case in CASES.items() if importable(case) and not asks_models(case.op)}
    answers = fresh_results(list(cases.values()), hash_seed=hash_seed)
    broken = []
    for name, case, answer in zip(cases, cases.values(), answers, strict=True):
        try:
            check_fresh_process(case, answer)
        except Exception as error:  # noqa: BLE001 - all ops are told of at once
            broken.append(f"{name}: {error}")
    assert not broken, "\n".join(broken)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, case in CASES.items() if asks_models(case.op)])
def test_fresh_interpreter_agrees_on_models(name):
    """Model ops too, on CPU in float32."""
    run_check("fresh process", CASES[name])


def test_every_op_is_tried():
    """No op of the catalog is left out, with whatever rows."""
    assert {name for name in OPS if not any(case.startswith(f"{name}-") for case in CASES)} == set()


NOT_MET = {
    (
        "image.add_object",
        "boxes",
    ): "the samples with boxes have masks, which it cannot draw; it is tried on rows of its own, with boxes alone",
    (
        "mix.mix_up",
        "boxes",
    ): "the samples with boxes have masks, which two blended images cannot share (see tests/ops)",
    ("text.swap_entities", "answers"): "it finds its entities by spans or tags, and questions have neither",
}
"""Labels that no sample has for an op, and why."""


def test_every_op_that_moves_labels_is_tried_with_them():
    """An op that moves boxes meets boxes, one that moves spans meets spans, words and answers."""
    wanted = {"boxes": ("objects", "instances", "videos"), "spans": ("sentences",), "answers": ("questions",)}
    wanted["tags"] = ("words",)
    missing = {
        (name, role)
        for name, cls in OPS.items()
        for role in set(wanted) & set(cls.moves)
        if not any(f"{name}-{kind}" in CASES for kind in wanted[role])
    }
    assert missing == set(NOT_MET)


@pytest.mark.parametrize("name", list(OTHERS))
@pytest.mark.parametrize("check", ["name", "pickle", "equality", "limits", "docstring"])
def test_filter_keeps_its_promise(name, check):
    """Filters are plain data like ops."""
    from types import SimpleNamespace

    case = SimpleNamespace(op=OTHERS[name](), name=name)
    run_check(check, case)


def test_check_op_names_op_and_check():
    """A broken promise is told with the names of op, rows and check."""
    case = CASES["image.flip-pictures"]
    broken = type(case)(case.op, case.rows, case.rows.remove_columns("image"), "pictures")
    with pytest.raises(ContractError, match=r"image.flip-pictures: must keep the promise 'odd rows'"):
        run_check("odd rows", broken)
