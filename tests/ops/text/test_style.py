"""Case, punctuation, white space, accents, emoji, long vowels, contractions: known results by hand."""

import pytest
from datasets import Dataset

from hfaug.errors import ParameterError
from hfaug.ops.text import (
    AddEmoji,
    ChangeCase,
    ChangePunctuation,
    ChangeWhitespace,
    ContractWords,
    ElongateWords,
    ExpandContractions,
    StripAccents,
)
from tests.ops.drawing import stream, streams


def results(op, text, count=200):
    return {op.edited(text, rng) for rng in streams(count)}


@pytest.mark.parametrize(
    "text, case, after",
    [
        ("Don't SHOUT, Ada!", "lower", "don't shout, ada!"),
        ("Don't shout, Ada!", "upper", "DON'T SHOUT, ADA!"),
        ("don't SHOUT, ada!", "title", "Don't Shout, Ada!"),
        ("größte Straße", "upper", "GRÖSSTE STRASSE"),
        ("ΟΔΟΣ ΕΔΩ", "lower", "οδος εδω"),
        ("cafe\u0301", "upper", "CAFE\u0301"),
        ("привет Ада", "title", "Привет Ада"),
    ],
)
def test_case(text, case, after):
    assert ChangeCase(cases=(case,)).edited(text, stream()) == after


def test_case_of_some_words_and_of_none():
    assert results(ChangeCase(cases=("upper",), share=0.5), "ab cd") == {"ab cd", "AB cd", "ab CD", "AB CD"}
    assert ChangeCase().refuses("你好") == ChangeCase().refuses("مرحبا") == "no letters with a case"
    assert ChangeCase().refuses("你好 ok") is ChangeCase().refuses("...") is None
    with pytest.raises(ParameterError, match="ChangeCase: cases must name at least one"):
        ChangeCase(cases=())


@pytest.mark.parametrize(
    "text, some",
    [
        ("Hi!", {"Hi", "Hi!!", "Hi!!!", "Hi.", "Hi?"}),
        ("Hi, Ada", {"Hi Ada", "Hi; Ada", "Hi. Ada"}),
        ("你好。", {"你好", "你好。。。", "你好！", "你好？", "你好，"}),
        ("كيف؟", {"كيف", "كيف؟؟", "كيف؟؟؟", "كيف.", "كيف!"}),
    ],
)
def test_punctuation(text, some):
    """Marks go, are repeated, or become others of their script."""
    assert results(ChangePunctuation(share=1), text) == some


def test_punctuation_within_numbers_addresses_and_faces_stays():
    text = "see https://example.org/a.b?c=d at 3.50 or 12:30 :) :-( e.g"
    assert results(ChangePunctuation(share=1), text) == {text}


def test_punctuation_in_lists_of_words():
    rows = Dataset.from_dict({"tokens": [["Yes", ",", "I", "am", "here", "."]], "tags": [["O"] * 6]})
    found = {tuple(row["tokens"]) for row in rows.map(ChangePunctuation(share=1).times(50), batched=True)}
    assert ("Yes", "I", "am", "here") in found
    assert ("Yes", ";", "I", "am", "here", "!") in found
    assert results(ChangePunctuation(share=1), "Oui !") == {"Oui", "Oui !!", "Oui !!!", "Oui .", "Oui ?"}


def test_white_space():
    assert results(ChangeWhitespace(share=1), "a b") == {"a  b", "a\tb", "a\u00a0b", "a\nb"}
    assert results(ChangeWhitespace(share=1, kinds=("tab",)), " a  b\n") == {" a\tb\n"}
    assert results(ChangeWhitespace(share=1, kinds=("double",)), "a  b") == {"a  b"}
    with pytest.raises(ParameterError, match="kinds must name at least one"):
        ChangeWhitespace(kinds=())


@pytest.mark.parametrize(
    "text, dropped, spelt",
    [
        ("Müller aß Öl in Århus", "Muller ass Ol in Arhus", "Mueller ass Oel in Aarhus"),
        ("Zu\u0308rich, cafe\u0301", "Zurich, cafe", "Zuerich, cafe"),
        ("Đặng Łódź søt", "Dang Lodz sot", "Dang Lodz sot"),
        ("Αθήνα", "Αθηνα", "Αθηνα"),
        ("مُحَمَّد שָׁלוֹם", "محمد שלום", "محمد שלום"),
        ("हिन्दी दुनिया ภาษาไทย が й", "हिन्दी दुनिया ภาษาไทย が й", "हिन्दी दुनिया ภาษาไทย が й"),
        ("plain", "plain", "plain"),
        ("ÄRGER ÜBER Äpfel, FÜR Ü", "ARGER UBER Apfel, FUR U", "AERGER UEBER Aepfel, FUER Ue"),
        (
            "œuvre Æsir ŒUVRE ĳs ılık GROẞ ǽ",
            "oeuvre Aesir OEUVRE ijs ilik GROSS ae",
            "oeuvre Aesir OEUVRE ijs ilik GROSS ae",
        ),
        ("\u0301a", "\u0301a", "\u0301a"),
    ],
)
def test_accents(text, dropped, spelt):
    """What are marks of other scripts is no accent: vowel signs of Hindi and Thai, the voicing of が, й."""
    assert StripAccents().edited(text, stream()) == dropped
    assert StripAccents(umlauts="spell").edited(text, stream()) == spelt


