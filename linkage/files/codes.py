"""Sexes, ages, person numbers and postcodes: how columns write them."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from anyascii import anyascii

from linkage.files.distinct import Counts, share_that_match
from linkage.files.header_names import plain
from linkage.files.profile import says_unknown
from linkage.files.vocabulary import vocabulary
from linkage.records.rules import identifier_rules

_MIN_SEX_SHARE = 0.5  # of a column's rows that a code frame must have
_BITS = {"1": "M", "1.0": "M", "0": "F", "0.0": "F"}
_MAX_NAMESAKES = (
    5  # records of one name in a file; of commoner names most pairs are non-matches
)
_MIN_PAIRS = 10  # pairs that must show the years between two files
_STANDARD_DEVIATIONS = 3.0  # by which one count must exceed another
# by which one file's numbers must be shorter, more than first zeros that a spreadsheet
# drops
_FEWER_SIGNS = 2
_MIN_ONE_LENGTH = (
    0.5  # share of postcodes that are digits, from which they have one length
)
_MIN_BRITISH, _MIN_AREAS = (
    0.6,
    0.8,
)  # share of postcodes that are British units; or units, sectors or districts
_AREA = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?)(?: ?([0-9])([A-Z]{2})| ([0-9]))?")
FORMS = {
    role: f"(?i)^(?:{form})$"
    for role, form in {
        "email": r"[^@\s]+@[^@\s]+\.[^@\s]+",
        "nino": r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][0-9]{6}[A-D]?",
        "postcode": r"[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}",
        "phone": r"(?:\+|00?)[0-9][0-9 ()/-]{7,16}",
    }.items()
}
"""Roles that the form of a column's values shows."""

_DIGITS_ALONE = r"^[^A-Za-z]*[0-9][^A-Za-z]*$"


def _sex_code(value: str) -> str:
    return str(anyascii(value)).upper().strip(" .")


def sex_frame(values: Counts, column: str) -> dict[str, str] | None:
    """The code frame of configs/recognise.toml that has most rows, as codes to M and F;
    None where none fits.

    Of those that fit alike it is that of the header's language; one in which all of the
    codes are one sex ranks last.
    """
    known = {value: rows for value, rows in values.items() if not says_unknown(value)}
    candidates: list[tuple[tuple[Any, ...], dict[str, str]]] = []
    for frame in vocabulary()["sex_frame"]:
        codes = {code: sex for sex in ("M", "F") for code in frame[sex]}
        sexes = {
            _sex_code(value): codes[_sex_code(value)]
            for value in known
            if _sex_code(value) in codes
        }
        rows = sum(count for value, count in known.items() if _sex_code(value) in codes)
        if rows > _MIN_SEX_SHARE * sum(known.values()):
            differ = len(set(sexes.values())) == min(len(sexes), 2)
            candidates.append(
                ((differ, rows, plain(column) in frame.get("headers", ())), codes)
            )
    return (
        max(candidates, key=lambda candidate: candidate[0])[1] if candidates else None
    )


def infer_sexes(columns: Sequence[tuple[Counts, str]]) -> list[dict[str, Any]]:
    """The codes of each file's column: 0 and 1 are taken to be the same in both, where
    both write so.
    """
    present = [
        {_sex_code(value) for value in values if not says_unknown(value)}
        for values, _ in columns
    ]
    are_bits = all(len(codes) == 2 and codes <= _BITS.keys() for codes in present)
    frames = [_BITS if are_bits else sex_frame(*column) or {} for column in columns]
    return [
        {"codes": {code: sex for code, sex in frame.items() if code in codes}}
        for frame, codes in zip(frames, present, strict=True)
    ]


def read_age(text: str) -> int | None:
    """An age in years, with or without words after it (38.0, 38 yrs, 38 years old);
    None for other texts.
    """
    match = re.fullmatch(r"(\d{1,3})(?:\.0*)?\D*", text.strip())
    return int(match[1]) if match else None


Named = tuple[str | None, str | None, int | None]
"""Forename, surname and years of a record; years are an age, or minus the year of
birth.
"""


