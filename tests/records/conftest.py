"""A small catalogue and files in a folder, for tests of records."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from linkage.catalogue import Catalogue, Dataset
from linkage.config import FileFormat, Source
from linkage.engine import Engine, connect
from linkage.records import Reading, read_source
from tests.conftest import parse


@pytest.fixture(scope="module")
def quick_engine() -> Iterator[Engine]:
    """An engine for a module's examples of Hypothesis, which cannot use a fixture of
    one test.
    """
    with connect("duckdb", threads=1) as engine:
        yield engine


def _variable(
    name: str, kind: str, role: str | None = None, **details: object
) -> dict[str, object]:
    identifiability = (
        1
        if role
        not in (None, "sex", "valid_from", "valid_to", "record_key", "entity_key")
        else 5
    )
    defaults = {
        "description": name,
        "concept": "test",
        "identifiability": identifiability,
        "sensitivity": "E",
    }
    return {"name": name, "type": kind, "role": role, **defaults, **details}


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """`school.pupils` and `school.marks`, `college.learners` with two kinds of key,
    `tax.payers` with open periods.
    """
    pupils = [
        _variable("ROW", "integer", "record_key", required=True),
        _variable("PUPIL", "string", "entity_key", required=True),
        _variable("SEEN", "date", "valid_from"),
        _variable("Forename", "string", "forename"),
        _variable("Surname", "string", "surname"),
        _variable("Born", "date", "dob"),
        _variable("Gender", "string", "sex", frame="sexes"),
        _variable("Postcode", "string", "postcode", format="postcode"),
        _variable("House", "string"),
    ]
    marks = [
        _variable("PUPIL", "string", "entity_key", required=True),
        _variable("Subject", "string", frame="subjects"),
        _variable("Mark", "integer"),
        _variable("Sat", "date"),
        _variable("Surname", "string", "surname"),
        _variable("Initials", "string", None, identifiability=2),
    ]
    learners = [
        _variable("ROW", "integer", "record_key", required=True),
        _variable("ULN", "string", "uln", format="uln"),
        _variable("COLLEGE", "integer", required=True),
        _variable("LEARNER", "string", "entity_key", required=True),
        _variable("Given", "string", "forename"),
        _variable("Family", "string", "surname"),
        _variable("FamilyAt16", "string", "former_surname"),
        _variable("Before", "string", "former_postcode", format="postcode"),
        _variable("Postcode", "string", "postcode", format="postcode"),
        _variable("Start", "date", "valid_from"),
    ]
    school = {
        "pupils": {"key": ["ROW"], "entity_key": [["PUPIL"]], "variable": pupils},
        "marks": {"entity_key": [["PUPIL"]], "variable": marks},
    }
    college = {
        "learners": {
            "key": ["ROW"],
            "entity_key": [["ULN"], ["COLLEGE", "LEARNER"]],
            "variable": learners,
        }
    }
    payers = [
        _variable("NINO", "string", "nino", format="nino", required=True),
        _variable("Surname", "string", "surname"),
        _variable("From", "date", "valid_from"),
        _variable("To", "date", "valid_to"),
        _variable("Rate", "number"),
        _variable("Abroad", "boolean"),
    ]
    tax = {"payers": {"entity_key": [["NINO"]], "variable": payers}}
    datasets = {"school": school, "college": college, "tax": tax}
    return Catalogue(
        datasets={name: _dataset(name, tables) for name, tables in datasets.items()},
        frames={
            "sexes": {"1": "Male", "2": "Female", "3": "Other"},
            "subjects": {"M": "Mathematics", "E": "English"},
        },
    )


def _dataset(name: str, tables: dict[str, dict[str, object]]) -> Dataset:
    table_defs = {
        key: {"name": key, "title": key, "grain": key, **table}
        for key, table in tables.items()
    }
    return Dataset.model_validate(
        {"dataset": name, "title": name, "owner": name, "table": table_defs}
    )


PUPILS = """
    ROW | PUPIL:text | SEEN       | Forename | Surname | Born       | Gender:text | Postcode | House
    7   | P2         | 2010-01-21 | Ann      | O'Neil  | 1999-05-06 | 2           | ab1 2cd  | Red
    3   | P1         | 2010-01-21 | BOB      | SMITH   | 1998-01-01 | 1           | ZZ999ZZ  | Blue
    5   | P1         | 2011-01-20 | Rob      | Smith   | 1998-01-01 | 3           | AB1 2CE  | -
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a world as a Parquet file below the data folder."""

    def save(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(parse(text), path)
        return path

    return save


@pytest.fixture
def read_pupils(
    engine: Engine, catalogue: Catalogue, tmp_path: Path
) -> Callable[..., Reading]:
    """Read files of school.pupils."""

    def read(
        *files: str,
        columns: dict[str, str] | None = None,
        keep: tuple[str, ...] = (),
        **fmt: str,
    ) -> Reading:
        source = Source(
            dataset="school",
            table="pupils",
            files=files,
            format=FileFormat(**fmt),
            columns=columns or {},
            keep=keep,
        )
        return read_source(engine, catalogue, "npd", source, tmp_path)

    return read