def test_emoji_stand_behind_sentences():
    op = AddEmoji(share=1, emoji=("🎉",))
    assert op.edited("One. Two!\n\nThree ", stream()) == "One. 🎉 Two! 🎉\n\nThree 🎉 "
    assert op.edited("好。是！", stream()) == "好。🎉是！🎉"
    assert op.edited("Off to 東京. 好！ Bye", stream()) == "Off to 東京.🎉 好！🎉 Bye 🎉"
    assert op.edited("", stream()) == ""
    with pytest.raises(ParameterError, match="AddEmoji: emoji must hold at least one"):
        AddEmoji(emoji=("🎉", ""))


@pytest.mark.parametrize(
    "text, after",
    [
        ("so good", {"sooo goooo" + "d", "soooo" + " goood"}),
        ("nice", {"niiice"}),
        ("привет", {"привеее" + "т"}),
        ("جميل", {"جميييل"}),
        ("المدرسة", {"المدرسة"}),
        ("والكتاب", {"والكتاااب"}),
        ("personnes", {"persooonnes"}),
    ],
)
def test_vowels_are_drawn_out(text, after):
    found = results(ElongateWords(share=1, extra=(2, 2)), text)
    assert found == ({"sooo goooo" + "d"} if text == "so good" else after)


def test_letters_numbers_and_abbreviations_are_not_drawn_out():
    for text in "I a 12 EU USA hm e\u0301":
        assert results(ElongateWords(share=1), text) == {text}
    assert ElongateWords().refuses("你好") is not None
    with pytest.raises(ParameterError, match="extra"):
        ElongateWords(extra=(3, 2))


PAIRS = [
    ("I am sure you will not go.", "I'm sure you won't go."),
    ("She is late and they cannot wait.", "She's late and they can't wait."),
    ("It is not here, we have been there.", "It's not here, we've been there."),
    ("Let us go; I would stay if you did not mind.", "Let's go; I'd stay if you didn't mind."),
]


@pytest.mark.parametrize("long, short", PAIRS)
def test_english_contractions(long, short):
    assert ContractWords().edited(long, stream()) == short


@pytest.mark.parametrize(
    "short, long",
    [
        ("I'm sure you won't go.", "I am sure you will not go."),
        ("It's been fun, she's late, we can't wait.", "It has been fun, she is late, we cannot wait."),
        ("I'd better go; she'd like it; he'd gone.", "I had better go; she would like it; he'd gone."),
        ("Let’s go, they’re here", "Let us go, they are here"),
        ("CAN'T stop, WON'T stop", "CANNOT stop, WILL NOT stop"),
        ("Ada's car, isn't it? Don't you?", "Ada's car, isn't it? Don't you?"),
        ("That's it, 'tis y'all's ain't", "That is it, 'tis y'all's ain't"),
    ],
)
def test_english_contractions_in_full(short, long):
    """What is not plain stays: possessives, questions, 'd before a past."""
    assert ExpandContractions().edited(short, stream()) == long


@pytest.mark.parametrize(
    "text",
    [
        "who you are and what it is",
        "how it is now, than I am in many ways",
        "He is, I think, late. Yes, I am.",
        "Do they have not only one",
        "They have broken chairs. I have red shoes.",
        "They let us in. Let us know.",
    ],
)
def test_what_stands_alone_is_not_contracted(text):
    assert ContractWords().edited(text, stream()) == text


@pytest.mark.parametrize(
    "text",
    [
        "He's finished it, she's eaten, he's lost it, it's cost a lot, he's just left",
        "Where's he been? What's happened?",
        "What don't people like? Don't people like it? Why can't we?",
    ],
)
def test_what_may_stand_for_two_things_is_not_written_in_full(text):
    assert ExpandContractions().edited(text, stream()) == text


def test_contractions_shout_with_their_word_alone():
    assert ExpandContractions().edited("I'm HERE. I'M HERE.", stream()) == "I am HERE. I AM HERE."


def test_contractions_that_are_two_words_of_a_list():
    """Each keeps its tag: what stood there before stays."""
    rows = Dataset.from_dict({"tokens": [["I", "do", "n't", "say", "it", "'s", "on"]], "tags": [list("PVRVPVR")]})
    (done,) = rows.map(ExpandContractions(share=1), batched=True)
    assert done["tokens"] == ["I", "do", "not", "say", "it", "is", "on"]
    assert done["tags"] == list("PVRVPVR")


def test_german_contractions():
    contract, expand = ContractWords(language="de"), ExpandContractions(language="de")
    assert contract.edited("Er ging zu dem Arzt in dem Dorf.", stream()) == "Er ging zum Arzt im Dorf."
    assert expand.edited("Er geht ans Meer und aufs Dach.", stream()) == "Er geht an das Meer und auf das Dach."
    for text in ("Das Haus, in dem Peter wohnt.", "An dem Tag, an dem Maria kam.", "zu der Zeit, in dem ich wohne"):
        assert contract.edited(text, stream()) == text
    for text in ("Am 5. März zum Beispiel im Jahr 2024", "Frankfurt am Main", "I am here", "aufs Neue, ums Leben"):
        assert expand.edited(text, stream()) == text


def test_there_and_back_is_the_same():
    for long, _ in PAIRS[:2]:
        short = ContractWords().edited(long, stream())
        assert ExpandContractions().edited(short, stream()) == long
    assert ContractWords().refuses("你好") == "no latin letters"
