"""A run small enough to check by eye: three people, a catalogue of four tables, one
approved project.
"""

import datetime
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from linkage.catalogue import Catalogue, load
from linkage.engine import Engine, Table
from linkage.extract import ExtractSummary, MasterKey, Project, extract

TODAY = datetime.date(2026, 6, 1)

NPD = """
dataset = "npd"
title = "Schools"
owner = "DfE"
[table.ks4]
title = "Key stage 4"
grain = "pupil"
year = ["ACADYR"]
variable = [
  { name = "PMR", type = "string", role = "entity_key", concept = "identity", identifiability = 3, sensitivity = "E", description = "Key." },
  { name = "UPN", type = "string", role = "upn", concept = "identity", identifiability = 1, sensitivity = "E", description = "Number." },
  { name = "Birth", type = "date", role = "dob", concept = "age", identifiability = 2, sensitivity = "E", description = "Day." },
  { name = "MiddleDay", type = "date", concept = "time", identifiability = 5, sensitivity = "E", description = "Day.", years = "2010/11-2014/15" },
  { name = "ACADYR", type = "integer", concept = "time", identifiability = 5, sensitivity = "E", description = "Year.", years = "2010/11-2014/15" },
  { name = "URN", type = "integer", institution = true, concept = "institution", identifiability = 4, sensitivity = "E", description = "School.", years = "2010/11-2014/15" },
  { name = "Late", type = "integer", concept = "attainment", identifiability = 5, sensitivity = "E", description = "Late.", years = "2014/15" },
  { name = "Grade", type = "string", frame = "grade", concept = "attainment", identifiability = 5, sensitivity = "E", description = "Grade.", years = "2010/11-2014/15" },
  { name = "Note", type = "string", concept = "attainment", identifiability = 5, sensitivity = "E", description = "Note.", years = "2010/11-2014/15" },
]
"""

LEO = """
dataset = "leo"
title = "LEO"
owner = "DfE"
[table.employment]
title = "Spells"
grain = "spell"
variable = [
  { name = "EDUKEY", type = "string", concept = "identity", identifiability = 3, sensitivity = "E", description = "Key." },
  { name = "StartDate", type = "date", concept = "time", identifiability = 4, sensitivity = "C", description = "First day.", years = "2000/01-2020/21" },
  { name = "EndDate", type = "date", concept = "time", identifiability = 4, sensitivity = "C", description = "Last day.", years = "2000/01-2020/21" },
]
[table.outcomes]
title = "Outcomes"
grain = "person by year"
year = ["tax_year", "academic_year"]
variable = [
  { name = "AE_ID", type = "integer", concept = "identity", identifiability = 3, sensitivity = "E", description = "Key." },
  { name = "EDUKEY", type = "string", concept = "identity", identifiability = 3, sensitivity = "E", description = "Key." },
  { name = "tax_year", type = "integer", concept = "time", identifiability = 5, sensitivity = "E", description = "Year.", years = "2010/11-2020/21" },
  { name = "academic_year", type = "integer", concept = "time", identifiability = 5, sensitivity = "E", description = "Year.", years = "2010/11-2020/21" },
  { name = "main_enterprise", type = "integer", institution = true, concept = "institution", identifiability = 4, sensitivity = "C", description = "Employer.", years = "2010/11-2020/21" },
]
"""


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    folder = tmp_path / "catalogue"
    folder.mkdir()
    (folder / "npd.toml").write_text(NPD)
    (folder / "leo.toml").write_text(LEO)
    (folder / "frames.toml").write_text('[grade]\nA = "Best"\nB = "Good"\n')
    return load(folder)


@pytest.fixture
def key() -> MasterKey:
    return MasterKey(bytes(range(32)))


@pytest.fixture
def make_project() -> Callable[..., Project]:
    """A project that is approved for a little of everything; arguments replace its
    keys.
    """

    def make(**changes: Any) -> Project:
        raw: dict[str, Any] = {
            "id": "study",
            "title": "A study",
            "organisation": "A university",
            "purpose": "To learn.",
            "decision": {
                "reference": "D-1",
                "date": "2026-01-01",
                "expires": "2027-01-01",
            },
            "link_metadata": True,
            "formats": ["parquet", "csv"],
            "table": [
                {
                    "name": "npd.ks4",
                    "years": "2011/12-2012/13",
                    "variables": ["ACADYR", "URN", "Grade", "Note"],
                },
                {
                    "name": "leo.employment",
                    "years": "2012/13",
                    "variables": ["StartDate", "EndDate"],
                },
            ],
        }
        return Project.model_validate({**raw, **changes})

    return make


