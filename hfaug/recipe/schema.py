"""A recipe: where rows come from, what is done to them, what is released. Read from YAML, strict about every key."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hfaug.errors import HfaugError, RecipeError
from hfaug.filters import Filter
from hfaug.op import Op
from hfaug.recipe.ops import read_filter, read_op, read_ops
from hfaug.recipe.text import Node, read_yaml

__all__ = [
    "Augment",
    "Balance",
    "FilterRows",
    "Recipe",
    "ReleaseSpec",
    "Requests",
    "SourceSpec",
    "Synthesise",
    "load_recipe",
    "parse_recipe",
]

_SOURCE = ("path", "name", "data_dir", "data_files", "split", "revision", "encode", "license", "citation")
_RELEASE = ("to", "license", "summary", "card", "private")


@dataclasses.dataclass(frozen=True)
class SourceSpec:
    """Where rows come from: the arguments of ``datasets.load_dataset``, and what is known of the licence.

    Args:
        path: Hub repo id, folder or builder name.
        name: Config name.
        data_dir: Folder of the data; relative to the recipe file.
        data_files: Files, or files by split; relative to the recipe file.
        split: One split, such as ``train`` or ``train[:500]``; all when left out.
        revision: Tag or commit of a Hub repo.
        encode: Columns of text or numbers that name classes, to be turned into a ``ClassLabel``.
        license: Hub identifier of the licence of the source.
        citation: How its makers want to be cited.
    """

    path: str
    name: str | None = None
    data_dir: str | None = None
    data_files: Any = None
    split: str | None = None
    revision: str | None = None
    encode: tuple[str, ...] = ()
    license: str | None = None
    citation: str | None = None


@dataclasses.dataclass(frozen=True)
class Augment:
    """Add changed copies of rows."""

    op: Op
    copies: int = 1
    keep: bool = True
    splits: tuple[str, ...] = ("train",)


@dataclasses.dataclass(frozen=True)
class Requests:
    """What a generator is asked for: so many rows of each class, with a prompt made from the class and drawn slots."""

    column: str
    prompt: str
    count: int
    classes: tuple[str, ...] = ()
    slots: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Synthesise:
    """Add rows that a generator makes."""

    op: Op
    requests: Requests
    split: str = "train"


@dataclasses.dataclass(frozen=True)
class FilterRows:
    """Drop rows, each with its reason."""

    filter: Filter
    splits: tuple[str, ...] | None = None


@dataclasses.dataclass(frozen=True)
class Balance:
    """Bring the classes of a column to a target."""

    column: str
    target: str | int = "most"
    drop: bool = True
    op: Op | None = None
    split: str = "train"


@dataclasses.dataclass(frozen=True)
class ReleaseSpec:
    """What is released, and where to."""

    to: str | None = None
    license: str | None = None
    summary: str = ""
    card: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    private: bool | None = None


@dataclasses.dataclass(frozen=True)
class Recipe:
    """One dataset: source, steps, release.

    Attributes:
        text: The file as it was read; it goes into the release.
        folder: Where the file lies; relative paths begin there.
    """

    name: str
    version: str
    source: SourceSpec
    steps: tuple[Augment | Synthesise | FilterRows | Balance, ...]
    release: ReleaseSpec
    columns: Mapping[str, Any]
    seed: int
    text: str
    folder: Path

    @property
    def digest(self) -> str:
        """SHA-256 of the file's text."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def load_recipe(path: str | Path) -> Recipe:
    """Read a recipe file.

    Args:
        path: A YAML file.

    Raises:
        RecipeError: The file is missing or wrong; names the line, the place, and the nearest right word.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"recipe: {file} must be a readable text file, is not ({error}); check the path") from error
    return parse_recipe(text, file.resolve().parent)


def parse_recipe(text: str, folder: str | Path = ".") -> Recipe:
    r"""Read a recipe from text.

    Args:
        text: YAML.
        folder: Where relative paths begin.

    Raises:
        RecipeError: Something in it is wrong.

    >>> source = "name: mails\nsource: {path: text, data_files: a.txt}\n"
    >>> recipe = parse_recipe(source + "steps: [augment: {ops: text.swap_chars}]")
    >>> type(recipe.steps[0].op).__name__
    'SwapChars'
    """
    keys = ("name", "version", "seed", "source", "columns", "steps", "release")
    top = read_yaml(text, Path(folder)).mapping(keys, ("name", "source"))
    columns = top["columns"].plain() if "columns" in top else {}
    seed = top["seed"].whole() if "seed" in top else 0
    steps = top["steps"].sequence() if "steps" in top and top["steps"].value is not None else []
    return Recipe(
        name=top["name"].text(),
        version=top["version"].text() if "version" in top else "1.0.0",
        source=_source(top["source"]),
        steps=tuple(_steps(steps, columns, seed, top.get("columns"))),
        release=_release(top["release"]) if "release" in top else ReleaseSpec(),
        columns=columns,
        seed=seed,
        text=text,
        folder=Path(folder).resolve(),
    )


def _source(node: Node) -> SourceSpec:
    fields = node.mapping(_SOURCE, ("path",))
    readers = {"data_files": Node.plain, "encode": Node.texts}
    return SourceSpec(**{key: readers.get(key, Node.text)(value) for key, value in fields.items()})


def _release(node: Node) -> ReleaseSpec:
    fields = node.mapping(_RELEASE)
    if "card" in fields and not isinstance(fields["card"].value, dict):
        raise fields["card"].error("must be a mapping of card entries")
    values: dict[str, Any] = {key: value.plain() for key, value in fields.items() if key == "card"}
    values |= {key: value.text() for key, value in fields.items() if key in ("to", "license", "summary")}
    if "private" in fields:
        values["private"] = fields["private"].flag()
    return ReleaseSpec(**values)


def _steps(nodes: Sequence[Node], columns: Mapping[str, Any], seed: int, place: Node | None) -> Iterator[Any]:
    """The steps in order. Only the first to make rows is told the id column: after it, two rows can hold one name."""
    nameless = {key: value for key, value in columns.items() if key != "id"}
    for node in nodes:
        balances = isinstance(node.value, dict) and "balance" in node.value  # takes a row several times by itself
        step = _step(node, nameless if balances else columns, seed, place)
        yield step
        columns = columns if isinstance(step, FilterRows) else nameless


def _step(node: Node, columns: Mapping[str, Any], seed: int, place: Node | None) -> Any:
    readers = {"augment": _augment, "synthesise": _synthesise, "filter": _filter, "balance": _balance}
    found = node.mapping(tuple(readers))
    if len(found) != 1:
        raise node.error(f"must be one of {', '.join(readers)}", "write each step as an item of its own")
    ((kind, body),) = found.items()

    def bound(op: Op) -> Op:
        try:
            return seeded(op.on(**columns) if columns else op)
        except HfaugError as error:
            raise RecipeError(f"recipe, line {(place or node).line}, columns: {error}") from error

    def seeded(op: Op) -> Op:
        return op.on(seed=seed) if seed else op

    # A generator works on requests, not on rows of the dataset, so the dataset's columns mean nothing to it.
    return readers[kind](body, seeded if kind == "synthesise" else bound)


def _augment(node: Node, bound: Any) -> Augment:
    fields = node.mapping(("ops", "copies", "keep", "splits"), ("ops",))
    return Augment(
        op=bound(read_ops(fields["ops"])),
        copies=fields["copies"].whole(1) if "copies" in fields else 1,
        keep=fields["keep"].flag() if "keep" in fields else True,
        splits=fields["splits"].texts() if "splits" in fields else ("train",),
    )


def _synthesise(node: Node, bound: Any) -> Synthesise:
    fields = node.mapping(("op", "requests", "split"), ("op", "requests"))
    asked = fields["requests"].mapping(("column", "prompt", "count", "classes", "slots"), ("column", "prompt", "count"))
    slots = asked["slots"].value if "slots" in asked else {}
    if not isinstance(slots, dict):
        raise asked["slots"].error("must be a mapping of lists of words")
    return Synthesise(
        op=bound(read_op(fields["op"])),
        requests=Requests(
            column=asked["column"].text(),
            prompt=asked["prompt"].text(),
            count=asked["count"].whole(1),
            classes=asked["classes"].texts() if "classes" in asked else (),
            slots={key: tuple(str(item.plain()) for item in value.sequence()) for key, value in slots.items()},
        ),
        split=fields["split"].text() if "split" in fields else "train",
    )


def _filter(node: Node, bound: Any) -> FilterRows:  # noqa: ARG001 - all readers are called alike
    if isinstance(node.value, dict) and "rows" in node.value:
        fields = node.mapping(("rows", "splits"), ("rows",))
        return FilterRows(read_filter(fields["rows"]), fields["splits"].texts() if "splits" in fields else None)
    return FilterRows(read_filter(node))


def _balance(node: Node, bound: Any) -> Balance:
    fields = node.mapping(("column", "target", "drop", "ops", "split"), ("column",))
    target: str | int = "most"
    if "target" in fields:
        given = fields["target"]
        if given.value not in ("most", "least") and not isinstance(given.value, int):
            raise given.error(
                "must be most (as many as the largest class), least (as the smallest) or a number of rows"
            )
        target = given.value if isinstance(given.value, str) else given.whole(1)
    return Balance(
        column=fields["column"].text(),
        target=target,
        drop=fields["drop"].flag() if "drop" in fields else True,
        op=bound(read_ops(fields["ops"])) if "ops" in fields else None,
        split=fields["split"].text() if "split" in fields else "train",
    )
