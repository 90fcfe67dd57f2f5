"""Check digits and forms in SQL against an independent implementation."""

import re

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from linkage.engine import Engine
from linkage.records.identifiers import (
    is_temporary_upn,
    valid_nino,
    valid_uln,
    valid_upn,
)

LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
DIGITS = "0123456789"


def validity(engine: Engine, rule, codes: list[str | None]) -> list[bool]:
    table = engine.from_arrow(
        pa.table({"n": range(len(codes)), "code": pa.array(codes, pa.string())})
    )
    answers = engine.arrow(
        engine.sql(
            f"select n, coalesce({rule('code')}, false) as good from {{t}}", t=table
        )
    )
    engine.drop(table)
    return [
        row["good"] for row in sorted(answers.to_pylist(), key=lambda row: row["n"])
    ]


def uln_is_good(code: str) -> bool:
    if len(code) != 10 or any(c not in DIGITS for c in code) or code == "9999999999":
        return False
    remainder = (
        sum(
            int(c) * w
            for c, w in zip(code[:9], (10, 9, 8, 7, 6, 5, 4, 3, 2), strict=True)
        )
        % 11
    )
    return remainder != 0 and int(code[9]) == 10 - remainder


def upn_is_good(code: str) -> bool:
    if (
        len(code) != 13
        or any(c not in DIGITS for c in code[1:12])
        or code[12] not in DIGITS + LETTERS
    ):
        return False
    values = [int(c) for c in code[1:12]] + [
        LETTERS.index(code[12]) if code[12] in LETTERS else int(code[12])
    ]
    return (
        code[0]
        == LETTERS[sum(v * w for v, w in zip(values, range(2, 14), strict=True)) % 23]
    )


@given(st.lists(st.text(DIGITS, min_size=9, max_size=9), min_size=1, max_size=30))
def test_uln_passes_with_its_check_digit_alone(quick_engine, bodies):
    codes = [body + digit for body in bodies for digit in DIGITS]
    assert validity(quick_engine, valid_uln, codes) == [
        uln_is_good(code) for code in codes
    ]


@given(
    st.lists(
        st.tuples(
            st.text(DIGITS, min_size=11, max_size=11), st.sampled_from(DIGITS + LETTERS)
        ),
        max_size=10,
    )
)
def test_upn_passes_with_its_check_letter_alone(quick_engine, bodies):
    codes = [letter + body + last for body, last in bodies for letter in LETTERS]
    assert validity(quick_engine, valid_upn, codes) == [
        upn_is_good(code) for code in codes
    ]


@given(
    st.lists(
        st.one_of(st.text(max_size=14), st.text(DIGITS + LETTERS + "IOS", max_size=14)),
        max_size=30,
    )
)
def test_no_other_text_passes(quick_engine, codes):
    codes = [code.replace("\0", "") for code in codes]
    assert validity(quick_engine, valid_uln, codes) == [
        uln_is_good(code) for code in codes
    ]
    assert validity(quick_engine, valid_upn, codes) == [
        upn_is_good(code) for code in codes
    ]


@given(st.lists(st.from_regex(r"[A-Z]{2}[0-9]{6}[A-Z]?", fullmatch=True), max_size=50))
def test_nino_has_the_form_and_an_issued_prefix(quick_engine, codes):
    form = re.compile(r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]?")
    never = {"BG", "GB", "NK", "KN", "TN", "NT", "ZZ"}
    expected = [bool(form.fullmatch(code)) and code[:2] not in never for code in codes]
    assert validity(quick_engine, valid_nino, codes) == expected


def test_known_numbers(engine):
    assert validity(
        engine, valid_uln, ["1000000000", "1000000001", "9999999999", "100000000", None]
    ) == [*(True, False, False, False, False)]
    assert validity(
        engine,
        valid_upn,
        ["A000000000000", "C100000000000", "A100000000000", "D00000000000B"],
    ) == [*(True, True, False, False)]
    assert validity(
        engine,
        valid_nino,
        ["AB123456C", "AB123456", "AO123456C", "ZZ123456A", "AB123456E"],
    ) == [*(True, True, False, False, False)]
    assert validity(engine, is_temporary_upn, ["A00000000000A", "A000000000000"]) == [
        True,
        False,
    ]
