"""The contract is itself tested: every planted bug is found, by the check that is meant to find it."""

import dataclasses

import pytest

from hfaug import compose
from hfaug.errors import ContractError
from hfaug.media.runs import encode_runs
from hfaug.moves import Edits, matrices, warp
from hfaug.ops.image import Flip, Rotate
from hfaug.ops.text import DeleteWords
from hfaug.rows import places
from hfaug.rows.places import objects, runs
from hfaug.testing import CHECKS, cases, run_check
from tests.contract import planted

CHEAP = [name for name in CHECKS if name not in {"processes", "fresh process", "storage"}]

OPS = {
    "index-keyed draw": (planted.IndexKeyed(), "order"),
    "index-keyed draw, in batches": (planted.IndexKeyed(), "batches"),
    "batch-keyed draw": (planted.BatchKeyed(), "batches"),
    "look at the neighbours": (planted.NeighbourBound(), "batches"),
    "copies drawn alike": (planted.CopyBlind(), "copies"),
    "global draw": (planted.GlobalDraw(), "global state"),
    "global seed": (planted.GlobalSeed(), "global state"),
    "off-by-one span": (planted.OffByOneSpan(), "passages"),
    "lost column": (planted.LostColumn(), "untouched"),
    "column of another type": (planted.ColumnTurned(), "untouched"),
    "undeclared column": (planted.Undeclared(), "features"),
    "wrong promise": (planted.Unfilled(), "features"),
    "something made of null": (planted.NullFilled(), "odd rows"),
    "written input": (planted.Careless(), "batches"),
    "stale hash: no version": (planted.NoVersion(), "fingerprint"),
    "stale hash: state": (planted.Remembers(), "fingerprint"),
    "int/float digest": (planted.RawFields(degrees=(-30, 30)), "equality"),
    "no limits": (planted.Unlimited(), "limits"),
    "draws without fields": (planted.Shared(), "fingerprint"),
    "no docstring of its own fields": (planted.IndexKeyed(), "docstring"),
}
"""A bug, the op that has it, and the check that finds it."""


def found_by(op):
    """The checks that an op fails, over all kinds of rows that it takes."""
    failed = set()
    for case in cases(op):
        for name in CHEAP:
            try:
                run_check(name, case)
            except ContractError:
                failed.add(name)
    return failed


@pytest.mark.parametrize("op,check", OPS.values(), ids=OPS)
def test_bug_in_an_op_is_found(op, check):
    """The named check fails; which others do is left open."""
    broken = [case for case in cases(op) if _fails(check, case)]
    assert broken, f"{check} finds nothing; found by {found_by(op)}"


def _fails(check, case):
    try:
        run_check(check, case)
    except ContractError:
        return True
    return False


def _half_pixel(monkeypatch):
    """Pixels are moved as if their centres lay on whole numbers, while labels are moved rightly."""
    whole = warp.resample_image
    half = matrices.translation(0.5, 0.5)

    def shifted(array, matrix, size, **style):
        return whole(array, half @ matrix, size, **style)

    monkeypatch.setattr(warp, "resample_image", shifted)


def _dropped_class(monkeypatch):
    """Boxes that vanish leave their classes behind: the first classes stay, whichever boxes did."""
    moved = places.BoxLabel.moved

    def careless(self, warps):
        after = moved(self, warps)
        return dataclasses.replace(after, kept=self.kept[: len(after.boxes)])

    monkeypatch.setattr(places.BoxLabel, "moved", careless)


def _off_by_one(monkeypatch):
    """Every span ends one too late, once something before it has moved."""
    right = Edits.spans

    def wrong(self, spans):
        spans = list(spans)
        moved = right(self, spans)
        return [new and (new[0], new[1] + (new[0] != old[0])) for old, new in zip(spans, moved, strict=True)]

    monkeypatch.setattr(Edits, "spans", wrong)


def _boxes_not_mirrored(monkeypatch):
    """A flip moves pixels and forgets the boxes."""
    monkeypatch.setattr(places.BoxLabel, "moved", lambda self, warps: self)


def _outlines_left_behind(monkeypatch):
    """A flip moves boxes and forgets the outlines beside them."""
    monkeypatch.setattr(places.PolygonLabel, "moved", lambda self, warps: self)


def _runs_by_rows(monkeypatch):
    """Run lengths are written along rows, as nearly everything else is."""
    monkeypatch.setattr(runs, "encode_runs", lambda mask: encode_runs(mask.T))


def _lost_numbers(monkeypatch):
    """Objects that drop leave their pixels in the instance mask."""
    monkeypatch.setattr(objects, "_gone", lambda objects, row: iter(()))


LIBRARY = {
    "outlines left behind": (_outlines_left_behind, Flip(), "objects"),
    "run lengths by rows": (_runs_by_rows, Flip(), "objects"),
    "objects that stay in the mask": (_lost_numbers, Rotate(degrees=(20, 40)).on(min_visibility=0.95), "objects"),
    "half-pixel": (_half_pixel, Rotate(), "places"),
    "dropped class id": (_dropped_class, Rotate(degrees=(20, 40)), "places"),
    "off-by-one span in the library": (_off_by_one, DeleteWords(share=0.3), "passages"),
    "boxes left behind": (_boxes_not_mirrored, Flip(), "places"),
}
"""A bug in the library, how it is planted, the op that shows it, and the check that finds it."""


@pytest.mark.parametrize("plant,op,check", LIBRARY.values(), ids=LIBRARY)
def test_bug_in_the_library_is_found(monkeypatch, plant, op, check):
    """The check passes without the bug and fails with it."""
    assert not any(_fails(check, case) for case in cases(op))
    plant(monkeypatch)
    assert any(_fails(check, case) for case in cases(op))


def test_reencoded_original_is_found(monkeypatch):
    """A kept row that went through the codec is not the row any more."""
    from hfaug.ops.image import JitterColor

    tried = [case for case in cases(JitterColor()) if case.sample == "pictures"]
    assert not any(_fails("originals", case) for case in tried)

    def rows(self, rows, run):
        run.leaf(self)
        copies = [row.fork(copy) for row in rows for copy in range(self.copies)]
        kept = [compose._kept(row) for row in rows]
        done = self.op.run(copies, run)
        for row in kept:
            row.roles = done[0].roles
        return [row.with_pixels(row.pixels.copy()) for row in kept] + done

    monkeypatch.setattr(compose.Times, "run", rows)
    assert all(_fails("originals", case) for case in tried)
