"""The examples in the docstrings of ``builders/`` run under the name they are installed by; pytest finds the others."""

import doctest
import importlib

import pytest

from tests.house import source

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("name", sorted(name for name in source.modules() if name.startswith("hfaug.builders")))
def test_examples_of_a_builder_run(name):
    assert doctest.testmod(importlib.import_module(name), optionflags=FLAGS).failed == 0
