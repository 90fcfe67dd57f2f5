"""A village of 120 pupils, of whom all but the last 20 have a tax record, written as
NPD, CIS and HMRC would.

Small enough for the whole pipeline in seconds. Of the 100 who have both, 10 are known
to tax by another spelling of the surname and 10 have moved, so that a pass leaves work
to the model.
"""

import datetime
import itertools
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.catalogue import TableDef, shipped
from linkage.catalogue.arrow_types import ARROW_TYPES
from linkage.requests.check import application_of
from linkage.requests.decisions import Ruling, decide
from linkage.requests.request import read_request

PUPILS, TAXED, STRANGERS = 120, 100, 15
_ONSETS = ["B", "D", "F", "G", "K", "L", "M", "N", "P", "R", "S", "T"]
_NAMES = [
    a + "A" + b + e
    for a, b, e in itertools.product(
        _ONSETS, ["LL", "NN", "RT", "SS"], ["OR", "EY", "AN"]
    )
]


def build(folder: Path) -> Path:
    """Write sources/, truth/, village.toml, passes.toml and model.json below the
    folder; the run's file.
    """
    people = [_person(index) for index in range(PUPILS + STRANGERS)]
    pupils, taxed = people[:PUPILS], people[:TAXED] + people[PUPILS:]
    _write(
        folder,
        "npd",
        "census",
        [_census(p, year) for p in pupils for year in (2010, 2011)],
    )
    _write(folder, "npd", "ks4", [_ks4(p) for p in pupils])
    _write(folder, "cis", "customers", [_customer(p) for p in taxed])
    _write(folder, "hmrc", "employment", [_employment(p) for p in taxed])
    _write(
        folder,
        "hmrc",
        "earnings",
        [_earnings(p, year) for p in taxed for year in (201314, 201415)],
    )
    truth = [("npd", p["pmr"], p["id"]) for p in pupils] + [
        ("cis", p["nino"], p["id"]) for p in taxed
    ]
    (folder / "truth").mkdir()
    columns = ("source", "entity_key", "person_id")
    pq.write_table(
        pa.table(dict(zip(columns, map(list, zip(*truth, strict=True)), strict=True))),
        folder / "truth" / "entities.parquet",
    )
    (folder / "model.json").write_text(json.dumps(_model()))
    (folder / "passes.toml").write_text(_PASSES)
    (folder / "project.toml").write_text(_PROJECT)
    approve(folder, expires=datetime.date(2199, 1, 1))
    (folder / "village.toml").write_text(_RUN)
    return folder / "village.toml"


def approve(folder: Path, *, expires: datetime.date) -> None:
    """Record in register.jsonl that the village's study was approved on 1
    January 2020.
    """
    date = datetime.date(2020, 1, 1)
    request, _ = read_request(folder / "project.toml")
    decide(
        folder / "register.jsonl",
        application_of(request, shipped(), date),
        Ruling("approved", "EXAMPLE-1", date, expires),
    )


def _person(index: int) -> dict[str, Any]:
    born = datetime.date(1996, 1, 2) + datetime.timedelta(days=index * 2)
    surname = _NAMES[(index * 7) % len(_NAMES)]
    return {
        "id": index + 1,
        "pmr": f"PMR{index:06d}",
        "nino": f"AB{100000 + index * 37:06d}C",
        "forename": _NAMES[(index * 5 + 3) % len(_NAMES)],
        "surname": surname,
        "taxed_as": surname + "E" if index % 10 == 3 else surname,
        "born": born,
        "sex": "FM"[index % 2],
        "postcode": "AB1 "
        f"{index % 10}{'ABDEFGHJLN'[index // 10 % 10]}{'PQRSTUWXYZ'[index % 7]}",
        "moved": index % 10 == 6,
    }


def _census(p: dict[str, Any], year: int) -> dict[str, Any]:
    return {
        "RECORDID": p["id"] * 10 + year - 2009,
        "PupilMatchingRefAnonymous": p["pmr"],
        "AcademicYear": (year - 1) * 100 + year % 100,
        "CensusDate": datetime.date(year, 1, 20),
        "Surname": p["surname"],
        "Forename": p["forename"],
        "DateOfBirth": p["born"],
        "Gender": p["sex"],
        "Postcode": p["postcode"],
        "URN": 100000 + p["id"] % 3,
        "EthnicGroupMajor": ["WHIT", "ASIA"][p["id"] % 2],
        "FSMeligible": int(p["id"] % 4 == 0),
    }


def _ks4(p: dict[str, Any]) -> dict[str, Any]:
    return {
        "PupilMatchingRefAnonymous": p["pmr"],
        "ACADYR": 201112,
        "URN": 100000,
        "FSM": 0,
        "LEVEL2": 1,
    }


def _customer(p: dict[str, Any]) -> dict[str, Any]:
    return {
        "RECORDID": p["id"],
        "NINO": p["nino"],
        "Forenames": p["forename"],
        "Surname": p["taxed_as"],
        "DateOfBirth": p["born"],
        "Sex": p["sex"],
        "Postcode": "ZE2 9XX" if p["moved"] else p["postcode"],
        "StartDate": datetime.date(2012, 3, 1),
    }


