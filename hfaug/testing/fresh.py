"""Checks in an interpreter of its own: nothing of this process may be what makes results equal."""

from __future__ import annotations

import base64
import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from datasets import Dataset
from datasets.fingerprint import Hasher

from hfaug.errors import ContractError
from hfaug.testing.case import Case, digest, must

__all__ = ["HEAVY", "check_fresh_process", "fresh_results"]

HEAVY = ("torch", "transformers", "diffusers", "cv2", "audiomentations", "tensorflow", "jax")
"""Packages that importing an op must not load."""

_CODE = "import sys; from hfaug.testing.fresh import answer; answer(sys.argv[1])"


def check_fresh_process(case: Case, known: Mapping[str, Any] | None = None) -> None:
    """In a fresh interpreter the op has the same fingerprint and gives the same rows; importing it loads nothing heavy.

    An op of the main module or of a function cannot be imported there, and is left out.
    """
    if not importable(case):
        return
    found = known if known is not None else fresh_results([case])[0]
    must(
        not found["heavy"], f"importing it loads {', '.join(found['heavy'])}; import inside the function that needs it"
    )
    must(found["fingerprint"] == Hasher.hash(case.op), "the fingerprint differs")
    must(found["stream"] == case.op.stream_digest, "the stream digest differs")
    must(found["digest"] == digest(case.result), "the rows differ")


def importable(case: Case) -> bool:
    """Whether another process can import every class of the op."""
    return all(type(op).__module__ != "__main__" and "<locals>" not in type(op).__qualname__ for op in case.op.walk())


def fresh_results(cases: Sequence[Case], *, hash_seed: int = 4711) -> list[dict[str, Any]]:
    """What a fresh interpreter says of each of some cases: fingerprint, digests, heavy packages.

    Args:
        cases: Importable cases; one interpreter serves them all.
        hash_seed: Its PYTHONHASHSEED.
    """
    with tempfile.TemporaryDirectory() as folder:
        jobs = [base64.b64encode(pickle.dumps(case.op)).decode() for case in cases]
        for number, case in enumerate(cases):
            with pa.OSFile(f"{folder}/{number}", "wb") as sink, pa.ipc.new_file(sink, case.table.schema) as writer:
                writer.write_table(case.table)
        (Path(folder) / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
        path = os.pathsep.join(entry for entry in sys.path if entry)
        environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": path}
        command = [sys.executable, "-c", _CODE, folder]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            raise ContractError(f"check_op: the fresh interpreter failed:\n{done.stderr}")
        answers: list[dict[str, Any]] = json.loads((Path(folder) / "answers.json").read_text(encoding="utf-8"))
        return answers


def answer(folder: str) -> None:
    """What the fresh interpreter runs."""
    jobs = json.loads((Path(folder) / "jobs.json").read_text(encoding="utf-8"))
    before = set(sys.modules)
    ops = [pickle.loads(base64.b64decode(job)) for job in jobs]  # noqa: S301 - written by `fresh_results`
    heavy = sorted(name for name in HEAVY if name in sys.modules and name not in before)
    answers = []
    for number, op in enumerate(ops):
        rows = Dataset(pa.ipc.open_file(f"{folder}/{number}").read_all())
        case = Case(op, rows, rows)
        said = {"fingerprint": Hasher.hash(op), "stream": op.stream_digest, "digest": digest(case.result)}
        answers.append({**said, "heavy": heavy})
    (Path(folder) / "answers.json").write_text(json.dumps(answers), encoding="utf-8")
