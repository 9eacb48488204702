"""Two hours of sound need little more memory than their files: what is decoded is never held at once."""

import subprocess
import sys

import pytest

CODE = """
import sys
import numpy as np, pyarrow as pa, soundfile, soxr, python_stretch
from datasets import Audio, Dataset, Features
from hfaug import Chain
from hfaug.ops.audio import AddNoise, ChangeGain, Pad, ShiftPitch, StretchTime
from hfaug.testing import storage

minutes, path, name = int(sys.argv[1]), sys.argv[2], sys.argv[3]
block = (0.2 * np.sin(np.arange(16_000 * 60) / 9)).astype(np.float32)
with soundfile.SoundFile(path, "w", 16_000, 1, "PCM_16", format="FLAC") as file:
    for _ in range(minutes):
        file.write(block)
op = {"light": Chain(ChangeGain(), AddNoise(), Pad()), "stretch": Chain(StretchTime(), ShiftPitch())}[name]
features = Features({"audio": Audio()})
stored = {"audio": [{"bytes": None, "path": path}]}
rows = Dataset(pa.Table.from_pydict(stored, schema=features.arrow_schema))
# Not ru_maxrss, which a new process takes over from the one that started it.
peak = lambda: int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) / 1024
resident = int(open("/proc/self/statm").read().split()[1]) * 4096 / 2**20
done = op(storage(rows))
grown = peak() - resident
print(grown - (len(open(path, "rb").read()) + len(done["audio"][0].as_py()["bytes"])) / 2**20)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["light", "stretch"])
def test_memory_is_flat(tmp_path, name):
    """Beyond the bytes that come in and go out: under 120 MB, where the samples alone are 440 MB."""
    grown = {}
    for minutes in (40, 120):
        command = [sys.executable, "-c", CODE, str(minutes), str(tmp_path / "long.flac"), name]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        grown[minutes] = float(done.stdout)
    print(f"{name}: megabytes beyond the files, by minutes: {grown}")
    assert grown[120] < 120
    assert grown[120] - grown[40] < 40
