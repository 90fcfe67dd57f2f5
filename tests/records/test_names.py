"""Names in one form."""

import re
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.engine import Engine, batches
from linkage.records import names, readers
from linkage.records.fields import Description, standardise
from linkage.records.names import (
    forenames,
    free_text,
    surname,
    whole_forename,
)
from linkage.records.readers import GivenNames
from linkage.records.rules import name_rules
from tests.conftest import parse


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Smith", "SMITH"),
        ("  smith  ", "SMITH"),
        ("Müller", "MULLER"),
        ("Łukasiewicz", "LUKASIEWICZ"),
        ("O'Brien", "OBRIEN"),
        ("O’ Brien", "OBRIEN"),
        ("O BRIEN", "OBRIEN"),
        ("Mac Donald", "MACDONALD"),
        ("D'Arcy", "DARCY"),
        ("de la Cruz", "DELACRUZ"),
        ("van der Berg", "VANDERBERG"),
        ("Van-Der-Berg", "VANDERBERG"),
        ("Berg, van der", "VANDERBERG"),
        ("BERG (VAN DER)", "VANDERBERG"),
        ("Artagnan, d'", "DARTAGNAN"),
        ("Jones (D)", "JONES"),
        ("Jones, Berg", "JONES BERG"),
        ("Al-Hassan", "ALHASSAN"),
        ("al Hassan", "ALHASSAN"),
        ("bin Laden", "BINLADEN"),
        ("Smith-Jones", "SMITH JONES"),
        ("Smith – Jones", "SMITH JONES"),
        ("SMITH  JONES", "SMITH JONES"),
        ("Mrs. Patel", "PATEL"),
        ("Dr Rev Patel", "PATEL"),
        ("Smith Jr.", "SMITH"),
        ("Smith (formerly Brown)", "SMITH"),
        ("Sm1th", "SM TH"),
        ("Lady", "LADY"),
        ("Unknown", None),
        ("not known", None),
        ("N/A", None),
        ("-", None),
        ("XXX", None),
        ("Test", None),
        ("???", None),
        ("", None),
    ],
)
def test_surname_has_one_form(raw, expected):
    assert surname(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Mary Ann", ("MARY", "ANN")),
        ("MARY", ("MARY", None)),
        ("Mary-Ann Louise Jane", ("MARY ANN", "LOUISE JANE")),
        ("Miss Mary", ("MARY", None)),
        ("Robert 'Bob'", ("ROBERT", "BOB")),
        ("Al Amin Khan", ("ALAMIN", "KHAN")),
        ("J. R.", ("J", "R")),
        ("Baby", (None, None)),
        ("Baby Boy", (None, None)),
        ("Not Known", (None, None)),
    ],
)
def test_the_first_forename_is_separated_from_the_others(raw, expected):
    assert forenames(raw) == expected


def test_forename_stays_whole_where_middle_names_have_a_field():
    assert whole_forename("Mary Ann") == "MARY ANN"
    assert whole_forename("test") is None


def test_other_text_keeps_its_characters():
    assert free_text(" 12a  Rue de l'Été\x00 ") == "12A RUE DE L'ETE"


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "-",
        ". .",
        "n/a",
        "NA",
        "#N/A",
        "nan",
        "Null",
        "unknown",
        "Not  known",
        "No fixed abode",
    ],
)
def test_a_text_for_an_unknown_value_is_missing(raw: str) -> None:
    """Two addresses "N/A" do not agree."""
    assert free_text(raw) is None


@pytest.mark.parametrize(
    "raw", ["0", "1", "X", "NANTES", "NONE SUCH LANE", "UNKNOWN STREET 4"]
)
def test_a_text_that_only_resembles_one_is_kept(raw: str) -> None:
    assert free_text(raw) == raw


@given(st.text(max_size=30))
def test_a_standard_name_is_ascii_capitals_and_standard(raw):
    for name in (surname(raw), *forenames(raw), whole_forename(raw)):
        assert name is None or re.fullmatch(r"[A-Z]+( [A-Z]+)*", name)
    result = surname(raw)
    assert result is None or surname(result) == result


_WORDS = sorted(
    {"A", "AA", "SMITH", "JONES", "BROWN"}
    | name_rules().surname_words
    | name_rules().sentinels.names
)


@given(
    st.lists(st.sampled_from(_WORDS), min_size=1, max_size=4).map(" ".join)
    | st.text("AOLEXS -", max_size=8)
)
def test_the_quick_check_of_a_name_agrees_with_the_rules(raw):
    with mock.patch.multiple(
        names, _plain=lambda *_: False, _plain_words=lambda *_: False
    ):
        expected = surname(raw)
    assert surname(raw) == expected


@pytest.mark.spark
def test_workers_use_the_rules_of_the_run_on_spark(
    spark_engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    rules = name_rules().model_copy(update={"titles": name_rules().titles | {"HERO"}})
    monkeypatch.setattr(readers, "name_rules", lambda: rules)
    monkeypatch.setattr(batches, "BATCH_ROWS", 1)
    table = spark_engine.from_arrow(
        parse("name | n\nHero Ann | 1\nHERO EVE | 2\nMary Ann | 3\nEVE | 4")
    )
    fields = ("forename", "middle_names")
    reader = GivenNames(("name",), fields, ("forename",))
    standard = standardise(
        spark_engine, table, Description([reader], fields), {"name": "name"}
    )
    table_of_names = spark_engine.arrow(standard.table)
    assert sorted(tuple(row.values()) for row in table_of_names.to_pylist()) == [
        ("EVE", "EVE", None),
        ("HERO EVE", "EVE", None),
        ("Hero Ann", "ANN", None),
        ("Mary Ann", "MARY", "ANN"),
    ]
