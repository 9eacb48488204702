"""`hfaug new`: what it writes works at once, in a folder of one's own and in the house."""

import importlib.util
import shutil
import subprocess
import sys

import pytest

from hfaug.recipe import load_recipe
from hfaug.testing import check_op
from tests.cli.shell import typed
from tests.house.source import ROOT

OPS = {
    "text.shout_words": None,
    "image.posterise": None,
    "audio.drop_out": None,
    "mix.halves": None,
    "image.move_aside": "warp",
    "image.warm": "color",
    "text.turn_round": "batch",
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to type in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def written(name, kind):
    """Write an op and import it; its tests are run by hand, as functions."""
    assert typed("new", "op", name, *(["--kind", kind] if kind else [])) == 0
    own = name.partition(".")[2]
    spec = importlib.util.spec_from_file_location(f"test_{own}", f"test_{own}.py")
    tests = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tests)
    return importlib.import_module(own), tests


@pytest.mark.parametrize("name, kind", OPS.items(), ids=OPS)
def test_an_op_does_what_its_test_says(name, kind, here):
    """The test of its own passes, and so do the quick promises."""
    module, tests = written(name, kind)
    own = [value for key, value in vars(tests).items() if key.startswith("test_") and key != "test_promises"]
    assert own
    for test in own:
        test()
    (cls,) = (getattr(module, public) for public in module.__all__)
    check_op(cls(), only=["name", "pickle", "equality", "limits", "docstring", "features", "batches", "input"])
    assert tests.test_promises.__doc__


@pytest.mark.slow
@pytest.mark.parametrize("name, kind", OPS.items(), ids=OPS)
def test_an_op_keeps_every_promise(name, kind, here):
    written(name, kind)[1].test_promises()


def test_a_filter_does_what_its_test_says(here):
    assert typed("new", "filter", "drop_short") == 0
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", here], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("kind", ["text", "image", "audio"])
def test_a_recipe_can_be_read(kind, here, capsys):
    assert typed("new", "recipe", "my mails.yaml", "--for", kind) == 0
    recipe = load_recipe("my mails.yaml")
    assert recipe.name == "my-mails"
    assert len(recipe.steps) == 2
    assert "hfaug preview" in capsys.readouterr().out


def test_a_recipe_with_its_comments_opened_can_be_read(here):
    """What is commented out is right too."""
    assert typed("new", "recipe", "mails") == 0
    text = (here / "mails.yaml").read_text(encoding="utf-8")
    for line in ("columns:", "  text: body", "  spans: entities"):
        text = text.replace(f"# {line}\n", f"{line}\n")
    text = text.replace("  # - balance:", "  - balance:").replace("  #     ", "      ").replace("  # to:", "  to:")
    (here / "open.yaml").write_text(text, encoding="utf-8")
    recipe = load_recipe("open.yaml")
    assert len(recipe.steps) == 3
    assert recipe.columns["spans"] == "entities"
    assert recipe.release.to == "org/mails"


def test_nothing_is_written_over(here, capsys):
    (here / "test_shout_words.py").write_text("mine")
    assert typed("new", "op", "text.shout_words") == 1
    assert "test_shout_words.py must be free" in capsys.readouterr().err
    assert sorted(path.name for path in here.iterdir()) == ["test_shout_words.py"]


@pytest.mark.parametrize("name", ["shout_words", "text.ShoutWords", "text.class", "text.", "text.a.b", "text.../x"])
def test_names_that_are_none_are_refused(name, here, capsys):
    assert typed("new", "op", name) == 1
    assert "NAME must" in capsys.readouterr().err
    assert list(here.iterdir()) == []


@pytest.fixture
def house(here):
    """A checkout, as far as it is needed."""
    for part in ("hfaug", "builders", "cards"):
        shutil.copytree(ROOT / part, here / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("pyproject.toml", "CHANGELOG.md", "README.md"):
        shutil.copy(ROOT / part, here)
    return here


def in_house(house, *arguments):
    """Run a command with the hfaug of a checkout."""
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=house, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_in_the_house_all_goes_to_its_place(house):
    """File, test, export, changelog and table: nothing else to touch."""
    for name in ("image.aa_first", "image.zz_last"):
        assert typed("new", "op", name) == 0
    assert typed("new", "filter", "drop_short") == 0
    exported = (house / "hfaug" / "ops" / "image" / "__init__.py").read_text(encoding="utf-8")
    assert exported.index("AaFirst") < exported.index("Erase") < exported.index("ZzLast")
    changelog = (house / "CHANGELOG.md").read_text(encoding="utf-8")
    assert changelog.index("## [Unreleased]") < changelog.index("- Filter `filter.drop_short`")
    table = in_house(house, "hfaug", "ops", "--markdown")
    assert "`image.zz_last`" in table
    assert table.strip() in (house / "README.md").read_text(encoding="utf-8")
    tests = [house / "tests" / "ops" / "image" / "test_zz_last.py", house / "tests" / "filters" / "test_drop_short.py"]
    for test in tests:
        in_house(house, "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(house), str(test))
    files = [house / "hfaug" / "ops" / "image", house / "hfaug" / "filters" / "drop_short.py", *tests]
    in_house(house, "ruff", "check", "--quiet", *map(str, files[1:]), str(files[0] / "aa_first.py"))
    in_house(house, "ruff", "format", "--check", *map(str, files[1:]), str(files[0] / "__init__.py"))
