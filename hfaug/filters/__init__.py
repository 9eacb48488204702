"""Filters: keep a row, or give the reason why not."""

from hfaug.filters.base import BatchFilter, DatasetFilter, Filter, RowFilter
from hfaug.filters.exact_duplicates import ExactDuplicates
from hfaug.filters.label_agrees import LabelAgrees
from hfaug.filters.learning import LearningFilter
from hfaug.filters.near_duplicate_images import NearDuplicateImages
from hfaug.filters.not_memorized import NotMemorized
from hfaug.filters.safe_images import SafeImages
from hfaug.filters.speech_quality import SpeechQuality
from hfaug.filters.transcript_matches import TranscriptMatches

__all__ = [
    "BatchFilter",
    "DatasetFilter",
    "ExactDuplicates",
    "Filter",
    "LabelAgrees",
    "LearningFilter",
    "NearDuplicateImages",
    "NotMemorized",
    "RowFilter",
    "SafeImages",
    "SpeechQuality",
    "TranscriptMatches",
]
