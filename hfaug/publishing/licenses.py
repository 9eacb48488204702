"""Which licence a release may carry: rules as data, and an answer or a stop with the reason.

The table speaks of Hub identifiers. It is a careful reading of the licences, not legal advice: where a mix has no
clear answer it stops and asks the publisher to state one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hfaug.errors import LicenseError
from hfaug.record import Model, Source

__all__ = ["TABLE", "Answer", "Terms", "combine", "known", "normalise"]


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What one licence asks of a dataset made from the licensed thing.

    Args:
        rank: How much it asks among licences that mix freely, 0 (nothing) upwards; the highest names the mix.
        share: True when the result must carry this licence or one it names.
        nc: True when commercial use is not allowed.
        nd: True when changed versions may not be passed on.
        special: True for terms of one publisher, which no rule can mix with others.
        outputs: What a *model* under it says of its outputs: ``free``, ``nc``, ``rules`` (use restrictions go with
            them) or ``unknown``.
    """

    rank: int = 0
    share: bool = False
    nc: bool = False
    nd: bool = False
    special: bool = False
    outputs: str = "free"


@dataclass(frozen=True)
class Answer:
    """The licence of a release.

    Args:
        license: Hub identifier.
        reasons: How it follows, one sentence each.
        duties: What a user of the release has to keep, one sentence each.
        stated: True when the publisher stated it and no rule gave it.
    """

    license: str
    reasons: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()
    stated: bool = False


def _table() -> dict[str, Terms]:
    table: dict[str, Terms] = {}
    for rank, ids in enumerate(_FREE):
        table |= {name: Terms(rank=rank) for name in ids.split()}
    table |= {
        name: Terms(share=True, nc="-nc-" in name, outputs="nc" if "-nc-" in name else "free")
        for name in _SHARE.split()
    }
    table |= {name: Terms(nc=True, outputs="nc") for name in _NC.split()}
    table |= {
        name: Terms(nd=True, nc="-nc-" in name, outputs="nc" if "-nc-" in name else "free") for name in _ND.split()
    }
    table |= {name: Terms(special=True, outputs="rules") for name in _RULES.split()}
    table |= {name: Terms(special=True, nc=True, outputs="nc") for name in _RESEARCH.split()}
    table |= {name: Terms(special=True, outputs="unknown") for name in _VAGUE.split()}
    return table


_FREE = (
    "cc0-1.0 pddl unlicense wtfpl",
    "mit isc zlib postgresql ncsa bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear bsl-1.0 afl-3.0 ecl-2.0",
    "apache-2.0 artistic-2.0 cdla-permissive-1.0 cdla-permissive-2.0 openmdw-1.0 etalab-2.0 ofl-1.1",
    "cc-by-2.0 cc-by-2.5 cc-by-3.0 odc-by",
    "cc-by-4.0",
)
_SHARE = (
    "cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 odbl cdla-sharing-1.0 gfdl "
    "gpl-2.0 gpl-3.0 agpl-3.0 "
    "lgpl-2.1 lgpl-3.0 mpl-2.0 eupl-1.1 eupl-1.2 osl-3.0 epl-1.0 epl-2.0 ms-pl lppl-1.3c"
)
_NC = "cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0"
_ND = "cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0"
_RULES = (
    "openrail openrail++ creativeml-openrail-m bigscience-openrail-m bigscience-bloom-rail-1.0 bigcode-openrail-m "
    "llama2 llama3 llama3.1 llama3.2 llama3.3 llama4 gemma grok2-community"
)
_RESEARCH = (
    "h-research intel-research apple-ascl apple-amlr c-uda deepfloyd-if-license fair-noncommercial-research-license"
)
_VAGUE = "cc gpl lgpl lgpl-lr array other unknown"

