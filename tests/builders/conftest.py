"""Small folders of real data, and a cache for each test.

`datasets` reads the environment when it is imported, so nothing here imports it before a test runs.
"""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where `datasets` reads CSV, it leaves the file to the garbage collector."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(
                pytest.mark.filterwarnings("ignore:.*FileIO.*(csv|log):pytest.PytestUnraisableExceptionWarning")
            )


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The cache of `datasets`, empty for each test."""
    import datasets

    folder = tmp_path / "cache"
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", folder)
    datasets.disable_progress_bars()
    yield folder
    if any(tmp_path.rglob("*.csv")) or any(tmp_path.rglob("*.log")):
        gc.collect()  # files that were left open are met in the test that is known to leave them


@pytest.fixture
def pictures(tmp_path: Path, data_folder: Path) -> Path:
    """A folder of digits by class, for training and for testing; two files of one class are equal."""
    folder = tmp_path / "pictures"
    for digit in ("0", "1", "7"):
        files = sorted((data_folder / "digits" / digit).glob("*.png"))
        for split, own in (("train", files[:5]), ("test", files[5:7])):
            (folder / split / digit).mkdir(parents=True)
            for file in own:
                shutil.copy(file, folder / split / digit)
    shutil.copy(folder / "train" / "1" / "0500.png", folder / "train" / "1" / "9999.png")
    return folder


@pytest.fixture
def sounds(tmp_path: Path, data_folder: Path) -> Path:
    """A folder of sounds with metadata: WAV, and one FLAC."""
    import soundfile

    folder = tmp_path / "sounds"
    folder.mkdir()
    lines = (data_folder / "speech" / "metadata.csv").read_text().splitlines()
    for line in lines[1:9]:
        shutil.copy(data_folder / "speech" / line.split(",", maxsplit=1)[0], folder)
    name = lines[9].split(",", maxsplit=1)[0]
    soundfile.write(folder / name.replace(".wav", ".flac"), *soundfile.read(data_folder / "speech" / name))
    (folder / "metadata.csv").write_text("\n".join([*lines[:9], lines[9].replace(".wav", ".flac")]) + "\n")
    return folder


@pytest.fixture
def mail_file(tmp_path: Path, data_folder: Path) -> Path:
    """40 mails, two of them equal, as JSON lines in a folder of their own."""
    file = tmp_path / "mails" / "mail.jsonl"
    file.parent.mkdir()
    lines = (data_folder / "mail" / "mail.jsonl").read_text(encoding="utf-8").splitlines()[:39]
    file.write_text("\n".join([*lines, lines[0]]) + "\n", encoding="utf-8")
    return file
