"""Help: every command has a page that fits 80 columns and shows examples, and the README knows it."""

import shlex
import subprocess
import sys

import click
import pytest

import hfaug
from hfaug.cli import COMMANDS, command
from tests.cli.shell import typed
from tests.house.source import ROOT

CONTEXT = click.Context(command, info_name="hfaug")


def pages():
    """Every command and what it is called."""
    for name in COMMANDS:
        found = command.get_command(CONTEXT, name)
        yield (name,), found
        if isinstance(found, click.Group):
            yield from (((name, inner), found.commands[inner]) for inner in found.commands)


PAGES = dict(pages())


@pytest.mark.parametrize("words", [(), *PAGES], ids=" ".join)
def test_help_can_be_read(words, capsys):
    """It says what the command does, fits 80 columns, and ends with examples of this very command."""
    assert typed(*words, "--help") == 0
    page = capsys.readouterr().out
    assert max(map(len, page.splitlines())) <= 80
    examples = page.partition("Examples:\n")[2].splitlines()
    assert examples
    begins = " ".join(["hfaug", *words])
    assert any(begins in line for line in examples)


@pytest.mark.parametrize("words", PAGES, ids=" ".join)
def test_every_option_is_explained(words):
    found = PAGES[words]
    assert found.help
    assert [option.name for option in found.params if isinstance(option, click.Option) and not option.help] == []


@pytest.mark.parametrize("words", PAGES, ids=" ".join)
def test_examples_can_be_parsed(words):
    """No example shows an option that is not there."""
    found = PAGES[words]
    lines = " ".join(getattr(found, "examples", ())).replace("\\ ", "").split("hfaug ")[1:]
    begins = " ".join(words)
    for line in (line for line in lines if line.startswith(begins)):
        arguments = shlex.split(line.removesuffix(" accelerate launch -m ").removeprefix(begins))
        found.make_context("hfaug", arguments, resilient_parsing=False).close()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_readme_shows_every_command(name):
    assert f"hfaug {name}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_version(capsys):
    assert typed("--version") == 0
    assert capsys.readouterr().out == f"hfaug {hfaug.__version__}\n"


def test_nothing_typed_shows_the_help(capsys):
    assert typed() == 2
    assert "Commands:" in capsys.readouterr().err


def test_a_misspelt_command_is_told_the_nearest(capsys):
    assert typed("biuld", "x.yaml") == 2
    assert "there is no command 'biuld'; did you mean build?" in capsys.readouterr().err


def test_the_command_line_is_light():
    """`hfaug ops` loads no framework, no codec and no model library."""
    code = "import sys; from hfaug.cli import _run; _run(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code, "ops"], capture_output=True, text=True, check=True)
    assert not {"torch", "transformers", "diffusers", "cv2", "PIL", "audiomentations"} & set(done.stderr.split())
