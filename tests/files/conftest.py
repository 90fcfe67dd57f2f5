"""Two small person files, linked once for all tests."""

import csv
import datetime
import gzip
import io
import random
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from linkage.engine import Engine
from linkage.files.link import DedupeRequest, LinkRequest, dedupe_file, link_files
from linkage.files.notes import Linked
from linkage.files.prepare import FileOptions, Prepared, inferred_files, prepare

FORENAMES = [
    "Amelia",
    "Oliver",
    "Isla",
    "Muhammad",
    "Noah",
    "Ava",
    "Zoë",
    "Martha",
    "Jonathan",
    "Anne-Marie",
    "Rhys",
]
SURNAMES = [
    "Smith",
    "Jones",
    "Khan",
    "Patel",
    "Okonkwo",
    "Fitzgerald",
    "O'Neill",
    "Dunne",
    "Lee",
    "Nowak",
    "Ferreira",
    "Zeller",
    "Quist",
    "Umarov",
    "Vasquez",
    "Xu",
    "Bakker",
]

PEOPLE = 240
SHARED = 200
CANARY = "Quibblewick"
"""A surname that stands once in each file and nowhere else in the project: where it
appears, a value has leaked.
"""


@dataclass(frozen=True)
class Files:
    """Paths of two files and of their true pairs."""

    left: Path
    right: Path
    truth: Path


def person(number: int, draw: random.Random) -> dict[str, str]:
    """A person as the left file writes one."""
    born = datetime.date(1970, 1, 1) + datetime.timedelta(days=draw.randrange(12_000))
    return {
        "person_id": f"A{number:04}",
        "first_name": draw.choice(FORENAMES),
        "last_name": CANARY if number == 7 else draw.choice(SURNAMES),
        "date_of_birth": born.isoformat(),
        "gender": draw.choice("MF"),
        "postcode": f"{draw.choice(['AB', 'M', 'LS'])}{draw.randrange(1, 30)} "
        f"{draw.randrange(1, 10)}"
        f"{draw.choice('ABDEFG')}{draw.choice('HJLNPQ')}",
    }


def right_record(
    record: dict[str, str], number: int, draw: random.Random
) -> dict[str, str]:
    """The same person as the right file writes one: other column names, another form of
    dates, and mistakes.
    """
    day = datetime.date.fromisoformat(record["date_of_birth"])
    surname, postcode = record["last_name"], record["postcode"]
    if draw.random() < 0.08 and surname != CANARY:
        surname = surname[:-1]
    if draw.random() < 0.2:
        postcode = person(0, draw)["postcode"]
    return {
        "id": f"B{number:04}",
        "SURNAME": surname.upper(),
        "FORENAME": record["first_name"].upper()
        if draw.random() > 0.1
        else record["first_name"][0],
        "DOB": day.strftime("%d/%m/%Y") if draw.random() > 0.03 else "",
        "SEX": record["gender"],
        "PCODE": postcode.replace(" ", ""),
    }


def write_csv(
    path: Path,
    rows: list[dict[str, Any]],
    delimiter: str = ",",
    encoding: str = "utf-8",
) -> Path:
    """Rows under a header; gzipped where the name says so."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    content = text.getvalue().encode(encoding)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def make_files(folder: Path, *, is_reversed: bool = False) -> Files:
    """240 people on the left, 200 of them and 40 others on the right."""
    draw = random.Random(20)
    people = [person(n, draw) for n in range(PEOPLE)]
    non_matches = [person(n, draw) for n in range(1000, 1000 + PEOPLE - SHARED)]
    customers = [
        right_record(one, n, draw)
        for n, one in enumerate([*people[:SHARED], *non_matches])
    ]
    draw.shuffle(customers)
    truth = [{"left_id": f"A{n:04}", "right_id": f"B{n:04}"} for n in range(SHARED)]
    if is_reversed:
        people.reverse()
        customers.reverse()
    folder.mkdir(parents=True, exist_ok=True)
    return Files(
        write_csv(folder / "pupils.csv", people),
        write_csv(folder / "customers.csv", customers),
        write_csv(folder / "truth.csv", truth),
    )


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The two files; not to be written to."""
    return make_files(tmp_path_factory.mktemp("files"))


@dataclass(frozen=True)
class Linking:
    """A finished link: the request, the result and the progress."""

    request: LinkRequest
    linked: Linked
    progress: list[str]


@pytest.fixture(scope="session")
def linking(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Linking:
    """The two files linked once, with their truth."""
    request = LinkRequest(
        files.left,
        files.right,
        tmp_path_factory.mktemp("out") / "linked",
        truth=files.truth,
        threads=2,
    )
    progress: list[str] = []
    return Linking(request, link_files(request, progress=progress.append), progress)


def make_register(folder: Path) -> Path:
    """One file with 200 people twice and 40 once."""
    draw = random.Random(4)
    people = [person(number, draw) for number in range(240)]
    headers = {
        "person_id": "id",
        "first_name": "FORENAME",
        "last_name": "SURNAME",
        "date_of_birth": "DOB",
        "gender": "SEX",
        "postcode": "PCODE",
    }
    rows = [{headers[key]: value for key, value in record.items()} for record in people]
    for number, record in enumerate(people[:200]):
        row = right_record(record, number, draw)
        day, _, rest = row["DOB"].partition("/")
        rows.append(
            {
                **row,
                "DOB": "-".join([*reversed(rest.split("/")), day])
                if row["DOB"]
                else "",
            }
        )
    return write_csv(folder / "register.csv", rows)


@pytest.fixture
def register(tmp_path: Path) -> DedupeRequest:
    """The same, deduplicated."""
    request = DedupeRequest(make_register(tmp_path), tmp_path / "out", threads=2)
    dedupe_file(request)
    return request


def infer(
    engine: Engine, folder: Path, left: str, right: str | None = None, **options: Any
) -> Prepared:
    """The schemas of one or two small CSV texts, whose columns are separated by commas
    or blanks around bars.
    """
    return inferred_files(
        engine, _options(folder, left, right, options), folder / "scratch"
    )


def standardise(
    engine: Engine, folder: Path, left: str, right: str | None = None, **options: Any
) -> list[list[dict]]:
    """The standardised records of one or two small CSV texts, without their numbers."""
    prepared = prepare(
        engine, _options(folder, left, right, options), folder / "scratch"
    )
    tables = [
        engine.sql("select * exclude (unit_id) from {t} order by unit_id", t=units)
        for units in prepared.units
    ]
    return [engine.arrow(table).to_pylist() for table in tables]


def _options(
    folder: Path, left: str, right: str | None, options: dict[str, Any]
) -> FileOptions:
    texts = {"left": left, "right": right} if right is not None else {"file": left}
    paths = {}
    for side, text in texts.items():
        paths[side] = folder / f"{side}.csv"
        paths[side].write_text(textwrap.dedent(text).strip() + "\n", encoding="utf-8")
    return FileOptions(paths, **options)
