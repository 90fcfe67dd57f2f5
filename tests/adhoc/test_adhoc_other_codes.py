"""Codes that each file has for itself become the other's, as records show that agree on all else."""

import csv
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from linkage.adhoc.fields.other_codes import are_codes, as_other
from linkage.adhoc.read_again import read_again, told
from linkage.adhoc.two_files import Asked, two_files
from linkage.engine import connect

Shaped = Callable[..., tuple[list[str], list[tuple[Any, ...]], list[tuple[Any, ...]]]]

FORENAMES = ["Anna", "Ben", "Cara", "Dan", "Ella", "Finn", "Gita", "Hugo", "Iris", "Jack"]
SURNAMES = ["Adams", "Baker", "Cole", "Dunn", "Ellis", "Frost", "Grant", "Hale"]
GROUPS = {"11": "White", "12": "White", "21": "Asian", "22": "Asian", "31": "Black"}
HEADER = "id|forename|surname|dob"


def _people() -> list[tuple[str, str, str]]:
    names = [(forename, surname) for forename in FORENAMES for surname in SURNAMES]
    return [(*name, f"19{60 + n % 40}-0{1 + n % 9}-{10 + n % 19}") for n, name in enumerate(names)]


def _lines(field: str, values: Sequence[str]) -> str:
    rows = [
        f"{n:03d}|{'|'.join(person)}|{value}" for n, (person, value) in enumerate(zip(_people(), values, strict=True))
    ]
    return "\n".join([f"{HEADER}|{field}", *rows])


def _held(rows: Sequence[tuple[Any, ...]]) -> list[str]:
    """What each of our people holds, in their order."""
    of = {(forename, surname): held for forename, surname, _, held in rows}
    return [of[forename.upper(), surname.upper()] for forename, surname, _ in _people()]


def test_finer_codes_become_those_of_the_other_file(shaped: Shaped) -> None:
    rng = random.Random(3)
    fine = [rng.choice(list(GROUPS)) for _ in _people()]
    _, left, right = shaped(_lines("group", fine), _lines("group", [GROUPS[code] for code in fine]))
    assert _held(left) == _held(right) == [GROUPS[code].upper() for code in fine]
    _, left, right = shaped(_lines("group", [GROUPS[code] for code in fine]), _lines("group", fine))
    assert _held(left) == _held(right) == [GROUPS[code].upper() for code in fine]


def test_codes_of_which_both_files_have_some_are_two_things_where_pairs_say_so(shaped: Shaped) -> None:
    """1 to 4 in one file is 0 to 3 in the other: the 1 of both is not the same."""
    rng = random.Random(5)
    codes = [rng.randrange(4) for _ in _people()]
    _, left, right = shaped(
        _lines("status", [f"{code + 1}" for code in codes]), _lines("status", list(map(str, codes)))
    )
    assert _held(left) == _held(right)
    assert len({*_held(left)}) == 4


def test_codes_that_are_one_stay_as_they_are_though_people_change_them(shaped: Shaped) -> None:
    rng = random.Random(6)
    before = [rng.choice("ABCD") for _ in _people()]
    after = [rng.choice("ABCD") if rng.random() < 0.4 else code for code in before]
    _, left, right = shaped(_lines("grade", before), _lines("grade", after))
    assert (_held(left), _held(right)) == (before, after)


def test_codes_that_have_nothing_to_do_with_each_other_stay_what_they_are(shaped: Shaped) -> None:
    rng = random.Random(7)
    mine, theirs = ([rng.choice(codes) for _ in _people()] for codes in ("ABCD", "WXYZ"))
    _, left, right = shaped(_lines("group", mine), _lines("group", theirs))
    assert (_held(left), _held(right)) == (mine, theirs)


def test_a_code_that_few_pairs_show_is_not_known() -> None:
    share, first, codes = as_other({("1", "A"): 40, ("1", "B"): 2, ("2", "B"): 30, ("3", "B"): 2})
    assert (first, codes) == (True, {"1": "A", "2": "B"})
    assert 0.8 < share < 1
    assert as_other({("1", "A"): 14, ("2", "B"): 14})[0] == 0  # as few as show nothing
    assert as_other({("1", "A"): 60, ("2", "A"): 50})[0] == 0  # one value of the other file says nothing


def test_few_values_are_codes_and_texts_are_none() -> None:
    assert are_codes({"A": 50, "B": 1})
    assert not are_codes({"A": 50})
    assert not are_codes({f"text {n}": 2 for n in range(50)})


def _file(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def test_columns_of_two_names_and_two_codes_are_found_said_and_read_again(tmp_path: Path) -> None:
    """Neither their names nor what they hold tells that they are one; pairs of people do."""
    rng = random.Random(8)
    people = [(*person, rng.choice(list(GROUPS))) for person in _people()] * 2
    left = [
        [f"A{n:03d}", *person[:2], f"{person[2][:3]}{(n + n // 80) % 10}{person[2][4:]}", person[3]]
        for n, person in enumerate(people)
    ]
    right = [[f"B{n:03d}", *row[1:4], GROUPS[row[4]]] for n, row in enumerate(left)]
    one = _file(tmp_path / "l.csv", ["id", "forename", "surname", "dob", "origin"], left)
    other = _file(tmp_path / "r.csv", ["id", "forename", "surname", "dob", "heritage"], right)
    with connect("duckdb") as engine:
        read = two_files(engine, Asked(one, other), tmp_path / "scratch", None)
        assert read.columns.right["origin"] == "heritage"
        assert "right.origin=heritage" in read.columns.by_content
        assert read.at.translated == ("origin",)
        units = [engine.arrow(side).sort_by("unit_id")["origin"].to_pylist() for side in read.sides]
        assert units[0] == units[1] == [GROUPS[row[4]].upper() for row in left]
        said = told(
            dict(zip(("left", "right"), read.files, strict=True)), read.columns, delimiter=None, postcodes=False
        )
        again = read_again(engine, said, [], tmp_path / "again")
        held = engine.arrow(again["left"][0]).sort_by("unit_id")["origin"].to_pylist()
    assert held == units[0]
