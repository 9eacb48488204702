"""The source of a recipe as stages: rows with embedded bytes and an id each."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pyarrow as pa
import xxhash
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from hfaug import provenance
from hfaug.engine import Deferred, Node, RowsStep, Stage, UnitResult, UnitRule, View, WholeStep
from hfaug.engine.units import plan_ranges
from hfaug.errors import RecipeError, RowIdError
from hfaug.ids import with_lineage
from hfaug.recipe.schema import Recipe, SourceSpec

if TYPE_CHECKING:
    from hfaug.recipe.build import Stages

__all__ = [
    "digest_of",
    "file_names",
    "is_builder",
    "is_relative",
    "load_source",
    "load_splits",
    "source_arguments",
    "source_nodes",
]


def digest_of(*parts: Any) -> str:
    """32 hex digits over plain data."""
    return xxhash.xxh3_128_hexdigest(json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str).encode())


def load_source(recipe: Recipe) -> dict[str, Dataset]:
    """Load the source's splits, with classes where the recipe says so.

    Raises:
        RecipeError: It cannot be loaded; the cause is chained.
    """
    return _encoded(load_splits(recipe.source, recipe.folder, "source"), recipe.source.encode)


def load_splits(spec: SourceSpec, folder: Path, place: str) -> DatasetDict:
    """Load splits by ``datasets.load_dataset``.

    Args:
        spec: What the recipe says.
        folder: Where it lies.
        place: Where in it, for errors.

    Raises:
        RecipeError: They cannot be loaded; the cause is chained.
    """
    from datasets import load_dataset

    path, arguments = source_arguments(spec, folder)
    try:
        loaded = load_dataset(path, split=spec.split, **arguments)
    except Exception as error:
        raise RecipeError(
            f"recipe, {place}: {spec.path!r} must load by datasets.load_dataset, did not: {error}"
        ) from error
    splits = DatasetDict({_split_name(spec): loaded}) if isinstance(loaded, Dataset) else loaded
    if not isinstance(splits, DatasetDict):
        raise RecipeError(f"recipe, {place}: must load as a dataset, loaded as {type(splits).__name__}")
    return splits


def _encoded(splits: DatasetDict, columns: Sequence[str]) -> dict[str, Dataset]:
    """The splits with some columns as classes: the names of all splits together, sorted, so that all count alike."""
    for column in columns:
        known = next(iter(splits.values())).features
        if column not in known:
            raise RecipeError(f"recipe, source.encode: must be among {', '.join(known)}, got {column!r}")
        names = sorted({str(value) for split in splits.values() for value in split.unique(column) if value is not None})
        splits = splits.cast_column(column, Value("string")).cast_column(column, ClassLabel(names=names))
    return dict(splits)


def _split_name(spec: SourceSpec) -> str:
    return (spec.split or "train").split("[")[0].split("+")[0] or "train"


def source_arguments(spec: SourceSpec, folder: Path) -> tuple[str, dict[str, Any]]:
    """What to call ``load_dataset`` with: local paths begin at the recipe's folder, wherever the command is typed.

    Files that a builder of `datasets` is to read are named in the recipe, so they are found beside it; those of a repo
    or of a folder are named within that.

    Args:
        spec: What the recipe says.
        folder: Where it lies.

    Returns:
        Path and keyword arguments, without the split.

    >>> source_arguments(SourceSpec("csv", data_files="a.csv"), Path("/data"))
    ('csv', {'data_files': '/data/a.csv'})
    >>> source_arguments(SourceSpec("ada/toy", data_dir="small", revision="v1.0.0"), Path("/data"))
    ('ada/toy', {'data_dir': 'small', 'revision': 'v1.0.0'})
    """
    path = str(folder / spec.path) if is_relative(spec.path) else spec.path
    said: dict[str, Any] = {"name": spec.name, "data_dir": spec.data_dir, "data_files": spec.data_files}
    if is_builder(spec.path):
        said |= {name: _resolved(said[name], folder) for name in ("data_dir", "data_files")}
    said["revision"] = spec.revision
    return path, {name: value for name, value in said.items() if value is not None}


def is_builder(path: str) -> bool:
    """Whether a source is a builder's name, such as ``csv``, and neither a repo nor a folder.

    >>> is_builder("csv"), is_builder("./csv")
    (True, False)
    """
    from datasets import load

    return path in load._PACKAGED_DATASETS_MODULES  # noqa: SLF001  # datasets offers no question


def file_names(spec: SourceSpec) -> tuple[str, ...]:
    """The data of a source as a card may name them: as the recipe does, but no folder of this machine and no secret.

    >>> file_names(SourceSpec("csv", data_files={"train": ["data/a.csv", "/srv/b.csv"]}))
    ('data/a.csv', 'b.csv')
    """
    said = [spec.data_dir] if spec.data_files is None else [spec.data_files]
    names: list[str] = []
    while said:
        value = said.pop(0)
        if isinstance(value, Mapping):
            said[:0] = value.values()
        elif isinstance(value, (list, tuple)):
            said[:0] = value
        elif value is not None:
            names.append(_file_name(str(value)))
    return tuple(dict.fromkeys(names))


def _file_name(said: str) -> str:
    if "://" in said:
        parts = urlsplit(said)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    path = Path(said)
    return path.name if path.is_absolute() or said.startswith("~") else said


def is_relative(path: str) -> bool:
    """Whether a source is a folder named from the recipe's own: it begins with ``./`` or ``../``."""
    return path in {".", ".."} or path.startswith(("./", "../"))


