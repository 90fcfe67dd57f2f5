"""An extract holds exactly what was approved, under the project's own names, and
appears whole or not at all.
"""

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from linkage.catalogue import Catalogue
from linkage.engine import Engine, Table
from linkage.errors import ConfigError, ContractError, LeoError
from linkage.extract import ExtractSummary, MasterKey, Project
from linkage.extract.verify import verify

Make = Callable[..., Project]


def read(summary: ExtractSummary, table: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(
        summary.folder / "parquet" / f"{table}.parquet"
    ).to_pylist()
    return rows


def test_only_approved_columns_years_and_people_leave(
    publish: Callable[..., ExtractSummary], make_project: Make, key: MasterKey
) -> None:
    summary = publish(make_project())
    name = key.project("study", "a university", "").pseudonym
    p1, p2 = name("AE_ID", "1"), name("AE_ID", "2")
    pmr = "PUPILMATCHINGREFANONYMOUS"
    expected = [
        {
            "AE_ID": p1,
            pmr: name(pmr, "P1"),
            "ACADYR": 201112,
            "URN": name("URN", "500"),
            "Grade": "A",
            "Note": None,
        },
        {
            "AE_ID": p1,
            pmr: name(pmr, "P2"),
            "ACADYR": 201213,
            "URN": name("URN", "500"),
            "Grade": "B",
            "Note": "ok",
        },
        {
            "AE_ID": p2,
            pmr: name(pmr, "P3"),
            "ACADYR": 201213,
            "URN": name("URN", "600"),
            "Grade": "A",
            "Note": None,
        },
    ]
    assert read(summary, "npd_ks4") == sorted(
        expected, key=lambda row: (row["AE_ID"], row[pmr])
    )
    assert summary.rows == {
        "people": 3,
        "linkage": 4,
        "npd_ks4": 3,
        "leo_employment": 3,
    }
    assert summary.held == {"npd_ks4": 5, "leo_employment": 5}
    assert summary.people == 3


def test_only_rows_of_the_approved_phase_leave(
    publish: Callable[..., ExtractSummary], make_project: Make, key: MasterKey
) -> None:
    table = {
        "name": "npd.ks4",
        "years": "2010/11-2013/14",
        "variables": ["ACADYR", "Grade"],
    }
    condition = {"column": "URN", "values": ["600"]}
    summary = publish(make_project(table=[{**table, "only": condition}]))
    assert [(row["ACADYR"], row["Grade"]) for row in read(summary, "npd_ks4")] == [
        (201213, "A"),
        (201314, "A"),
    ]
    assert (
        "`npd_ks4` holds only rows whose `URN` is one of 600."
        in (summary.folder / "README.md").read_text()
    )
    resources = json.loads((summary.folder / "datapackage.json").read_text())[
        "resources"
    ]
    assert [r["leo:only"] for r in resources if r["name"].startswith("npd_ks4")] == [
        {"URN": ["600"]}
    ] * 2


def test_a_table_in_parts_has_a_file_for_each_part(
    publish: Callable[..., ExtractSummary], make_project: Make
) -> None:
    """Grades of one year and schools of another: no row has both."""
    grades = {"name": "npd.ks4", "years": "2011/12", "variables": ["Grade"]}
    schools = {
        "name": "npd.ks4",
        "years": "2013/14",
        "variables": ["URN"],
        "part": "schools",
    }
    summary = publish(make_project(table=[grades, schools]))
    assert summary.rows == {
        "people": 3,
        "linkage": 2,
        "npd_ks4": 1,
        "npd_ks4_schools": 1,
    }
    assert "URN" not in read(summary, "npd_ks4")[0]
    assert "Grade" not in read(summary, "npd_ks4_schools")[0]


def test_spells_are_cut_to_the_approved_years(
    publish: Callable[..., ExtractSummary], make_project: Make, key: MasterKey
) -> None:
    name = key.project("study", "a university", "").pseudonym
    spells = read(publish(make_project()), "leo_employment")
    assert {row["EDUKEY"] for row in spells} == {
        name("EDUKEY", "K1"),
        name("EDUKEY", "K3"),
    }
    assert sorted((str(row["StartDate"]), str(row["EndDate"])) for row in spells) == [
        ("2012-04-06", "2012-06-30"),
        ("2012-08-01", "2012-09-30"),
        ("2013-01-01", "2013-04-05"),
    ]


def test_rows_of_a_person_table_are_chosen_by_either_year(
    publish: Callable[..., ExtractSummary], make_project: Make, key: MasterKey
) -> None:
    table = {
        "name": "leo.outcomes",
        "years": "2012/13",
        "variables": ["tax_year", "main_enterprise"],
    }
    name = key.project("study", "a university", "").pseudonym
    rows = {
        row["AE_ID"]: row
        for row in read(publish(make_project(table=[table])), "leo_outcomes")
    }
    assert set(rows) == {name("AE_ID", "1"), name("AE_ID", "2")}
    first, second = rows[name("AE_ID", "1")], rows[name("AE_ID", "2")]
    assert (first["EDUKEY"], first["main_enterprise"]) == (
        name("EDUKEY", "K1"),
        name("ENTERPRISEREF", "77"),
    )
    assert (second["EDUKEY"], second["main_enterprise"]) == (None, None)


@pytest.mark.parametrize(
    ("population", "members"),
    [
        ({}, {"1", "2", "3"}),
        ({"sources": ["npd"]}, {"1", "2"}),
        ({"cohort": [{"table": "npd.ks4", "years": "2013/14"}]}, {"2"}),
        (
            {
                "cohort": [
                    {"table": "npd.ks4", "years": "2011/12"},
                    {"table": "npd.ks4", "years": "2013/14"},
                ]
            },
            {"1", "2"},
        ),
        ({"cohort": [{"table": "leo.outcomes", "years": "2012/13"}]}, {"1", "2"}),
    ],
)
def test_population(
    publish: Callable[..., ExtractSummary],
    make_project: Make,
    key: MasterKey,
    population: dict[str, Any],
    members: set[str],
) -> None:
    summary = publish(make_project(population=population))
    name = key.project("study", "a university", "").pseudonym
    assert [row["AE_ID"] for row in read(summary, "people")] == sorted(
        name("AE_ID", member) for member in members
    )
    names_allowed = {name("AE_ID", member) for member in members}
    for table in ("npd_ks4", "leo_employment", "linkage"):
        assert {row["AE_ID"] for row in read(summary, table)} <= names_allowed


def test_the_least_certain_link_of_a_person_is_shown(
    publish: Callable[..., ExtractSummary], make_project: Make, key: MasterKey
) -> None:
    summary = publish(make_project())
    name = key.project("study", "a university", "").pseudonym
    first = next(
        row for row in read(summary, "people") if row["AE_ID"] == name("AE_ID", "1")
    )
    assert first == {
        "AE_ID": name("AE_ID", "1"),
        "sources": "cis npd",
        "link_method": "probabilistic",
        "link_pass": "model",
        "link_band": "good",
        "match_probability": 0.9123,
        "margin": 4.6,
    }
    linkage = {(row["AE_ID"], row["source"]): row for row in read(summary, "linkage")}
    assert linkage[name("AE_ID", "1"), "npd"]["entities"] == 2
    assert linkage[name("AE_ID", "1"), "cis"]["link_pass"] == "nino-dob"


def test_csv_and_parquet_are_equal_and_in_order_of_pseudonyms(
    publish: Callable[..., ExtractSummary], make_project: Make
) -> None:
    summary = publish(make_project())
    for table in summary.rows:
        rows = read(summary, table)
        with (summary.folder / "csv" / f"{table}.csv").open(
            encoding="utf-8", newline=""
        ) as file:
            lines = list(csv.reader(file))
        texts = [
            ["" if v is None else str(v).removesuffix(".0") for v in row.values()]
            for row in rows
        ]
        assert [list(rows[0]), *texts] == [
            lines[0],
            *([v.removesuffix(".0") for v in row] for row in lines[1:]),
        ]
        assert [row["AE_ID"] for row in rows] == sorted(row["AE_ID"] for row in rows)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_requested_formats_replace_an_earlier_extract_and_can_be_read(
    publish: Callable[..., ExtractSummary],
    make_project: Make,
    engine: Engine,
    catalogue: Catalogue,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    form: str,
) -> None:
    publish(make_project())
    summary = publish(make_project(formats=[form]))
    assert {path.name for path in summary.folder.iterdir()} == {
        *(
            form,
            "datapackage.json",
            "README.md",
            "SHA256SUMS",
            "ro-crate-metadata.json",
            "examples",
        )
    }
    assert {path.name for path in tmp_path.iterdir()} == {"out", "catalogue"}
    assert verify(engine, catalogue, summary.folder).rows == sum(summary.rows.values())
    guide = (summary.folder / "README.md").read_text()
    assert f"Tables are in `{form}/`, a file each" in guide
    monkeypatch.chdir(summary.folder)
    assert len(duckdb.sql(guide.split("```sql\n")[1].split("```")[0]).fetchall()) == 2


def test_two_projects_share_no_name(
    publish: Callable[..., ExtractSummary], make_project: Make
) -> None:
    names = []
    for project in ("one", "two"):
        summary = publish(make_project(id=project), out=project)
        columns = [row for table in summary.rows for row in read(summary, table)]
        names.append(
            {str(v) for row in columns for v in row.values() if len(str(v)) == 26}
        )
    assert len(names[0]) == len(names[1]) == 3 + 3 + 2 + 2
    assert not names[0] & names[1]


def test_the_same_run_makes_the_same_files(
    publish: Callable[..., ExtractSummary], make_project: Make
) -> None:
    hashes = []
    for out in ("first", "second"):
        summary = publish(make_project(), out=out)
        descriptor = json.loads((summary.folder / "datapackage.json").read_text())
        hashes.append({r["path"]: r["hash"] for r in descriptor["resources"]})
    assert hashes[0] == hashes[1]


def test_an_extract_replaces_only_an_extract(
    publish: Callable[..., ExtractSummary], make_project: Make, tmp_path: Path
) -> None:
    """A folder of somebody's results that was named with --out was replaced by the
    extract.
    """
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "results.csv").write_text("kept")
    (tmp_path / "file").write_text("kept")
    for out in ("mine", "file"):
        with pytest.raises(
            ConfigError,
            match=f"{out}: holds other things, and would be replaced\n  give an empty",
        ):
            publish(make_project(), out=out)
    assert [(tmp_path / name).read_text() for name in ("mine/results.csv", "file")] == [
        "kept"
    ] * 2
    (tmp_path / "empty").mkdir()
    assert (
        publish(make_project(), out="empty").folder
        == publish(make_project(), out="empty").folder
    )


