"""Successive deliveries: each holds what was known then, and one truth says which
record, entity and error is in which.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.catalogue import TableDef, shipped
from synthetic import synthesise
from synthetic.base.dates import day
from synthetic.base.draws import Draws
from synthetic.base.rules import Delivered, Table, delivered_as, deliveries
from synthetic.releases import Stay, delivered, stay
from synthetic.world import coded, dates, whole

PEOPLE, RELEASES = 3_000, 3
END = {1: date(2019, 8, 31), 2: date(2020, 8, 31), 3: date(2021, 8, 31)}

TABLES = [
    (dataset.dataset, name)
    for dataset in shipped().datasets.values()
    if dataset.dataset != "leo"
    for name, table in dataset.table.items()
    if table.generated
]
TABLES_OF_IDENTIFIERS = [
    (d, t) for d, t in TABLES if shipped().table(d, t).with_role("record_key")
]

Release = Callable[..., pa.Table]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("releases") / "population"
    synthesise(out, PEOPLE, workers=1, chunk=1_700, releases=RELEASES)
    return out


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("plain") / "population"
    synthesise(out, PEOPLE, workers=1, chunk=PEOPLE)
    return out


@pytest.fixture(scope="module")
def release(folder: Path) -> Release:
    """Read a table of a release."""
    tables: dict[Any, pa.Table] = {}

    def table(number: int, dataset: str, name: str) -> pa.Table:
        key = number, dataset, name
        if key not in tables:
            tables[key] = pq.read_table(
                folder / f"release-{number}" / "sources" / dataset / name
            )
        return tables[key]

    return table


def truth(folder: Path, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / "truth" / name).to_pylist()
    return rows


def rows_of(table: pa.Table) -> set[tuple[Any, ...]]:
    return set(zip(*(column.to_pylist() for column in table.columns), strict=True))


@pytest.mark.parametrize(("dataset", "name"), TABLES, ids=lambda part: str(part))
def test_the_last_release_is_the_population_of_today_less_what_was_withdrawn(
    release: Release, plain: Path, dataset: str, name: str
) -> None:
    today, last = (
        rows_of(pq.read_table(plain / "sources" / dataset / name)),
        rows_of(release(3, dataset, name)),
    )
    assert last <= today
    assert len(today) - len(last) <= 0.03 * len(today) + 3


@pytest.mark.parametrize(("dataset", "name"), TABLES, ids=lambda part: str(part))
def test_a_release_has_no_row_of_a_later_year_and_no_end_that_is_still_to_come(
    release: Release, dataset: str, name: str
) -> None:
    rule = delivered_as(
        deliveries(), f"{dataset}_{name}", shipped().table(dataset, name)
    )
    for number, end in END.items():
        table = release(number, dataset, name)
        if rule.years:
            assert max(table[rule.years].to_pylist()) // 100 <= end.year - 1
        else:
            assert max(table[rule.days].to_pylist()) <= end
        for column in rule.ends:
            assert max(filter(None, table[column].to_pylist()), default=end) <= end


def test_a_job_is_open_until_the_release_after_its_end(release: Release) -> None:
    ends = {row[:3]: row[3] for row in _jobs(release, 3)}
    open_count = 0
    for number in (1, 2):
        for *job, end in _jobs(release, number):
            last = ends.get(tuple(job), "withdrawn")
            if last == "withdrawn":
                continue
            known_end = last if last is not None and last <= END[number] else None
            assert end == known_end
            open_count += last is not None and end is None
    assert open_count > 50


def _jobs(release: Release, number: int) -> set[tuple[Any, ...]]:
    table = release(number, "hmrc", "employment")
    return rows_of(table.select(["NINO", "EmployerRef", "StartDate", "EndDate"]))


def test_an_aim_that_goes_on_has_no_outcome() -> None:
    rule = delivered_as(deliveries(), "ilr_aims", shipped().table("ilr", "aims"))
    ends = np.array([day(2020, 7, 1), day(2020, 9, 1)])
    aims = {
        "LearnActEndDate": dates(ends),
        "AchDate": dates(ends),
        "CompStatus": coded(np.array([0, 0]), ["2"]),
    }
    aims |= {
        name: coded(np.array([0, 0]), [code])
        for name, code in (("Outcome", "1"), ("OutGrade", "PA"))
    }
    aims |= {"WithdrawReason": coded(np.array([-1, -1]), ["97"])}
    rows = delivered(rule, aims, np.array([True, True]), 1)
    assert {
        name: column.to_pylist()[0]
        for name, column in rows.items()
        if name not in rule.ends
    } == {
        "CompStatus": "2",
        "Outcome": "1",
        "OutGrade": "PA",
        "WithdrawReason": None,
    }
    assert {name: column.to_pylist()[1] for name, column in rows.items()} == {
        "LearnActEndDate": None,
        "AchDate": None,
        "CompStatus": "1",
        "Outcome": None,
        "OutGrade": None,
        "WithdrawReason": None,
    }


@pytest.mark.parametrize("table", ["records", "entities.parquet"])
def test_truth_says_in_which_releases_each_record_and_entity_is(
    folder: Path, release: Release, table: str
) -> None:
    expected, actual = defaultdict(set), defaultdict(set)
    for row in truth(folder, table):
        for number in range(row["first_release"], row["last_release"] + 1):
            expected[row["source"], number].add(
                row["record_key" if table == "records" else "entity_key"]
            )
    for dataset, name in TABLES_OF_IDENTIFIERS:
        for number in END:
            rows = release(number, dataset, name)
            keys = (
                map(str, rows["RECORDID"].to_pylist())
                if table == "records"
                else _entity_keys(dataset, name, rows)
            )
            actual[dataset, number] |= set(keys)
    # An entity whose records come, go and come again counts as there in between.
    slack = 0 if table == "records" else 2
    assert all(
        actual[key] <= expected[key] and len(expected[key] - actual[key]) <= slack
        for key in actual
    )


def _entity_keys(dataset: str, name: str, table: pa.Table) -> Iterator[str]:
    for row in table.to_pylist():
        for alternative in shipped().table(dataset, name).entity_key:
            key = "|".join(str(row[column]) for column in alternative)
            if key not in ("9999999999", "None"):
                yield key
                break


@pytest.mark.parametrize(
    ("dataset", "name", "column", "field"),
    [
        ("npd", "census", "Forename", "forename"),
        ("npd", "census", "DateOfBirth", "dob"),
        ("ilr", "learners", "FamilyName", "surname"),
        ("hesa", "students", "SEXID", "sex"),
        ("cis", "customers", "DateOfBirth", "dob"),
    ],
    ids=lambda part: str(part),
)
def test_a_field_changes_between_releases_where_an_error_was_put_right_and_nowhere_else(
    folder: Path, release: Release, dataset: str, name: str, column: str, field: str
) -> None:
    kinds: dict[int, dict[int, str]] = {number: {} for number in END}
    for row in truth(folder, "errors"):
        if row["source"] == dataset and row["field"] == field:
            for number in range(row["first_release"], row["last_release"] + 1):
                assert int(row["record_key"]) not in kinds[number]
                kinds[number][int(row["record_key"])] = row["kind"]
    last_values = _values(release(3, dataset, name), column)
    for number in (1, 2):
        values = _values(release(number, dataset, name), column)
        for key in values.keys() & last_values.keys():
            assert (values[key] == last_values[key]) is (
                kinds[number].get(key) == kinds[3].get(key)
            )


def _values(table: pa.Table, column: str) -> dict[int, Any]:
    return dict(
        zip(table["RECORDID"].to_pylist(), table[column].to_pylist(), strict=True)
    )


def test_earlier_releases_have_more_errors_by_the_share_that_is_put_right(
    folder: Path,
) -> None:
    records = {(r["source"], r["record_key"]): r for r in truth(folder, "records")}
    error_count, fixed_count = 0, 0
    for row in truth(folder, "errors"):
        record = records[row["source"], row["record_key"]]
        if (
            row["field"] == "forename"
            and record["first_release"] == 1
            and record["last_release"] == 3
        ):
            error_count += row["first_release"] == 1
            fixed_count += row["first_release"] == 1 and row["last_release"] < 3
    expected = 1 - (1 - deliveries().corrected["forename"]) ** 2
    assert fixed_count / error_count == pytest.approx(expected, abs=0.06)


def _rules(late: float = 0.0, withdrawn: float = 0.0) -> Table:
    return deliveries().but(
        dataset={
            key: {"late": late, "withdrawn": withdrawn} for key in deliveries().dataset
        }
    )


def _stay(rules: Table, years: list[int], oldest: int) -> Stay:
    table = shipped().table("hmrc", "self_assessment")
    columns = {
        "NINO": pa.array(
            [f"AB{n:06d}C" for n in range(len(years))]
        ).dictionary_encode(),
        "TaxYear": whole(np.array(years) * 100 + (np.array(years) + 1) % 100),
    }
    return stay(Draws(1), rules, "hmrc_self_assessment", table, columns, oldest)


@pytest.mark.parametrize(
    ("late", "withdrawn", "arrives", "leaves"),
    [
        (0.0, 0.0, [2, 2, 1, 0], [0, 0, 0, 0]),
        (1.0, 0.0, [2, 1, 0, 0], [0, 0, 0, 0]),
        (0.0, 1.0, [2, 2, 1, 0], [1, 1, 1, 0]),
    ],
    ids=["by year", "late", "withdrawn"],
)
def test_when_a_row_comes_and_goes(
    late: float, withdrawn: float, arrives: list[int], leaves: list[int]
) -> None:
    stay = _stay(_rules(late, withdrawn), [2010, 2018, 2019, 2020], oldest=2)
    assert (stay.arrives.tolist(), stay.leaves.tolist()) == (arrives, leaves)
    assert stay.during(1).tolist() == [
        a >= 1 >= b for a, b in zip(arrives, leaves, strict=True)
    ]


@given(
    st.lists(st.integers(2001, 2020), min_size=1, max_size=40),
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(1, 9),
)
def test_each_row_is_in_some_release_and_in_all_between_its_first_and_last(
    years: list[int], late: float, withdrawn: float, oldest: int
) -> None:
    stay = _stay(_rules(late, withdrawn), years, oldest)
    presence = np.stack([stay.during(back) for back in range(oldest, -1, -1)]).astype(
        int
    )
    assert presence.any(axis=0).all()
    assert (
        np.abs(np.diff(presence, axis=0, prepend=0, append=0)).sum(axis=0) == 2
    ).all()


def test_what_is_not_known_yet_is_left_out_of_a_row() -> None:
    rule = Delivered(
        days="StartDate",
        ends=("EndDate", "DateOfDeath"),
        while_open={"Status": "1", "Outcome": ""},
    )
    columns = {
        "StartDate": dates(np.array([18_000, 18_100, 18_200])),
        "EndDate": dates(np.array([18_400, 18_800, 0]), np.array([True, True, False])),
        "DateOfDeath": dates(
            np.array([18_800, 0, 18_400]), np.array([True, False, True])
        ),
        "Status": pa.array(["2", "3", "2"]).dictionary_encode(),
        "Outcome": pa.array(["8", "9", "8"]).dictionary_encode(),
    }
    row = delivered(
        rule, columns, np.array([False, True, True]), 1
    )  # to 31 August 2020, day 18,505
    assert row["StartDate"].cast(pa.int32()).to_pylist() == [18_100, 18_200]
    assert row["EndDate"].to_pylist() == [None, None]
    assert row["DateOfDeath"].cast(pa.int32()).to_pylist() == [None, 18_400]
    assert row["Status"].to_pylist() == ["1", "2"]
    assert row["Outcome"].to_pylist() == [None, "8"]
    assert row["Outcome"].dictionary.to_pylist() == ["8"]


def test_a_table_without_a_date_is_named() -> None:
    table = TableDef(
        name="odd", title="", grain="", entity_key=(("NINO",),), variable=()
    )
    with pytest.raises(Exception, match=r"add \[table.dwp_odd\] with years or days"):
        delivered_as(deliveries(), "dwp_odd", table)
