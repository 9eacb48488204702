"""The wheel holds everything hfaug needs at run time and nothing else, and works away from the checkout."""

import os
import shutil
import subprocess
import sys
import zipfile

import pytest

from tests.house.source import ROOT, files

PARTS = ("LICENSE", "README.md", "builders", "cards", "hfaug", "pyproject.toml", "setup.py")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy of the sources by the setuptools at hand: nothing is downloaded."""
    folder = tmp_path_factory.mktemp("wheel")
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
        copy(ROOT / part, folder / part)
    options = ["--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--quiet", "--wheel-dir", "."]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, "."], cwd=folder, check=True)
    (built,) = folder.glob("hfaug-*.whl")
    return built


def test_wheel_holds_each_module_template_and_recipe(wheel):
    """Builders and cards lie inside hfaug; templates and recipes are shipped; tests and models are not."""
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    code = {path.relative_to(ROOT).as_posix() for path in files("hfaug")}
    beside = {f"hfaug/{path.relative_to(ROOT).as_posix()}" for path in files("builders", "cards")}
    found = [*(ROOT / "hfaug").rglob("*.jinja"), *(ROOT / "hfaug" / "recipes").glob("*.yaml")]
    found += [path for path in (ROOT / "hfaug" / "examples").iterdir() if path.is_file() and path.suffix != ".py"]
    data = {path.relative_to(ROOT).as_posix() for path in found} | {"hfaug/py.typed"}
    templates = {f"hfaug/cards/{path.name}" for path in (ROOT / "cards").glob("*.jinja")}
    assert held == code | beside | data | templates


def test_wheel_works_on_its_own(wheel, tmp_path):
    """Installed into an empty folder, hfaug imports from there, builders and cards with it."""
    options = ["--no-deps", "--no-index", "--disable-pip-version-check", "--quiet", "--target", str(tmp_path)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(wheel)], check=True)
    code = (
        "import hfaug, hfaug.builders as b, hfaug.cards as c; print(hfaug.__file__, b.__file__, c.__file__, sep='\\n')"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    assert all(line.startswith(str(tmp_path)) for line in done.stdout.split())
