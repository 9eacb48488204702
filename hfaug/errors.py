"""The exceptions of hfaug, all of them.

    HfaugError
    ├── ParameterError        (ValueError)    an argument of an op, filter, recipe or call is out of its limits
    ├── RoleError             (ValueError)    which column plays which role is missing or in doubt
    │   └── LabelError                        a label would not move with its content
    │       └── UnboundColumnError            a column may hold positions and nobody said what it is
    ├── RowError              (ValueError)    the content of one row is wrong; names the row
    │   └── MediaError                        bytes that are not the image, sound or video they should be
    ├── RowIdError            (ValueError)    a row cannot be told from the others, so nothing can be drawn for it
    ├── CallError             (ValueError)    an op was called in a way that cannot give a right result
    ├── FingerprintError      (ValueError)    an object has no stable digest
    ├── LeakError             (ValueError)    copies of one row stand in two splits
    ├── MissingExtra          (ImportError)   an optional package is not installed
    ├── RecipeError           (ValueError)    a recipe file is wrong; names the place in the file
    ├── WorldError            (RuntimeError)  the processes disagree about how many they are
    ├── StageError            (RuntimeError)  a stage cannot go on: its folder, a unit, a claim
    ├── ModelError            (RuntimeError)  a model cannot be found, fetched, loaded or run
    ├── ReleaseError          (RuntimeError)  a release cannot be planned, written or verified
    │   ├── HeadMovedError                    somebody else released in between
    │   ├── LicenseError                      the licences of the sources allow no result, or no one can say
    │   └── VerifyError                       what was read back is not what was written
    ├── ContractError         (AssertionError) an op breaks a promise that all ops make; raised by hfaug.check_op
    └── CompatibilityError    (RuntimeError)  an installed library no longer works the way hfaug needs

Messages follow one form: *who*: what must hold, what was given; what to do.
"""

from __future__ import annotations

from typing import TypeVar

__all__ = [
    "CallError",
    "CompatibilityError",
    "ContractError",
    "FingerprintError",
    "HeadMovedError",
    "HfaugError",
    "LabelError",
    "LeakError",
    "LicenseError",
    "MediaError",
    "MissingExtra",
    "ModelError",
    "ParameterError",
    "RecipeError",
    "ReleaseError",
    "RoleError",
    "RowError",
    "RowIdError",
    "StageError",
    "UnboundColumnError",
    "VerifyError",
    "WorldError",
    "add_context",
]

E = TypeVar("E", bound=BaseException)


class HfaugError(Exception):
    """Base of every error that hfaug raises on purpose."""


class ParameterError(HfaugError, ValueError):
    """An argument of an op, filter, recipe or call is out of its limits."""


class RoleError(HfaugError, ValueError):
    """Which column plays which role is missing or in doubt."""


class LabelError(RoleError):
    """A label would not move with its content."""


class UnboundColumnError(LabelError):
    """A column may hold positions and nobody said what it is."""


class RowError(HfaugError, ValueError):
    """The content of one row is wrong."""


class MediaError(RowError):
    """Bytes that are not the image, sound or video they should be."""


class RowIdError(HfaugError, ValueError):
    """A row cannot be told from the others, so nothing can be drawn for it."""


class CallError(HfaugError, ValueError):
    """An op was called in a way that cannot give a right result."""


class FingerprintError(HfaugError, ValueError):
    """An object has no stable digest."""


class LeakError(HfaugError, ValueError):
    """Copies of one row stand in two splits."""


class MissingExtra(HfaugError, ImportError):
    """An optional package is not installed."""

    @classmethod
    def for_extra(cls, extra: str, package: str) -> MissingExtra:
        """The error with its pip line.

        >>> print(MissingExtra.for_extra("lm", "transformers"))
        transformers: must be installed for this, is not; run: pip install "hfaug[lm]"
        """
        return cls(f'{package}: must be installed for this, is not; run: pip install "hfaug[{extra}]"')


class RecipeError(HfaugError, ValueError):
    """A recipe file is wrong."""


class WorldError(HfaugError, RuntimeError):
    """The processes disagree about how many they are."""


class StageError(HfaugError, RuntimeError):
    """A stage cannot go on: its folder, a unit, a claim."""


class ModelError(HfaugError, RuntimeError):
    """A model cannot be found, fetched, loaded or run."""


class ReleaseError(HfaugError, RuntimeError):
    """A release cannot be planned, written or verified."""


class HeadMovedError(ReleaseError):
    """Somebody else released in between."""


class LicenseError(ReleaseError):
    """The licences of the sources allow no result, or no one can say."""


class VerifyError(ReleaseError):
    """What was read back is not what was written."""


class CompatibilityError(HfaugError, RuntimeError):
    """An installed library no longer works the way hfaug needs."""


class ContractError(HfaugError, AssertionError):
    """An op breaks a promise that all ops make."""


def add_context(error: E, text: str) -> E:
    """Attach where it happened (row id, op) to an error that is being raised; shown below its message.

    The type stays, so a caller's ``except`` still works. Python 3.10 has no notes; there the text joins the message.

    >>> error = add_context(ValueError("bad"), "row 7")
    >>> "row 7" in "".join([*map(str, error.args), *getattr(error, "__notes__", [])])
    True
    """
    if hasattr(error, "add_note"):
        error.add_note(text)
    else:
        error.args = (f"{error.args[0] if error.args else ''}\n{text}", *error.args[1:])
    return error