# Licences that name another one which an adapted work may carry instead.
_MAY_BECOME = {
    "cc-by-sa-3.0": ("cc-by-sa-4.0",),
    "cc-by-sa-4.0": ("gpl-3.0",),
    "cc-by-nc-sa-2.0": ("cc-by-nc-sa-3.0",),
    "cc-by-nc-sa-3.0": ("cc-by-nc-sa-4.0",),
    "lgpl-2.1": ("gpl-2.0", "gpl-3.0"),
    "lgpl-3.0": ("gpl-3.0",),
    "gpl-3.0": ("agpl-3.0",),
    "mpl-2.0": ("lgpl-3.0", "gpl-2.0"),
    "eupl-1.1": ("eupl-1.2",),
    "eupl-1.2": ("gpl-3.0",),
}
# Licences that mix with most others, but not into these.
_NOT_INTO = {"apache-2.0": ("gpl-2.0",), "cc-by-4.0": ("gpl-2.0",)}

TABLE = _table()
"""Terms by Hub identifier."""


def normalise(name: str | None) -> str | None:
    """The Hub identifier that a loosely written licence means; None for nothing said.

    >>> normalise("CC BY-SA 4.0"), normalise("Apache 2.0"), normalise("The MIT License")
    ('cc-by-sa-4.0', 'apache-2.0', 'mit')
    """
    if name is None or not name.strip():
        return None
    text = re.sub(r"\b(the|licen[cs]e|version)\b", " ", name.strip().lower())
    text = re.sub(r"[\s_-]+", "-", text).strip("-")
    return {"cc0": "cc0-1.0", "apache": "apache-2.0", "public-domain": "cc0-1.0", "agpl": "agpl-3.0"}.get(text, text)


def combine(sources: Sequence[Source], models: Sequence[Model] = (), *, stated: str | None = None) -> Answer:
    """The licence of rows made from these sources with these models.

    Args:
        sources: Datasets that rows came from.
        models: Models that made rows.
        stated: Licence the publisher states; it wins, and the card says that it was stated.

    Raises:
        LicenseError: The licences allow no result, or no rule can say; the message lists every reason and the way out.

    >>> combine([Source(path="a", licence="mit"), Source(path="b", licence="cc-by-sa-3.0")]).license
    'cc-by-sa-3.0'
    """
    duties = tuple(_duties(sources, models))
    if stated is not None:
        return Answer(known(stated), _stated_reasons(sources, models), duties, stated=True)
    problems = [*_problems(sources), *_model_problems(models)]
    if not sources and not problems:
        problems.append("no source is recorded, so nothing says whose rows these are")
    if not problems:
        result, reason = _mix(sources, models)
        if result is not None:
            return Answer(result, (reason,), duties)
        problems.append(reason)
    raise LicenseError(
        f"licence: the sources and models must allow one result, but {'; '.join(problems)}; "
        'state it with license="..." if you hold the rights, or leave those sources out'
    )


def known(stated: str) -> str:
    """The Hub identifier of a licence that somebody wrote.

    Raises:
        LicenseError: The Hub knows none of this name; names the nearest.

    >>> known("CC BY 4.0")
    'cc-by-4.0'
    """
    name = normalise(stated)
    if name in TABLE and name != "unknown":
        return str(name)
    near = difflib.get_close_matches(name or "", list(TABLE), n=1)
    hint = f", such as {near[0]!r}" if near else ""
    raise LicenseError(f"licence: must be a licence identifier of the Hub, was {stated!r}; write one of its list{hint}")


def _stated_reasons(sources: Sequence[Source], models: Sequence[Model]) -> tuple[str, ...]:
    try:
        answer = combine(sources, models)
    except LicenseError as error:
        why = str(error).partition(", but ")[2].rpartition("; state it with")[0]
        return (f"Stated by the publisher; no rule could give one ({why}).",)
    return (f"Stated by the publisher; the licences of the sources lead to {answer.license}.",)