def years_between(left: Iterable[Named], right: Iterable[Named]) -> int | None:
    """By how much the left file's years are more than the right one's for one person;
    None where nothing stands out.

    The two records of one person are as many years apart for everybody; those of
    namesakes are any number of years.
    """
    pairs, others = Counter[int](), _of_rare_names(right)
    for names, years in _of_rare_names(left).items():
        pairs.update(
            year - other_year for year in years for other_year in others.get(names, ())
        )
    difference, first = min(
        pairs.items(), key=lambda entry: (-entry[1], entry[0]), default=(0, 0)
    )
    second = max(
        (count for years, count in pairs.items() if abs(years - difference) > 1),
        default=0,
    )
    stands_out = (
        first >= _MIN_PAIRS
        and first - second > _STANDARD_DEVIATIONS * math.sqrt(first + second)
    )
    return difference if stands_out else None


def _of_rare_names(records: Iterable[Named]) -> dict[tuple[str, str], list[int]]:
    years_of: dict[tuple[str, str], list[int]] = {}
    for forename, surname, years in records:
        if forename and surname and years is not None:
            years_of.setdefault((forename, surname), []).append(years)
    return {
        names: years
        for names, years in years_of.items()
        if len(years) <= _MAX_NAMESAKES
    }


def _code(text: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", re.sub(r"\.0$", "", str(anyascii(text)).upper()))


def _usual_length(values: Counts) -> int:
    lengths = Counter[int]()
    for value, rows in values.items():
        lengths[len(_code(value))] += rows
    return max(lengths, key=lambda n: (lengths[n], n), default=0)


def infer_numbers(sides: Sequence[Counts]) -> list[dict[str, Any]]:
    """The usual length of each file's numbers; and, where one file writes fewer signs,
    how many are the last ones.
    """
    lengths = [_usual_length(values) for values in sides]
    shorter, longer = min(lengths), max(lengths)
    common = {"last": shorter} if longer - shorter > _FEWER_SIGNS and shorter else {}
    return [{"length": length} | common for length in lengths]


def infer_postcodes(sides: Sequence[Counts]) -> list[dict[str, Any]]:
    """How the postcodes of one or two files are compared: British ones by unit, sector
    or district; others as codes.

    Postcodes of digits are compared by the digits that both files have.
    """
    if all(
        share_that_match(counts, FORMS["postcode"]) > _MIN_BRITISH for counts in sides
    ):
        return [{"kind": "british", "precision": "unit"} for _ in sides]
    precisions = [_british_precision(counts) for counts in sides]
    if all(precisions):
        coarsest = min(precisions, key=["district", "sector", "unit"].index)
        return [{"kind": "british", "precision": coarsest} for _ in sides]
    are_digits = [
        share_that_match(counts, _DIGITS_ALONE) > _MIN_ONE_LENGTH for counts in sides
    ]
    lengths = [
        _usual_length(counts) * digits
        for counts, digits in zip(sides, are_digits, strict=True)
    ]
    # One digit less is a first zero that a spreadsheet dropped: cutting at the other
    # end would leave nothing equal.
    digits = min(lengths) if max(lengths) - min(lengths) > 1 else 0
    return [{"kind": "code", "digits": digits} for _ in sides]


def _british_precision(values: Counts) -> str:
    counts = Counter[str]()
    for value, rows in values.items():
        if match := _AREA.fullmatch(" ".join(value.upper().split())):
            counts["unit" if match[3] else "sector" if match[4] else "district"] += rows
    return (
        max(counts, key=lambda kind: counts[kind])
        if counts.total() > _MIN_AREAS * sum(values.values())
        else ""
    )


def read_postcode(text: str, settings: Mapping[str, Any]) -> str | None:
    """A postcode in the form that the settings name; None for one that is not in it, or
    stands for none.
    """
    code = _code(text)
    if settings["kind"] == "code":
        digits = settings["digits"]
        return (code[:digits] if digits and code.isdigit() else code) or None
    if settings["precision"] == "unit":
        rules = identifier_rules().postcode
        is_none = code in rules.sentinels or code.startswith(
            tuple(rules.sentinel_areas)
        )
        return (
            f"{code[:-3]} {code[-3:]}"
            if re.search(rules.form, code) and not is_none
            else None
        )
    if (match := _AREA.fullmatch(" ".join(text.upper().split()))) is None:
        return None
    return (
        f"{match[1]} {match[2] or match[4] or ''}".rstrip()
        if settings["precision"] == "sector"
        else match[1]
    )
