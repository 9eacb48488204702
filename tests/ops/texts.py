"""Every op that changes a text, ready to be tried."""

import hfaug.ops.text as ops
from hfaug import Chain
from hfaug.kinds import TextOp
from tests import lexicons

lexicons.install()

WORDNET = {"lexicon": "tiny-en:1"}
MADE = {
    "Eda": WORDNET,
    "InsertSynonyms": {**WORDNET, "share": 0.4},
    "ReplaceSynonyms": {**WORDNET, "share": 1},
    "DeleteSentences": {"share": 0.5},
    "AddPhoneticErrors": {"share": 0.5},
}
MUCH = ("AddTypos", "AddOcrErrors", "ReplaceHomoglyphs", "SplitWords", "MergeWords", "SwapWords", "ElongateWords")


def text_ops():
    """Each op on text with settings under which it does much, and chains of them."""
    found = {}
    for name in ops.__all__:
        cls = getattr(ops, name)
        if issubclass(cls, TextOp):
            found[name] = cls(**MADE.get(name, {"share": 0.4} if name in MUCH else {}))
    found["words"] = Chain(found["SwapWords"], found["ReplaceSynonyms"], found["DeleteWords"], found["InsertSynonyms"])
    found["letters"] = Chain(found["AddTypos"], found["SplitWords"], found["MergeWords"], found["AddOcrErrors"])
    found["sentences"] = Chain(found["ShuffleSentences"], found["AddEmoji"], found["DeleteSentences"])
    found["style"] = Chain(
        found["ExpandContractions"], found["RewordNumbers"], found["ChangeCase"], found["ChangePunctuation"]
    )
    return found
