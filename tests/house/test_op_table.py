"""The table of ops in the README is the one ``hfaug ops --markdown`` prints."""

import subprocess
import sys

from tests.house.source import ROOT

BEGIN, END = "<!-- ops -->", "<!-- /ops -->"


def test_op_table_is_up_to_date():
    """If this fails, put the command's output between the two marks of the README."""
    command = [sys.executable, "-m", "hfaug", "ops", "--markdown"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.partition(BEGIN)[2].partition(END)[0].strip() == done.stdout.strip()
