"""Bloom filters are compared by the bits that they have in common, however these are written; hashes are not."""

import base64
import csv
import hashlib
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from linkage.adhoc.link import Request, link_files
from linkage.adhoc.two_files import Asked, two_files
from linkage.engine import connect, one

NAMES = ["Amelia", "Oliver", "Isla", "Noah", "Martha", "Jonathan", "Rhys", "Beatrice", "Winifred", "Dominic", "Lucinda"]
FAMILIES = ["Smith", "Okonkwo", "Fitzgerald", "Nowak", "Ferreira", "Zeller", "Quist", "Umarov", "Vasquez", "Bakker"]
BITS = 512

Written = Callable[[int], str]


def _filter(*texts: str, hashes: int = 8) -> int:
    """The bits of all pairs of letters of some texts, by double hashing."""
    bits = 0
    for place, text in enumerate(texts):
        padded = f"_{text.upper()}_"
        for start in range(len(padded) - 1):
            pair = f"{place}{padded[start : start + 2]}".encode()
            one, two = (int(make(pair).hexdigest(), 16) for make in (hashlib.sha1, hashlib.md5))
            for turn in range(hashes):
                bits |= 1 << (one + turn * two) % BITS
    return bits


def _digits(bits: int) -> str:
    return f"{bits:0{BITS}b}"


def _hexadecimals(bits: int) -> str:
    return bits.to_bytes(BITS // 8, "big").hex()


def _in_base64(bits: int) -> str:
    return base64.b64encode(bits.to_bytes(BITS // 8, "big")).decode()


def _people(many: int) -> list[tuple[str, str, str]]:
    rng = random.Random(11)
    days = [f"{rng.randrange(1940, 2010)}{rng.randrange(1, 13):02d}{rng.randrange(1, 29):02d}" for _ in range(many)]
    families = [rng.choice(FAMILIES) + rng.choice(["", "son", "ova", "man", "sen"]) for _ in range(many)]
    own = [
        rng.choice(NAMES) + rng.choice(["", "-Rose", "-Lee", "-May", "-Jo", "-Anne", "-Ray", "-Lou"])
        for _ in range(many)
    ]
    return list(zip(own, families, days, strict=True))


def _slip(text: str) -> str:
    return text[:2] + text[3:]


def _files(
    folder: Path, header: Sequence[str], row: Callable[[tuple[str, str, str]], Sequence[str]], many: int
) -> None:
    """Two files of the same people, a fifth of whom have a letter less in their family's name in the second."""
    people = _people(many)
    again = [(own, _slip(family) if n % 5 == 0 else family, day) for n, (own, family, day) in enumerate(people)]
    for letter, held in (("A", people), ("B", again)):
        with (folder / f"{letter}.csv").open("w", newline="") as file:
            csv.writer(file).writerow(["id", *header])
            csv.writer(file).writerows([f"{letter}{n:04d}", *row(person)] for n, person in enumerate(held))
    with (folder / "truth.csv").open("w", newline="") as file:
        csv.writer(file).writerow(["left_id", "right_id"])
        csv.writer(file).writerows([f"A{n:04d}", f"B{n:04d}"] for n in range(many))


def _by_name(written: Written) -> Callable[[tuple[str, str, str]], Sequence[str]]:
    return lambda person: [written(_filter(text)) for text in person]


HEADER = ("first_name_bf", "last_name_bf", "dob_bf")


def _read(folder: Path) -> tuple[dict[str, str], float]:
    """How fields are compared, and how alike the forenames of both files are; no date is lost of them."""
    asked = Asked(folder / "A.csv", folder / "B.csv", (), (None, None), None, (None, None))
    with connect("duckdb") as engine:
        read = two_files(engine, asked, folder / "scratch", None)
        assert read.lost_dates(engine) == [0, 0]
        field = next(name for name in read.kinds if name.startswith("forename"))
        query = (
            f"select avg(dice_of_bits(l.{field}, r.{field})) as alike from {{l}} as l join {{r}} as r using (unit_id)"
        )
        left, right = read.sides
        return read.kinds, float(one(engine, engine.sql(query, l=left, r=right))["alike"])


@pytest.mark.parametrize("written", [_digits, _hexadecimals, _in_base64])
def test_bits_are_known_however_they_are_written(written: Written, tmp_path: Path) -> None:
    _files(tmp_path, HEADER, _by_name(written), 120)
    assert _read(tmp_path) == (dict.fromkeys(["forename_bits", "surname_bits", "dob_bits"], "bits"), 1.0)


def test_files_may_write_bits_in_two_ways(tmp_path: Path) -> None:
    _files(tmp_path, HEADER, _by_name(_digits), 120)
    digits = (tmp_path / "A.csv").read_text()
    _files(tmp_path, HEADER, _by_name(_in_base64), 120)
    (tmp_path / "A.csv").write_text(digits)
    assert _read(tmp_path)[1] == 1.0


def test_hashes_are_no_bits_and_are_equal_or_not(tmp_path: Path) -> None:
    _files(tmp_path, HEADER, lambda person: [hashlib.sha512(text.encode()).hexdigest() for text in person], 120)
    assert _read(tmp_path)[0] == {
        "forename_code": "hash",
        "surname_code": "category",  # of fifty families
        "birth_date_code": "hash",
    }


def test_hashes_of_which_many_are_unknown_are_hashes(tmp_path: Path) -> None:
    def written(person: Sequence[str]) -> list[str]:
        held = [hashlib.sha512(text.encode()).hexdigest() for text in person]
        return ["" if held[0][-1] in "01234" else held[0], *held[1:]]

    _files(tmp_path, HEADER, written, 200)
    assert _read(tmp_path)[0]["forename_code"] == "hash"


def test_a_slip_in_a_name_is_found_by_its_bits(tmp_path: Path) -> None:
    _files(tmp_path, HEADER, _by_name(_in_base64), 400)
    done = link_files(Request(tmp_path / "A.csv", tmp_path / "B.csv", tmp_path / "out", truth=tmp_path / "truth.csv"))
    assert done.truth is not None
    assert done.truth["precision"] > 0.99
    assert done.truth["recall"] > 0.99


def test_one_filter_of_all_that_is_known_is_found_by_pieces(tmp_path: Path) -> None:
    """With a letter less it is equal to none, and a year and a sex beside it are those of many."""
    _files(
        tmp_path,
        ("clk", "sex", "birth_year"),
        lambda person: [_in_base64(_filter(*person, hashes=10)), "FM"[len(person[0]) % 2], person[2][:4]],
        400,
    )
    done = link_files(Request(tmp_path / "A.csv", tmp_path / "B.csv", tmp_path / "out", truth=tmp_path / "truth.csv"))
    assert done.fields["clk_bits"] == "pieces"
    assert done.truth is not None
    assert done.truth["precision"] > 0.98
    assert done.truth["recall"] > 0.95
