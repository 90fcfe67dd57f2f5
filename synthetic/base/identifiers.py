"""Numbers that bodies give to people and employers: in the right form, with true check
digits, unique, without order.

Forms and checks: UPN after the Common Basic Data Set, ULN and NINO after the ILR
validation rules, HUSID after HESA's student record. Each number is a permutation of the
person's own, so no number belongs to two persons.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetic.base.draws import Draws
from synthetic.base.text import digits, letters, strings

UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"

NEVER_ISSUED = ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")
NINO_PREFIXES = [
    first + second
    for first in "ABCEGHJKLMNOPRSTWXYZ"
    for second in "ABCEGHJKLMNPRSTWXYZ"
    if first + second not in NEVER_ISSUED
]
NO_ULN = "9999999999"
MOST_PEOPLE = 100_000_000
"""Largest population for which all numbers are unique."""

_PREFIX_BYTES = np.frombuffer("".join(NINO_PREFIXES).encode(), np.uint8).reshape(-1, 2)


def nino(draws: Draws, ids: NDArray[Any], ordinal: NDArray[Any] | int = 0) -> Any:
    """National Insurance numbers; `ordinal` is 0 for a person's first and 1 for a
    second.
    """
    count = len(NINO_PREFIXES) * 1_000_000
    numbers = draws.scramble(
        "nino", ids.astype(np.int64) * 2 + ordinal, 29, count
    ).astype(np.int64)
    prefix, number = np.divmod(numbers, 1_000_000)
    suffix = letters(draws.words("nino.suffix", ids, ordinal) >> np.uint64(62), "ABCD")
    return strings(_PREFIX_BYTES[prefix], digits(number, 6), suffix)


def uln(draws: Draws, ids: NDArray[Any]) -> Any:
    """Unique learner numbers: nine digits weighed 10 to 2; the remainder by 11, never
    0, is taken from 10.
    """
    numbers = draws.scramble("uln", ids, 30, 810_000_000).astype(np.int64)
    head, choice = np.divmod(numbers, 9)
    body = digits(head + 10_000_000, 8)
    total = (body.astype(np.int64) - 48) @ np.arange(10, 2, -1)
    # The ninth digit weighs 2; one digit at most makes the remainder 0, and is passed
    # over.
    barred_digit = np.minimum(
        (-total * 6) % 11, 9
    )  # 6 is the inverse of 2 modulo 11; 9 where no digit is
    ninth_digit = (choice + 1 + barred_digit) % 10
    remainder = (total + 2 * ninth_digit) % 11
    return strings(body, digits(ninth_digit, 1), digits(10 - remainder, 1))


def upn(
    draws: Draws,
    ids: NDArray[Any],
    authority: NDArray[Any],
    ordinal: NDArray[Any],
    temporary: NDArray[np.bool_],
) -> Any:
    """Unique pupil numbers: check letter, the authority that gave it, nine digits; a
    temporary one ends in a letter.
    """
    serial = draws.scramble(
        "upn", ids.astype(np.int64) * 4 + ordinal, 30, 1_000_000_000
    )
    body = np.concatenate([digits(authority, 3), digits(serial, 9)], axis=1)
    values = body.astype(np.int64) - 48
    values[:, 11] = np.where(temporary, values[:, 11] % 10, values[:, 11])
    check = letters(values @ np.arange(2, 14) % 23, UPN_LETTERS)
    last = letters(values[:, 11], UPN_LETTERS)
    body[:, 11:] = np.where(temporary[:, None], last, body[:, 11:])
    return strings(check, body)


def pupil_reference(
    draws: Draws, ids: NDArray[Any], ordinal: NDArray[Any] | int
) -> Any:
    """Pupil matching references: eighteen letters and digits without meaning; a split
    pupil has a second.
    """
    words = draws.scramble("pmr", ids.astype(np.int64) * 2 + ordinal, 60)
    places = np.arange(55, -5, -5, dtype=np.uint64)
    codes = (words[:, None] >> places) & np.uint64(31)
    alphabet = np.frombuffer(b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789", np.uint8)
    tail = digits(draws.words("pmr.tail", ids, ordinal) % np.uint64(10_000), 4)
    return strings(
        np.full((len(words), 2), ord("P"), np.uint8),
        alphabet[codes.astype(np.int64)],
        tail,
    )


def husid(
    draws: Draws, ids: NDArray[Any], ordinal: NDArray[Any], year: NDArray[Any]
) -> Any:
    """HESA student identifiers: two digits of the year it was given, eleven more."""
    serial = draws.scramble("husid", ids.astype(np.int64) * 4 + ordinal, 36)
    return strings(digits(year % 100, 2), digits(serial, 11))


def reference(
    draws: Draws, field: str, ids: NDArray[Any], ordinal: NDArray[Any]
) -> Any:
    """References of twelve digits that a provider gives; `ordinal` is below 64."""
    return strings(
        digits(draws.scramble(field, ids.astype(np.int64) * 64 + ordinal, 39), 12)
    )


def candidate_number(
    draws: Draws, ids: NDArray[Any], ordinal: NDArray[Any] | int
) -> Any:
    """Scottish Candidate Numbers: nine digits; `ordinal` is 0 for a pupil's first and 1
    for a second.
    """
    return strings(
        digits(
            draws.scramble(
                "scn", ids.astype(np.int64) * 2 + ordinal, 30, 1_000_000_000
            ),
            9,
        )
    )


def record_id(
    draws: Draws, ids: NDArray[Any], source: int, slot: NDArray[Any]
) -> NDArray[np.int64]:
    """Record numbers, unique over all tables: `source` is below 8 and `slot`
    below 64.
    """
    numbers = (ids.astype(np.int64) * 8 + source) * 64 + slot
    return draws.scramble("recordid", numbers, 48).astype(np.int64)


def employer_reference(employers: NDArray[Any]) -> Any:
    """References of pay-as-you-earn schemes: tax office, two letters and five
    digits.
    """
    numbers = employers.astype(np.int64) * 7919
    office = [
        letters(numbers // step % 24, "ABCDEFGHJKLMNPQRSTUVWXYZ") for step in (7, 11)
    ]
    slash = np.full((len(numbers), 1), ord("/"), np.uint8)
    return strings(digits(numbers % 899 + 101, 3), slash, *office, digits(employers, 6))
