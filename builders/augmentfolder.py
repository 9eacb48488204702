"""``load_dataset("augmentfolder", data_dir=..., recipe=...)``: a folder of data, augmented as it is loaded."""

from __future__ import annotations

import dataclasses
from typing import Any

from hfaug.builders.base import RowBuilder, RowConfig
from hfaug.builders.reading import Reader
from hfaug.builders.steps import RowSteps
from hfaug.errors import ParameterError, RecipeError

__all__ = ["AugmentFolder", "AugmentFolderConfig"]


@dataclasses.dataclass
class AugmentFolderConfig(RowConfig):
    """What can be said besides the recipe.

    Args:
        reader: The builder of `datasets` that knows the files, such as ``imagefolder`` or ``csv``; by default the one
            that most of the files belong to by their names.
        options: What this builder is to be told, such as ``{"sep": ";"}``.
        drop_labels: As for ``imagefolder``: whether folder names are no classes.
        drop_metadata: As for ``imagefolder``: whether metadata files are left alone.
    """

    reader: str | None = None
    options: dict[str, Any] | None = None
    drop_labels: bool | None = None
    drop_metadata: bool | None = None


class AugmentFolder(RowBuilder):
    """Images, sounds, texts or tables in a folder, as ``imagefolder``, ``audiofolder``, ``csv`` and others read them.

    Without a recipe it only loads, sounds too, and needs no decoder for it.

    >>> import hfaug
    >>> from datasets import load_dataset
    >>> ds = load_dataset("augmentfolder", data_dir="tests/data/digits", recipe={"ops": ["image.rotate"], "copies": 2})
    >>> ds["train"].num_rows
    900
    """

    BUILDER_CONFIG_CLASS = AugmentFolderConfig

    def open_rows(self, config: AugmentFolderConfig) -> tuple[Reader, RowSteps | None]:
        """The files' rows, and the steps of the recipe."""
        from hfaug.builders.recipes import read_steps

        reader = Reader(self._files_builder(config))
        if config.recipe is None:
            _check_alone(config)
            return reader, None
        steps = read_steps(config.recipe, token=self.token, storage_options=self.storage_options)
        return reader, config.row_steps(steps)

    def _files_builder(self, config: AugmentFolderConfig) -> Any:
        from datasets import DownloadConfig, load

        settings = DownloadConfig(token=self.token, storage_options=self.storage_options)
        files = self._files(config, settings)
        name, more = config.reader, {}
        if name is None:
            name, more = load.infer_module_for_data_files(files, path=config.data_dir, download_config=settings)
            if name == "hfaug":
                raise RecipeError(
                    "augmentfolder: the folder must hold data, its first files are recipes; put the data into a folder "
                    "of its own and name that, or load the recipe itself"
                )
            extensions = load._MODULE_TO_EXTENSIONS[name] + load._MODULE_TO_METADATA_EXTENSIONS[name]
            files = files.filter(extensions=extensions, file_names=load._MODULE_TO_METADATA_FILE_NAMES[name])
        if name not in load._PACKAGED_DATASETS_MODULES or name == "augmentfolder":
            known = ", ".join(sorted(load._PACKAGED_DATASETS_MODULES))
            raise ParameterError(f"augmentfolder: reader must be one of {known}, got {name!r}; correct reader")
        module, code = load._PACKAGED_DATASETS_MODULES[name]
        said = {"drop_labels": config.drop_labels, "drop_metadata": config.drop_metadata, "features": config.features}
        said = {key: value for key, value in {**more, **said, **(config.options or {})}.items() if value is not None}
        return load.import_main_class(module)(
            cache_dir=self._asked_cache_dir, dataset_name=name, hash=code, base_path=self.base_path, data_files=files,
            token=self.token, storage_options=self.storage_options, **said,
        )  # fmt: skip

    def _files(self, config: AugmentFolderConfig, settings: Any) -> Any:
        """The files by split; those that `datasets` has not found yet are found as it finds them."""
        from datasets.data_files import DataFilesDict, get_data_patterns

        if config.data_files is not None:
            return config.data_files
        if config.data_dir is None:
            raise ParameterError(
                "augmentfolder: data_dir or data_files must be given, got neither; name the folder of the data"
            )
        patterns = get_data_patterns(config.data_dir, download_config=settings)
        return DataFilesDict.from_patterns(patterns, base_path=config.data_dir, download_config=settings)


def _check_alone(config: AugmentFolderConfig) -> None:
    said = [name for name in ("copies", "keep", "seed", "splits") if getattr(config, name) is not None]
    if said:
        raise RecipeError(f"augmentfolder: {said[0]} must come with a recipe, got none; say recipe={{'ops': [...]}}")
