"""Which folders become which packages; everything else about the distribution stands in pyproject.toml.

``builders/`` and ``cards/`` lie beside ``hfaug/`` in the repository and inside it once installed. The packages are
found rather than listed, so a new family of ops needs no line here.
"""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["hfaug", "hfaug.*"]), "hfaug.builders", "hfaug.cards"],
    package_dir={"hfaug.builders": "builders", "hfaug.cards": "cards"},
)
