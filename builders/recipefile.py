"""A ``*.hfaug`` recipe file that loads as the dataset it describes, from a folder or from a Hub repo."""

from __future__ import annotations

from typing import Any

from hfaug.builders.base import RowBuilder, RowConfig
from hfaug.builders.reading import Reader
from hfaug.builders.registry import EXTENSION
from hfaug.builders.steps import RowSteps
from hfaug.errors import RecipeError, add_context

__all__ = ["RecipeFile"]


class RecipeFile(RowBuilder):
    """The rows of a recipe's source, with its steps over them: what `hfaug build` makes, as far as it goes row by row.

    ``load_dataset("folder")`` and ``load_dataset("name/repo")`` find a recipe named ``train.hfaug``, also beside its
    data. One with another name is found where it is the only data file, or where the ``configs`` of a README name it;
    they can say `copies`, `keep`, `seed` and `splits` too. ``load_dataset("hfaug", data_files="any.hfaug")`` loads any
    recipe file, and `hfaug.load_dataset` one that is in no file.

    The splits are those of the source.
    """

    BUILDER_CONFIG_CLASS = RowConfig

    def open_rows(self, config: RowConfig) -> tuple[Reader, RowSteps | None]:
        """The source's rows, and the steps over them."""
        from hfaug.builders.recipes import folder_of, read_recipe
        from hfaug.builders.sources import open_source, opening

        given = self._recipe(config)
        recipe, file = read_recipe(given, token=self.token, storage_options=self.storage_options)
        with opening(file or "<inline>"):
            try:
                steps = config.row_steps(recipe.steps)
                builder = open_source(
                    recipe.source,
                    str(recipe.folder) if file is None else folder_of(file),
                    cache_dir=self._asked_cache_dir,
                    token=self.token,
                    storage_options=self.storage_options or None,
                    features=config.features,
                )
            except RecipeError as error:
                if file is not None:
                    add_context(error, f"in {file}")
                raise
        return Reader(builder, split=recipe.source.split, encode=recipe.source.encode), steps

    def _recipe(self, config: RowConfig) -> Any:
        """The one recipe that is asked for."""
        files = [str(file) for own in (config.data_files or {}).values() for file in own]
        recipes = [file for file in files if file.endswith(EXTENSION)]
        if config.recipe is None and len(files) == len(recipes) == 1:
            return recipes[0]
        if config.recipe is not None and not files:
            return config.recipe
        if config.recipe is not None:
            raise RecipeError(
                f"hfaug: recipe must come without data files, came with {len(files)}, such as {files[0]}; where "
                "none are named, load_dataset takes the current folder's: say hfaug.load_dataset('hfaug', recipe=...)"
            )
        if len(recipes) < 2:
            raise RecipeError(
                f"hfaug: data_files must name one {EXTENSION} recipe, got {len(files)} files, such as {files[:1]}; "
                f"say load_dataset('hfaug', data_files='x{EXTENSION}')"
            )
        raise RecipeError(
            f"hfaug: a dataset must have one recipe, found {', '.join(sorted(recipes))}; say data_files=..., or name "
            "one for each of the configs in the README"
        )
