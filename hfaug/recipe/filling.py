"""Fill what a dataset lacks with made rows, from Python: the rounds of a recipe's ``balance: {generate: ...}``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xxhash
from datasets import Dataset, concatenate_datasets

from hfaug import provenance
from hfaug.arguments import check_op
from hfaug.assets import assets_folder
from hfaug.balance import Target, class_columns, target_of
from hfaug.engine import Engine, RowsStep, Stage, World
from hfaug.engine.launch import stoppable
from hfaug.errors import ParameterError, RecipeError
from hfaug.filters import Filter
from hfaug.ids import formatted, with_ids
from hfaug.op import Op
from hfaug.recipe.asking import Generate, Prompts, prompt_fault
from hfaug.recipe.missing import Generation, missing_in, tell_missing
from hfaug.recipe.schema import Balance
from hfaug.recipe.sources import digest_of

__all__ = ["generate_missing"]


def generate_missing(
    dataset: Dataset,
    column: str | Sequence[str],
    op: Op,
    *,
    target: Target = "most",
    prompt: str | None = None,
    slots: Mapping[str, Sequence[str]] | None = None,
    classes: str | Sequence[str | Sequence[str]] = (),
    filters: Filter | Sequence[Filter] = (),
    tries: int = 5,
    work: str | Path | None = None,
    world: World | None = None,
    progress: bool = True,
) -> Dataset:
    """Let a generator make the rows that classes lack, until as many as are wanted have passed the filters.

    Rounds of requests, each for what is missing after the rounds before; a class of which rows were lost is asked for
    by as many more. The result does not depend on the number of processes, and a call that broke off goes on.

    Args:
        dataset: One split.
        column: The class column, or several: then combinations of their classes are filled.
        op: The generator, such as ``hfaug.ops.image.TextToImage``.
        target: Rows of each class in the end: ``most`` (as many as the largest class has), ``least``, a number, or
            numbers by the name of the class, of several columns by a tuple of names.
        prompt: What the generator is told, with the columns and slots in braces; none where it reads the class alone.
        slots: Words of which one is drawn for each row, by the name of their slot.
        classes: The classes that are filled, of several columns a name of each; all that the one ClassLabel knows, else
            those that some row has, when left out.
        filters: What a made row must pass to count.
        tries: Requests for each missing row, at most. What is missing then is told in the log.
        work: Folder or fsspec address of the finished stages, a copy of the rows among them; in hfaug's cache when left
            out.
        world: Which process of how many this is, from ``hfaug.engine.world()``.
        progress: Whether the main process shows how far it is.

    Returns:
        The rows of the dataset, unchanged but for their lineage, then the made ones.

    Raises:
        RoleError: There is no such column.
        ParameterError: The dataset, the target, the filters, the slots or the tries are none.
        RecipeError: A class or slot is unknown, or made rows do not fit the columns.

    >>> from datasets import ClassLabel, Features, Value
    >>> import hfaug, tempfile
    >>> kinds = Features({"text": Value("string"), "label": ClassLabel(names=["ham", "spam"])})
    >>> mails = Dataset.from_dict({"text": ["Hi Bob", "See you", "Win now"], "label": [0, 0, 1]}, kinds)
    >>> class Shout(hfaug.RowOp):
    ...     needs, origin = ("prompt",), "synthetic"
    ...     def adds(self, features, roles):
    ...         return Features({"text": Value("string")})
    ...     def apply(self, row, rng):
    ...         return row.replace({"text": row["prompt"].upper() + "!" * rng.integers(1, 4)})
    >>> with tempfile.TemporaryDirectory() as work:
    ...     full = generate_missing(mails, "label", Shout(), prompt="buy {label}", work=work, progress=False)
    ...     full["label"][:], full["text"][3].rstrip("!")
    ([0, 0, 1, 1], 'BUY SPAM')
    """
    check_op(op, "generate_missing")
    chosen = _checked(dataset, filters, tries)
    columns = class_columns("generate_missing", column, dataset.features)
    prompts = _prompts(columns, prompt, slots or {})
    listed = (classes,) if isinstance(classes, str) else classes
    named = tuple((one,) if isinstance(one, str) else tuple(one) for one in listed)
    asking = Generate(op, prompts, named, chosen, tries)
    step = Balance(columns, target, drop=False, generate=asking)
    rows = with_ids(dataset.with_format(None), id_column=op.binding.id)
    target_of("generate_missing", target, columns, rows.features)
    real = Stage(RowsStep("rows", digest_of("rows", _digest(rows)), lambda: rows))
    made = Generation("made", "generate_missing", asking, real, rows.features).until(step, tries)
    with stoppable(), Engine(work or assets_folder().parent / "work", world, progress=progress) as engine:
        (view,) = engine.finish(made)
    tell_missing("generate_missing", missing_in(view.counts), engine.world)
    return formatted(concatenate_datasets([rows, view.dataset()]) if len(view) else rows, dataset)


def _checked(dataset: Any, filters: Any, tries: Any) -> tuple[Filter, ...]:
    """The filters, if what was given is what it must be."""
    if not isinstance(dataset, Dataset):
        raise ParameterError(
            f"generate_missing: dataset must be stored rows of one split, got {type(dataset).__name__}; "
            "name a split, and do not stream it"
        )
    chosen = tuple(filters) if isinstance(filters, Sequence) and not isinstance(filters, str) else (filters,)
    wrong = [one for one in chosen if not isinstance(one, Filter)]
    if wrong:
        raise ParameterError(
            f"generate_missing: filters must be filters, such as hfaug.filters.NearDuplicateImages(), "
            f"got {wrong[0]!r}; correct filters"
        )
    if not isinstance(tries, int) or isinstance(tries, bool) or tries < 1:
        raise ParameterError(f"generate_missing: tries must be a whole number from 1 up, got {tries!r}; correct tries")
    return chosen


def _prompts(columns: tuple[str, ...], prompt: str | None, slots: Mapping[str, Sequence[str]]) -> Prompts:
    """How the generator is told what to make, if it can be told so."""
    for name, words in slots.items():
        texts = not isinstance(words, str) and all(isinstance(word, str) for word in words)
        if not texts or not words or name in columns:
            raise ParameterError(
                f"generate_missing: a slot must list words, and not be called as the class column, got "
                f"{name!r}: {words!r}; correct slots"
            )
    if slots and prompt is None:
        raise ParameterError("generate_missing: slots must come with a prompt, in which they are filled, got none")
    if prompt is not None and (fault := prompt_fault(prompt, {*columns, *slots})):
        raise RecipeError(f"generate_missing: prompt {fault[0]}, got {prompt!r}; {fault[1]}")
    return Prompts(columns, prompt, {name: tuple(words) for name, words in slots.items()})


def _digest(rows: Dataset) -> str:
    """Digest of the rows and their ids."""
    found = xxhash.xxh3_128(str(rows.features).encode())
    for table in rows.with_format("arrow").iter(1000):
        found.update("".join(provenance.content_ids(table)).encode())
        found.update("\n".join(item["id"] for item in table[provenance.COLUMN].to_pylist()).encode())
    return found.hexdigest()
