"""A recipe: where rows come from, what is done to them, what is released. Read from YAML, strict about every key."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from hfaug.balance import Target
from hfaug.errors import HfaugError, ParameterError, RecipeError
from hfaug.filters import Filter
from hfaug.op import Op
from hfaug.publishing.cards import check_card
from hfaug.publishing.licenses import known, normalise
from hfaug.publishing.targets import as_target
from hfaug.publishing.versions import Version
from hfaug.recipe.asking import Class, Generate, Prompts, read_classes, read_filters, read_generate, read_prompts
from hfaug.recipe.ops import read_filter, read_op, read_ops
from hfaug.recipe.text import Node, read_yaml

__all__ = [
    "Augment",
    "Balance",
    "FilterRows",
    "Recipe",
    "ReleaseSpec",
    "SourceSpec",
    "Synthesise",
    "asking_of",
    "load_recipe",
    "parse_recipe",
    "parts_of",
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
class Synthesise:
    """Add rows that a generator makes: so many requests for each class, less what does not pass the filters."""

    op: Op
    prompts: Prompts
    count: int
    classes: tuple[Class, ...] = ()
    filters: tuple[Filter, ...] = ()
    split: str = "train"


@dataclasses.dataclass(frozen=True)
class FilterRows:
    """Drop rows, each with its reason."""

    filter: Filter
    splits: tuple[str, ...] | None = None


@dataclasses.dataclass(frozen=True)
class Balance:
    """Bring the classes of a column, or of a combination of columns, to a target: by copies, or by made rows."""

    columns: tuple[str, ...]
    target: Target = "most"
    drop: bool = True
    op: Op | None = None
    split: str = "train"
    generate: Generate | None = None


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


def load_recipe(path: str | Path, *, own_code: bool = False) -> Recipe:
    """Read a recipe file.

    Args:
        path: A YAML file.
        own_code: Whether ops of one's own (``my_ops:Zoom``) may be imported, from the file's folder before anything
            else. Importing runs code, so say so only of a file that you trust; what is imported already works anyway.

    Raises:
        RecipeError: The file is missing or wrong; names the line, the place, and the nearest right word.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"recipe: {file} must be a readable text file, is not ({error}); check the path") from error
    return parse_recipe(text, file.resolve().parent, own_code=own_code)


def parse_recipe(text: str, folder: str | Path = ".", *, own_code: bool = False) -> Recipe:
    r"""Read a recipe from text.

    Args:
        text: YAML.
        folder: Where relative paths begin.
        own_code: As for `load_recipe`.

    Raises:
        RecipeError: Something in it is wrong.

    >>> source = "name: mails\nsource: {path: text, data_files: a.txt}\n"
    >>> recipe = parse_recipe(source + "steps: [augment: {ops: text.swap_chars}]")
    >>> type(recipe.steps[0].op).__name__
    'SwapChars'
    """
    keys = ("name", "version", "seed", "source", "columns", "steps", "release")
    top = read_yaml(text, Path(folder), own_code=own_code).mapping(keys, ("name", "source"))
    columns = _columns(top["columns"]) if "columns" in top else {}
    seed = top["seed"].whole() if "seed" in top else 0
    steps = top["steps"].sequence() if "steps" in top and top["steps"].value is not None else []
    return Recipe(
        name=_name(top["name"]),
        version=_ruled(top["version"], Version.parse) if "version" in top else "1.0.0",
        source=_source(top["source"]),
        steps=tuple(_steps(steps, columns, seed, top.get("columns"))),
        release=_release(top["release"]) if "release" in top else ReleaseSpec(),
        columns=columns,
        seed=seed,
        text=text,
        folder=Path(folder).resolve(),
    )


def _name(node: Node) -> str:
    name = node.text()
    if not name.strip() or not name.isprintable():
        raise node.error("must be a name on one line", "say what the dataset is called")
    return name


def _columns(node: Node) -> dict[str, Any]:
    if node.value is None:
        return {}
    if not isinstance(node.value, dict):
        raise node.error("must be a mapping of roles to columns", "such as columns: {text: body}")
    found: dict[str, Any] = node.plain()
    return found


def _ruled(node: Node, rule: Callable[[str], Any]) -> str:
    """A text that a rule of publishing accepts; refused here it costs nothing, after a build it costs the build."""
    text = node.text()
    try:
        rule(text)
    except HfaugError as error:
        raise RecipeError(f"recipe, line {node.line}, {node.place}: {error}") from error
    return text


