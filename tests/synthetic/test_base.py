"""Numbers have the right form and check digit, and no number is that of a second
person.
"""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.base import dates, identifiers
from synthetic.base.draws import Draws, Slots
from synthetic.base.reference import FOLDER, reference
from synthetic.people.homes import UNKNOWN, postcodes

IDS = np.concatenate([np.arange(1, 3001), np.arange(99_990_001, 100_000_001, 7)])
DRAWS = Draws(5)


def upn_letter(digits: str) -> str:
    """Common Basic Data Set: weights 2 to 13, modulo 23."""
    return "ABCDEFGHJKLMNPQRTUVWXYZ"[
        sum(w * int(d) for w, d in zip(range(2, 14), digits, strict=True)) % 23
    ]


def test_a_upn_has_its_check_letter() -> None:
    is_temporary = np.zeros(len(IDS), bool)
    upns = identifiers.upn(
        DRAWS, IDS, IDS % 900, np.zeros(len(IDS), np.int64), is_temporary
    ).to_pylist()
    assert all(
        re.fullmatch("[A-HJ-NP-RT-Z][0-9]{12}", upn) and upn[0] == upn_letter(upn[1:])
        for upn in upns
    )
    assert len(set(upns)) == len(IDS)


def test_a_temporary_upn_ends_in_a_letter_that_counts_as_its_number() -> None:
    is_temporary = np.ones(len(IDS), bool)
    upns = identifiers.upn(
        DRAWS, IDS, IDS % 900, np.ones(len(IDS), np.int64), is_temporary
    ).to_pylist()
    last = {letter: str(n) for n, letter in enumerate("ABCDEFGHJK")}
    assert all(upn[0] == upn_letter(upn[1:12] + last[upn[12]]) for upn in upns)


def test_a_uln_has_its_check_digit() -> None:
    ulns = identifiers.uln(DRAWS, IDS).to_pylist()
    for uln in ulns:
        remainder = (
            sum((10 - place) * int(digit) for place, digit in enumerate(uln[:9])) % 11
        )
        assert re.fullmatch("[1-9][0-9]{9}", uln)
        assert remainder != 0
        assert int(uln[9]) == 10 - remainder
    assert len(set(ulns)) == len(IDS)
    assert identifiers.NO_ULN not in ulns


def test_a_nino_is_one_that_could_be_issued() -> None:
    first, second = (
        identifiers.nino(DRAWS, IDS, ordinal).to_pylist() for ordinal in (0, 1)
    )
    form = re.compile(
        "(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][0-9]{6}[A-D]"
    )
    assert all(form.fullmatch(nino) for nino in first + second)
    assert len({nino[:8] for nino in first + second}) == 2 * len(IDS)


@pytest.mark.parametrize("ordinal", [0, 1])
def test_references_are_unique_and_of_their_length(ordinal: int) -> None:
    pmr = identifiers.pupil_reference(DRAWS, IDS, ordinal).to_pylist()
    husid = identifiers.husid(
        DRAWS, IDS, np.full(len(IDS), ordinal), np.full(len(IDS), 2012)
    ).to_pylist()
    assert {len(r) for r in pmr} == {18}
    assert {len(h) for h in husid} == {13}
    assert len(set(pmr)) == len(set(husid)) == len(IDS)


def test_numbers_tell_nothing_of_the_order_of_people() -> None:
    people = np.arange(1, 20_001)
    for numbers in (
        identifiers.record_id(DRAWS, people, 0, people % 28),
        np.array(identifiers.uln(DRAWS, people)).astype(np.int64),
    ):
        ranks = np.argsort(np.argsort(numbers))
        assert abs(np.corrcoef(people, ranks)[0, 1]) < 0.03
        assert abs(np.corrcoef(ranks[1:], ranks[:-1])[0, 1]) < 0.03


@given(bits=st.integers(2, 12), seed=st.integers(0, 2**62), share=st.floats(0.51, 1))
def test_scrambling_is_a_permutation(bits: int, seed: int, share: float) -> None:
    limit = max(int(2**bits * share), 2)
    numbers = Draws(seed).scramble("field", np.arange(limit), bits, limit)
    assert sorted(numbers.tolist()) == list(range(limit))


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=40))
def test_slots_keep_the_odds(odds: list[float]) -> None:
    slots = Slots(np.array(odds), 14)
    shares = (
        np.bincount(slots.at((np.arange(20_000) + 0.5) / 20_000), minlength=len(odds))
        / 20_000
    )
    assert np.abs(shares - np.array(odds) / sum(odds)).max() < 3 / 2**13


def test_a_draw_depends_on_seed_field_person_and_event_alone() -> None:
    ids = np.arange(100)
    draw = Draws(1).uniform("a", ids[40:41], 3)
    assert draw[0] == Draws(1).uniform("a", ids, 3)[40]
    assert draw[0] not in (
        Draws(2).uniform("a", ids[40:41], 3)[0],
        Draws(1).uniform("b", ids[40:41], 3)[0],
        Draws(1).uniform("a", ids[40:41], 4)[0],
    )
    draws = Draws(1).uniform("a", np.arange(200_000))
    assert abs(draws.mean() - 0.5) < 0.003
    assert abs(np.corrcoef(draws[1:], draws[:-1])[0, 1]) < 0.01


def table(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))[1:]


def test_postcodes_have_a_real_sector_and_the_form_of_one() -> None:
    codes = (
        postcodes(
            reference(), np.array([0, 399, -1, UNKNOWN, 400 * 9000 + 21], np.int32)
        )
        .plain()
        .to_pylist()
    )
    first = table(FOLDER / "sectors.csv")[0][0]
    assert codes[:4] == [f"{first}AA", f"{first}ZZ", None, "ZZ99 9ZZ"]
    assert codes[4][:-2] == table(FOLDER / "sectors.csv")[9000][0]


@given(st.integers(-30_000, 40_000))
def test_a_date_is_the_sum_of_its_parts(day: int) -> None:
    days = np.array([day], np.int32)
    assert dates.from_parts(*dates.parts(days)) == days


def test_years_begin_in_april_and_september() -> None:
    ends = np.array([dates.day(2013, 4, 5), dates.day(2013, 4, 6)])
    assert dates.tax_year(ends).tolist() == [2012, 2013]
    assert dates.six_digits(dates.tax_year(ends)).tolist() == [201213, 201314]
    assert dates.academic_year(
        np.array([dates.day(2013, 8, 31), dates.day(2013, 9, 1)])
    ).tolist() == [2012, 2013]
    assert dates.six_digits(np.array([1999])).tolist() == [199900]
