"""What a card says in its YAML, worked out from the data and the run record."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from datasets import Audio, ClassLabel, DatasetDict, Features, Image, List, Translation, Value
from datasets.info import DatasetInfo, DatasetInfosDict
from datasets.splits import SplitDict, SplitInfo
from datasets.utils.metadata import MetadataConfigs
from huggingface_hub import DatasetCardData

from hfaug.publishing.cards import check_card
from hfaug.publishing.licenses import Answer
from hfaug.recipe.sources import is_builder
from hfaug.record import Counts, RunRecord
from hfaug.release.counts import totals
from hfaug.release.shards import Shard, data_folder, published_features

__all__ = ["card_fields", "config_entries", "infer_tasks", "size_category"]

_SIZES = (
    *("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B", "1B<n<10B"),
    *("10B<n<100B", "100B<n<1T", "n>1T"),
)
_LISTS = ("language", "task_categories", "tags", "annotations_creators", "source_datasets", "size_categories")
_REPO = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")


def size_category(rows: int) -> str:
    """The Hub's name for a number of rows.

    >>> size_category(999), size_category(1000), size_category(5_000_000)
    ('n<1K', '1K<n<10K', '1M<n<10M')
    """
    return _SIZES[max(0, min(len(str(rows)) - 3, len(_SIZES) - 1))]


def infer_tasks(features: Features) -> list[str]:
    """Tasks that the columns leave no doubt about, as the Hub names them.

    >>> infer_tasks(Features({"text": Value("string"), "label": ClassLabel(names=["ham", "spam"])}))
    ['text-classification']
    """
    names, flat = set(features), list(features.values())
    if any(isinstance(feature, Translation) for feature in flat):
        return ["translation"]
    if {"question", "context", "answers"} <= names:
        return ["question-answering"]
    if any(isinstance(f, List) and isinstance(f.feature, ClassLabel) for f in flat) and "tokens" in names:
        return ["token-classification"]
    images = sum(isinstance(feature, Image) for feature in flat)
    if images == 1 and "objects" in names:
        return ["object-detection"]
    if sum(isinstance(feature, ClassLabel) for feature in flat) != 1:
        return []
    texts = sum(isinstance(feature, Value) and feature.dtype in {"string", "large_string"} for feature in flat)
    if images == 1:
        return ["image-classification"]
    if any(isinstance(feature, Audio) for feature in flat):
        return ["audio-classification"]
    return ["text-classification"] if texts else []


def card_fields(
    data: Mapping[str, DatasetDict], record: RunRecord, answer: Answer, stated: Mapping[str, Any]
) -> dict[str, Any]:
    """YAML entries of the card, those of ``stated`` first.

    Args:
        data: The released data.
        record: Its run record, with measured counts.
        answer: Its licence.
        stated: Entries the publisher gave: ``language``, ``pretty_name``, ``task_categories``, ``tags`` and others.

    Raises:
        ParameterError: An entry is no field of a card, or one that hfaug alone can set.
    """
    check_card(stated)
    origins = _origins(record.counts)
    found: dict[str, Any] = {
        "license": answer.license,
        "pretty_name": record.name,
        "size_categories": [size_category(sum(origins.values()))],
        "task_categories": _tasks(data),
        "tags": ["hfaug", *(origin for origin in ("augmented", "synthetic") if origins.get(origin))],
        "annotations_creators": ["machine-generated"] if origins.get("synthetic") else [],
        "source_datasets": _extended(record),
    }
    for key, value in stated.items():
        given = [value] if key in _LISTS and isinstance(value, str) else value
        found[key] = list(dict.fromkeys([*given, *found.get(key, [])])) if key == "tags" else given
    return {key: value for key, value in found.items() if value not in (None, [], "")}


def _origins(counts: Counts) -> dict[str, int]:
    rows: dict[str, int] = {}
    for by_split in counts.values():
        for by_origin in by_split.values():
            for origin, number in totals(by_origin).items():
                rows[origin] = rows.get(origin, 0) + number
    return rows


def _tasks(data: Mapping[str, DatasetDict]) -> list[str]:
    found = (infer_tasks(splits[next(iter(splits))].features) for splits in data.values() if splits)
    return list(dict.fromkeys(task for tasks in found for task in tasks))


def _extended(record: RunRecord) -> list[str]:
    """The datasets on the Hub that rows came from; a builder that read files, such as ``csv``, is none."""
    paths = (source.path for source in record.sources if not source.files and not is_builder(source.path))
    return list(dict.fromkeys(f"extended|{path}" for path in paths if _REPO.fullmatch(path)))


def config_entries(
    features: Mapping[str, Features], shards: Mapping[tuple[str, str], Sequence[Shard]]
) -> dict[str, list[dict[str, Any]]]:
    """``configs`` and ``dataset_info`` for the card, in the form that `datasets` reads.

    Args:
        features: Columns by config.
        shards: Shards by config and split.
    """
    card = DatasetCardData()
    infos = {name: _info(name, features[name], shards) for name in features}
    DatasetInfosDict(infos).to_dataset_card_data(card)
    MetadataConfigs({name: {"data_files": list(_patterns(name, shards))} for name in features}).to_dataset_card_data(
        card
    )
    listed = card["dataset_info"] if isinstance(card["dataset_info"], list) else [card["dataset_info"]]
    only = next(iter(features))
    named = [{"config_name": entry.get("config_name", only), **entry} for entry in listed]
    return {"dataset_info": named, "configs": list(card["configs"])}


def _info(name: str, features: Features, shards: Mapping[tuple[str, str], Sequence[Shard]]) -> DatasetInfo:
    splits = SplitDict()
    for (config_name, split), files in shards.items():
        if config_name == name:
            rows, nbytes = sum(file.rows for file in files), sum(file.nbytes for file in files)
            splits.add(SplitInfo(name=split, num_bytes=nbytes, num_examples=rows))
    download = sum(file.size for (config_name, _), files in shards.items() if config_name == name for file in files)
    size = sum(split.num_bytes for split in splits.values())
    return DatasetInfo(
        config_name=name,
        features=published_features(features),
        splits=splits,
        download_size=download,
        dataset_size=size,
    )


def _patterns(name: str, shards: Mapping[tuple[str, str], Sequence[Shard]]) -> Iterator[dict[str, str]]:
    for config_name, split in shards:
        if config_name == name:
            yield {"split": split, "path": f"{data_folder(name)}/{split}-*"}
