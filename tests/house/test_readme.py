"""What the README shows works: its Python runs, its commands succeed, its recipes are the ones they read.

Blocks run from top to bottom in one empty folder in which ``tests/data`` and ``tests/models`` are at hand. Python
blocks share their names; in ``console`` blocks each line ``$ hfaug ...`` runs. A comment on the line before a block
says more: ``<!-- file: recipe.yaml -->`` writes the block to that file, ``<!-- not run: reason -->`` leaves it out.
"""

import doctest
import os
import re
import shlex
import subprocess
import sys

import pytest
from markdown_it import MarkdownIt

from tests.house.source import ROOT

DOCUMENTS = ["README.md"]


def blocks(document):
    """The code blocks of a document: language, remark before it, first line, text."""
    remark = ""
    for token in MarkdownIt().parse((ROOT / document).read_text(encoding="utf-8")):
        if token.type == "html_block":
            remark = token.content.strip().removeprefix("<!--").removesuffix("-->").strip()
        elif token.type == "fence":
            yield token.info.strip(), remark, token.map[0] + 1, token.content
            remark = ""
        elif token.type not in {"inline", "html_inline"}:
            remark = ""


def run_python(where, line, text, names):
    """Run a block; a line of a traceback is the line of the document."""
    if text.lstrip().startswith(">>>"):
        test = doctest.DocTestParser().get_doctest(text, names, where, where, line)
        results = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, clear_globs=False)
        assert results.failed == 0
        names |= test.globs
    else:
        exec(compile("\n" * line + text, where, "exec"), names)


def run_console(text):
    """Run the commands of a block that are hfaug's."""
    joined = re.sub(r"\\\n\s*", " ", text)
    for command in re.findall(r"^\$ hfaug\b(.*)$", joined, re.MULTILINE):
        arguments = shlex.split(command, comments=True)
        done = subprocess.run([sys.executable, "-m", "hfaug", *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"hfaug{command}\n{done.stdout}{done.stderr}"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_the_document_shows_works(document, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests").mkdir()
    for folder in ("data", "models"):
        os.symlink(ROOT / "tests" / folder, tmp_path / "tests" / folder)
    names = {"__name__": "__main__"}
    for language, remark, line, text in blocks(document):
        if remark.startswith("not run:"):
            continue
        if remark.startswith("file:"):
            (tmp_path / remark.removeprefix("file:").strip()).write_text(text, encoding="utf-8")
        elif language == "python":
            run_python(document, line, text, names)
        elif language == "console":
            run_console(text)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_is_not_run_has_a_reason(document):
    for _, remark, line, _ in blocks(document):
        assert not remark.startswith("not run") or len(remark.partition(":")[2]) > 10, f"{document}:{line}"


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "tests/data/README.md"])
def test_links_inside_the_repository_lead_somewhere(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text)
    assert [target for target in targets if not ((ROOT / document).parent / target).exists()] == []
