"""Latitude and longitude are one position, which is compared by distance and found by cells."""

import csv
import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from linkage.adhoc.codes import rare_words
from linkage.adhoc.dedupe import DedupeRequest, dedupe_file
from linkage.adhoc.link import Request, link_files
from linkage.adhoc.modelling import untrained
from linkage.adhoc.places.positions import degrees
from linkage.adhoc.two_files import Asked, TwoFiles, two_files
from linkage.engine import Engine, connect, rows
from linkage.match.candidates import score_given
from linkage.model import from_dict
from linkage.model.stages import pattern_column

KINDS = ["Cafe", "Pharmacy", "Bakery", "Hotel", "Library", "Garage"]


def _written(file: Path, header: Sequence[str], records: Sequence[Sequence[object]]) -> Path:
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([header, *records])
    return file


@pytest.mark.parametrize(
    ("text", "of", "read"),
    [
        ("52.4891234", "latitude", "52.489123"),
        ("52,4891", "latitude", "52.489100"),
        ("33.86 S", "latitude", "-33.860000"),
        ("W 1.5°", "longitude", "-1.500000"),
        ("-1.5", "longitude", "-1.500000"),
        ("120.5", "latitude", None),
        ("430512", "latitude", None),
        ("unknown", "longitude", None),
    ],
)
def test_degrees_are_read_as_they_are_written(text: str, of: str, read: str | None) -> None:
    assert degrees(text, of) == read


def _read(engine: Engine, folder: Path, left: Sequence[str], right: Sequence[str]) -> TwoFiles:
    records = [[n, f"{KINDS[n % 6]} {n}", 52 + n / 50, -1.5 + n / 70] for n in range(40)]
    sides = [_written(folder / f"{side}.csv", names, records) for side, names in (("l", left), ("r", right))]
    sides[1].write_text(sides[1].read_text(encoding="utf-8") + "99,Nowhere Hall,0,0\n", encoding="utf-8")
    return two_files(engine, Asked(*sides), folder / "scratch")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (["id", "name", "lat", "lon"], ["id", "name", "latitude", "longitude"]),
        (["id", "name", "stop_lat", "stop_lon"], ["id", "name", "GPS Lat", "GPS Long"]),
        (["id", "name", "Breitengrad", "Längengrad"], ["id", "name", "LAT", "LNG"]),
    ],
)
def test_two_columns_are_one_field(left: list[str], right: list[str], tmp_path: Path) -> None:
    with connect("duckdb") as engine:
        read = _read(engine, tmp_path, left, right)
        assert read.kinds["position"] == "position"
        assert not {"latitude", "longitude"} & {*read.kinds}
        held = {row["position"] for row in rows(engine, read.sides[1])}
    assert {"52.000000 -1.500000", None} <= held, "nought degrees north and east is in the sea, and says unknown"


def test_a_latitude_without_a_longitude_is_no_position(tmp_path: Path) -> None:
    with connect("duckdb") as engine:
        read = _read(engine, tmp_path, ["id", "name", "lat", "lon"], ["id", "name", "lat", "comment"])
    assert "position" not in read.kinds


def test_what_lies_near_is_found_and_graded_by_distance(engine: Engine) -> None:
    spots = {
        1: "52.000000 -1.500000",
        2: "52.000100 -1.500000",  # 11 m
        3: "52.000800 -1.500000",  # 89 m
        4: "52.000000 -1.494500",  # 376 m
        5: "52.020000 -1.500000",  # 2.2 km
        6: "52.100000 -1.500000",  # 11 km
        7: "-52.000000 178.500000",
    }
    values = ", ".join(f"({n}, '{spot}')" for n, spot in spots.items())
    tables = [engine.sql(f"select * from (values {values}) as v(unit_id, position)", store=True) for _ in "lr"]
    sides = rare_words.beside(engine, tables, ["position"])
    raw = untrained({"position": "position"}).raw
    for comparison in raw["comparisons"]:
        for level in comparison["comparison_levels"]:
            level.setdefault("u_probability", 0.1)
    pairs = engine.sql("select 1 as left_id, unit_id as right_id from {t}", t=tables[0])
    model = from_dict(raw)
    graded = rows(engine, score_given(engine, model, *sides, {}, pairs))
    gamma = pattern_column(model.comparisons[0])
    assert {row["right_id"]: row[gamma] for row in graded} == {1: 6, 2: 5, 3: 4, 4: 3, 5: 2, 6: 1, 7: 0}


def _places(folder: Path) -> tuple[Path, Path, Path, Path]:
    """450 places, 150 of them in both files, each of which measures the spot anew and writes some names otherwise."""
    draw = random.Random(3)
    names = ["".join(draw.choice("abdegiklmnorstu") for _ in range(6)).title() for _ in range(60)]
    made = []
    for _ in range(450):
        town = 52 + draw.randrange(8) * 0.2
        made.append((f"{draw.choice(names)} {draw.choice(KINDS)}", town + draw.gauss(0, 0.02), draw.gauss(-1, 0.03)))
    records: list[list[object]] = []
    for n, (name, north, east) in enumerate(made):
        name = name.split()[0] if n >= 150 and draw.random() < 0.2 else name
        north, east = north + draw.gauss(0, 0.0002), east + draw.gauss(0, 0.0003)
        records.append([f"p{n}", name, f"{north:.5f}", f"{east:.5f}"])
    left = _written(folder / "osm.csv", ["id", "name", "lat", "lon"], records[:300])
    again = [[f"q{who[0]}", str(who[1]).upper(), float(str(who[2])) + draw.gauss(0, 0.0002), who[3]] for who in records]
    right = _written(folder / "register.csv", ["id", "place_name", "latitude", "longitude"], again[150:])
    both = [(f"p{n}", f"qp{n}") for n in range(150, 300)]
    one = _written(folder / "one.csv", ["id", "name", "lat", "lon"], [*records[:300], *again[150:300]])
    return left, right, one, _written(folder / "truth.csv", ["left_id", "right_id"], both)


def test_places_are_linked_by_names_and_positions(tmp_path: Path) -> None:
    left, right, _, truth = _places(tmp_path)
    done = link_files(Request(left, right, tmp_path / "out", truth=truth))
    assert done.truth is not None
    assert done.truth["f1"] > 0.98
    rules = json.loads((tmp_path / "out" / "model.json").read_text())["blocking_rules_to_generate_predictions"]
    assert any("position_words" in rule["blocking_rule"] for rule in rules)


def test_a_place_that_stands_twice_in_a_file_is_found(tmp_path: Path) -> None:
    *_, one, truth = _places(tmp_path)
    done = dedupe_file(DedupeRequest(one, tmp_path / "out", truth=truth))
    assert done.truth is not None
    assert done.truth["f1"] > 0.93
