"""Numbers and dates said in another way: known results by hand, in each language."""

import datetime as dt

import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st

from hfaug.language.dates import LANGUAGES, dates, styles, written
from hfaug.language.numerals import figures, spelt
from hfaug.language.numerals import words as in_words
from hfaug.ops.text import RewordDates, RewordNumbers
from tests.ops.drawing import stream, streams


@pytest.mark.parametrize(
    "language, text, after",
    [
        ("en", "I saw 21 dogs and 105 cats.", "I saw twenty-one dogs and one hundred and five cats."),
        ("en", "12 came.", "Twelve came."),
        ("de", "Es waren 21 Hunde.", "Es waren einundzwanzig Hunde."),
        ("fr", "Voici 22 chats.", "Voici vingt-deux chats."),
        ("es", "Hay 22 gatos.", "Hay veintidós gatos."),
        ("it", "Ci sono 22 gatti.", "Ci sono ventidue gatti."),
        ("nl", "Er zijn 22 katten.", "Er zijn tweeëntwintig katten."),
        ("ja", "25人が来た。", "二十五人が来た。"),
        ("zh", "有35个人。", "有三十五个人。"),
    ],
)
def test_figures_in_words(language, text, after):
    assert RewordNumbers(to="words", language=language).edited(text, stream()) == after


@pytest.mark.parametrize(
    "language, text, after",
    [
        ("en", "Twenty-one dogs and one hundred five cats, one each.", "21 dogs and 105 cats, one each."),
        ("en", "two and three", "2 and 3"),
        ("en", "in nineteen eighty-four", "in nineteen eighty-four"),
        ("sv", "tjugotvå katter", "22 katter"),
        ("en", "One two-way road, seventy times seven", "One two-way road, 70 times 7"),
        ("de", "Um sechs Uhr kamen einundzwanzig Leute.", "Um 6 Uhr kamen 21 Leute."),
        ("fr", "vingt-deux chats neufs et neuf chiens", "22 chats neufs et neuf chiens"),
        ("ja", "二十五人", "25人"),
        ("zh", "十分好，三十五人", "十分好，35人"),
    ],
)
def test_words_in_figures(language, text, after):
    """What means something else as well stays: one, neuf, 十."""
    found = figures(text, language)
    for start, end, new in reversed(found):
        text = text[:start] + new + text[end:]
    assert text == after


@pytest.mark.parametrize(
    "text",
    [
        "in 2024",
        "at 9:30",
        "$5 and 5€ and 5 %",
        "3.50",
        "1,234",
        "v2 B12 x-3",
        "007",
        "March 5",
        "5 March",
        "2024-03-05",
        "3/4",
        "1234567",
    ],
)
def test_what_is_no_plain_number_stays(text):
    assert in_words(text, "en") == []


@pytest.mark.parametrize(
    "language, text",
    [
        ("it", "Tu sei bello. Sei sicuro? Otto, venti freddi"),
        ("sv", "om sex och kärlek"),
        ("de", "Wir sieben das Mehl, in Acht, die Elf. Siehe Nr. 5."),
        ("nl", "Geef acht! Ik vier mijn verjaardag."),
        ("fr", "12 000 habitants, 1\u202f500 euros, 22 mille, trois millions, deux et demi, vingt et un"),
        ("en", "5 000 people, 12\u00a0000, call 555 0199, $ 5 or USD 20 or 20 EUR or 5 km, 2 1/2 or 2 ½ cups"),
        ("en", "two hundred and fifty thousand, a hundred and five, three point five, two and a half, two thirds"),
        ("en", "Windows 7 is old, see No. 5 on Windows 7 and Ocean's Eleven with the Big Ten."),
        ("zh", "三万二十五，百分之二十五，两千三百五十"),
    ],
)
def test_what_may_be_no_number_of_its_own_stays(language, text):
    """Other words, parts of larger numbers, prices and names."""
    assert RewordNumbers(language=language).edited(text, stream()) == text


