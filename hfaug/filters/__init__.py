"""Filters: keep a row, or give the reason why not."""

from hfaug.filters.base import BatchFilter, DatasetFilter, Filter, RowFilter
from hfaug.filters.exact_duplicates import ExactDuplicates
from hfaug.filters.speech_quality import SpeechQuality
from hfaug.filters.transcript_matches import TranscriptMatches

__all__ = [
    "BatchFilter",
    "DatasetFilter",
    "ExactDuplicates",
    "Filter",
    "RowFilter",
    "SpeechQuality",
    "TranscriptMatches",
]
