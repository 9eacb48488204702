"""How fast hfaug is, as ratios beside their targets: ``python -m tests.benchmarks``, or ``make bench``.

| file | subject |
| --- | --- |
| `__main__.py` | the command: which subjects, which file, whether to gate |
| `environment.py` | settings that must stand before anything is imported: no network, no caches, one thread |
| `timing.py` | cases that are run by turns in one process on one core |
| `report.py` | rows, targets, the table, the file |
| `photos.py`, `albums.py` | photographs as rows; the same four ops by albumentations |
| `callables.py`, `images.py`, `counting.py` | any callable; fused ops; exact counts of the work done |
| `untouched.py` | rows as they are |
| `sentences.py`, `text.py` | sentences as rows; words, against plain functions and nlpaug |
| `audio.py` | sound |
| `startup.py`, `scaling.py` | imports and fingerprints; two processes |
| `growth.py`, `grown.py` | a hundred times the rows; one process of that |
| `models.py`, `engines.py` | back-translation and text to image; their engines driven alone |
| `speech.py` | speaking and listening; their engines driven alone |

Only ratios are compared, each of two cases that ran by turns. Nothing is asserted; ``--gate`` fails where a ratio is
more than 1.3x off its target.
"""