def _employment(p: dict[str, Any]) -> dict[str, Any]:
    dates = {
        "StartDate": datetime.date(2012, 9, 1),
        "EndDate": datetime.date(2015, 4, 5),
    }
    return {"NINO": p["nino"], "EmployerRef": "123/A", **dates}


def _earnings(p: dict[str, Any], year: int) -> dict[str, Any]:
    return {
        "NINO": p["nino"],
        "TaxYear": year,
        "EmployerRef": "123/A",
        "EnterpriseRef": 1000 + p["id"] % 5,
        "SIC2007": "47110",
        "Section": "G",
        "Earnings": 9000 + p["id"],
    }


def _write(folder: Path, dataset: str, table: str, rows: list[dict[str, Any]]) -> None:
    """Rows as the catalogue's table: every column, those not given empty."""
    definition: TableDef = shipped().table(dataset, table)
    place = folder / "sources" / dataset / table
    place.mkdir(parents=True)
    arrays = {
        v.name: pa.array([row.get(v.name) for row in rows], ARROW_TYPES[v.type])
        for v in definition.variable
    }
    pq.write_table(pa.table(arrays), place / "part-00000.parquet")


def _model() -> dict[str, Any]:
    def comparison(
        column: str, close: str | None, m: list[float], u: list[float]
    ) -> dict[str, Any]:
        null = f'"{column}_l" IS NULL OR "{column}_r" IS NULL'
        conditions = [
            f'"{column}_l" = "{column}_r"',
            *([close] if close else []),
            "ELSE",
        ]
        levels = [
            {"sql_condition": null, "label_for_charts": "null", "is_null_level": True}
        ]
        levels += [
            {
                "sql_condition": c,
                "label_for_charts": c[:12],
                "m_probability": m[i],
                "u_probability": u[i],
            }
            for i, c in enumerate(conditions)
        ]
        return {"output_column_name": column, "comparison_levels": levels}

    close_spelling = 'jaro_winkler_similarity("surname_l", "surname_r") >= 0.9'
    return {
        "link_type": "link_only",
        "unique_id_column_name": "unit_id",
        "sql_dialect": "duckdb",
        "probability_two_random_records_match": 0.008,
        "blocking_rules_to_generate_predictions": [
            {"blocking_rule": "l.dob = r.dob", "sql_dialect": "duckdb"},
            {
                "blocking_rule": "l.forename = r.forename AND l.sex = r.sex",
                "sql_dialect": "duckdb",
            },
        ],
        "comparisons": [
            comparison("forename", None, [0.95, 0.05], [0.01, 0.99]),
            comparison(
                "surname", close_spelling, [0.85, 0.1, 0.05], [0.01, 0.02, 0.97]
            ),
            comparison("dob", None, [0.97, 0.03], [0.004, 0.996]),
            comparison("sex", None, [0.99, 0.01], [0.5, 0.5]),
            comparison("postcode", None, [0.8, 0.2], [0.005, 0.995]),
        ],
    }


_PASSES = """
[[pass]]
name = "five"
why = "Five identifiers that all agree"
equal = ["forename", "surname", "dob", "postcode", "sex"]
"""

_PROJECT = """
id = "village-study"
title = "Earnings in a village"
organisation = "Example University"
aims = "To see the pipeline at work."
link_metadata = true
formats = ["parquet", "csv"]

[[population.cohort]]
table = "npd.ks4"
years = "2011/12-2011/12"

[[table]]
name = "npd.ks4"
years = "2011/12-2011/12"
variables = ["ACADYR", "URN", "LEVEL2"]

[[table]]
name = "leo.earnings"
years = "2013/14-2014/15"
variables = ["TaxYear", "Earnings"]
"""

_ATTRIBUTES = {
    "npd_census": "npd",
    "npd_ks4": "npd",
    "hmrc_employment": "cis",
    "hmrc_earnings": "cis",
}
"""Table of attributes to the source whose keys it carries."""

_RUN = """
[run]
name = "village"
truth = "truth"
threads = 1
spine = ["npd"]

[source.npd]
dataset = "npd"
table = "census"
files = ["sources/npd/census/*.parquet"]

[source.cis]
dataset = "cis"
table = "customers"
files = ["sources/cis/customers/*.parquet"]
"""
for _name, _source in _ATTRIBUTES.items():
    _dataset, _table = _name.split("_")
    _RUN += f"""
[attributes.{_name}]
dataset = "{_dataset}"
table = "{_table}"
source = "{_source}"
files = ["sources/{_dataset}/{_table}/*.parquet"]
"""
_RUN += """
[[step]]
name = "npd-cis"
left = "npd"
right = "cis"
passes = "passes.toml"
model = "model.json"
train = false

[outputs]
projects = ["project.toml"]

[gates]
min_precision = 0.98
"""
