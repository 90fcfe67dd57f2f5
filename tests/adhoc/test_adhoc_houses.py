"""Numbers of houses and flats, where files name neither persons nor firms."""

from pathlib import Path

import pytest

from linkage.adhoc.link import Request, link_files
from linkage.adhoc.two_files import Asked, two_files
from linkage.engine import Engine, rows
from tests.adhoc.conftest import write_csv

STREETS = ["North Street", "Pine Drive", "Mill Lane", "Abbey Way", "High Road"]


def _flats() -> list[tuple[int, int, str]]:
    """Houses of five streets, of which each third has three flats: flat, house, street."""
    return [
        (flat, house, street)
        for street in STREETS
        for house in range(1, 61)
        for flat in (range(1, 4) if house % 3 == 0 else [0])
    ]


def _code(house: int, street: str) -> str:
    return f"LS{STREETS.index(street) + 1} {house // 10 + 1}AB"


def _whole(folder: Path, **further: str) -> Path:
    """A meter each, at an address that is written whole."""
    return write_csv(
        folder / "meters.csv",
        [
            {
                "meter": f"M{n:05d}",
                "address": f"{f'Flat {flat}, ' if flat else ''}{house} {street}, Leeds",
                "postcode": _code(house, street),
                **further,
            }
            for n, (flat, house, street) in enumerate(_flats())
        ],
    )


def _parted(folder: Path, **further: str) -> Path:
    """The same houses by their parts, in another order."""
    return write_csv(
        folder / "register.csv",
        [
            {
                "uprn": f"{100000 + n}",
                "SAO": f"FLAT {flat}" if flat else "",
                "PAO": house,
                "STREET_DESCRIPTION": street.upper(),
                "town": "LEEDS",
                "postcode": _code(house, street).replace(" ", ""),
                **further,
            }
            for n, (flat, house, street) in reversed([*enumerate(_flats())])
        ],
    )


def _numbers(engine: Engine, left: Path, right: Path, scratch: Path) -> list[dict[str, int]]:
    read = two_files(engine, Asked(left, right), scratch)
    held = []
    for side in read.sides:
        if "house_number" not in side.columns:
            return []
        query = "select house_number as number, count(*) as held from {t} group by house_number"
        found = rows(engine, engine.sql(query, t=side))
        held.append({str(row["number"]): int(row["held"]) for row in found})
    return held


def test_a_house_and_a_flat_are_one_number_wherever_they_stand(duckdb_engine: Engine, tmp_path: Path) -> None:
    left, right = _numbers(duckdb_engine, _whole(tmp_path), _parted(tmp_path), tmp_path / "scratch")
    assert left == right
    assert left["2 3"] == left["7"] == len(STREETS)
    assert sum(left.values()) == len(_flats())


@pytest.mark.parametrize("further", [{"name": "Ana Ruiz"}, {"company": "Lee Foods"}], ids=["people", "firms"])
def test_who_lives_in_a_house_is_not_told_by_its_number(
    duckdb_engine: Engine, tmp_path: Path, further: dict[str, str]
) -> None:
    left, right = _whole(tmp_path, **further), _parted(tmp_path, **further)
    assert _numbers(duckdb_engine, left, right, tmp_path / "scratch") == []


def test_flats_of_one_house_are_told_apart(duckdb_engine: Engine, tmp_path: Path) -> None:
    link_files(Request(_whole(tmp_path), _parted(tmp_path), tmp_path / "out", links_only=True, threads=1))
    links = rows(duckdb_engine, duckdb_engine.read(tmp_path / "out" / "links.parquet"))
    links = [row for row in links if row["decision"] == "accepted"]
    assert len(links) == len(_flats())
    assert all(int(row["left_id"][1:]) == int(row["right_id"]) - 100000 for row in links)
