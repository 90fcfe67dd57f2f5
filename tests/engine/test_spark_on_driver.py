"""Queries that read little are answered by the driver, in types and rows of Spark;
those that read much never are.
"""

import datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from linkage.engine import rows as rows_of

pytestmark = pytest.mark.spark

DATA = pa.table(
    {
        "id": pa.array([1, 2, 3], pa.int64()),
        "level": pa.array([1, None, 3], pa.int8()),
        "weight": pa.array([0.5, None, -2.25], pa.float64()),
        "name": pa.array(["ANN", None, ""], pa.string()),
        "born": pa.array(
            [datetime.date(1899, 12, 31), None, datetime.date(2001, 2, 3)], pa.date32()
        ),
        "sure": pa.array([True, None, False], pa.bool_()),
        "held": pa.array([["A", None], [], None], pa.list_(pa.string())),
        "spans": pa.array(
            [
                [
                    {"value": "A", "since": datetime.date(1999, 1, 2)},
                    {"value": None, "since": None},
                ],
                [],
                None,
            ],
            pa.list_(pa.struct([("value", pa.string()), ("since", pa.date32())])),
        ),
    }
)
QUERIES = (
    "select id, level, weight, name, born, sure, held, spans from {t}",
    "select id, list_transform(spans, lambda one: one.value) as names from {t}",
    "select sum(id) as total, count(*) as n, sum(level) as levels, avg(weight) as mean "
    "from {t}",
    "select id, level + 1 as next, id * 2 as twice, weight / 2 as half, 10.5 as fixed, "
    "array_length(held) as n from {t}",
    "select level, list(name order by id) as names from {t} group by level",
    "select row_number() over (order by id desc) as place, cast(id as varchar) as "
    "text, null as nothing from {t}",
)


@pytest.fixture
def engines(spark_session, tmp_path):
    """An engine that answers small queries on the driver, and one that leaves all to
    the cluster.
    """
    from linkage.engine.on_driver import Most
    from linkage.engine.spark import SparkEngine

    with (
        SparkEngine(
            session=spark_session, scratch=tmp_path / "here", durable=True
        ) as driver,
        SparkEngine(
            session=spark_session,
            scratch=tmp_path / "there",
            durable=True,
            on_driver=Most(0, 0),
        ) as cluster,
    ):
        yield driver, cluster


@pytest.fixture
def jobs(spark_session):
    """How many jobs Spark has begun in this group, once its listeners have heard of
    all.
    """
    context = spark_session.sparkContext
    context.setJobGroup("on-driver", "test")

    def count():
        context._jsc.sc().listenerBus().waitUntilEmpty(600_000)
        return len(context.statusTracker().getJobIdsForGroup("on-driver"))

    yield count
    context.setLocalProperty("spark.jobGroup.id", None)


@pytest.mark.parametrize("query", QUERIES)
def test_rows_and_types_are_those_of_spark(engines, query):
    results = []
    for engine in engines:
        table = engine.sql(query, t=engine.from_arrow(DATA), store=True)
        kinds = engine.data_frame(table).dtypes
        read_by_spark = sorted(map(repr, engine.data_frame(table).collect()))
        results.append(
            (kinds, read_by_spark, sorted(map(repr, rows_of(engine, table))))
        )
    assert results[0] == results[1]


def test_queries_that_read_little_start_no_job(engines, jobs):
    driver, cluster = engines
    for engine, expected in ((driver, False), (cluster, True)):
        job_count = jobs()
        table = engine.sql(
            "select * from {t} where id > 1", t=engine.from_arrow(DATA), store=True
        )
        view = engine.sql("select count(*) as n from {t}", t=table)
        assert (engine.count(table), rows_of(engine, view)) == (2, [{"n": 2}])
        assert (jobs() > job_count) is expected


def test_types_may_be_given_and_are_those_of_spark(engines):
    query, kinds = (
        "select id, cast(level as tinyint) as level, weight from {t}",
        ("bigint", "tinyint", "double"),
    )
    types = dict(zip(("id", "level", "weight"), kinds, strict=True))
    for engine in engines:
        table = engine.sql(query, t=engine.from_arrow(DATA), store=types)
        assert engine.data_frame(table).dtypes == list(types.items())
        assert [row["id"] for row in rows_of(engine, table)] == [1, 2, 3]


def test_a_query_repeated_on_other_types_has_other_types(engines):
    for engine in engines:
        tables = [
            engine.sql(
                "select n + n as twice from {t}",
                t=engine.from_arrow(pa.table({"n": data})),
                store=True,
            )
            for data in (
                pa.array([1], pa.int32()),
                pa.array([1], pa.int32()),
                pa.array([1.5], pa.float64()),
            )
        ]
        kinds = [engine.data_frame(table).dtypes[0][1] for table in tables]
        assert kinds == ["int", "int", "double"]
        assert [rows_of(engine, table)[0]["twice"] for table in tables] == [2, 2, 3.0]


