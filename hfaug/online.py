"""`online`: a dataset whose rows are drawn afresh each epoch, as they are read."""

from __future__ import annotations

import dataclasses
import functools
import os
import tempfile
import weakref
from typing import Any

import numpy as np
from datasets import Audio, Dataset, DatasetDict, Features, Image, Video

from hfaug import media, provenance
from hfaug.arguments import check_op
from hfaug.columns import is_sound
from hfaug.errors import CallError, ParameterError
from hfaug.ids import with_ids, with_lineage
from hfaug.op import Op
from hfaug.rows import Form, resampled

__all__ = ["OnlineDataset", "online"]


def online(dataset: Dataset, op: Op, *, seed: int | None = None, provenance: bool = False) -> OnlineDataset:
    """Apply an op whenever rows are read: other draws each epoch, nothing stored. Same row and epoch, same result.

    Args:
        dataset: The training split.
        op: An op that gives one row for one row.
        seed: Another seed gives other draws.
        provenance: True hands out the lineage column too.

    Returns:
        A dataset whose rows are changed as they are read, and that has ``set_epoch(n)``. The epoch is shared with the
        worker processes of a ``DataLoader``, running ones too; Accelerate's data loaders set it by themselves. Sounds
        come as ``{"array", "sampling_rate"}``, at the rate that their column says, else at their own.

    Raises:
        RoleError: A column is missing or in doubt; raised before any work.
        LabelError: A label would not move; raised before any work.

    >>> import hfaug
    >>> from datasets import Dataset
    >>> ds = hfaug.online(Dataset.from_dict({"text": ["a very red car"] * 3}), hfaug.ops.text.SwapChars(share=1))
    >>> first = ds[0]["text"]
    >>> ds.set_epoch(1)
    >>> ds.set_epoch(0)
    >>> first == ds[0]["text"]
    True
    """
    check_op(op, "online")
    if isinstance(dataset, DatasetDict) or not isinstance(dataset, Dataset):
        raise ParameterError(
            f"online: must be given the training split, got {type(dataset).__name__}; say "
            "hfaug.online(ds['train'], op); for streams use hfaug.augment(stream, op, keep=False)"
        )
    op = op if op.ready else op.fit(dataset)
    if seed is not None:
        op = op.on(seed=seed)
    op.features(with_lineage(dataset.features))
    rows = with_ids(dataset, id_column=op.binding.id)
    transform = _Draw(op, rows.features, _Epoch(), provenance)
    result = _opened(rows)
    result.set_transform(transform)
    return result


class OnlineDataset(Dataset):
    """What `online` returns: a `Dataset` that knows its epoch.

    It stays one when rows are chosen (``select``, ``filter``, ``shuffle``, ``sort``, ``shard``, ``take``, ``skip``,
    ``train_test_split``). What would take the op away, store rows without it, or apply it twice raises a `CallError`.
    """

    def set_epoch(self, epoch: int) -> None:
        """Draw for another epoch from now on, in this process and in all that read the same dataset.

        Args:
            epoch: From 0 up.
        """
        if epoch < 0:
            raise ParameterError(f"set_epoch: epoch must be from 0 up, got {epoch}")
        self._format_kwargs["transform"].epoch.value = epoch

    def set_format(self, type: str | None = None, *args: Any, **more: Any) -> None:  # noqa: A002 - a name of datasets
        """Refused, since another format would take the op away.

        Raises:
            CallError: Always, but where hfaug itself sets the transform that runs the op.
        """
        if not isinstance({**more, **more.get("format_kwargs", {})}.get("transform"), _Draw):
            raise CallError(
                "online: rows must go through their op, which another format or transform would take away; convert "
                "what you read, as a DataLoader's collate_fn does, or set the format of hfaug.augment(ds, op)"
            )
        super().set_format(type, *args, **more)


def _choosing(name: str) -> Any:
    """A method that chooses rows, whose result still knows its epoch."""
    method = getattr(Dataset, name)

    @functools.wraps(method)
    def chosen(self: OnlineDataset, *args: Any, **more: Any) -> Any:
        result = method(_plain(self), *args, **more)
        if isinstance(result, DatasetDict):
            return DatasetDict({split: _as_online(rows) for split, rows in result.items()})
        return _as_online(result)

    return chosen


def _refusing(name: str) -> Any:
    """A method that would store rows: without the op, or with what it drew once, to be drawn over again."""

    @functools.wraps(getattr(Dataset, name))
    def refused(self: OnlineDataset, *_args: Any, **_more: Any) -> Any:  # noqa: ARG001 - it takes what the method takes
        raise CallError(
            f"online: rows must be drawn as they are read, so {name} must not store them; call it on the dataset "
            "before hfaug.online(ds, op), or on what hfaug.augment(ds, op) makes"
        )

    return refused


_CHOOSING = ("filter", "select", "shard", "shuffle", "skip", "sort", "take", "train_test_split")
_STORING = (
    "flatten_indices", "map", "push_to_hub", "save_to_disk", "to_csv", "to_dict", "to_iterable_dataset", "to_json",
    "to_list", "to_pandas", "to_parquet", "to_polars", "to_sql",
)  # fmt: skip

