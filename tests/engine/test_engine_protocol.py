"""What every engine owes its callers, apart from SQL: tables in and out, whole files,
errors.
"""

import datetime
import os
import subprocess
import sys
import threading

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.engine import connect
from linkage.errors import ConfigError, ContractError, InputError, LeoError

pytestmark = [pytest.mark.both_engines, pytest.mark.fast]


def test_what_goes_in_comes_out(engine, world, rows):
    people = world("""
        id | name   | dob        | weight:float | alive:bool | postcodes:list
        1  | MARTHA | 1899-12-31 | 0.1          | true       | SW1A 1AA;S1 2HH
        2  | -      | -          | -            | -          | -
    """)
    assert people.columns == ("id", "name", "dob", "weight", "alive", "postcodes")
    assert rows(people) == [
        (1, "MARTHA", datetime.date(1899, 12, 31), 0.1, True, ["SW1A 1AA", "S1 2HH"]),
        (2, None, None, None, None, None),
    ]
    assert engine.count(people) == 2


def test_tables_and_values_enter_a_query_by_name(engine, world, rows):
    people = world("id | name\n1 | O'NEIL\n2 | LEE")
    table = engine.sql(
        "select id from {people} where name = $name",
        people=people,
        params={"name": "O'NEIL"},
    )
    assert rows(table) == [(1,)]


def test_a_value_is_data_whatever_it_says(engine, world, rows):
    people = world("id\n1")
    value = "a'; drop table x; -- \\ {people} $name"
    assert rows(
        engine.sql(
            "select $said as said from {people}", people=people, params={"said": value}
        )
    ) == [(value,)]


def test_any_column_name_is_safe(engine, rows):
    table = engine.from_arrow(pa.table({'a "b" `c`': [1], "select": ["x"]}))
    assert rows(
        engine.sql('select "a ""b"" `c`" as n, "select" as s from {odd}', odd=table)
    ) == [(1, "x")]


def test_a_column_may_be_called_like_a_table_or_a_value(engine, rows):
    table = engine.from_arrow(pa.table({"pay in $usd": [1], "{name}": ["x"]}))
    query = """
        select "pay in $usd" as pay, "{name}" as name, '{odd} of $pay' as said
        -- $usd, not {name}
        from {odd} where "pay in $usd" = $pay
    """
    assert rows(engine.sql(query, params={"pay": 1}, odd=table)) == [
        (1, "x", "{odd} of $pay")
    ]


def test_a_stored_table_keeps_its_rows_when_its_source_goes(engine, world, rows):
    source = world("n\n1\n2")
    table = engine.sql("select n + 1 as n from {source}", source=source, store=True)
    engine.drop(source)
    assert rows(table) == [(2,), (3,)]
    engine.drop(table)


def test_written_tables_read_back_and_replace_what_was_there(
    engine, world, rows, tmp_path
):
    path = tmp_path / "out" / "t.parquet"
    assert engine.write(world("n | on\n1 | 1850-01-01\n2 | 2015-04-06"), path) == 2
    assert engine.write(world("n | on\n7 | 0031-01-01"), path) == 1
    assert rows(engine.read(path)) == [(7, datetime.date(31, 1, 1))]
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["t.parquet"]


def test_a_write_that_fails_leaves_what_was_there(engine, world, rows, tmp_path, capfd):
    path = tmp_path / "t.parquet"
    engine.write(world("n\n1"), path)
    bad_table = engine.sql(
        "select cast(name as integer) as n from {t}", t=world("name\nSECRETNAME")
    )
    with pytest.raises(ContractError) as error:
        engine.write(bad_table, path)
    assert "SECRETNAME" not in str(error.value)
    assert error.value.__cause__ is None, "the cause quotes the row"
    assert "SECRETNAME" not in "".join(capfd.readouterr()), (
        "pyspark logs the message of a failed query"
    )
    assert rows(engine.read(path)) == [(1,)]
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []


