"""Person numbers, telephones, e-mail addresses and postcodes in one form."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from anyascii import anyascii

from linkage.records.rules import identifier_rules

_LOST_ZEROS = 2  # first zeros that a spreadsheet may have dropped
_MIN_PHONE_DIGITS = 7  # of a telephone within its town
_SHORT_PHONE_SHARE = 0.1  # of a column's telephones that have so few digits, from which the column writes them so
_MIN_ONE_LENGTH = 0.5  # share of postcodes that are digits, from which they have one length
_SHORT = 4  # digits that may all be the same by chance
_MAIL = re.compile(r'[^\s;,|/<>"]+@[^\s;,|/<>"]+')
_BRITISH = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}")
_AREA = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?)(?: ?([0-9])([A-Z]{2})| ([0-9]))?")
_NINO = re.compile(r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][0-9]{6}[A-D]?")
FORMS = {
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "nino": _NINO,
    "postcode": _BRITISH,
    "phone": re.compile(r"(?:\+|00?)[0-9][0-9 ()/-]{7,16}"),
}
"""Roles that the form of a column's values tells."""


def _code(text: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", re.sub(r"\.0$", "", str(anyascii(text)).upper()))


def infer_number(values: Mapping[str, int]) -> dict[str, Any]:
    """The length that most of a column's numbers have; shorter ones may have lost first zeros."""
    lengths = Counter[int]()
    for value, rows in values.items():
        lengths[len(_code(value))] += rows
    return {"length": max(lengths, key=lambda n: (lengths[n], n), default=0)}


def part_in_common(left: Mapping[str, int], right: Mapping[str, int], lengths: tuple[int, int]) -> dict[str, Any]:
    """What both files write of a number, where one has fewer signs: its end, or its beginning.

    Args:
        lengths: that most numbers of either file have.
    """
    shorter, longer = min(lengths), max(lengths)
    if not shorter or shorter == longer:
        return {}
    ways = {"last": shorter, "first": shorter}
    if longer - shorter > _LOST_ZEROS:
        return {"last": shorter}
    codes = [{_code(value) for value in values} for values in (left, right)]
    found = {way: len({_part(c, {way: n}) for c in codes[0]} & {_part(c, {way: n}) for c in codes[1]})
             for way, n in ways.items()}  # fmt: skip
    best = max(found, key=lambda way: found[way])
    return {best: shorter} if found[best] > 2 * len(codes[0] & codes[1]) else {}


def _part(code: str, settings: Mapping[str, Any]) -> str:
    if n := settings.get("last"):
        return code[-n:]
    return code[: settings["first"]] if settings.get("first") else code


def number(text: str, role: str, settings: Mapping[str, Any]) -> str | None:
    """A person number as letters and digits; None for one that stands for none, or fails its check digit."""
    code, length, rules = _code(text), int(settings.get("length", 0)), identifier_rules()
    if code.isdigit() and length - _LOST_ZEROS <= len(code) < length:
        code = code.zfill(length)
    if not any(map(str.isdigit, code)):
        return None
    if length > _SHORT and (len(set(code)) == 1 or (len(code) > _SHORT and code in "01234567890")):
        return None
    if role == "nino":
        return code[:8] if re.search(rules.nino.form, code) and code[:2] not in rules.nino.never_issued else None
    if (role == "uln" and not _is_uln(code)) or (role == "upn" and not _is_upn(code)):
        return None
    return _part(code, settings)


def _is_uln(code: str) -> bool:
    """Ten digits, of which the last checks the others (mod 11; Learning Records Service)."""
    if len(code) != 10 or not code.isdigit() or code in identifier_rules().uln.temporary:
        return False
    rest = sum((10 - place) * int(digit) for place, digit in enumerate(code[:9])) % 11
    return rest > 0 and 10 - rest == int(code[9])


def _is_upn(code: str) -> bool:
    """A letter that checks twelve digits (mod 23; DfE, Unique pupil numbers)."""
    letters = identifier_rules().upn.letters
    if not re.fullmatch(rf"[{letters}][0-9]{{11}}[0-9{letters}]", code):
        return False
    values = [int(sign) if sign.isdigit() else letters.index(sign) for sign in code[1:]]
    return letters[sum((place + 2) * value for place, value in enumerate(values)) % 23] == code[0]


def infer_phone(values: Mapping[str, int]) -> int:
    """The fewest digits that a tenth of a column's telephones have, without first zeros."""
    lengths = Counter[int]()
    for value, rows in values.items():
        lengths[len(_dialled(value))] += rows
    so_far = 0
    for length in sorted(lengths):
        so_far += lengths[length]
        if length >= _MIN_PHONE_DIGITS and so_far >= _SHORT_PHONE_SHARE * lengths.total():
            return length
    return max(lengths, key=lambda length: (lengths[length], length), default=0)


def _dialled(text: str) -> str:
    return re.sub(r"[^0-9]", "", re.sub(r"\.0$", "", text)).lstrip("0")


def phones(text: str, digits: int) -> list[str]:
    """The telephones of a cell as their last digits: +44 20 7946 0000 and 020 7946 0000 are one.

    >>> phones("+44 20 7946 0000; 0161 496 0000", 9)
    ['079460000', '614960000']
    """
    parts = [part for part in re.split(r"[;,|/\n]", text) if len(_dialled(part)) >= _MIN_PHONE_DIGITS]
    numbers = [_dialled(part) for part in (parts if len(parts) > 1 else [text])]
    return [number[-digits:] if digits else number for number in numbers if len(set(number)) > 1]


def emails(text: str) -> list[str]:
    """The e-mail addresses of a cell, without what somebody adds to sort by: ann+news@post.example.

    >>> emails("Ann <ann+news@post.example>")
    ['ANN@POST.EXAMPLE']
    """
    found = _MAIL.findall(text) if text.count("@") > 1 or "<" in text else [text]
    return [re.sub(r"[+][^@]*@", "@", address).upper().rstrip(".,;:") for address in found if "@" in address]


def infer_postcodes(left: Mapping[str, int], right: Mapping[str, int] | None = None) -> list[dict[str, Any]]:
    """How the postcodes of one or two files are compared: British ones by unit, sector or district; others as codes.

    Postcodes of digits are compared by the digits that both files have; a spreadsheet drops first zeros.
    """
    sides = [left] if right is None else [left, right]
    if all(_share(of, lambda value: bool(_BRITISH.fullmatch(value.upper()))) > 0.6 for of in sides):
        return [{"kind": "british", "precision": "unit"} for _ in sides]
    precisions = [_british_precision(of) for of in sides]
    if all(precisions):
        coarsest = min(precisions, key=["district", "sector", "unit"].index)
        return [{"kind": "british", "precision": coarsest} for _ in sides]
    lengths = [_usual_length(of) for of in sides]
    shortest = min(lengths)
    options = [[{"kind": "code", "length": n, "digits": shortest} for n in lengths]]
    for longer in range(shortest + 1, min(shortest + _LOST_ZEROS, max(lengths)) + 1) if shortest else ():
        options.append([{"kind": "code", "length": max(n, longer), "digits": longer} for n in lengths])
    return max(options, key=lambda settings: _in_common(sides, settings))


def _in_common(sides: list[Mapping[str, int]], settings: list[dict[str, Any]]) -> int:
    made = [{postcode(value, how) for value in of} for of, how in zip(sides, settings, strict=True)]
    return len(set.intersection(*made) - {None})


def _share(values: Mapping[str, int], fits: Any) -> float:
    return sum(rows for value, rows in values.items() if fits(value)) / max(sum(values.values()), 1)


def _british_precision(values: Mapping[str, int]) -> str:
    counts = Counter[str]()
    for value, rows in values.items():
        if match := _AREA.fullmatch(" ".join(value.upper().split())):
            counts["unit" if match[3] else "sector" if match[4] else "district"] += rows
    return max(counts, key=lambda kind: counts[kind]) if counts.total() > 0.8 * sum(values.values()) else ""


def _usual_length(values: Mapping[str, int]) -> int:
    """Digits that most postcodes have; 0 where most are not digits only."""
    if _share(values, lambda value: _code(value).isdigit()) <= _MIN_ONE_LENGTH:
        return 0
    return int(infer_number(values)["length"])


def postcode(text: str, settings: Mapping[str, Any]) -> str | None:
    """A postcode in the form that the settings name; None for one that is not in it, or stands for none."""
    code = _code(text)
    if settings["kind"] == "british":
        precision = settings["precision"]
        if precision == "unit":
            rules = identifier_rules().postcode
            if not re.search(rules.form, code) or code in rules.sentinels:
                return None
            return None if code.startswith(tuple(rules.sentinel_areas)) else f"{code[:-3]} {code[-3:]}"
        match = _AREA.fullmatch(" ".join(text.upper().split()))
        if match is None:
            return None
        return f"{match[1]} {match[2] or match[4] or ''}".rstrip() if precision == "sector" else match[1]
    length, digits = settings["length"], settings["digits"]
    if length and code.isdigit() and length - _LOST_ZEROS <= len(code) < length:
        code = code.zfill(length)
    return (code[:digits] if digits and code.isdigit() else code) or None