def test_files_are_read_and_hashed_without_a_job(engines, jobs, tmp_path):
    driver, cluster = engines
    path = tmp_path / "in" / "people"
    cluster.write(cluster.from_arrow(DATA), path)
    expected = cluster.fingerprint(cluster.read(path))
    job_count = jobs()
    table = driver.read(path)
    assert driver.fingerprint(table) == expected
    assert jobs() == job_count
    assert (
        driver.data_frame(table).dtypes == driver.session.read.parquet(str(path)).dtypes
    )


def test_files_of_other_columns_are_matched_by_name(engines, tmp_path):
    import pyarrow.parquet as pq

    for number, names in enumerate((["id", "name"], ["name", "born"])):
        pq.write_table(DATA.select(names), tmp_path / f"{number}.parquet")
    for engine in engines:
        table = engine.read([tmp_path / "0.parquet", tmp_path / "1.parquet"])
        assert set(table.columns) == {"id", "name", "born"}
        assert engine.count(table) == 6


def test_histories_are_read_on_the_driver(engines, jobs):
    """Units with histories are the sides of most steps: every query of theirs was a
    job.
    """
    driver, _ = engines
    job_count = jobs()
    table = driver.sql(
        "select id, spans from {t}",
        t=driver.from_arrow(DATA.select(["id", "spans"])),
        store=True,
    )
    span_rows = driver.sql("select unnest(spans) as span from {t}", t=table, store=True)
    assert [row["span"] for row in rows_of(driver, span_rows)] == DATA["spans"][
        0
    ].as_py()
    assert jobs() == job_count


def test_a_table_beyond_the_limit_and_its_readers_are_left_to_spark(
    spark_session, tmp_path, jobs
):
    from linkage.engine.on_driver import Most
    from linkage.engine.spark import SparkEngine

    with SparkEngine(
        session=spark_session, scratch=tmp_path, durable=True, on_driver=Most(rows=5)
    ) as engine:
        three = engine.from_arrow(DATA)
        four = engine.sql("select id from {t} union all select 4", t=three, store=True)
        job_count = jobs()
        engine.sql("select * from {a} join {b} using (id)", a=three, b=four, store=True)
        assert jobs() > job_count


def test_a_cluster_may_be_told_to_answer_all_queries(engines, jobs, monkeypatch):
    from linkage.engine import spark

    _, cluster = engines
    context = cluster.session.sparkContext
    conf = context.getConf().set("spark.leo.onDriver", "false")
    monkeypatch.setattr(context, "getConf", lambda: conf)
    assert spark._most(cluster.session) == spark.Most(rows=0, bytes=0)


def test_queries_that_the_driver_cannot_run_are_left_to_spark(engines):
    driver, _ = engines
    table = driver.from_arrow(pa.table({"id": pa.array([1], pa.int64())}))
    # Beyond what a BIGINT holds in DuckDB's own arithmetic, which Spark refuses as
    # well: its error is the one told.
    from linkage.errors import LeoError

    with pytest.raises(LeoError):
        driver.sql(
            "select cast('x' || cast(id as varchar) as bigint) as n from {t}",
            t=table,
            store=True,
        )


def test_a_written_table_is_a_folder_of_its_rows(engines, tmp_path):
    import pyarrow.parquet as pq

    for number, engine in enumerate(engines):
        path = tmp_path / f"out-{number}"
        assert engine.write(engine.from_arrow(DATA), path) == 3
        assert [row["id"] for row in pq.read_table(path).sort_by("id").to_pylist()] == [
            1,
            2,
            3,
        ]


def test_decimals_keep_their_scale(engines):
    table = pa.table(
        {"price": pa.array([Decimal("1.50"), Decimal("2.25")], pa.decimal128(10, 2))}
    )
    prices = [
        rows_of(
            e,
            e.sql(
                "select price from {t} order by price",
                t=e.from_arrow(table),
                store=True,
            ),
        )
        for e in engines
    ]
    assert (
        prices[0]
        == prices[1]
        == [{"price": Decimal("1.50")}, {"price": Decimal("2.25")}]
    )


def test_the_size_of_a_table_for_broadcasts_is_four_times_its_bytes_on_disk(engines):
    import pyarrow.parquet as pq

    engine, path = engines[1], engines[1].scratch / "in.parquet"
    pq.write_table(pa.table({"id": list(range(10_000))}), path)
    plan = (
        engine.session.table(engine.read(path).name)
        ._jdf.queryExecution()
        .optimizedPlan()
    )
    assert int(str(plan.stats().sizeInBytes())) == 4 * path.stat().st_size
