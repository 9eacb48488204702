"""Ops on text and the labels in it."""

from hfaug.ops.text.add_emoji import AddEmoji
from hfaug.ops.text.add_ocr_errors import AddOcrErrors
from hfaug.ops.text.add_phonetic_errors import AddPhoneticErrors
from hfaug.ops.text.add_typos import AddTypos
from hfaug.ops.text.ask_questions import AskQuestions
from hfaug.ops.text.back_translate import BackTranslate
from hfaug.ops.text.change_case import ChangeCase
from hfaug.ops.text.change_punctuation import ChangePunctuation
from hfaug.ops.text.change_whitespace import ChangeWhitespace
from hfaug.ops.text.contract_words import ContractWords
from hfaug.ops.text.delete_sentences import DeleteSentences
from hfaug.ops.text.delete_words import DeleteWords
from hfaug.ops.text.eda import Eda
from hfaug.ops.text.elongate_words import ElongateWords
from hfaug.ops.text.expand_contractions import ExpandContractions
from hfaug.ops.text.fill import Fill
from hfaug.ops.text.fill_templates import FillTemplates
from hfaug.ops.text.generate import Generate
from hfaug.ops.text.insert_synonyms import InsertSynonyms
from hfaug.ops.text.merge_words import MergeWords
from hfaug.ops.text.replace_homoglyphs import ReplaceHomoglyphs
from hfaug.ops.text.replace_synonyms import ReplaceSynonyms
from hfaug.ops.text.reword_dates import RewordDates
from hfaug.ops.text.reword_numbers import RewordNumbers
from hfaug.ops.text.rewrite import Rewrite
from hfaug.ops.text.shuffle_sentences import ShuffleSentences
from hfaug.ops.text.split_words import SplitWords
from hfaug.ops.text.strip_accents import StripAccents
from hfaug.ops.text.substitute_masked import SubstituteMasked
from hfaug.ops.text.swap_chars import SwapChars
from hfaug.ops.text.swap_entities import SwapEntities
from hfaug.ops.text.swap_words import SwapWords

__all__ = [
    "AddEmoji",
    "AddOcrErrors",
    "AddPhoneticErrors",
    "AddTypos",
    "AskQuestions",
    "BackTranslate",
    "ChangeCase",
    "ChangePunctuation",
    "ChangeWhitespace",
    "ContractWords",
    "DeleteSentences",
    "DeleteWords",
    "Eda",
    "ElongateWords",
    "ExpandContractions",
    "Fill",
    "FillTemplates",
    "Generate",
    "InsertSynonyms",
    "MergeWords",
    "ReplaceHomoglyphs",
    "ReplaceSynonyms",
    "RewordDates",
    "RewordNumbers",
    "Rewrite",
    "ShuffleSentences",
    "SplitWords",
    "StripAccents",
    "SubstituteMasked",
    "SwapChars",
    "SwapEntities",
    "SwapWords",
]