for _name in _CHOOSING:
    setattr(OnlineDataset, _name, _choosing(_name))
for _name in _STORING:
    setattr(OnlineDataset, _name, _refusing(_name))


class _Epoch:
    """A number in a mapped file: all processes that hold it see the same value, however they were started."""

    def __init__(self) -> None:
        handle, self.path = tempfile.mkstemp(prefix="hfaug-epoch-")
        os.write(handle, bytes(8))
        os.close(handle)
        weakref.finalize(self, _remove, self.path, os.getpid())
        self._open()

    def _open(self) -> None:
        self._cell = np.memmap(self.path, dtype=np.int64, mode="r+", shape=(1,))

    @property
    def value(self) -> int:
        return int(self._cell[0])

    @value.setter
    def value(self, epoch: int) -> None:
        self._cell[0] = epoch

    def __getstate__(self) -> str:
        return self.path

    def __setstate__(self, path: str) -> None:
        self.path = path
        self._open()


def _remove(path: str, owner: int) -> None:
    if os.getpid() == owner:
        os.unlink(path)


@dataclasses.dataclass
class _Draw:
    """The transform: stored rows in, changed and decoded rows out."""

    op: Op
    features: Features
    epoch: _Epoch
    provenance: bool
    last: Op | None = None

    def __call__(self, batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
        if set(batch) != set(self.features):
            raise CallError(
                f"{type(self.op).__name__}: online rows need all columns, got {sorted(batch)}; "
                "remove columns before hfaug.online"
            )
        op = self._bound()
        form = Form(table=None, columns=dict(batch), features=self.features, single=False)
        done = op.run_form(form)
        if any(len(values) != len(batch[name]) for name, values in done.items() if name in batch):
            raise CallError(
                f"{type(op).__name__}: online rows must stay one row each; leave times(...) to hfaug.augment"
            )
        if not self.provenance:
            done.pop(provenance.COLUMN, None)
        made = op.features(self.features)
        return {name: _decoded(values, made.get(name)) for name, values in done.items()}

    def _bound(self) -> Op:
        """The op for the epoch that is; kept, since an op plans anew for each dataset that it meets."""
        epoch = self.epoch.value
        if self.last is None or self.last.binding.epoch != epoch:
            self.last = self.op.on(epoch=epoch)
        return self.last


def _decoded(values: list[Any], feature: Any) -> list[Any]:
    """Untouched images and videos as `datasets` would hand them out; changed ones are decoded already."""
    if is_sound(feature) and getattr(feature, "decode", True):
        return [_heard(value, feature if isinstance(feature, Audio) else Audio()) for value in values]
    if not isinstance(feature, (Image, Audio, Video)) or not feature.decode:
        return values
    return [
        feature.decode_example(value) if isinstance(value, dict) and "bytes" in value else value for value in values
    ]


def _heard(value: Any, feature: Audio) -> Any:
    """A sound with the rate and channels that its column says, touched or not, and without a decoder of `datasets`."""
    clip = media.clip_of(value)
    if clip is None:
        return None
    samples, rate = clip.samples, feature.sampling_rate or clip.rate
    if feature.num_channels not in (None, len(samples)):
        samples = np.repeat(samples.mean(axis=0, keepdims=True), feature.num_channels, axis=0)
    if rate != clip.rate:
        samples = resampled(samples, round(samples.shape[1] * rate / clip.rate), clip.rate, rate)
    return media.clip_to_dict(samples, dataclasses.replace(clip, rate=rate))


def _opened(rows: Dataset) -> OnlineDataset:
    """The same rows, not copied, with their media as they are stored."""
    for name, feature in rows.features.items():
        if isinstance(feature, (Image, Audio, Video)):
            rows = rows.cast_column(name, dataclasses.replace(feature, decode=False))
    opened: OnlineDataset = _bare(rows, OnlineDataset)
    return opened


def _plain(rows: OnlineDataset) -> Dataset:
    """The same rows and transform, in a dataset that `datasets` may set formats of while it works."""
    return _like(rows, Dataset)


def _as_online(rows: Dataset) -> OnlineDataset:
    """The same rows and transform, in a dataset that knows its epoch."""
    online: OnlineDataset = _like(rows, OnlineDataset)
    return online


def _like(rows: Dataset, kind: type[Dataset]) -> Any:
    copy = _bare(rows, kind)
    said = rows.format
    columns = None if set(said["columns"]) == set(rows.column_names) else said["columns"]
    copy.set_format(said["type"], columns, said["output_all_columns"], **said["format_kwargs"])
    copy._fingerprint = rows._fingerprint  # noqa: SLF001  # the same rows have the same name
    return copy


def _bare(rows: Dataset, kind: type[Dataset]) -> Any:
    indices, fingerprint = rows._indices, rows._fingerprint  # noqa: SLF001  # a dataset has no public name for its parts
    return kind(rows.data, rows.info, rows.split, indices, fingerprint)
