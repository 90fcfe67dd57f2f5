"""The reference tables: how they are made from published ones, and what ships."""

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.drawn import dates
from synthetic.figures.build_group_names import proper
from synthetic.figures.build_reference import build
from synthetic.figures.reference import FOLDER, reference
from synthetic.people.homes import UNKNOWN, postcodes

PUBLISHED = {
    "surnames/uk_surnames_sdglinkage.csv": "surname,freq\no'brien,0.01\nsmith,0.02\n",
    "name_variants/nicknames_carltonnorthern.csv": "name1,relationship,name2\nanna,has_nickname,annie\nzed,has_nickname,zee\n",
    "name_variants/wikidata_given_variants_uk.csv": (
        "name,variant,type,uk_count_name,uk_count_variant\nanna,ana,said_to_be_the_same_as,500,60\nanna,rare,x,500,3\n"
    ),
    "name_variants/lastname_uk_variant.csv": "lastname1,lastname2,freq\nsmith,smyth,1.0\n",
    "name_variants/wikidata_family_variants_uk.csv": "surname,variant,type\nsmith,smythe,x\n",
    "schools/secondary_schools_2019_20.csv": (
        "urn,laestab,la_code,la_name,school_name,school_type,secondary_pupils_y7_11,deprivation_pupil_premium_pupils\n"
        "1,3901000,390,Gateshead,A,x,200,50\n2,3901001,390,Gateshead,B,x,5,5\n"
    ),
    "geography/outcodes.csv": "outcode,utla_code\nNE10,E1\nBT1,N1\n",
    "geography/local_authorities.csv": "UTLACD,UTLANM,RGNCD,CTRYCD\nE1,Gateshead,E12000001,E92\nN1,Belfast,N92,N92\n",
    "postcode_sectors/postcode_sectors.csv": (
        "outcode,sector_digit,live_unit_postcodes\nNE10,0,224\nNE10,8,3\nNE10,9,900\nBT1,1,100\nXX1,1,100\n"
    ),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source, out = tmp_path_factory.mktemp("published"), tmp_path_factory.mktemp("reference")
    for name, text in PUBLISHED.items():
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_text(text)
    (source / "forenames").mkdir()
    counted = {
        "nation": ["EW", "EW", "SCT"],
        "sex": ["F", "F", "F"],
        "year": [1996] * 3,
        "name": ["Anna", "Zoe", "Ann"],
    }
    pq.write_table(pa.table(counted | {"n": [75, 25, 9]}), source / "forenames/forenames_by_birth_year_sex.parquet")
    estimated = {"year": [1990], "sex": ["F"], "name": ["ANNA"], "p": [1.0]}
    pq.write_table(pa.table(estimated), source / "forenames/ew_estimated_1974_1995.parquet")
    (source / "leo_outcomes").mkdir(exist_ok=True)
    working = {"qualification": ["First degree"] * 4, "sex": ["F", "F", "F", "F+M"], "yag_from": [1, 1, 3, 1]}
    working |= {"subject_name": ["Law", "History and archaeology", "Law", "Law"], "count": [30, 10, 99, 99]}
    pq.write_table(pa.table(working), source / "leo_outcomes/graduate_industry_transitions.parquet")
    build(source, out)
    return out


def table(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))[1:]


def test_forenames_are_shares_of_a_years_births(built: Path) -> None:
    assert pq.read_table(built / "forenames.parquet").to_pylist() == [
        {"year": 1990, "sex": "F", "name": "Anna", "share": 1.0},
        {"year": 1996, "sex": "F", "name": "Anna", "share": 0.75},
        {"year": 1996, "sex": "F", "name": "Zoe", "share": 0.25},
    ]


def test_sectors_are_british_lived_in_and_know_their_authority(built: Path) -> None:
    assert table(built / "sectors.csv") == [
        ["NE10 0", "224", "E12000001", "390"],
        ["NE10 9", "400", "E12000001", "390"],
    ]


def test_variants_are_of_names_that_people_bear(built: Path) -> None:
    assert table(built / "variants.csv") == [
        ["forename", "variant", "Anna", "Ana", "0.418"],  # 60 bearers, six letters of seven alike
        ["forename", "nickname", "Anna", "Annie", "1.000"],
        ["surname", "variant", "Smith", "Smyth", "0.819"],
        ["surname", "variant", "Smith", "Smythe", "0.280"],
    ]


def test_small_tables_carry_figures_alone(built: Path) -> None:
    assert table(built / "surnames.csv") == [["O'Brien", "0.01000"], ["Smith", "0.02000"]]
    assert table(built / "schools.csv") == [["1", "3901000", "200", "0.25"]]
    assert table(built / "subjects.csv") == [
        ["first degree", "F", "CAH16-01", "0.7500"],
        ["first degree", "F", "CAH20-01", "0.2500"],
    ]


@pytest.mark.parametrize(
    ("raw", "written"), [("o'brien", "O'Brien"), ("MARY-JANE", "Mary-Jane"), ("mcdonald", "McDonald")]
)
def test_names_are_written_with_their_capitals(raw: str, written: str) -> None:
    assert proper(raw) == written


def test_what_ships_is_small_and_says_where_it_comes_from() -> None:
    files = [f for f in FOLDER.iterdir() if f.name != "SOURCES.md"]
    assert sum(f.stat().st_size for f in files) < 6_000_000
    sources = (FOLDER / "SOURCES.md").read_text()
    assert [f.name for f in files if f.name not in sources] == []


def test_names_are_as_concentrated_as_those_of_a_birth_year() -> None:
    """Two girls born in 1996 share a forename with odds of .0076 (ONS)."""
    girls = reference().cohorts[1996 - 1974][1].table
    assert ((np.bincount(girls) / len(girls)) ** 2).sum() == pytest.approx(0.0076, rel=0.05)


def test_postcodes_have_a_real_sector_and_the_form_of_one() -> None:
    made = postcodes(reference(), np.array([0, 399, -1, UNKNOWN, 400 * 9000 + 21], np.int32)).plain().to_pylist()
    first = table(FOLDER / "sectors.csv")[0][0]
    assert made[:4] == [f"{first}AA", f"{first}ZZ", None, "ZZ99 9ZZ"]
    assert made[4][:-2] == table(FOLDER / "sectors.csv")[9000][0]


@given(st.integers(-30_000, 40_000))
def test_a_date_is_the_sum_of_its_parts(day: int) -> None:
    days = np.array([day], np.int32)
    assert dates.from_parts(*dates.parts(days)) == days


def test_years_begin_in_april_and_september() -> None:
    ends = np.array([dates.day(2013, 4, 5), dates.day(2013, 4, 6)])
    assert dates.tax_year(ends).tolist() == [2012, 2013]
    assert dates.six_digits(dates.tax_year(ends)).tolist() == [201213, 201314]
    assert dates.academic_year(np.array([dates.day(2013, 8, 31), dates.day(2013, 9, 1)])).tolist() == [2012, 2013]
    assert dates.six_digits(np.array([1999])).tolist() == [199900]
