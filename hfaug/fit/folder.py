"""The folder of a fitted model: the model itself, and beside it, hidden, what a broken-off training goes on from.

model_index.json, unet/, scheduler/ ...   the model, once the training has come to its end
README.md                                 its card
.gitignore                                keeps what is hidden from repositories
samples/step-000500.png                   what it drew on the way
.training/run.json                        what is trained, on what: a folder is of one training only
.training/step-000500.pt                  checkpoints, the newest few
.training/log.jsonl                       losses
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hfaug.errors import ModelError, ParameterError

__all__ = ["HIDDEN", "ModelFolder"]

HIDDEN = ".training"


class ModelFolder:
    """Where a training writes, and finds what it wrote before.

    Args:
        path: The folder; made when it is not there.
        who: Who writes, for errors.
    """

    def __init__(self, path: str | os.PathLike[str], who: str) -> None:
        self.path, self.who = Path(path), who
        self.hidden = self.path / HIDDEN

    def check(self, run: Mapping[str, Any]) -> None:
        """Make sure that the folder is free, or holds this very training.

        Args:
            run: What decides the weights.

        Raises:
            ParameterError: It holds something else.
        """
        known = self.hidden / "run.json"
        if known.is_file():
            before = json.loads(known.read_text(encoding="utf-8"))
            now = json.loads(json.dumps(run))
            other = [name for name in {**before, **now} if before.get(name) != now.get(name)]
            if other:
                said = ", ".join(f"{name} was {before.get(name)!r}, is {now.get(name)!r}" for name in other)
                raise ParameterError(
                    f"{self.who}: out must be a new folder or one of the same training, {self.path} holds another: "
                    f"{said}; choose another folder, or remove it to begin anew"
                )
        elif self.path.exists() and (
            not self.path.is_dir() or any(path != self.hidden for path in self.path.iterdir())
        ):
            raise ParameterError(
                f"{self.who}: out must be a new folder or one that a training broke off in, {self.path} holds "
                "something else; choose another folder"
            )

    def begin(self, run: Mapping[str, Any]) -> None:
        """Write down which training this folder is for."""
        with self.writing("the folder"):
            self.hidden.mkdir(parents=True, exist_ok=True)
            _put(self.hidden / "run.json", json.dumps(run, indent=1).encode())

    # ---- checkpoints

    def steps(self) -> list[int]:
        """The steps that there are checkpoints of, in order."""
        return sorted(int(path.stem.removeprefix("step-")) for path in self.hidden.glob("step-*.pt"))

    def save(self, step: int, state: Mapping[str, Any], keep: int) -> None:
        """Write a checkpoint, whole or not at all, then let go of all but the newest few."""
        import torch

        memory = io.BytesIO()
        torch.save(dict(state), memory)
        with self.writing(f"the checkpoint of step {step}"):
            _put(self._checkpoint(step), memory.getbuffer())
        for old in self.steps()[:-keep]:
            self._checkpoint(old).unlink(missing_ok=True)

    def load(self, step: int, device: Any) -> dict[str, Any]:
        """Read a checkpoint."""
        import torch

        found: dict[str, Any] = torch.load(self._checkpoint(step), map_location=device, weights_only=True)
        return found

    def _checkpoint(self, step: int) -> Path:
        return self.hidden / f"step-{step:06d}.pt"

    # ---- log

    def log(self, line: Mapping[str, Any]) -> None:
        """Add a line to the log."""
        with self.writing("the log"), (self.hidden / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def lines(self) -> list[dict[str, Any]]:
        """The log so far; a line that a crash cut off is left out."""
        path = self.hidden / "log.jsonl"
        if not path.is_file():
            return []
        found = []
        for line in path.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError):
                found.append(json.loads(line))
        return found

    def cut_log(self, step: int) -> None:
        """Drop what was logged after a step that the training goes on from."""
        kept = [json.dumps(line) + "\n" for line in self.lines() if line["step"] <= step]
        with self.writing("the log"):
            _put(self.hidden / "log.jsonl", "".join(kept).encode())

    # ---- the model

    def publish(self, entry: str, write: Callable[[Path], None]) -> None:
        """Put a model in place of what there was.

        Args:
            entry: The file that makes a model of the folder; it goes first and comes last.
            write: Writes the model's files into a folder.
        """
        fresh = self.hidden / "model"
        with self.writing("the model"):
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir()
            write(fresh)
            (self.path / entry).unlink(missing_ok=True)
            for source in sorted(fresh.iterdir(), key=lambda path: path.name == entry):
                target = self.path / source.name
                if target.is_dir():
                    shutil.rmtree(target)
                os.replace(source, target)
            fresh.rmdir()

    @contextlib.contextmanager
    def writing(self, what: str) -> Iterator[None]:
        """Say what could not be written, and that nothing before is lost.

        Raises:
            ModelError: The disk is full, or the folder cannot be written to.
        """
        try:
            yield
        except OSError as error:
            kept = f"; what was saved at step {self.steps()[-1]} is kept" if self.steps() else ""
            raise ModelError(
                f"{self.who}: {what} must be written to {self.path}, could not be: {error.strerror or error}{kept}; "
                "make room or choose another folder, then run the same again to go on"
            ) from error


def _put(path: Path, data: Any) -> None:
    """Write a file, whole or not at all."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