@pytest.mark.parametrize("before", ["file", "folder", "half a file", "half a folder"])
def test_a_table_takes_the_place_of_what_either_engine_wrote(
    engine, world, rows, tmp_path, before
):
    path = tmp_path / "t.parquet"
    other = path.with_name(".t.parquet.part") if before.startswith("half") else path
    if before.endswith("folder"):
        other.mkdir()
        other /= "part-00000.parquet"
    other.write_bytes(b"of another engine")
    assert engine.write(world("n\n1"), path) == 1
    assert rows(engine.read(path)) == [(1,)]
    assert not [*tmp_path.glob(".*")]


def test_a_split_puts_equal_keys_together_and_null_nowhere(
    engine, world, rows, tmp_path
):
    tables = {
        "l": world("id | k\n1 | A\n2 | B\n3 | A\n4 | -\n5 | C\n6 | D"),
        "r": world("id | k\n7 | A\n8 | D"),
    }
    for side, table in tables.items():
        engine.split(table, tmp_path / side, "lower(k)", 3)
    parts: dict[str, dict[int, set[str]]] = {"l": {}, "r": {}}
    for side in tables:
        for place in (tmp_path / side).glob("part=*"):
            piece = engine.sql("select id, k from {t}", t=engine.read(place))
            parts[side][int(place.name.removeprefix("part="))] = {
                key for _, key in rows(piece)
            }
    assert sorted(key for part in parts["l"].values() for key in part) == [
        "A",
        "B",
        "C",
        "D",
    ]
    for part, keys in parts["r"].items():
        assert 0 <= part < 3
        assert keys <= parts["l"][part]


def test_files_of_one_table_are_matched_by_column_name(engine, rows, tmp_path):
    pq.write_table(pa.table({"a": [1], "b": ["X"]}), tmp_path / "p0.parquet")
    pq.write_table(pa.table({"b": ["Y"], "a": [2]}), tmp_path / "p1.parquet")
    table = engine.read([tmp_path / "p0.parquet", tmp_path / "p1.parquet"])
    assert rows(engine.sql("select a, b from {t}", t=table)) == [(1, "X"), (2, "Y")]
    assert rows(engine.sql("select a, b from {t}", t=engine.read(tmp_path))) == [
        (1, "X"),
        (2, "Y"),
    ]


def test_files_of_a_running_job_and_hidden_files_are_not_read(engine, rows, tmp_path):
    places = (
        "t/part-0.parquet",
        "t/_temporary/0/part-1.parquet",
        "t/.part-0.parquet",
        "t/.staging/part-2.parquet",
    )
    for number, place in enumerate(places):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"n": [number]}), tmp_path / place)
    assert rows(engine.read(tmp_path / "t")) == [(0,)]
    assert rows(engine.read(tmp_path / "t" / ".staging")) == [(3,)]


def test_a_file_is_read_alone_and_as_it_is_whatever_its_path_says(
    duckdb_engine, tmp_path
):
    places = [
        tmp_path / "year=2024" / "id=7" / name
        for name in ("p?.parquet", "p1.parquet", "p[1].parquet")
    ]
    for number, place in enumerate(places, 1):
        assert (
            duckdb_engine.write(
                duckdb_engine.from_arrow(pa.table({"id": [number]})), place
            )
            == 1
        )
    for number, place in enumerate(places, 1):
        assert duckdb_engine.arrow(duckdb_engine.read(place)).to_pydict() == {
            "id": [number]
        }


@pytest.mark.parametrize(
    "name", ["run [2]", "a*", "what?", "{x}", "50 %", "a#b", "tw\\o", "year=2024"]
)
def test_a_folder_of_any_name_is_written_to_and_read(engine, rows, tmp_path, name):
    numbers = engine.from_arrow(pa.table({"n": [1, 2]}))
    for folder in (tmp_path / "run 2", tmp_path / "ab"):
        engine.write(engine.from_arrow(pa.table({"n": [9]})), folder / "t.parquet")
    place = tmp_path / name / "t.parquet"
    assert engine.write(numbers, place) == 2
    assert (
        rows(engine.read(place)) == rows(engine.read(tmp_path / name)) == [(1,), (2,)]
    )
    assert engine.count(engine.read(place)) == 2


