"""A long film is never in memory: ten minutes of 640x360 in a process of their own, by what the system counts."""

import json
import subprocess
import sys

import pytest

from hfaug.media import counts
from tests import films

MINUTES, FPS, MOST_MB = 10, 25, 300

CODE = """
import json, sys
import pyarrow as pa
from datasets import Dataset, Features, Video, disable_progress_bars
import hfaug
from hfaug import media
disable_progress_bars()
features = Features({"video": Video()})
rows = Dataset(pa.Table.from_pylist([{"video": {"bytes": None, "path": sys.argv[1]}}], schema=features.arrow_schema))
op = eval(sys.argv[2], {"hfaug": hfaug}).on(video_preset="ultrafast", video_crf=35)
made = hfaug.augment(rows, op, keep=False)
told = dict(line.split(":", 1) for line in open("/proc/self/status"))
peak = int(told["VmHWM"].split()[0]) / 1000  # not ru_maxrss, which begins with that of the process it came from
film = media.video_info(made.with_format("arrow")[:]["video"].to_pylist()[0]["bytes"])
print(json.dumps({"peak_mb": peak, "frames": film.count, "size": film.size}))
"""
OPS = {
    "pixels": ("hfaug.Chain(hfaug.ops.image.Flip(), hfaug.ops.image.JitterColor())", MINUTES * 60 * FPS),
    "time": ("hfaug.ops.video.Reverse()", MINUTES * 60 * FPS),
}


@pytest.fixture(scope="module")
def long_film(tmp_path_factory):
    """Written straight to a file: this process must not hold it either. One key frame in ten seconds."""
    path = tmp_path_factory.mktemp("films") / "long.mp4"
    path.write_bytes(
        films.film(
            MINUTES * 60 * FPS,
            FPS,
            size=(360, 640),
            sound="aac",
            options={"preset": "ultrafast", "crf": "35", "g": "250"},
        )
    )
    counts.reset()
    return path


@pytest.mark.slow
@pytest.mark.parametrize("name", list(OPS))
def test_ten_minutes_stay_under_300_mb(name, long_film):
    """Frames stream, forwards and backwards; waiting ones lie in a file, and so does the sound."""
    op, frames = OPS[name]
    command = [sys.executable, "-c", CODE, str(long_film), op]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["frames"], told["size"]) == (frames, [360, 640])
    assert told["peak_mb"] < MOST_MB
