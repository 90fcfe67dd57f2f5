"""Variables of the standard extract that are listed, and not held: read from
its files.
"""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.catalogue import load_standard, shipped, span, standard_extract, years_of
from linkage.errors import ConfigError

TABLES = """
[[table]]
dataset = "npd"
name = "ks4"
title = "Key stage 4"
grain = "pupil"
sheet = "KS4"
part = 1
as = "KS4_{name}"
years = "2001/02-2005/06"
phases = ["secondary"]
[[table]]
dataset = "npd"
name = "ks4_results"
title = "Key stage 4, examination by examination"
grain = "result"
sheet = "KS4"
part = 2
as = "KS4_{name}"
years = "2001/02-2005/06"
phases = ["secondary"]
"""

HEAD = "name,as,type,years,concept,rating,frame,held,description\n"


def write_files(folder: Path, **files: str) -> Path:
    (folder / "tables.toml").write_text(TABLES)
    for name, text in files.items():
        (folder / f"npd.{name}.csv").write_text(text)
    return folder


def test_held_and_listed_variables_are_separate(tmp_path: Path) -> None:
    text = (
        HEAD
        + "ACADYR,,number,2001/02,,,,ACADYR,\nMODE,KS4_Mode[yy],string,2001/02,course,5E,,,The mode.\n"
    )
    table = load_standard(write_files(tmp_path, ks4=text, ks4_results=HEAD)).tables[
        "npd.ks4"
    ]
    assert table.held == {"ACADYR": "ACADYR"}
    assert table.names == {"ACADYR": "KS4_ACADYR", "MODE": "KS4_Mode[yy]"}
    assert [(v.name, v.identifiability, v.sensitivity) for v in table.variable] == [
        ("MODE", 5, "E")
    ]


def test_all_faults_of_all_files_are_in_one_error(tmp_path: Path) -> None:
    text = HEAD + (
        "A,,string,2001/03,course,5E,,,.\nB,,text,2001/02,course,5E,,,.\nC,,string,2001/02,course,5F,,,.\n"
        "F,,string,2001/02,course,5E,no_frame,,.\nD,,string,2001/02,course,5E,,,.\nD,,string,2001/02,course,5E,,,.\nE,,string,2001/02,,,,GONE,\n"
    )
    with pytest.raises(ConfigError) as error:
        load_standard(write_files(tmp_path, ks4=text, ks4_results="name\n"), shipped())
    message = str(error.value)
    for fault in (
        "npd.ks4.csv: line 2: A: '2001/03' is not a year",
        "line 3: B",
        "line 4: C",
        "line 7: 'D' is described twice",
        "npd.ks4: 'GONE' is not held",
        "no code frame 'no_frame'",
        "npd.ks4_results.csv: its columns are not",
    ):
        assert fault in message


@given(st.sets(st.integers(1990, 2040)))
def test_years_are_read_in_their_written_form(years: set[int]) -> None:
    assert years_of(span(tuple(years))) == tuple(sorted(years))


@pytest.mark.parametrize(
    "text", ["2001", "2001/02-", "2001/03", "2005/06-2004/05", "2001/02; 2002/03"]
)
def test_other_forms_of_years_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not|ends before"):
        years_of(text)


def test_the_whole_standard_extract_is_listed_and_described() -> None:
    standard = load_standard(catalogue=shipped())  # no fault
    assert standard == standard_extract()
    assert (
        len(standard.tables) == 32
    )  # the form's 28, four of which hold pupils and results
    assert standard.field_count == 3817  # the form's 3,859, less repetitions
    variables = [
        (table.name, variable)
        for table in standard.tables.values()
        for variable in table.variable
    ]
    without_description = [
        f"{table}.{variable.name}"
        for table, variable in variables
        if not variable.description
    ]
    assert len(without_description) < 0.01 * len(variables)
    assert all(
        years_of(variable.years)
        for table, variable in variables
        if not table.startswith("leo.lookup")
    )


def test_sensitive_items_have_a_sensitive_rating() -> None:
    standard = standard_extract()
    care = [
        v
        for t in ("npd.cin", "npd.cla", "npd.ks4")
        for v in standard.tables[t].variable
        if v.concept == "social care"
    ]
    assert len(care) > 30
    assert {variable.sensitivity for variable in care} == {"A"}
    for table, name in (
        ("npd.census", "ServiceChild"),
        ("npd.ks4", "SENF"),
        ("npd.ks3", "REFUGEE"),
    ):
        variable = standard.variable(table, name)
        assert variable is not None
        assert variable.sensitivity == "B"
    postcodes = [
        v
        for t in standard.tables.values()
        for v in t.variable
        if v.concept == "postcode"
    ]
    assert len(postcodes) == 3
    assert all(v.identifiability == 2 for v in postcodes)