def test_no_raw_key_is_in_any_file(
    publish: Callable[..., ExtractSummary], make_project: Make
) -> None:
    summary = publish(make_project())
    cells = {
        str(v)
        for table in summary.rows
        for row in read(summary, table)
        for v in row.values()
    }
    assert "ok" in cells
    assert not cells & {
        "11",
        "12",
        "13",
        "31",
        "K1",
        "K3",
        "P1",
        "P2",
        "P3",
        "500",
        "600",
        "SECRET",
    }


def test_all_that_the_run_lacks_is_in_one_error(
    publish: Callable[..., ExtractSummary],
    make_project: Make,
    run_tables: dict[str, Table],
    engine: Engine,
    tmp_path: Path,
) -> None:
    narrow_table = engine.sql(
        'select entity_id, "ACADYR", "URN" from {t}', t=run_tables["attributes/npd_ks4"]
    )
    tables = {**run_tables, "attributes/npd_ks4": narrow_table}
    del tables["employment"], tables["spine"]
    with pytest.raises(ConfigError) as error:
        publish(make_project(), tables=tables)
    for part in (
        "no table 'employment'",
        "no table 'spine'",
        "no column 'Grade'",
        "no column 'Note'",
    ):
        assert part in str(error.value)
    assert not (tmp_path / "out").exists()


