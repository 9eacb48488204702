"""How fast hfaug is, as ratios beside their targets: ``python -m tests.benchmarks``, or ``make bench``.

| file | subject |
| --- | --- |
| `__main__.py` | the command: which subjects, which file, whether to gate |
| `environment.py` | settings that must stand before anything is imported: no network, no caches, one thread |
| `timing.py` | cases that are run by turns in one process on one core |
| `report.py` | rows, targets, the table, the file |
| `photos.py`, `albums.py` | photographs as rows; the same four ops by albumentations |
| `callables.py`, `images.py`, `counting.py` | any callable; fused ops; exact counts of the work done |
| `untouched.py`, `text.py`, `audio.py` | rows as they are; words; sound |
| `startup.py`, `scaling.py`, `growth.py` | imports and fingerprints; more processes; more rows |
| `models.py`, `engines.py` | back-translation and text to image; their engines driven alone |

Only ratios are compared, each of two cases that ran by turns. Nothing is asserted; ``--gate`` fails where a ratio is more
than 1.3x off its target.
"""