def test_files_of_different_column_types_give_the_same_rows(engine, rows, tmp_path):
    """Of whole numbers in one file and, since some are missing, numbers with a fraction
    in the other; as pandas writes.
    """
    times = pa.array([datetime.datetime(2001, 2, 3, 4, 5)], pa.timestamp("ns"))
    parts = [
        {
            "id": pa.array([1], pa.int64()),
            "seen": times,
            "n": pa.array([7], pa.int32()),
            "key": ["A"],
        },
        {
            "id": pa.array([2], pa.int32()),
            "seen": times,
            "n": pa.array([2.5]),
            "key": pa.array([5], pa.int64()),
        },
        {
            "id": pa.array([3], pa.int64()),
            "seen": times,
            "n": pa.nulls(1),
            "more": ["X"],
        },
    ]
    for number, part in enumerate(parts):
        pq.write_table(pa.table(part), tmp_path / f"_{number}.parquet")
    table = engine.read([tmp_path / f"_{number}.parquet" for number in range(3)])
    query = "select id, cast(seen as date) as seen, n, key, more from {t}"
    day = datetime.date(2001, 2, 3)
    assert rows(engine.sql(query, t=table)) == [
        *((1, day, 7.0, "A", None), (2, day, 2.5, "5", None), (3, day, None, None, "X"))
    ]
    assert engine.count(table) == 3
    first_table = engine.read(tmp_path / "_0.parquet")
    assert rows(
        engine.sql("select id, cast(seen as date) as seen from {t}", t=first_table)
    ) == [(1, day)]


def test_the_day_of_a_time_with_a_zone_is_that_of_utc_on_every_machine(tmp_path):
    time = datetime.datetime(2000, 6, 30, 23, 30, tzinfo=datetime.UTC)
    pq.write_table(
        pa.table({"seen": pa.array([time], pa.timestamp("us", tz="UTC"))}),
        tmp_path / "t.parquet",
    )
    script = """import sys, pathlib, linkage.engine as e
with e.connect() as engine:
    table = engine.read(pathlib.Path(sys.argv[1]))
    queries = [lambda: engine.sql("select cast(seen as date) as day from {t}", t=table)] * 2
    print(*(e.one(engine, day)["day"] for day in engine.run_concurrently(*queries)))"""
    process = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "t.parquet")],
        env={**os.environ, "TZ": "Europe/London"},
        capture_output=True,
        text=True,
    )
    assert process.stdout.split() == ["2000-06-30", "2000-06-30"], process.stderr


def test_an_empty_table_is_written_and_read_with_its_columns(engine, world, tmp_path):
    empty = engine.sql("select * from {t} where n > 9", t=world("n | name\n1 | A"))
    assert engine.write(empty, tmp_path / "none.parquet") == 0
    table = engine.read(tmp_path / "none.parquet")
    assert (table.columns, engine.count(table)) == (("n", "name"), 0)


@pytest.mark.parametrize(
    "fault", ["missing", "folder without parquet", "truncated", "text"]
)
def test_a_file_that_cannot_be_read_is_named(engine, tmp_path, fault):
    path = tmp_path / "people.parquet"
    pq.write_table(pa.table({"name": ["SECRETNAME"] * 100}), path)
    if fault == "missing":
        path.unlink()
    elif fault == "folder without parquet":
        path.unlink()
        path.mkdir()
    elif fault == "truncated":
        path.write_bytes(path.read_bytes()[:-20])
    else:
        path.write_text("name\nSECRETNAME\n")
    with pytest.raises(InputError) as error:
        engine.count(engine.read(path))
    assert "people.parquet" in str(error.value)
    assert "SECRETNAME" not in str(error.value)


def test_an_unknown_engine_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match="duckdb, spark"):
        connect("oracle")


def test_pieces_of_work_together_give_their_results_in_order(engine, world, rows):
    people = world("id | name\n1 | LEE\n2 | KHAN\n3 | LEE")
    tables = engine.run_concurrently(
        *(
            lambda name=name: engine.sql(
                "select id from {people} where name = $name",
                people=people,
                params={"name": name},
                store=True,
            )
            for name in ("LEE", "KHAN", "OYELARAN", "LEE")
        )
    )
    assert [sorted(rows(table)) for table in tables] == [
        [(1,), (3,)],
        [(2,)],
        [],
        [(1,), (3,)],
    ]
    assert engine.run_concurrently() == []