def test_a_record_of_two_people_is_refused_with_a_count(
    publish: Callable[..., ExtractSummary],
    make_project: Make,
    run_tables: dict[str, Table],
    world: Callable[[str], Table],
) -> None:
    lookup = world("""
        AE_ID | source | entity_id
        1     | npd    | 11
        2     | npd    | 11
    """)
    with pytest.raises(
        ContractError, match="1 entity_id belong to more than one AE_ID"
    ):
        publish(make_project(), tables={**run_tables, "lookup_ae_id": lookup})


def test_a_failure_keeps_the_earlier_extract_and_leaves_no_part(
    publish: Callable[..., ExtractSummary],
    make_project: Make,
    plant: Callable[[str], dict[str, Table]],
    tmp_path: Path,
) -> None:
    publish(make_project())
    before = (tmp_path / "out" / "datapackage.json").read_bytes()
    with pytest.raises(Exception, match="signs of identifiers"):
        publish(make_project(), tables=plant("AB123456C"))
    assert (tmp_path / "out" / "datapackage.json").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"out", "catalogue"}


def test_people_without_link_metadata_are_pseudonyms_only(
    publish: Callable[..., ExtractSummary], make_project: Make
) -> None:
    summary = publish(make_project(link_metadata=False))
    assert [list(row) for row in read(summary, "people")] == [["AE_ID"]] * 3
    assert "linkage" not in summary.rows