def _problems(sources: Iterable[Source]) -> Iterable[str]:
    for source in sources:
        name = normalise(source.licence)
        if name is None:
            yield f"{source.title} says no licence"
        elif name not in TABLE or name in _VAGUE.split():
            yield f"{source.title} is under {source.licence!r}, which no rule knows"
        elif TABLE[name].nd:
            yield f"{source.title} is under {name}, which allows no changed versions"


def _model_problems(models: Iterable[Model]) -> Iterable[str]:
    for model in models:
        name = normalise(model.licence)
        if name is None:
            yield f"the model {model.id} says no licence"
        elif name not in TABLE or TABLE[name].outputs == "unknown":
            yield f"the model {model.id} is under {model.licence!r}, which no rule knows"


def _mix(sources: Sequence[Source], models: Sequence[Model]) -> tuple[str | None, str]:
    """The licence and why, or None and why not."""
    names = list(dict.fromkeys(str(normalise(source.licence)) for source in sources))
    closed_models = [model for model in models if TABLE[str(normalise(model.licence))].outputs == "nc"]
    special = [name for name in names if TABLE[name].special]
    if special:
        if len(names) == 1 and not closed_models:
            return names[0], f"Every source is under {names[0]}."
        return None, f"no rule can mix {' and '.join(names)}"
    shared = [name for name in names if TABLE[name].share]
    if shared:
        return _shared(names, shared, closed_models)
    closed = [name for name in names if TABLE[name].nc]
    if len(closed) == 1 and not closed_models:
        return closed[0], f"A source is under {closed[0]}, which the result keeps."
    if closed or closed_models:
        who = closed or [f"the model {model.id}" for model in closed_models]
        return "cc-by-nc-4.0", f"No commercial use: {' and '.join(who)}."
    top = max(names, key=lambda name: (TABLE[name].rank, name))
    if len(names) == 1:
        return top, f"Every source is under {top}."
    return top, f"{' and '.join(names)} mix; {top} asks the most."


def _shared(names: list[str], shared: list[str], closed_models: list[Model]) -> tuple[str | None, str]:
    common = set.intersection(*(set(_reach(name)) for name in shared))
    ways = {name: max(_reach(start)[name] for start in shared) for name in common}
    if not ways:
        return None, f"{' and '.join(shared)} each ask that the result carry themselves"
    result = min(ways, key=lambda name: (ways[name], name))
    closed = [name for name in names if TABLE[name].nc and not TABLE[name].share]
    closed += [f"the model {model.id}" for model in closed_models]
    if closed and not TABLE[result].nc:
        return None, f"{' and '.join(closed)} allow no commercial use, but {result} may not be narrowed"
    for name in names:
        if result in _NOT_INTO.get(name, ()):
            return None, f"{name} may not go into {result}"
    if shared == [result]:
        return result, f"What is made from {result} must be under {result} again."
    return result, f"What is made from {' and '.join(shared)} may be under {result}."


def _reach(name: str) -> dict[str, int]:
    """Licences that a work under ``name`` may end up with, and in how many steps."""
    steps, front = {name: 0}, [name]
    for current in front:
        for after in _MAY_BECOME.get(current, ()):
            if after not in steps:
                steps[after] = steps[current] + 1
                front.append(after)
    return steps


def _duties(sources: Iterable[Source], models: Iterable[Model]) -> Iterable[str]:
    for source in sources:
        name = normalise(source.licence)
        terms = TABLE.get(name or "")
        if terms is not None and (terms.rank or terms.share or terms.nc or terms.special):
            yield f"Rows from {source.title} stay under {name}: name it as the source and keep its notice."
    for model in models:
        name = normalise(model.licence)
        terms = TABLE.get(name or "")
        if terms is not None and terms.outputs == "rules":
            yield f"Rows made with {model.id} go with the use restrictions of its licence, {name}."
        elif terms is not None and terms.outputs == "nc":
            yield f"Rows made with {model.id} are for non-commercial use, as its licence, {name}, asks."
