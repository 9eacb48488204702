"""Type a command as a user would: in this process, or in one of its own."""

import signal
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
    """Begin a command in a process of its own, which Ctrl-C can stop also where the tests run in the background."""
    command = [sys.executable, "-m", "hfaug", *map(str, words)]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # shells tell jobs in the background to ignore it
    try:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
    finally:
        signal.signal(signal.SIGINT, before)