def _source(node: Node) -> SourceSpec:
    fields = node.mapping(_SOURCE, ("path",))
    readers: dict[str, Callable[[Node], Any]] = {
        "data_files": Node.plain,
        "encode": Node.texts,
        "license": functools.partial(_ruled, rule=_source_licence),
    }
    return SourceSpec(**{key: readers.get(key, Node.text)(value) for key, value in fields.items()})


def _source_licence(text: str) -> None:
    if normalise(text) != "unknown":  # what the Hub says of many datasets; a release has to say more
        known(text)


def _release(node: Node) -> ReleaseSpec:
    fields = node.mapping(_RELEASE)
    readers: dict[str, Callable[[Node], Any]] = {
        "to": functools.partial(_ruled, rule=as_target),
        "license": functools.partial(_ruled, rule=known),
        "card": _card,
        "private": Node.flag,
    }
    return ReleaseSpec(**{key: readers.get(key, Node.text)(value) for key, value in fields.items()})


def _card(node: Node) -> dict[str, Any]:
    if not isinstance(node.value, dict):
        raise node.error("must be a mapping of card entries")
    for key, value in node.value.items():
        try:
            check_card([key])
        except ParameterError as error:
            raise RecipeError(f"recipe, line {value.line}, {node.place}: {error}") from error
    found: dict[str, Any] = node.plain()
    return found


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
    return readers[kind](body, bound, seeded)


def _augment(node: Node, bound: Any, seeded: Any) -> Augment:  # noqa: ARG001 - likewise
    fields = node.mapping(("ops", "copies", "keep", "splits"), ("ops",))
    return Augment(
        op=bound(read_ops(fields["ops"])),
        copies=fields["copies"].whole(1) if "copies" in fields else 1,
        keep=fields["keep"].flag() if "keep" in fields else True,
        splits=fields["splits"].texts() if "splits" in fields else ("train",),
    )


def _synthesise(node: Node, bound: Any, seeded: Any) -> Synthesise:  # noqa: ARG001 - likewise
    fields = node.mapping(("op", "requests", "filters", "split"), ("op", "requests"))
    asked = fields["requests"].mapping(("column", "prompt", "count", "classes", "slots"), ("column", "count"))
    columns = asked["column"].texts()
    return Synthesise(
        op=seeded(read_op(fields["op"])),
        prompts=read_prompts(asked, columns),
        count=asked["count"].whole(1),
        classes=read_classes(asked, columns),
        filters=read_filters(fields),
        split=fields["split"].text() if "split" in fields else "train",
    )


def _filter(node: Node, bound: Any, seeded: Any) -> FilterRows:  # noqa: ARG001 - all readers are called alike
    if isinstance(node.value, dict) and "rows" in node.value:
        fields = node.mapping(("rows", "splits"), ("rows",))
        return FilterRows(read_filter(fields["rows"]), fields["splits"].texts() if "splits" in fields else None)
    return FilterRows(read_filter(node))


def _balance(node: Node, bound: Any, seeded: Any) -> Balance:
    fields = node.mapping(("column", "target", "drop", "ops", "split", "generate"), ("column",))
    if "ops" in fields and "generate" in fields:
        raise fields["generate"].error(
            "must stand alone, without ops", "fill by made rows, or by copies; a second balance step can do the other"
        )
    columns = fields["column"].texts()
    return Balance(
        columns=columns,
        target=_target(fields["target"], columns) if "target" in fields else "most",
        drop=fields["drop"].flag() if "drop" in fields else True,
        op=bound(read_ops(fields["ops"])) if "ops" in fields else None,
        split=fields["split"].text() if "split" in fields else "train",
        generate=read_generate(fields["generate"], columns, seeded) if "generate" in fields else None,
    )


def _target(node: Node, columns: Sequence[str]) -> Target:
    if isinstance(node.value, dict) and len(columns) == 1:
        return {name: number.whole() for name, number in node.value.items()}
    if node.value in ("most", "least"):
        return cast("Target", node.value)
    if not isinstance(node.value, int):
        raise node.error(
            "must be most (as many as the largest class), least (as the smallest), a number of rows, or, of one "
            "column, a mapping of class names to numbers"
        )
    return node.whole(1)


def asking_of(step: Augment | Synthesise | FilterRows | Balance) -> Synthesise | Generate | None:
    """What a step asks a generator, if it asks one."""
    return step.generate if isinstance(step, Balance) else step if isinstance(step, Synthesise) else None


def parts_of(step: Augment | Synthesise | FilterRows | Balance) -> tuple[Op | Filter, ...]:
    """Every op and filter of a step, with the ops that they are made of."""
    if isinstance(step, FilterRows):
        return (step.filter,)
    asking = asking_of(step)
    op = asking.op if asking is not None else step.op
    return (*(op.walk() if op is not None else ()), *(asking.filters if asking is not None else ()))
