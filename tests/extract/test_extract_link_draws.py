"""Link sets: exact keys by person and draw, and the example that combines an estimate
over them.
"""

import datetime
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from linkage.catalogue import shipped
from linkage.engine import Engine, Table
from linkage.errors import ConfigError
from linkage.extract import ExtractSummary, MasterKey, Project, extract
from linkage.extract.verify import verify

TODAY = datetime.date(2026, 6, 1)
EARNINGS = {
    "name": "leo.earnings",
    "years": "2012/13",
    "variables": ["TaxYear", "Earnings"],
}


@pytest.fixture
def run(
    run_tables: dict[str, Table], world: Callable[[str], Table]
) -> dict[str, Table]:
    """Person 1 has the key K1 in the first draw, K3 in the second, and in the third a
    record of nobody.
    """
    return {
        **run_tables,
        "earnings": world("""
            EDUKEY | TaxYear | Earnings
            K1     | 201213  | 100
            K3     | 201213  | 300
        """),
        "units/education-cis": world("""
            step          | side  | unit_id | entity_id
            education-cis | left  | 1       | 11
            education-cis | left  | 1       | 12
            education-cis | left  | 2       | 13
            education-cis | right | 7       | 31
            education-cis | right | 8       | 32
            education-cis | right | 9       | 99
        """),
        "link_draws/education-cis": world("""
            step          | draw | left_id | right_id
            education-cis | 1    | 1       | 7
            education-cis | 1    | 2       | 8
            education-cis | 2    | 1       | 8
            education-cis | 2    | 2       | 7
            education-cis | 3    | 1       | 9
            education-cis | 3    | 2       | 7
        """),
    }


@pytest.fixture
def give(
    engine: Engine,
    run: dict[str, Table],
    key: MasterKey,
    make_project: Callable[..., Project],
    tmp_path: Any,
) -> Callable[..., ExtractSummary]:
    def make(missing_table: str = "", **changes: Any) -> ExtractSummary:
        project = make_project(**{"link_samples": True, "table": [EARNINGS], **changes})
        tables = {
            name: table
            for name, table in run.items()
            if not (missing_table and name.startswith(missing_table))
        }
        options: dict[str, Any] = {"run_info": {}, "today": TODAY}
        return extract(
            engine, project, shipped(), tables, key, tmp_path / "out", **options
        )

    return make


def test_each_person_has_the_keys_of_each_draw(
    give: Callable[..., ExtractSummary], key: MasterKey, engine: Engine
) -> None:
    summary = give()
    expected = [
        ("1", 1, "K1"),
        ("1", 2, "K3"),
        ("2", 1, "K3"),
        ("2", 2, "K1"),
        ("2", 3, "K1"),
    ]
    assert _keys(summary, key) == expected
    verify(engine, shipped(), summary.folder)
    assert "## Link draws" in (summary.folder / "README.md").read_text()


def test_links_that_the_run_removed_are_in_no_draw(
    give: Callable[..., ExtractSummary],
    run: dict[str, Table],
    key: MasterKey,
    world: Callable[[str], Table],
) -> None:
    """Unit 4 was persons 1 and 2: record 31 is person 1's, and 32, which neither has,
    is given to the lower of them.
    """
    run["units/education-cis"] = world("""
        step          | side  | unit_id | entity_id
        education-cis | left  | 4       | 11
        education-cis | left  | 4       | 13
        education-cis | right | 7       | 31
        education-cis | right | 8       | 32
    """)
    run["link_draws/education-cis"] = world("""
        step          | draw | left_id | right_id
        education-cis | 1    | 4       | 7
        education-cis | 2    | 4       | 8
        education-cis | 3    | 5       | 8
        education-cis | 3    | 4       | 9
    """)
    run["removed_links"] = world(
        "step | left_id | right_id\neducation-cis | 4 | 9\nother | 4 | 7"
    )
    assert _keys(give(), key) == [("1", 1, "K1"), ("1", 2, "K3")]
    run["removed_links"] = world("step | left_id | right_id\neducation-cis | 4 | 8")
    assert _keys(give(), key) == [("1", 1, "K1")]


def _keys(summary: ExtractSummary, key: MasterKey) -> list[tuple[str, int, str]]:
    """Person, draw and tax key, by their names in the run."""
    name = key.project("study", "a university", "").pseudonym
    people = {name("AE_ID", person): person for person in "123"} | {
        name("EDUKEY", tax): tax for tax in ("K1", "K3")
    }
    draws = pq.read_table(summary.folder / "parquet" / "link_draws.parquet").to_pylist()
    return sorted(
        (people[row["AE_ID"]], row["draw"], people[row["EDUKEY"]]) for row in draws
    )


