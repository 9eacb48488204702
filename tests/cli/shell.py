"""Type a command as a user would: in this process, or in one of its own."""

import subprocess
import sys

from hfaug.cli import main


def typed(*words):
    """Run a command in this process; returns its exit code."""
    try:
        main(list(map(str, words)))
    except SystemExit as end:
        return end.code
    raise AssertionError("main must exit")


def start(*words, **more):
    """Begin a command in a process of its own."""
    command = [sys.executable, "-m", "hfaug", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