def test_an_error_among_pieces_is_raised_when_all_have_ended(engine, world):
    people = world("id | dob\n1 | 1990-02-31\n2 | x")
    counts = []

    def cast():
        return engine.count(
            engine.sql(
                "select cast(id || 'x' as integer) as n from {people}",
                people=people,
                store=True,
            )
        )

    def count():
        counts.append(engine.count(people))

    with pytest.raises(ContractError):
        engine.run_concurrently(count, cast)
    assert counts == [2]


@pytest.mark.parametrize("method", ["arrow", "count"])
def test_a_query_that_ctrl_c_ends_says_so(duckdb_engine, method):
    """DuckDB tells of it as an error of its own, in one of two forms."""
    query = (
        "select sum(a.n * b.n) as n from (select unnest(range(400000)) as n) a, "
        "(select unnest(range(400000)) as n) b"
    )
    run = duckdb_engine.arrow if method == "arrow" else duckdb_engine.count
    table, connection, has_ended = (
        duckdb_engine.sql(query),
        duckdb_engine.connection,
        threading.Event(),
    )

    def stop() -> None:
        while not has_ended.wait(
            0.3
        ):  # again and again: on a busy machine the query may begin later than this
            connection.interrupt()

    thread = threading.Thread(target=stop)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            run(table)
    finally:
        has_ended.set()
        thread.join()
    assert duckdb_engine.arrow(duckdb_engine.sql("select 1 as n")).to_pylist() == [
        {"n": 1}
    ]


@pytest.mark.parametrize(
    "limit", ["lots", "-5GB"]
)  # below nought DuckDB takes for no limit
def test_a_limit_that_is_no_amount_of_memory_is_refused(limit):
    with pytest.raises(
        ConfigError, match=f"'{limit}' is no amount of memory\n  write for example 8GB"
    ):
        connect("duckdb", memory_limit=limit)


@pytest.mark.parametrize(
    "amount", ["8GB", "512 MiB", "1.5gb", "80%", "900000000 bytes", "2 gigabytes", "4G"]
)
def test_amounts_of_memory_in_a_run_file_are_accepted(amount):
    from linkage.config import Run

    assert Run(name="x", memory_limit=amount).memory_limit == amount
    with connect("duckdb", memory_limit=amount) as engine:
        assert engine.memory > 2**28


@pytest.mark.parametrize("method", ["arrow", "batches"])
def test_rows_computed_on_demand_fail_as_others_do(engine, world, method, capfd):
    people = world("id | name\n1 | SECRETNAME")
    table = engine.sql("select cast(name as integer) as n from {people}", people=people)
    with pytest.raises(ContractError) as error:
        engine.arrow(table) if method == "arrow" else list(engine.batches(table))
    assert "SECRETNAME" not in str(error.value)
    assert "SECRETNAME" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("method", ["arrow", "batches"])
def test_rows_beyond_the_memory_limit_say_what_to_raise(tmp_path, method, monkeypatch):
    monkeypatch.setattr("linkage.engine.duckdb.lock", lambda *_: None)
    with connect("duckdb", memory_limit="20MB", threads=1, scratch=tmp_path) as engine:
        engine.connection.execute("set max_temp_directory_size = '0B'")
        query = (
            "select list(n) as all_of_them from (select unnest(range(4000000)) as "
            "n) group by n % 3"
        )
        table = engine.sql(query)
        with pytest.raises(LeoError, match="ran out of its memory limit\n  raise"):
            engine.arrow(table) if method == "arrow" else list(engine.batches(table))


def test_no_test_finds_tables_of_another_in_the_shared_database(duckdb_engine):
    query = (
        "select table_name as name from duckdb_tables() union all select "
        "view_name "
        "from duckdb_views() where not internal"
    )
    leftovers = duckdb_engine.connection.execute(query).fetchall()
    assert leftovers == []
    assert not any(duckdb_engine.scratch.iterdir())