def _resolved(value: Any, folder: Path) -> Any:
    """Relative paths as they are from the folder; URLs stay."""
    if isinstance(value, Mapping):
        return {key: _resolved(item, folder) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item, folder) for item in value]
    if not isinstance(value, str) or "://" in value or Path(value).is_absolute():
        return value
    return str(folder / value)


@dataclasses.dataclass(frozen=True, eq=False)
class _SourceStep(RowsStep):
    """The rows of a split, each with its id."""

    id_column: str | None = None

    def features(self, inputs: Sequence[Features]) -> Features:
        return with_lineage(super().features(inputs))

    def run(self, unit: dict[str, Any], inputs: Sequence[View]) -> UnitResult:
        result = super().run(unit, inputs)
        if provenance.has_lineage(result.table):
            return result
        ids = provenance.row_ids(result.table, self.id_column)
        table = result.table.append_column(provenance.COLUMN, provenance.source_lineage(ids))
        return UnitResult(table.cast(self.features(()).arrow_schema))


def source_nodes(recipe: Recipe, splits: Mapping[str, Dataset], stages: Stages) -> dict[str, Node]:
    """One node a split, whose rows all have ids of their own."""
    id_column = recipe.columns.get("id")
    nodes: dict[str, Node] = {}
    for name, split in splits.items():
        content = split._fingerprint  # noqa: SLF001  # datasets offers no other name for what a dataset holds
        digest = digest_of("source", dataclasses.asdict(recipe.source), name, id_column, content)
        step = _SourceStep(f"source-{name}", digest, _Given(split), UnitRule(), id_column)
        rows = Stage(step)
        repeats = Stage(
            WholeStep(f"repeats-{name}", digest_of("repeats", id_column), _Repeats(id_column), _repeat_features)
        )
        repeats = dataclasses.replace(repeats, inputs=(rows,))
        nodes[name] = Deferred((rows, repeats), _Renamed(rows, repeats, name))
    stages.splits = splits
    return nodes


@dataclasses.dataclass(frozen=True)
class _Given:
    """A dataset that is there already, in the form a step asks for it."""

    dataset: Dataset

    def __call__(self) -> Dataset:
        return self.dataset


def _repeat_features(features: Features) -> Features:  # noqa: ARG001 - asked for every input
    return Features({"row": Value("int64"), "id": Value("string")})


@dataclasses.dataclass(frozen=True)
class _Repeats:
    """Finds rows whose id another row has already, and the number that tells them apart."""

    id_column: str | None

    def __call__(self, rows: View) -> pa.Table:
        seen: dict[str, int] = {}
        places: list[int] = []
        names: list[str] = []
        at = 0
        for table in rows.batches(100_000, columns=[provenance.COLUMN]):
            plain = [item["id"] for item in table[provenance.COLUMN].to_pylist()]
            for number, (before, after) in enumerate(zip(plain, provenance.number_repeats(plain, seen), strict=True)):
                if before != after:
                    places.append(at + number)
                    names.append(after)
            at += len(plain)
        if places and self.id_column is not None:
            raise RowIdError(
                f"recipe, columns.id: ids in {self.id_column!r} must be unique, {names[0].split('~')[0]!r} stands in "
                "several rows; leave columns.id out to use the content, or correct the rows"
            )
        return pa.table({"row": pa.array(places, pa.int64()), "id": pa.array(names, pa.string())})


@dataclasses.dataclass(frozen=True)
class _Renamed:
    """The rows themselves where no id repeats, else a stage that renames the repeated ones."""

    rows: Node
    repeats: Node
    name: str

    def __call__(self, _rows: View, repeats: View) -> Node:
        return Stage(_RenameStep(f"ids-{self.name}"), (self.rows, self.repeats)) if len(repeats) else self.rows


@dataclasses.dataclass(frozen=True, eq=False)
class _RenameStep:
    """Writes rows out with the ids that a scan found for the repeated ones."""

    name: str
    digest: str = "rename-1"
    rule: UnitRule = dataclasses.field(default_factory=UnitRule)

    def features(self, inputs: Sequence[Features]) -> Features:
        return inputs[0]

    def units(self, inputs: Sequence[View]) -> list[dict[str, Any]]:
        return [{"rows": [start, stop]} for start, stop in plan_ranges(inputs[0].row_sizes(), self.rule)]

    def run(self, unit: dict[str, Any], inputs: Sequence[View]) -> UnitResult:
        start, stop = unit["rows"]
        table = inputs[0].read(start, stop)
        renames = inputs[1].read()
        names = dict(zip(renames["row"].to_pylist(), renames["id"].to_pylist(), strict=True))
        lineage = table[provenance.COLUMN].to_pylist()
        ids = [names.get(start + number, item["id"]) for number, item in enumerate(lineage)]
        column = provenance.lineage(
            ids,
            [item["parents"] for item in lineage],
            [item["origin"] for item in lineage],
            [item["steps"] for item in lineage],
        )
        place = table.column_names.index(provenance.COLUMN)
        return UnitResult(table.set_column(place, provenance.COLUMN, column).cast(table.schema))
