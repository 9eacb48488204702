"""Which entries a publisher may give the YAML of a card: those that the Hub reads, but for what a release works out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from hfaug.errors import ParameterError

__all__ = ["FIELDS", "MEASURED", "check_card"]

FIELDS = frozenset(
    [
        "annotations_creators",
        "arxiv",
        "benchmark",
        "description",
        "extra_gated_button_content",
        "extra_gated_description",
        "extra_gated_eu_disallowed",
        "extra_gated_fields",
        "extra_gated_heading",
        "extra_gated_prompt",
        "language",
        "language_bcp47",
        "language_creators",
        "language_details",
        "license_details",
        "license_link",
        "license_name",
        "models",
        "multilinguality",
        "paperswithcode_id",
        "pretty_name",
        "source_datasets",
        "tags",
        "task_categories",
        "task_ids",
        "thumbnail",
        "train-eval-index",
        "viewer",
        "viewer_display_urls",
    ]
)
"""Entries of a dataset card that the Hub knows.

Source: the specification of dataset cards in huggingface/hub-docs, and the types of huggingface.js.
"""

MEASURED = frozenset({"config_names", "configs", "dataset_info", "license", "size_categories"})
"""Entries that the Hub knows, and that follow from the data or from the licence."""


def check_card(stated: Iterable[str]) -> None:
    """Make sure that every entry is one that the Hub reads; a misspelt one would be published and never seen.

    Args:
        stated: Keys of the entries.

    Raises:
        ParameterError: One is unknown (names the nearest), or one that hfaug alone can set.

    >>> check_card(["langauge"])
    Traceback (most recent call last):
      ...
    hfaug.errors.ParameterError: release: card must have fields of a card, got 'langauge'; did you mean 'language'?
    """
    for key in stated:
        if key in MEASURED:
            raise ParameterError(
                f"release: card must not set {key!r}, which follows from the data or from license=; leave it out"
            )
        if key not in FIELDS:
            near = difflib.get_close_matches(str(key), FIELDS | MEASURED, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"the fields are {', '.join(sorted(FIELDS))}"
            raise ParameterError(f"release: card must have fields of a card, got {key!r}; {hint}")