@pytest.fixture
def run_tables(world: Callable[[str], Table]) -> dict[str, Table]:
    """Person 1 has two pupil records and a tax record, person 2 a pupil record, person
    3 a tax record.
    """
    return {
        "lookup_ae_id": world("""
            AE_ID | source | entity_id
            1     | npd    | 11
            1     | npd    | 12
            1     | cis    | 31
            2     | npd    | 13
            3     | cis    | 32
        """),
        "lookup_edukey": world("""
            AE_ID | EDUKEY | entity_id
            1     | K1     | 31
            3     | K3     | 32
        """),
        "lookup_pmr": world("""
            AE_ID | PUPILMATCHINGREFANONYMOUS | entity_id
            1     | P1                        | 11
            1     | P2                        | 12
            2     | P3                        | 13
        """),
        "spine": world("""
            person_id | entity_id | source | entity_key | link_method   | link_pass | link_band | match_weight:float | match_probability:float | margin:float
            1         | 11        | npd    | SECRET     | -             | -         | -         | -                  | -                       | -
            1         | 12        | npd    | SECRET     | probabilistic | model     | good      | 9.0                | 0.912345                | 4.56
            1         | 31        | cis    | SECRET     | deterministic | nino-dob  | strong    | 30.0               | 0.99999                 | 20.0
            2         | 13        | npd    | SECRET     | -             | -         | -         | -                  | -                       | -
            3         | 32        | cis    | SECRET     | override      | review    | good      | 5.0                | 0.8                     | -
        """),
        "attributes/npd_ks4": world("""
            entity_id | ACADYR | URN | Grade | Late | Note:text | MiddleDay
            11        | 201112 | 500 | A     | 1    | -         | 2012-01-01
            12        | 201213 | 500 | B     | 1    | ok        | 2013-01-01
            13        | 201213 | 600 | A     | 1    | -         | 2013-01-01
            13        | 201314 | 600 | A     | 1    | -         | 2014-01-01
            99        | 201213 | 700 | A     | 1    | -         | 2013-01-01
        """),
        "employment": world("""
            EDUKEY | StartDate  | EndDate
            K1     | 2010-01-01 | 2012-06-30
            K1     | 2012-08-01 | 2012-09-30
            K1     | 2014-01-01 | 2014-02-01
            K3     | 2013-01-01 | -
            K9     | 2012-08-01 | 2012-09-30
        """),
        "outcomes": world("""
            AE_ID | EDUKEY | tax_year:int | academic_year:int | main_enterprise
            1     | K1     | 201213       | -                 | 77
            2     | -      | -            | 201213            | -
            2     | -      | -            | 201415            | -
        """),
    }


@pytest.fixture
def plant(
    engine: Engine, run_tables: dict[str, Table]
) -> Callable[[str], dict[str, Table]]:
    """The run with a text planted in a free column of an approved table."""

    def plant_text(text: str) -> dict[str, Table]:
        table = engine.sql(
            'select entity_id, "ACADYR", "URN", "Grade", $text as "Note" from {ks4}',
            params={"text": text},
            ks4=run_tables["attributes/npd_ks4"],
        )
        return {**run_tables, "attributes/npd_ks4": table}

    return plant_text


@pytest.fixture
def publish(
    engine: Engine,
    catalogue: Catalogue,
    run_tables: dict[str, Table],
    key: MasterKey,
    tmp_path: Path,
) -> Callable[..., ExtractSummary]:
    def release(
        project: Project,
        *,
        out: str | Path = "out",
        tables: dict[str, Table] | None = None,
        **options: Any,
    ) -> ExtractSummary:
        return extract(
            engine,
            project,
            catalogue,
            tables or run_tables,
            key,
            tmp_path / out,
            run_info={"name": "test"},
            today=TODAY,
            **options,
        )

    return release


PublishOnce = Callable[[str, Callable[[Path], ExtractSummary]], ExtractSummary]
_PUBLISHED: dict[str, ExtractSummary] = {}


@pytest.fixture
def publish_once(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> PublishOnce:
    """Publishes an extract of several tests once, and gives each of them a copy of the
    folder, to be changed.
    """

    def copy_extract(
        name: str, make: Callable[[Path], ExtractSummary]
    ) -> ExtractSummary:
        if name not in _PUBLISHED:
            _PUBLISHED[name] = make(tmp_path_factory.mktemp("published") / "out")
        summary = _PUBLISHED[name]
        return replace(
            summary, folder=Path(shutil.copytree(summary.folder, tmp_path / "out"))
        )

    return copy_extract
