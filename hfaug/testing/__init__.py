"""`check_op`: the promises that every op makes, as checks for ops of hfaug and of others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from datasets import Dataset

from hfaug.errors import ContractError, ParameterError
from hfaug.op import Op
from hfaug.testing import draws, fresh, identity, instances, labels, purity, runs, shapes
from hfaug.testing.case import BrokenPromiseError, Case, cases, content, digest, results, storage

__all__ = ["CHECKS", "Case", "cases", "check_op", "content", "digest", "results", "run_check", "storage"]

CHECKS: dict[str, Callable[[Case], None]] = {
    "name": identity.check_name,
    "pickle": identity.check_pickle,
    "equality": identity.check_equality,
    "fingerprint": identity.check_fingerprint,
    "limits": identity.check_limits,
    "docstring": identity.check_docstring,
    "features": shapes.check_features,
    "empty": shapes.check_empty,
    "one row": shapes.check_one_row,
    "odd rows": shapes.check_odd_rows,
    "batches": runs.check_batches,
    "order": runs.check_order,
    "single rows": runs.check_single_rows,
    "storage": runs.check_storage,
    "formats": runs.check_formats,
    "processes": runs.check_processes,
    "fresh process": fresh.check_fresh_process,
    "global state": purity.check_global_state,
    "input": purity.check_input,
    "untouched": purity.check_untouched,
    "unchanged": purity.check_unchanged,
    "originals": purity.check_originals,
    "copies": draws.check_copies,
    "lineage": draws.check_lineage,
    "replay": draws.check_replay,
    "places": labels.check_places,
    "objects": instances.check_objects,
    "passages": labels.check_passages,
}
"""The checks by name. Each is a function of a `Case` whose docstring is the promise it checks."""


def check_op(op: Op, rows: Dataset | None = None, *, only: Sequence[str] | None = None) -> tuple[str, ...]:
    """Check that an op keeps the promises that every op makes, so that it works wherever hfaug's own do.

    Args:
        op: The op to check, one that is ready or can be fitted on the rows.
        rows: A few different rows to check it on; by default small built-in ones of every kind that the op takes.
        only: Names of checks (see `CHECKS`); all by default.

    Returns:
        What was checked: the op's name with that of the rows, one for each kind of rows.

    Raises:
        ContractError: A promise is broken; names the op, the rows and the check.
        ParameterError: There is no such check.

    >>> from hfaug.ops.text import SwapChars
    >>> check_op(SwapChars(), only=["pickle", "equality", "batches"])
    ('text.swap_chars-sentences', 'text.swap_chars-words', 'text.swap_chars-questions', 'text.swap_chars-plain')
    """
    names = list(CHECKS) if only is None else list(only)
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        raise ParameterError(f"check_op: only must be among {', '.join(CHECKS)}, got {', '.join(unknown)}; correct it")
    tried = cases(op, rows)
    for case in tried:
        for name in names:
            run_check(name, case)
    return tuple(case.name for case in tried)


def run_check(name: str, case: Case) -> None:
    """Run one check; a broken promise and an error of the op alike become a ContractError.

    Args:
        name: One of `CHECKS`.
        case: The op with rows.
    """
    check = CHECKS[name]
    promise = (check.__doc__ or "").splitlines()[0]
    try:
        check(case)
    except BrokenPromiseError as broken:
        raise ContractError(f"{case.name}: must keep the promise {name!r} ({promise}); {broken}") from None
    except Exception as error:
        raise ContractError(
            f"{case.name}: must keep the promise {name!r} ({promise}); raised {type(error).__name__}: {error}"
        ) from error
