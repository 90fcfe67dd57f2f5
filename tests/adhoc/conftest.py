"""Two small person files that anybody might have, and their links made once."""

import csv
import datetime
import gzip
import io
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from linkage.adhoc.dates.birth_dates import read, reading
from linkage.adhoc.dedupe import DedupeRequest, dedupe_file
from linkage.adhoc.fields import persons
from linkage.adhoc.fields.alike import alike
from linkage.adhoc.headers.recognise import recognise
from linkage.adhoc.link import Request, link_files
from linkage.adhoc.linked import Linked
from linkage.adhoc.names.chains import with_chains
from linkage.adhoc.places.addresses import with_addresses
from linkage.engine import Engine, Table

FORENAMES = ["Amelia", "Oliver", "Isla", "Muhammad", "Noah", "Ava", "Zoë", "Martha", "Jonathan", "Anne-Marie", "Rhys"]
SURNAMES = ["Smith", "Jones", "Khan", "Patel", "Okonkwo", "Fitzgerald", "O'Neill", "Dunne", "Lee", "Nowak", "Ferreira",
            "Zeller", "Quist", "Umarov", "Vasquez", "Xu", "Bakker"]  # fmt: skip

PEOPLE = 240
SHARED = 200
CANARY = "Quibblewick"
"""A surname that stands once in each file and nowhere else in the project: where it turns up, a value has leaked."""


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
        "postcode": f"{draw.choice(['AB', 'M', 'LS'])}{draw.randrange(1, 30)} {draw.randrange(1, 10)}"
        f"{draw.choice('ABDEFG')}{draw.choice('HJLNPQ')}",
    }


def seen_again(one: dict[str, str], number: int, draw: random.Random) -> dict[str, str]:
    """The same person as the right file writes one: other column names, another form of dates, and mistakes."""
    day = datetime.date.fromisoformat(one["date_of_birth"])
    surname, postcode = one["last_name"], one["postcode"]
    if draw.random() < 0.08 and surname != CANARY:
        surname = surname[:-1]
    if draw.random() < 0.2:
        postcode = person(0, draw)["postcode"]
    return {
        "id": f"B{number:04}",
        "SURNAME": surname.upper(),
        "FORENAME": one["first_name"].upper() if draw.random() > 0.1 else one["first_name"][0],
        "DOB": day.strftime("%d/%m/%Y") if draw.random() > 0.03 else "",
        "SEX": one["gender"],
        "PCODE": postcode.replace(" ", ""),
    }


def write_csv(path: Path, rows: list[dict[str, Any]], delimiter: str = ",", encoding: str = "utf-8") -> Path:
    """Rows under a header; gzipped where the name says so."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    content = text.getvalue().encode(encoding)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def make_files(folder: Path, *, turned: bool = False) -> Files:
    """240 people on the left, 200 of them and 40 others on the right."""
    draw = random.Random(20)
    people = [person(n, draw) for n in range(PEOPLE)]
    strangers = [person(n, draw) for n in range(1000, 1000 + PEOPLE - SHARED)]
    again = [seen_again(one, n, draw) for n, one in enumerate([*people[:SHARED], *strangers])]
    draw.shuffle(again)
    truth = [{"left_id": f"A{n:04}", "right_id": f"B{n:04}"} for n in range(SHARED)]
    if turned:
        people.reverse()
        again.reverse()
    folder.mkdir(parents=True, exist_ok=True)
    return Files(
        write_csv(folder / "pupils.csv", people),
        write_csv(folder / "customers.csv", again),
        write_csv(folder / "truth.csv", truth),
    )


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The two files; not to be written to."""
    return make_files(tmp_path_factory.mktemp("files"))


@dataclass(frozen=True)
class Done:
    """A link that was made: the request, what was handed back, and what was said."""

    request: Request
    linked: Linked
    said: list[str]


@pytest.fixture(scope="session")
def done(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """The two files linked once, with their truth."""
    request = Request(files.left, files.right, tmp_path_factory.mktemp("out") / "linked", truth=files.truth, threads=2)
    said: list[str] = []
    return Done(request, link_files(request, progress=said.append), said)


@pytest.fixture
def register(tmp_path: Path) -> DedupeRequest:
    """One file with 200 people twice and 40 once, deduplicated."""
    draw = random.Random(4)
    people = [person(number, draw) for number in range(240)]
    named = {"person_id": "id", "first_name": "FORENAME", "last_name": "SURNAME", "date_of_birth": "DOB",
             "gender": "SEX", "postcode": "PCODE"}  # fmt: skip
    rows = [{named[key]: value for key, value in one.items()} for one in people]
    for number, one in enumerate(people[:200]):
        row = seen_again(one, number, draw)
        day, _, rest = row["DOB"].partition("/")
        rows.append({**row, "DOB": "-".join([*reversed(rest.split("/")), day]) if row["DOB"] else ""})
    request = DedupeRequest(write_csv(tmp_path / "register.csv", rows), tmp_path / "out", threads=2)
    dedupe_file(request)
    return request


def read_as_one(texts: Sequence[str]) -> list[str | None]:
    """Texts as the birth dates of a column that holds these alone."""
    how = reading(Counter(texts), 2014)
    return [read(text, how) for text in texts]


def in_iso(days: Sequence[datetime.date]) -> list[str]:
    """Days as they are read."""
    return [day.isoformat() for day in days]


Rows = Callable[[Table], list[tuple[Any, ...]]]
Shaped = Callable[..., tuple[list[str], list[tuple[Any, ...]], list[tuple[Any, ...]]]]


@pytest.fixture
def shaped(engine: Engine, tmp_path: Path, rows: Rows) -> Shaped:
    """Both files' units as they are compared, without unit_id, and the fields' names."""

    def of(left: str, right: str) -> tuple[list[str], list[tuple[Any, ...]], list[tuple[Any, ...]]]:
        files = []
        for side, text in (("left", left), ("right", right)):
            lines = (line.strip() for line in text.strip().splitlines())
            (tmp_path / f"{side}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
            path = tmp_path / f"{side}.csv"
            files.append(persons.read(engine, path, tmp_path / side, delimiter="|", encoding="utf-8"))
        columns = with_chains(engine, files, recognise(files[0].header, files[1].header))
        found, at = alike(engine, files, with_addresses(engine, files, columns))
        units = [
            rows(persons.units(engine, f, {n: side[n] for n in at.fields}, i, postcodes=False)[0])
            for f, side, i in zip(found, (at.left, at.right), (at.left_id, at.right_id), strict=True)
        ]
        return at.fields, [row[1:] for row in units[0]], [row[1:] for row in units[1]]

    return of
