"""Two processes against one: how much of the second one is left, its start included."""

from __future__ import annotations

import hfaug
from tests.benchmarks import environment
from tests.benchmarks.albums import CHAIN
from tests.benchmarks.photos import stored
from tests.benchmarks.report import Line, at_least
from tests.benchmarks.timing import Case, Ratio, interleave

ROWS, ROUNDS = 1500, 2
EFFICIENT = at_least(0.85)

_CPU = "by processor time: what one process takes over what two take together, which is what is left on a quiet machine"


def measure() -> list[Line]:
    """Images through `map` and through `augment` with four copies."""
    with environment.all_cores() as cores:
        if cores < 2:
            return [Line("scaling", "two processes, of one core", None, EFFICIENT, note="this machine has one core")]
        rows, fewer = stored(ROWS), stored(ROWS // 4)
        cases = [
            Case("one", lambda: rows.map(CHAIN, batched=True, batch_size=100)),
            Case("two", lambda: rows.map(CHAIN, batched=True, batch_size=100, num_proc=2)),
            Case("one augment", lambda: hfaug.augment(fewer, CHAIN, copies=4)),
            Case("two augment", lambda: hfaug.augment(fewer, CHAIN, copies=4, num_proc=2)),
        ]
        times = interleave(cases, ROUNDS)
    mapped, augmented = (times.ratio(f"one{name}", f"two{name}") for name in ("", " augment"))
    return [
        Line("scaling", f"map of {ROWS} images: efficiency of 2 processes", _efficiency(mapped), EFFICIENT, "", note=_CPU),
        Line("scaling", f"augment of {ROWS // 4} images, 4 copies: likewise", _efficiency(augmented), EFFICIENT, "", note=_CPU),
    ]  # fmt: skip


def _efficiency(ratio: Ratio) -> Ratio:
    return Ratio(ratio.wall / 2, ratio.cpu, ratio.spread)
