"""People who opted out are in no table, whichever of their records is listed; and they
are counted.
"""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.engine import Engine, Table
from linkage.errors import ConfigError, InputError
from linkage.extract import ExtractSummary, MasterKey, OptedOut, Project, read_opt_outs


def opt_out_list(*rows: tuple[str, str]) -> pa.Table:
    return pa.table(
        {"source": [row[0] for row in rows], "entity_key": [row[1] for row in rows]}
    )


DATASETS = {"schools": "npd", "wages": "cis"}


def rename_sources(engine: Engine, tables: dict[str, Table]) -> dict[str, Table]:
    """A run that has names of its own for its sources."""
    query = (
        "select * replace (case source when 'npd' then 'schools' else 'wages' end "
        "as source) from {t}"
    )
    return tables | {
        name: engine.sql(query, t=tables[name]) for name in ("spine", "lookup_ae_id")
    }


@pytest.fixture
def tables_of_run(engine: Engine, run_tables: dict[str, Table]) -> dict[str, Table]:
    """The run, with each record's key in its spine."""
    spine = engine.sql(
        "select * exclude (entity_key), 'Key' || cast(entity_id as varchar) as "
        "entity_key from {spine}",
        spine=run_tables["spine"],
    )
    return {**run_tables, "spine": spine}


@pytest.mark.parametrize(
    ("rows", "people_left", "opted_out", "has_own_names"),
    [
        ([("npd", "Key13")], {"1", "3"}, OptedOut(1, 1, 1), False),
        (
            [("NPD ", " KEY12 "), ("cis", "key 31"), ("npd", "key12")],
            {"2", "3"},
            OptedOut(2, 2, 1),
            False,
        ),
        (
            [("cis", "Key13"), ("npd", "nobody")],
            {"1", "2", "3"},
            OptedOut(2, 0, 0),
            False,
        ),
        ([("npd", "Key13")], {"1", "3"}, OptedOut(1, 1, 1), True),
        ([("Schools", "Key13")], {"1", "3"}, OptedOut(1, 1, 1), True),
        ([("cis", "Key31")], {"2", "3"}, OptedOut(1, 1, 1), True),
    ],
    ids=[
        "one",
        "two records of one",
        "of another source, and nobody",
        "by dataset",
        "by the run's name",
        "of tax",
    ],
)
def test_people_who_opted_out_are_left_out_and_counted_by_any_source_name(
    engine: Engine,
    publish: Callable[..., ExtractSummary],
    make_project: Callable[..., Project],
    tables_of_run: dict[str, Table],
    key: MasterKey,
    rows: list[tuple[str, str]],
    people_left: set[str],
    opted_out: OptedOut,
    has_own_names: bool,
) -> None:
    """A list for all runs names datasets: in a run with its own names of sources nobody
    was left out.
    """
    tables, datasets = (
        (rename_sources(engine, tables_of_run), DATASETS)
        if has_own_names
        else (tables_of_run, None)
    )
    summary = publish(
        make_project(), tables=tables, opt_outs=opt_out_list(*rows), datasets=datasets
    )
    assert summary.opted_out == opted_out
    names_allowed = {
        key.project("study", "a university", "").pseudonym("AE_ID", person)
        for person in people_left
    }
    assert summary.people == len(people_left)
    for table in summary.rows:
        people = pq.read_table(summary.folder / "parquet" / f"{table}.parquet")[
            "AE_ID"
        ].to_pylist()
        assert set(people) <= names_allowed
    text = "".join(
        (summary.folder / name).read_text()
        for name in ("README.md", "datapackage.json")
    )
    assert "People who opted out, or withdrew, are in no table." in text
    assert "nobody" not in text.lower().split("opted out")[0]


def test_a_population_is_of_datasets_with_any_source_names(
    engine: Engine,
    publish: Callable[..., ExtractSummary],
    make_project: Callable[..., Project],
    run_tables: dict[str, Table],
) -> None:
    """Two people went to school; in a run with its own names of sources there was
    nobody.
    """
    project = make_project(population={"sources": ["npd"]})
    assert publish(project).people == 2
    tables = rename_sources(engine, run_tables)
    assert publish(project, out="other", tables=tables, datasets=DATASETS).people == 2


def test_an_unknown_source_is_refused(
    publish: Callable[..., ExtractSummary],
    make_project: Callable[..., Project],
    tables_of_run: dict[str, Table],
) -> None:
    """With an error in the source's name the person would not be left out."""
    slips = [("ndp", "Key13"), ("npd", "Key12"), ("Key31", "cis"), ("hmrc", "Key31")]
    with pytest.raises(
        InputError, match=r"3 rows of the list .* is none of cis, npd\n"
    ) as error:
        publish(make_project(), tables=tables_of_run, opt_outs=opt_out_list(*slips))
    assert "Key31" not in str(error.value)


def test_a_list_is_read_by_its_two_columns(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("since,entity_key,source\n2020-01-01,007,npd\n")
    assert read_opt_outs(tmp_path / "list.csv").select(
        ["source", "entity_key"]
    ).to_pylist() == [{"source": "npd", "entity_key": "007"}]


@pytest.mark.parametrize(
    ("text", "error_type", "fault"),
    [
        (None, ConfigError, "no such file"),
        ("source,key\nnpd,SECRET\n", ConfigError, "lacks a column"),
        ("source,entity_key\nnpd,\n,SECRET\n", InputError, "1 rows have no source"),
        (
            "source,entity_key\nnpd,  \nnpd,SECRET\n",
            InputError,
            "1 rows have no entity_key",
        ),
        ("source,entity_key\nnpd,SECRET,more\n", InputError, "cannot be read as CSV"),
        ("", InputError, "cannot be read as CSV"),
    ],
)
def test_a_faulty_list_is_refused_without_a_value(
    tmp_path: Path, text: str | None, error_type: type[Exception], fault: str
) -> None:
    if text is not None:
        (tmp_path / "list.csv").write_text(text)
    with pytest.raises(error_type, match=fault) as error:
        read_opt_outs(tmp_path / "list.csv")
    assert "SECRET" not in str(error.value)
