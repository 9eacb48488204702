"""Licences: an answer or a stop with the reason."""

from __future__ import annotations

import pytest

from hfaug.errors import LicenseError
from hfaug.publishing.licenses import TABLE, combine, normalise
from hfaug.record import Model, Source


def answer(*licences, models=(), stated=None):
    sources = [Source(path=f"s{index}", licence=licence) for index, licence in enumerate(licences)]
    return combine(sources, [Model(id=f"m{index}", licence=name) for index, name in enumerate(models)], stated=stated)


@pytest.mark.parametrize(
    ("licences", "models", "result"),
    [
        (["mit"], [], "mit"),
        (["cc0-1.0", "mit"], [], "mit"),
        (["mit", "apache-2.0", "cc-by-4.0"], [], "cc-by-4.0"),
        (["CC BY 3.0", "Apache 2.0"], [], "cc-by-3.0"),
        (["cc-by-4.0", "cc-by-sa-3.0"], [], "cc-by-sa-3.0"),
        (["cc-by-sa-3.0", "cc-by-sa-4.0"], [], "cc-by-sa-4.0"),
        (["cc-by-sa-4.0", "gpl-3.0"], [], "gpl-3.0"),
        (["gpl-3.0", "agpl-3.0"], [], "agpl-3.0"),
        (["cc-by-nc-4.0", "cc-by-4.0"], [], "cc-by-nc-4.0"),
        (["cc-by-nc-3.0", "cc-by-nc-4.0"], [], "cc-by-nc-4.0"),
        (["cc-by-nc-sa-3.0", "cc-by-nc-4.0"], [], "cc-by-nc-sa-3.0"),
        (["cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0"], [], "cc-by-nc-sa-4.0"),
        (["odbl", "odc-by"], [], "odbl"),
        (["llama3.1", "llama3.1"], [], "llama3.1"),
        (["mit"], ["apache-2.0", "cc-by-sa-4.0", "gpl-3.0"], "mit"),
        (["mit"], ["cc-by-nc-4.0"], "cc-by-nc-4.0"),
        (["cc-by-nc-sa-4.0"], ["cc-by-nc-4.0"], "cc-by-nc-sa-4.0"),
        (["cc-by-4.0"], ["creativeml-openrail-m"], "cc-by-4.0"),
    ],
)
def test_mixes_with_an_answer(licences, models, result):
    """Copyleft wins, newer versions where the older name them, no commercial use stays, models by their outputs."""
    assert answer(*licences, models=models).license == result


@pytest.mark.parametrize(
    ("licences", "models", "reason"),
    [
        (["mit", None], [], "s1 says no licence"),
        (["mit", "other"], [], "s1 is under 'other', which no rule knows"),
        (["my-own-1.0"], [], "which no rule knows"),
        (["cc-by-nd-4.0"], [], "allows no changed versions"),
        (["cc-by-sa-4.0", "odbl"], [], "each ask that the result carry themselves"),
        (["cc-by-sa-4.0", "cc-by-nc-sa-4.0"], [], "each ask"),
        (["cc-by-sa-4.0", "cc-by-nc-4.0"], [], "cc-by-sa-4.0 may not be narrowed"),
        (["cc-by-sa-4.0"], ["cc-by-nc-4.0"], "the model m0 allow no commercial use"),
        (["apache-2.0", "gpl-2.0"], [], "apache-2.0 may not go into gpl-2.0"),
        (["llama3.1", "mit"], [], "no rule can mix llama3.1 and mit"),
        (["mit"], [None], "the model m0 says no licence"),
        (["mit"], ["secret"], "the model m0 is under 'secret'"),
        ([], [], "no source is recorded"),
    ],
)
def test_mixes_without_an_answer(licences, models, reason):
    """The stop names the reason and the way out, and a stated licence gets past it, marked as stated."""
    with pytest.raises(LicenseError, match=reason) as caught:
        answer(*licences, models=models)
    assert 'state it with license="..."' in str(caught.value)
    stated = answer(*licences, models=models, stated="CC BY 4.0")
    assert (stated.license, stated.stated) == ("cc-by-4.0", True)
    assert reason.split(",")[0] in stated.reasons[0]


def test_a_stated_licence_must_be_one_of_the_hub():
    """The nearest name is offered."""
    with pytest.raises(LicenseError, match=r"'cc-by-sa-4\.0'"):
        answer("mit", stated="cc-by-sa-40")
    with pytest.raises(LicenseError, match="identifier of the Hub"):
        answer("mit", stated="unknown")


def test_duties_name_what_users_must_keep():
    """Attribution, use restrictions of models and non-commercial terms are said; public domain asks nothing."""
    duties = answer("cc0-1.0", "cc-by-4.0", models=["creativeml-openrail-m", "mit"]).duties
    assert len(duties) == 2
    assert "s1 stay under cc-by-4.0" in duties[0]
    assert "m0 go with the use restrictions" in duties[1]


def test_the_order_of_sources_does_not_matter():
    """Every pair gives the same result both ways round, or stops both ways."""

    def result(*names):
        try:
            return answer(*names).license
        except LicenseError:
            return None

    for first in TABLE:
        for second in TABLE:
            assert result(first, second) == result(second, first), (first, second)


def test_loose_spellings():
    """What people write in dataset cards and papers."""
    assert normalise(" CC-BY-SA-4.0 ") == normalise("cc_by_sa_4.0") == "cc-by-sa-4.0"
    assert normalise("Apache License, Version 2.0".replace(",", "")) == "apache-2.0"
    assert normalise("CC0") == "cc0-1.0"
    assert normalise("") is None
