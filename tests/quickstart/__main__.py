"""``python -m tests.quickstart --out out``: build, release, read back, and say where to look."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RECIPES = ("digits", "mail", "speech")


def main() -> int:
    """Run the recipes one after another; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.quickstart", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder of the releases")
    parser.add_argument("--processes", type=int, default=2, help="processes under accelerate launch")
    parser.add_argument("--only", choices=RECIPES, nargs="*", default=RECIPES, help="some of the recipes")
    parser.add_argument("--keep", action="store_true", help="go on from an earlier run instead of starting afresh")
    options = parser.parse_args()
    if not options.keep and options.out.exists():
        shutil.rmtree(options.out)
    began = time.monotonic()
    lines = [line for name in options.only for line in _run(name, options.out, options.processes)]
    print(f"\n{'=' * 100}\nQuickstart: {len(options.only)} datasets in {time.monotonic() - began:.0f} s\n")
    print("\n".join(lines))
    print(f"\nLook at {options.out}/*/v1.0.0/README.md and the contact sheets beside it.")
    return 0


def _run(name: str, out: Path, processes: int) -> list[str]:
    recipe, work, target = HERE / f"{name}.yaml", out / "work" / name, out / name
    began = time.monotonic()
    _command(["build", str(recipe), "--work", str(work)], processes)
    built = time.monotonic()
    _command(
        [
            "release",
            str(recipe),
            "--work",
            str(work),
            "--to",
            f"./{target}" if not target.is_absolute() else str(target),
        ]
    )
    released = time.monotonic()
    rows = _read_back(target / "v1.0.0")
    return [
        f"{name}: {sum(rows.values())} rows read back: "
        + ", ".join(f"{count} {origin}" for origin, count in rows.items()),
        f"  built by {processes} processes in {built - began:.0f} s, released in {released - built:.0f} s",
        f"  {_units(work)}",
        f"  load_dataset({str(target / 'v1.0.0')!r})",
    ]


def _command(arguments: list[str], processes: int = 1) -> None:
    """Run a command of hfaug, under ``accelerate launch`` where it is for several processes."""
    command = [sys.executable, "-m", "hfaug", *arguments]
    environment = dict(os.environ)
    if processes > 1:
        # Accelerate starts one process for `--cpu`; told that it has several devices, it starts one for each, on the
        # CPU too.
        environment["ACCELERATE_USE_CPU"] = "true"
        launch = ["--multi_gpu", "--num_processes", str(processes), "--num_machines", "1", "--mixed_precision", "no"]
        launch += ["--dynamo_backend", "no", "--main_process_port", str(_free_port())]
        command = [sys.executable, "-m", "accelerate.commands.launch", *launch, "-m", "hfaug", *arguments]
    print(
        f"\n$ {' '.join(['hfaug', *arguments])}" + (f"   (x{processes} by accelerate launch)" if processes > 1 else ""),
        flush=True,
    )
    subprocess.run(command, env=environment, check=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _read_back(folder: Path) -> dict[str, int]:
    """Rows by origin, as anybody would load them."""
    from datasets import load_dataset

    data: Any = load_dataset(str(folder))
    return dict(Counter(row["origin"] for split in data.values() for row in split["provenance"]))


def _units(work: Path) -> str:
    """Who computed the units, from the plans and the claims that every stage keeps."""
    from hfaug.cli.summary import shares
    from hfaug.engine import open_store
    from hfaug.engine.claims import claim_records, finishers

    store = open_store(work)
    stages = [f"stages/{folder.name}" for folder in sorted((work / "stages").iterdir())]
    planned = sum(len(json.loads(store.read(f"{stage}/manifest.json"))["units"]) for stage in stages)
    finished, twice = finishers(claim_records(store, stage) for stage in stages)
    return f"units  {finished.total()} of {planned} in {len(stages)} stages: {shares(finished, twice)}"


if __name__ == "__main__":
    sys.exit(main())
