"""Dataset builders, one a file: what `load_dataset` finds under hfaug's names. Installed as `hfaug.builders`.

| file | subject |
| --- | --- |
| `augmentfolder.py` | ``load_dataset("augmentfolder", data_dir=..., recipe=...)`` |
| `recipefile.py` | a ``*.hfaug`` recipe in a folder or a Hub repo, or ``load_dataset("hfaug", data_files="x.hfaug")`` |
| `base.py` | what both are: rows of another builder, and the steps of a recipe over them |
| `registry.py` | hfaug's names in the tables of `datasets`, and a check that the tables are what they were |
| `recipes.py`, `sources.py` | recipes in all the forms they are given in; where their rows come from |
| `reading.py`, `parts.py` | rows of another builder as Arrow tables, without any decoder, in parts for many processes |
| `embedding.py` | media columns, and the bytes of files that are only named in them |
| `steps.py` | what can be done row by row, and in which passes |

A module that holds a builder uses neither ``open`` nor ``os.path``: `datasets` replaces them there when it streams.
"""

from hfaug.builders.registry import EXTENSION, check, register

__all__ = ["EXTENSION", "check", "register"]
