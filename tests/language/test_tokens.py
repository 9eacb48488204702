"""Words with tags out of texts in any script."""

import pytest

from hfaug.language.tokens import tagged_words


@pytest.mark.parametrize(
    "text, words",
    [
        ("Off to New York's well-known port!", "Off|to|New|York's|well-known|port|!"),
        ("3.50 €, U.S. (2,000)…", "3.50|€|,|U.S|.|(|2,000|)|…"),
        ("cafe\u0301 nai\u0308ve", "cafe\u0301|nai\u0308ve"),
        ("मैं दिल्ली में रहता हूँ।", "मैं|दिल्ली|में|रहता|हूँ|।"),
        ("ฉันรักกรุงเทพ", "ฉัน|รัก|กรุงเทพ"),
        ("مَرْحَبًا يا سَامِي؟", "مَرْحَبًا|يا|سَامِي|؟"),
        ("我在北京住。", "我在|北京|住|。"),
        ("東京に住む", "東京|に|住む"),
        ("שָׁלוֹם עולם", "שָׁלוֹם|עולם"),
        ("👩‍🔬👍🏽 and 🇳🇴🇫🇷 ☺️", "👩‍🔬|👍🏽|and|🇳🇴|🇫🇷|☺️"),
        ("a - b -- c_d _", "a|-|b|-|-|c_d|_"),
    ],
)
def test_words_of_every_script(text, words):
    """Marks stay with their letters, scripts without blanks are cut by their dictionary, emoji stay whole."""
    assert tagged_words(text, []) == (words.split("|"), ["O"] * (words.count("|") + 1))


def test_a_name_within_a_script_without_blanks():
    words, tags = tagged_words("我在北京大学住", [(2, 6, "org")])
    assert "".join(words) == "我在北京大学住"
    assert "".join(word for word, tag in zip(words, tags, strict=True) if tag != "O") == "北京大学"
    assert tags[0] == "O"
    assert tags[-1] == "O"


def test_of_nested_names_the_outermost_counts():
    assert tagged_words("the mayor of Rome", [(13, 17, "loc"), (0, 17, "per")])[1] == ["B-per", *["I-per"] * 3]
