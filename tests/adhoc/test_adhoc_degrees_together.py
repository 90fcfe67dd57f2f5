"""Positions in one column, and on a country's grid of metres, are positions like others."""

import csv
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from linkage.adhoc.link import Request, link_files
from linkage.adhoc.places.degrees_together import two_degrees
from linkage.adhoc.two_files import Asked, two_files
from linkage.engine import connect, rows

KINDS = ["Cafe", "Pharmacy", "Bakery", "Hotel", "Library", "Garage"]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("52.4862, -1.8904", ("52.486200", "-1.890400")),
        ("(52.4862 -1.8904)", ("52.486200", "-1.890400")),
        ("SRID=4326;POINT (-1.8904 52.4862)", ("52.486200", "-1.890400")),
        ("52,4862 N; 1,8904 W", ("52.486200", "-1.890400")),
        ("W1.8904 N52.4862", ("52.486200", "-1.890400")),
        ("52°29'10.3\"N 1°53'25.4\"W", ("52.486194", "-1.890389")),
        ("1° 53.4' W, 52° 29.4' N", ("52.490000", "-1.890000")),
        ("52°29' N", None),
        ("120.5021,31.3012", None),
        ("1.5, 2.5", None),
        ("12.03.1985", None),
        ("555.1234 555.1235", None),
    ],
)
def test_two_degrees_are_read_as_they_are_written(text: str, read: tuple[str, str] | None) -> None:
    assert two_degrees(text) == read


def test_the_longitude_may_stand_first() -> None:
    assert two_degrees("120.5021,31.3012", east_first=True) == ("31.301200", "120.502100")
    assert two_degrees("31.3012 N 120.5021 E", east_first=True) == ("31.301200", "120.502100")


def _write(file: Path, header: Sequence[str], of: Callable[[int], Sequence[object]], records: int = 40) -> Path:
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([header, *(of(n) for n in range(records))])
    return file


@pytest.mark.parametrize(("header", "east_first"), [("coordinates", False), ("lonlat", True), ("geom", None)])
def test_one_column_meets_two(header: str, east_first: bool | None, tmp_path: Path) -> None:
    def of(n: int) -> list[object]:
        north, east = f"{52 + n / 50:.5f}", f"{-1.5 + n / 80:.5f}"
        written = {True: f"{east},{north}", False: f"{north}, {east}", None: f"POINT({east} {north})"}
        return [n, f"{KINDS[n % 6]} {n}", written[east_first]]

    left = _write(tmp_path / "l.csv", ["id", "name", header], of)
    right = _write(
        tmp_path / "r.csv",
        ["id", "name", "lat", "lon"],
        lambda n: [n, f"{KINDS[n % 6]} {n}", 52 + n / 50, -1.5 + n / 80],
    )
    with connect("duckdb") as engine:
        read = two_files(engine, Asked(left, right), tmp_path / "scratch")
        assert read.kinds["position"] == "position"
        assert header not in read.kinds
        sides = [{row["position"] for row in rows(engine, side)} for side in read.sides]
    assert sides[0] == sides[1]
    assert "52.020000 -1.487500" in sides[1]


def test_metres_of_a_grid_are_positions_as_far_apart(tmp_path: Path) -> None:
    """406 and 286 km of Britain's grid are Birmingham; the other file has each place 30 m further east."""

    def of(shift: int) -> Callable[[int], list[object]]:
        return lambda n: [n, f"{KINDS[n % 6]} {n // 2}", 406_000 + 700 * n + shift, 286_000 + 450 * (n * 7 % 40)]

    left = _write(tmp_path / "l.csv", ["id", "name", "easting", "northing"], of(0))
    right = _write(tmp_path / "r.csv", ["id", "name", "Easting", "Northing"], of(30))
    with connect("duckdb") as engine:
        read = two_files(engine, Asked(left, right), tmp_path / "scratch")
        assert read.kinds["position"] == "position"
        held = [[row["position"] for row in rows(engine, side)] for side in read.sides]
    north, east = ([float(held[side][0].split()[place]) for side in (0, 1)] for place in (0, 1))
    metres = math.hypot(north[0] - north[1], (east[0] - east[1]) * math.cos(math.radians(north[0]))) * 111_195
    assert metres == pytest.approx(30, abs=0.3)


def test_what_codes_mean_is_told_by_names_where_places_are_measured_twice(tmp_path: Path) -> None:
    """No two bodies measure one spot alike, so that no records agreed on all that is known of them."""
    codes = {kind: f"{kind[:2].upper()}X" for kind in KINDS}

    def of(shift: float, kinds: dict[str, str]) -> Callable[[int], list[object]]:
        return lambda n: [
            *(n, f"Aber{chr(97 + n % 26)}{chr(97 + n // 26)}on", kinds[KINDS[n % 6]]),
            *(52 + n / 50 + shift, -1.5 + n * 7 % 40 / 80),
        ]

    left = _write(tmp_path / "l.csv", ["id", "place", "feature", "lat", "lon"], of(0, codes), 120)
    right = _write(tmp_path / "r.csv", ["nr", "place", "kind", "lat", "lon"], of(0.001, {k: k for k in KINDS}), 120)
    with connect("duckdb") as engine:
        read = two_files(engine, Asked(left, right), tmp_path / "scratch")
        held = [{str(row["feature"]) for row in rows(engine, side)} for side in read.sides]
    assert held[0] == held[1]
    assert len(held[0]) == len(KINDS)


def test_shops_are_linked_by_positions_in_one_column(tmp_path: Path) -> None:
    spots = [(52 + 0.37 * (n * 7919 % 997) / 997, -1.9 + 0.6 * (n * 104_729 % 991) / 991) for n in range(400)]
    left = _write(
        tmp_path / "l.csv",
        ["id", "name", "location"],
        lambda n: [n, f"{KINDS[n % 6]}", f"{spots[n][0]:.5f}, {spots[n][1]:.5f}"],
        300,
    )
    right = _write(
        tmp_path / "r.csv",
        ["id", "name", "point"],
        lambda n: [n + 100, KINDS[(n + 100) % 6], f"POINT({spots[n + 100][1] + 0.0002:.5f} {spots[n + 100][0]:.5f})"],
        300,
    )
    truth = _write(tmp_path / "t.csv", ["left_id", "right_id"], lambda n: [n + 100, n + 100], 200)
    found = link_files(Request(left, right, tmp_path / "out", truth=truth)).truth
    assert found is not None
    assert min(found["precision"], found["recall"]) > 0.95