@pytest.mark.parametrize(
    "language, text, after",
    [
        (
            "en",
            'The 3 cats, e.g. 3 dogs. 3 came. "4 went!"',
            'The three cats, e.g. three dogs. Three came. "Four went!"',
        ),
        ("de", "Es gab z. B. 3 Äpfel.", "Es gab z. B. drei Äpfel."),
    ],
)
def test_capitals_stand_where_sentences_begin(language, text, after):
    assert RewordNumbers(language=language, to="words").edited(text, stream()) == after


def test_german_ordinals_stay():
    assert in_words("Am 3. Oktober, die 4. Frage", "de") == []
    assert in_words("Es waren 7.", "de") == [(9, 10, "sieben")]


@pytest.mark.parametrize("language", ["de", "en", "es", "fr", "it", "nl", "sv"])
@given(number=st.integers(12, 9999).filter(lambda number: number not in (20, 50, 99, 800)))
def test_there_and_back_is_the_same_number(language, number):
    text = spelt(number, language)
    assert [(start, end, int(new)) for start, end, new in figures(text, language)] == [(0, len(text), number)]


@pytest.mark.parametrize(
    "language, text, some",
    [
        ("en", "March 5, 2024", {"5 March 2024", "Mar 5, 2024", "5 Mar 2024", "2024-03-05"}),
        ("de", "5. März 2024", {"05.03.2024", "5.3.2024", "2024-03-05"}),
        ("fr", "05/03/2024", {"5 mars 2024", "2024-03-05"}),
        ("es", "5 de marzo de 2024", {"5/3/2024", "05/03/2024", "2024-03-05"}),
        ("pt", "5 de março de 2024", {"05/03/2024", "2024-03-05"}),
        ("it", "5 marzo 2024", {"05/03/2024", "5 mar 2024", "2024-03-05"}),
        ("nl", "5 maart 2024", {"05-03-2024", "2024-03-05"}),
        ("ja", "2024年3月5日", {"2024/3/5", "2024/03/05", "2024-03-05"}),
        ("zh", "2024年3月5日", {"2024/3/5", "2024.3.5", "2024-03-05"}),
    ],
)
def test_dates(language, text, some):
    found = {RewordDates(language=language).edited(f"{text}!", rng) for rng in streams(100)}
    assert {f"{date}!" for date in some} <= found


@pytest.mark.parametrize(
    "language, text, day",
    [
        ("en", "March 5th, 2024", (2024, 3, 5)),
        ("en", "Sept 5, 2024", (2024, 9, 5)),
        ("en", "the 1st March 2024", (2024, 3, 1)),
        ("en", "March 5 , 2024", (2024, 3, 5)),
        ("fr", "1er mars 2024", (2024, 3, 1)),
        ("it", "1º gennaio 2024", (2024, 1, 1)),
    ],
)
def test_days_as_ordinals_and_other_names_of_months(language, text, day):
    (found,) = dates(text, language)
    assert found.day == dt.date(*day)


def test_the_first_of_a_month():
    assert written(dt.date(2024, 3, 1), "fr", "d MMMM y") == "1er mars 2024"
    assert written(dt.date(2024, 3, 1), "fr", "d/M/y") == "1/3/2024"
    assert dates("Version 1.2.2024, v. 1.2.2024", "de") == []


def test_dates_in_lists_of_words():
    rows = Dataset.from_dict({"tokens": [["On", "March", "5", ",", "2024", "."]], "tags": [["O"] * 6]})
    found = {tuple(row["tokens"]) for row in rows.map(RewordDates().times(50), batched=True)}
    assert {("On", "5", "March", "2024", "."), ("On", "Mar", "5", ",", "2024", ".")} <= found


@pytest.mark.parametrize(
    "text", ["3/5/2024", "February 30, 2024", "2024-13-01", "March 2024", "x2024-03-05", "2024-03-05-1"]
)
def test_what_is_no_plain_date_stays(text):
    """English figures name one day in London and another in New York."""
    assert dates(text, "en") == []


@pytest.mark.parametrize("language", LANGUAGES)
@given(day=st.dates(dt.date(1000, 1, 1), dt.date(2999, 12, 31)))
def test_every_way_to_write_a_date_is_read_back(language, day):
    for style in styles(language):
        text = written(day, language, style)
        (found,) = dates(f"({text})", language)
        assert (found.day, found.start, found.end) == (day, 1, 1 + len(text))