def example_output(folder: Path, name: str = "rubin") -> str:
    """What an example prints, run as its user would."""
    process = subprocess.run(
        [sys.executable, f"examples/{name}.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-2000:]
    return process.stdout


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_the_example_runs_and_adds_up(
    give: Callable[..., ExtractSummary],
    engine: Engine,
    run: dict[str, Table],
    form: str,
) -> None:
    """Without the draw of one person alone: means 200 and 200, variances 10,000 each,
    none between them.
    """
    run["link_draws/education-cis"] = engine.sql(
        "select * from {t} where draw < 3", t=run["link_draws/education-cis"]
    )
    folder = give(formats=[form]).folder
    expected = (
        "200.00, standard error 100.00 over 2 link draws\nshare of its "
        "variance "
        "0.0% is from linkage\n"
    )
    assert example_output(folder) == expected


def test_without_pay_the_example_is_of_the_link_rate(
    give: Callable[..., ExtractSummary], make_project: Callable[..., Project]
) -> None:
    """Two of three people have a key in the first two draws, one in the third: 5/9, and
    2/27 of 1 + 1/3 between.
    """
    ks4 = {"name": "npd.ks4", "years": "2011/12-2012/13", "variables": ["ACADYR"]}
    output = example_output(give(table=[ks4]).folder)
    assert output.startswith("0.5556, standard error 0.35")


LINKED_TABLES: list[dict[str, Any]] = [
    EARNINGS,
    {"name": "npd.ks4", "years": "2011/12-2012/13", "variables": ["ACADYR", "APENG"]},
]


def test_linked_people_are_weighted_by_the_link_rate_of_their_group(
    give: Callable[..., ExtractSummary],
    run: dict[str, Table],
    world: Callable[[str], Table],
) -> None:
    """Of persons 1 and 2, in grade A, tax knows the first, of pay 100; and 3, in none,
    of pay 300: 2/3 by 1/2 and 1.
    """
    run["attributes/npd_ks4"] = world(
        "entity_id | ACADYR | APENG\n11 | 201112 | A\n13 | 201112 | A"
    )
    output = example_output(
        give(table=LINKED_TABLES, link_samples=False).folder, "weights"
    )
    assert [line.split() for line in output.splitlines()[2:4]] == [
        ["A", "0.5", "1.333"],
        ["not", "known", "1.0", "0.667"],
    ]
    assert output.endswith("mean pay of a person-year 200.00, weighted 166.67\n")


_COLUMNS = re.compile(  # where R and Stata name columns
    r"^keep (?!if )(.+)$|^rename (\w+)|by = "
    r"\"(\w+)|is\.na\((\w+)|\$([A-Z]\w+)|select\((.+?)\)|levelsof (\w+)"
    r"|(?:joinby|merge \S+) (\w+)|mean ([A-Z]\w+)|filter\((\w+) %in|inlist\((\w+)",
    re.MULTILINE,
)


@pytest.mark.parametrize(
    ("tables", "count"), [(LINKED_TABLES, 4), (LINKED_TABLES[1:], 2)]
)
def test_examples_in_r_and_stata_use_existing_columns(
    give: Callable[..., ExtractSummary],
    run: dict[str, Table],
    world: Callable[[str], Table],
    tables: Any,
    count: int,
) -> None:
    run["attributes/npd_ks4"] = world("entity_id | ACADYR | APENG\n11 | 201112 | A")
    folder = give(table=tables).folder
    examples = [
        path.read_text()
        for path in folder.glob("examples/*")
        if path.suffix in (".R", ".do")
    ]
    assert len(examples) == count
    for text in examples:
        files = map("".join, re.findall(r'read\("(\w+)|csv/(\w+)', text))
        columns = {
            column
            for name in files
            for column in pq.read_schema(folder / f"parquet/{name}.parquet").names
        }
        names = set(re.findall(r"\w+", " ".join(map(" ".join, _COLUMNS.findall(text)))))
        assert names
        assert names <= columns


def test_draws_need_an_approval_and_a_run_with_draws(
    give: Callable[..., ExtractSummary],
) -> None:
    assert "link_draws" not in give(link_samples=False).rows
    with pytest.raises(ConfigError, match="the run holds none"):
        give(missing_table="link_draws")
