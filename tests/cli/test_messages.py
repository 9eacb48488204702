"""What is said when something goes wrong: one message, no traceback, no token."""

import click
import pytest

from hfaug import cli
from hfaug.catalog import lookup
from hfaug.cli.messages import complain, listening, stopped
from hfaug.engine.run import ToldError
from hfaug.errors import HfaugError, LabelError, RoleError, StageError, add_context
from tests.cli.shell import typed


def said(error, capsys, *, debug=False):
    complain(error, debug=debug)
    return capsys.readouterr().err


def test_an_error_of_hfaug_is_its_message(capsys):
    assert said(StageError("Stage: must hold; mend it"), capsys) == "error: Stage: must hold; mend it\n"


def test_where_it_happened_stands_below(capsys):
    error = add_context(StageError("bad"), "in Rotate, row 'a'")
    assert said(error, capsys).splitlines()[1].strip() == "in Rotate, row 'a'"


def test_another_error_is_named_and_debug_offered(capsys):
    assert said(KeyError("x"), capsys) == "error: KeyError: 'x'\n  (--debug shows where it happened)\n"


def test_a_failing_disk_is_said_plainly(capsys):
    assert said(OSError(28, "No space left on device", "out/a"), capsys) == "error: No space left on device: out/a\n"


def test_roles_are_said_in_the_words_of_the_command_line(capsys):
    assert "--on ROLE=COLUMN" in said(LabelError("say .on(boxes=...)"), capsys)


def test_other_words_of_roles_are_left_alone(capsys):
    """The hint stands only where there is something to translate."""
    assert said(RoleError("balance: column must be one of text; correct column"), capsys).count("\n") == 1


def test_debug_shows_the_traceback(capsys):
    with pytest.raises(HfaugError) as caught:
        lookup("image.rotat")
    text = said(caught.value, capsys, debug=True)
    assert text.startswith("Traceback (most recent call last)")
    assert "in lookup" in text


@pytest.mark.parametrize("debug", [False, True])
def test_tokens_are_masked(capsys, debug):
    text = said(ValueError("url?token=hf_abcdefghijklmnop and more"), capsys, debug=debug)
    assert "abcdefgh" not in text
    assert "hf_***" in text


def test_other_ranks_say_who_they_are(capsys, monkeypatch):
    monkeypatch.setenv("HFAUG_RANK", "3")
    assert said(StageError("bad"), capsys) == "error (rank 3): bad\n"


def test_what_another_process_has_said_is_not_said_again(capsys, monkeypatch):
    """Between processes of one command; processes on other machines cannot have been heard."""
    monkeypatch.setenv("HFAUG_RANK", "0")
    assert said(ToldError("rank 1 stopped"), capsys) == ""
    monkeypatch.delenv("HFAUG_RANK")
    assert said(ToldError("rank 1 stopped"), capsys) == "error: rank 1 stopped\n"


def test_stopping_says_how_to_go_on(capsys, monkeypatch):
    stopped(["build", "my mail.yaml", "--processes", "2"])
    assert capsys.readouterr().err.endswith("to go on: hfaug build 'my mail.yaml' --processes 2\n")
    stopped(["preview", "mail.yaml"])
    assert capsys.readouterr().err == "\nstopped\n"
    monkeypatch.setenv("RANK", "1")
    stopped(["build", "mail.yaml"])
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "error, code", [(KeyboardInterrupt(), 130), (click.Abort(), 130), (click.UsageError("x"), 2), (ValueError("x"), 1)]
)
def test_every_end_has_its_code(error, code, monkeypatch, capsys):
    def end(**more):
        raise error

    monkeypatch.setattr(cli.command, "main", lambda *args, **more: end())
    assert typed("build") == code


def test_listening_leaves_the_logger_as_it_was(capsys):
    import logging

    import datasets

    logger, before = logging.getLogger("hfaug"), datasets.are_progress_bars_disabled()
    state = (logger.level, list(logger.handlers))
    with listening():
        logger.info("hello")
    assert "hello" in capsys.readouterr().err
    assert (logger.level, list(logger.handlers)) == state
    assert datasets.are_progress_bars_disabled() == before
    with listening(quiet=True):
        logger.info("hello")
    assert capsys.readouterr().err == ""
