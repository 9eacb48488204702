"""What a failure means and where it happened, said in a way that helps."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator

from hfaug.engine.units import DamagedUnitError
from hfaug.errors import HfaugError, StageError, add_context

__all__ = ["noting", "storing"]

_REASONS = {
    errno.ENOSPC: ("the disk is full", "free space there and run again"),
    errno.EDQUOT: ("the quota is used up", "free space there and run again"),
    errno.EROFS: ("it is read-only", "choose another folder"),
    errno.EACCES: ("there is no right to", "change the rights or choose another folder"),
    errno.EPERM: ("there is no right to", "change the rights or choose another folder"),
    errno.ENOTDIR: ("a file is in the way", "choose another folder"),
    errno.EEXIST: ("a file is in the way", "choose another folder"),
}


@contextlib.contextmanager
def storing(who: str, where: str, kept: str = "") -> Iterator[None]:
    """Say what a failure of the file system means: which place, why, and what to do.

    Args:
        who: Who wanted to write.
        where: The folder.
        kept: What is safe.
    """
    try:
        yield
    except HfaugError:
        raise
    except OSError as error:
        code = error.errno if error.errno is not None else 0
        reason, way_out = _REASONS.get(code, ("it failed", "mend that and run again"))
        tail = f" ({kept})" if kept else ""
        raise StageError(f"{who}: {where} must take files, {reason}: {error}; {way_out}{tail}.") from error
    except Exception as error:  # some clients of object stores have errors of their own
        add_context(error, f"{who}: {where}")
        raise


@contextlib.contextmanager
def noting(text: str) -> Iterator[None]:
    """Attach to any error where it happened.

    Args:
        text: Stage and unit.
    """
    try:
        yield
    except DamagedUnitError:
        raise
    except Exception as error:
        add_context(error, text)
        raise