def test_link_metadata_are_only_of_sources_of_the_project(
    publish: Callable[..., ExtractSummary], make_project: Make, key: MasterKey
) -> None:
    """They disclosed tax records to a project without any, and their link where it was
    the least certain.
    """
    ks4 = {"name": "npd.ks4", "years": "2011/12-2012/13", "variables": ["Grade"]}
    spells = {"name": "leo.employment", "years": "2012/13", "variables": ["StartDate"]}
    name = key.project("study", "a university", "").pseudonym
    for tables, sources in (
        ([ks4], {"npd"}),
        ([spells], {"cis"}),
        ([ks4, spells], {"npd", "cis"}),
    ):
        summary = publish(make_project(table=tables), out="_".join(sorted(sources)))
        people = {row["AE_ID"]: row for row in read(summary, "people")}
        assert {row["source"] for row in read(summary, "linkage")} == sources
        assert {
            s for row in people.values() for s in (row["sources"] or "").split()
        } == sources
        assert len(people) == 3
        third = people[name("AE_ID", "3")]
        assert (third["link_method"], third["sources"]) == (
            ("override", "cis") if "cis" in sources else (None, None)
        )


def test_a_killed_extract_leaves_nothing_after_the_next_one(
    publish: Callable[..., ExtractSummary], make_project: Make
) -> None:
    out = publish(make_project()).folder
    before = {path.name for path in out.parent.iterdir()}
    (out.parent / f".{out.name}.part" / "parquet").mkdir(parents=True)
    out.rename(out.parent / f".{out.name}.before")  # killed between two renames
    assert publish(make_project()).folder == out
    assert {path.name for path in out.parent.iterdir()} == before


def test_an_extract_that_cannot_be_moved_keeps_the_earlier_one(
    publish: Callable[..., ExtractSummary],
    make_project: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = publish(make_project()).folder
    before = {path.relative_to(out): path.stat().st_ino for path in out.rglob("*")}

    def move_or_fail(source: Path, target: Path) -> None:
        if Path(target) == out:
            raise PermissionError(13, "Permission denied")
        move(source, target)

    move = os.replace
    monkeypatch.setattr(os, "replace", move_or_fail)
    with pytest.raises(LeoError, match="nothing was published"):
        publish(make_project())
    assert {
        path.relative_to(out): path.stat().st_ino for path in out.rglob("*")
    } == before
