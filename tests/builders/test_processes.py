"""Builders in many processes: spawned workers, ranks that load at one time, streams that travel."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

from datasets import load_dataset

from tests.builders.rows import digest, rows_of

RECIPE = {"ops": ["image.rotate"], "copies": 2}

SPAWN = """
import json, sys
import multiprocess

def main():
    multiprocess.set_start_method("spawn")
    import datasets, hfaug
    datasets.disable_progress_bars()
    recipe = json.loads(sys.argv[3])
    ds = datasets.load_dataset("augmentfolder", data_dir=sys.argv[1], cache_dir=sys.argv[2], recipe=recipe, num_proc=2)
    ds["train"].to_parquet(sys.argv[4])

if __name__ == "__main__":
    main()
"""

RANK = """
import json, sys, datasets, hfaug
datasets.disable_progress_bars()
recipe = json.loads(sys.argv[3])
ds = datasets.load_dataset("augmentfolder", data_dir=sys.argv[1], cache_dir=sys.argv[2], recipe=recipe)["train"]
print(json.dumps([ds.num_rows, ds._fingerprint, [file["filename"] for file in ds.cache_files]]))
"""


def test_spawned_workers_find_the_builder(pictures: Path, tmp_path: Path, cache: Path) -> None:
    """Workers that share nothing with their parent make the same rows."""
    script, out = tmp_path / "script.py", tmp_path / "out.parquet"
    script.write_text(SPAWN)
    command = [sys.executable, str(script), str(pictures), str(cache / "spawn"), json.dumps(RECIPE), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    wanted = load_dataset("augmentfolder", data_dir=str(pictures), recipe=RECIPE, split="train")
    assert rows_of(load_dataset("parquet", data_files=str(out), split="train")) == rows_of(wanted)


def test_ranks_that_load_at_one_time_get_one_dataset(pictures: Path, tmp_path: Path, cache: Path) -> None:
    """The first makes it, the others wait and find it."""
    command = [sys.executable, "-c", RANK, str(pictures), str(cache / "ranks"), json.dumps(RECIPE)]
    ranks = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ}) for _ in range(3)]
    said = [rank.communicate(timeout=100)[0] for rank in ranks]
    assert [rank.returncode for rank in ranks] == [0, 0, 0]
    assert len(set(said)) == 1
    assert json.loads(said[0])[0] == 48


def test_a_fresh_process_finds_the_cache(pictures: Path, cache: Path) -> None:
    """The name of the cache folder is the same in every process, whatever the seed of its hashes."""
    command = [sys.executable, "-c", RANK, str(pictures), str(cache / "twice"), json.dumps(RECIPE)]
    said = {
        subprocess.run(
            command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1


def test_a_stream_can_be_pickled(pictures: Path) -> None:
    """As a data loader does with its workers."""
    stream = load_dataset("augmentfolder", data_dir=str(pictures), recipe=RECIPE, split="train", streaming=True)
    assert digest(rows_of(pickle.loads(pickle.dumps(stream)))) == digest(rows_of(stream))
