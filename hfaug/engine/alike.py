"""What all units of a stage must be made with, where rows depend on it: the first unit that is published decides.

Some of it is known only once work has begun, such as the number format of a model on this machine; so it is no part of
the stage's name, but lies beside its units::

    alike-2f7b6c1a.json    one file for each thing that counts, such as a model
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import xxhash

from hfaug.engine.store import Store
from hfaug.errors import StageError

__all__ = ["Alike"]


class Alike:
    """What the units of one stage are made with.

    Args:
        store: Where the stage is.
        folder: Its folder.
    """

    def __init__(self, store: Store, folder: str) -> None:
        self._store, self._folder = store, folder
        self._known: dict[str, Any] = {}

    def check(self, made_with: Mapping[str, Mapping[str, Any]], by: str) -> None:
        """Make sure that a unit was made as those that are there; before it is published.

        Args:
            made_with: JSON values by names, for each thing by its name.
            by: Who made it; differs between processes.

        Raises:
            StageError: Units that are there were made otherwise.
        """
        for name, values in made_with.items():
            if name not in self._known:
                self._known[name] = self._settle(name, values, by)
            first = self._known[name]
            if first != values:
                other = sorted(key for key in {*first, *values} if first.get(key) != values.get(key))
                told = [", ".join(f"{key} {said.get(key)}" for key in other) for said in (first, values)]
                raise StageError(
                    f"Stage {self._folder.rpartition('/')[2]!r}: its units must all be made alike, {name} ran with "
                    f"{told[0]} before and with {told[1]} now; go on where it was begun, or remove "
                    f"{self._store.where(self._folder)} and run again"
                )

    def _settle(self, name: str, values: Mapping[str, Any], by: str) -> Any:
        """What the first unit was made with, which this one may be."""
        path = f"{self._folder}/alike-{xxhash.xxh3_64_hexdigest(name.encode())[:8]}.json"
        said = {"what": name, "with": dict(values), "by": by}
        if not self._store.exists(path):
            self._store.create_exclusive(path, json.dumps(said, sort_keys=True).encode())
        try:
            return json.loads(self._store.read(path))["with"]
        except (ValueError, LookupError) as error:
            raise StageError(
                f"Stage {self._folder.rpartition('/')[2]!r}: {self._store.where(path)} must say what {name} ran with, "
                "is damaged; remove the folder and run again"
            ) from error
