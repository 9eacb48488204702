"""OpenCV's threads in worker processes: one for each, no hang after a fork, and what a user set stays."""

import os
import subprocess
import sys
import textwrap

import cv2
import pytest

PRELUDE = """
import os, multiprocessing, sys
import cv2, numpy as np
from datasets import Dataset, Image
import hfaug
from hfaug.ops.image import Rotate

BIG = np.zeros((1500, 1500, 3), np.uint8)
MATRIX = np.float64([[0.9, 0.1, 0], [-0.1, 0.9, 0]])

def work():
    cv2.GaussianBlur(cv2.warpAffine(BIG, MATRIX, (1500, 1500)), (0, 0), 3)

def started():
    return len(os.listdir("/proc/self/task"))

def rows():
    data = cv2.imencode(".png", BIG[:64, :64])[1].tobytes()
    return Dataset.from_dict({"image": [{"bytes": data, "path": None}] * 8}).cast_column("image", Image())

class Told(Rotate):
    \"\"\"Writes down how many threads OpenCV has where it runs.\"\"\"
    def warp(self, size, rng):
        with open(os.environ["TOLD"], "a") as file:
            file.write(f"{os.getpid()} {cv2.getNumThreads()}\\n")
        work()
        return super().warp(size, rng)
"""


def said(script, tmp_path, **environment):
    """What a script printed, and what its ops wrote down: process -> numbers of threads."""
    path, told = tmp_path / "script.py", tmp_path / "told"
    path.write_text(PRELUDE + textwrap.dedent(script))
    told.write_text("")
    done = subprocess.run(
        [sys.executable, path],
        env={**os.environ, "TOLD": str(told), "HF_HOME": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = {}
    for line in told.read_text().splitlines():
        process, threads = map(int, line.split())
        found.setdefault(process, set()).add(threads)
    return done.stdout.split(), found


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without forks")
def test_forks_after_the_pool_was_used_do_no_harm(tmp_path):
    """A fork has no pool of its own yet, may set its number of threads and use them; the parent keeps its own."""
    printed, _ = said(
        """
        cv2.setNumThreads(4)
        for number in range(20):
            work()
            child = os.fork()
            if child == 0:
                import signal
                signal.alarm(10)
                assert started() == 1 or sys.platform != "linux"
                assert cv2.getNumThreads() == 4
                cv2.setNumThreads(1 + number % 3)
                work()
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0, number
            assert cv2.getNumThreads() == 4
        print("done")
        """,
        tmp_path,
    )
    assert printed == ["done"]


MAP = """
if __name__ == "__main__":
    cv2.setNumThreads({threads})
    work()
    made = rows().map(Told(), batched=True, batch_size=2, num_proc=2)
    assert len(made) == 8
    print(cv2.getNumThreads())
"""


def test_workers_of_map_have_one_thread_each(tmp_path):
    """Although their parent had used its own, which it keeps."""
    printed, found = said(MAP.format(threads="cv2.getNumberOfCPUs()"), tmp_path)
    assert len(found) == 2
    assert set.union(*found.values()) == {1}
    assert printed == [str(cv2.getNumberOfCPUs())]


def test_a_number_that_the_user_set_stays(tmp_path):
    """In the workers too."""
    chosen = cv2.getNumberOfCPUs() + 1
    printed, found = said(MAP.format(threads=chosen), tmp_path)
    assert set.union(*found.values()) == {chosen}
    assert printed == [str(chosen)]


LOADER = """
if __name__ == "__main__":
    from torch.utils.data import DataLoader
    work()
    before = cv2.getNumThreads()
    kind = "{method}"
    loader = DataLoader(
        hfaug.online(rows(), Told()), batch_size=2, num_workers=2, multiprocessing_context=kind, collate_fn=len
    )
    assert sum(loader) == 8
    assert cv2.getNumThreads() == before
    print("done")
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_of_data_loaders_have_one_thread_each(method, tmp_path):
    """However they are started."""
    pytest.importorskip("torch")
    printed, found = said(LOADER.format(method=method), tmp_path)
    assert printed == ["done"]
    assert len(found) == 2
    assert set.union(*found.values()) == {1}


def test_opencv_that_a_worker_loads_later_has_one_thread():
    """A worker asks for one before it loads OpenCV; what is no worker does not."""
    script = """
import multiprocessing, sys
from hfaug.threads import hold_threads

def threads(kind):
    assert "cv2" not in sys.modules
    hold_threads()
    import cv2
    assert cv2.getNumThreads() == (1 if kind == "worker" else cv2.getNumberOfCPUs()), kind

if __name__ == "__main__":
    worker = multiprocessing.Process(target=threads, args=("worker",))
    worker.start()
    worker.join(60)
    assert worker.exitcode == 0
    threads("parent")
"""
    environment = {name: value for name, value in os.environ.items() if name != "OPENCV_FOR_THREADS_NUM"}
    subprocess.run([sys.executable, "-c", script], env=environment, timeout=100, check=True)
