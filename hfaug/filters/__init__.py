"""Filters: keep a row, or give the reason why not."""

from hfaug.filters.base import DatasetFilter, Filter, RowFilter
from hfaug.filters.exact_duplicates import ExactDuplicates

__all__ = ["DatasetFilter", "ExactDuplicates", "Filter", "RowFilter"]
