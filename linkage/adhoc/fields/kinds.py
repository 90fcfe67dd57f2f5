"""How each field of two files is compared: what is known of a field by its name, and of the others by their values."""

from collections.abc import Sequence

from linkage.adhoc.codes import hashes
from linkage.adhoc.dates.own_values import are_days
from linkage.adhoc.files.forms import sample
from linkage.adhoc.headers.recognise import NUMBERS, OTHER_SURNAME, known_fields
from linkage.adhoc.names.parents import PARENTS
from linkage.adhoc.names.suffixes import NAME_SUFFIX
from linkage.adhoc.word_columns import HOUSE_NUMBER, POSITION, is_of_bits
from linkage.engine import Engine, Table, one, quote
from linkage.model.comparisons import FURTHER_NAMES as BESIDE
from linkage.model.comparisons import kind_of_values

KINDS = {
    "forename": "name",
    "middle_names": "name",
    "surname": "name",
    "second_surname": "name",
    **dict.fromkeys(PARENTS, "name"),
    "dob": "date",
    "age": "age",
    "sex": "category",
    NAME_SUFFIX: "category",
    "nino": "number",
    "uln": "number",
    "upn": "number",
    **dict.fromkeys(NUMBERS, "number"),
    "email": "code",
    "phone": "code",
    POSITION: POSITION,
    HOUSE_NUMBER: "category",
}
_IN_ONE_FILE = {"email": "code"}


def kinds_of(engine: Engine, left: Table, right: Table, *, postcodes: bool, one_file: bool = False) -> dict[str, str]:
    """How each field is compared; a field that says nothing (one value, or unknown on a side) is left out.

    Args:
        postcodes: postcodes are British.
        one_file: both sides are one. Nothing shows then how alike the addresses of mail of strangers of one name are,
            which are made of it, so that only slips of the same address count.
    """
    chosen = {}
    samples = [sample(engine, table, engine.count(table)) for table in (left, right)]
    for name in left.columns:
        if name == "unit_id":
            continue
        described = [_described(engine, table, name) for table in samples]
        sides = sum(d["known"] > 0 for d in described)
        if (name == "middle_names" and sides == 1) or (name == OTHER_SURNAME and sides):
            chosen[name] = BESIDE
            continue
        if any(d["known"] == 0 for d in described) or all(d["distinct_values"] < 2 for d in described):
            continue
        kind = (
            (_IN_ONE_FILE.get(name) if one_file else None)
            or KINDS.get(name)
            or ("postcode" if name == "postcode" and postcodes else _kind(described))
        )
        if is_of_bits(name):
            kind = "bits" if sum(map(is_of_bits, left.columns)) > 1 else "pieces"
        elif name not in KINDS and all(are_days(engine, table, name) for table in samples):
            kind = "day"
        elif kind in ("code", "text") and all(hashes.are_hashes(engine, table, name) for table in samples):
            kind = "hash"
        if kind == "category" and name in _WRITTEN:
            kind = "text"
        if kind in ("code", "text") and name not in known_fields() and all(map(_is_own, described)):
            kind = "own number"
        if kind == "number" and min(d["mean_length"] for d in described) < _WHOLE_NUMBER:
            kind = "code"
        chosen[name] = _finer(engine, kind, name, samples)
    # Of codes without a value in common all pairs differ; within a file they agree, as if two records were one.
    codes = [name for name, kind in chosen.items() if kind == "category"]
    apart = in_other_codes(engine, left, right, codes) if not one_file else []
    return {name: kind for name, kind in chosen.items() if name not in apart}


def _is_own(described: dict[str, float]) -> bool:
    """Whether a column holds serial numbers, of which each record has its own.

    Digits alone do not tell: of some thousands of records amounts, times and places may differ each from each.
    """
    known = described["known"]
    return described["words"] > _OWN * known and described["mixed"] > known / 2


def in_other_codes(engine: Engine, left: Table, right: Table, names: Sequence[str]) -> list[str]:
    """Of some fields those of which many rows are known on both sides, and no value stands on both."""
    return [name for name in names if _has_none_of(engine, name, left, right)]


def _has_none_of(engine: Engine, name: str, left: Table, right: Table) -> bool:
    counted = f"select count({quote(name)}) as known from {{t}}"
    if any(int(one(engine, engine.sql(counted, t=side))["known"]) < _SHOWS_CODES for side in (left, right)):
        return False
    shared = f"select 1 as one from {{l}} where {quote(name)} in (select {quote(name)} from {{r}}) limit 1"
    return not engine.count(engine.sql(shared, l=left, r=right))


_SHOWS_CODES = 100  # known rows of a side, of which none having a value of the other is no chance
_WRITTEN = ("address", "organisation")  # HILL ST, HILL STREET: few streets or not, one is written in several ways
_OWN = 0.98  # share of values that have no blanks and stand once
_WHOLE_NUMBER = 6  # a shorter one is part of a number, which strangers share
_FINER = (
    ("name", "names", " ", 0.02),
    ("name", "name or initial", "^[A-Z]( [A-Z])*$", 0.1),
    ("names", "names or initials", "^[A-Z]( [A-Z])*$", 0.1),
    ("date", "partial date", "-00-00$", 0.005),
)
"""Kinds that have a finer one, for columns of which more than a share have a form: several words, years alone."""


def _finer(engine: Engine, kind: str, name: str, samples: list[Table]) -> str:
    for coarse, finer, form, share in _FINER:
        if kind == coarse:
            shares = [_share_of(engine, name, form, table) for table in samples]
            kind = finer if max(shares) > share and min(shares) < 1 - share else kind
    return kind


def _share_of(engine: Engine, name: str, form: str, table: Table) -> float:
    """Of all rows those whose value has a form."""
    held = f"case when regexp_matches({quote(name)}, $form) then 1.0 else 0.0 end"
    query = f"select coalesce(avg({held}), 0) as share from {{t}}"
    return float(one(engine, engine.sql(query, params={"form": form}, t=table))["share"])


def _kind(described: list[dict[str, float]]) -> str:
    fullest = max(described, key=lambda d: d["known"])
    return kind_of_values(
        int(fullest["distinct_values"]), int(fullest["known"]), fullest["mean_length"], fullest["digits"]
    )


def _described(engine: Engine, table: Table, name: str) -> dict[str, float]:
    value = quote(name)
    found = one(
        engine,
        engine.sql(
            f"""
            select count({value}) as known, count(distinct {value}) as distinct_values,
                   coalesce(avg(cast(length({value}) as double)), 0) as mean_length,
                   coalesce(avg(cast(length(regexp_replace({value}, '[^0-9]', '', 'g')) as double)
                                / length({value})), 0) as digits,
                   count(distinct case when not contains({value}, ' ') then {value} end) as words,
                   count(case when regexp_matches({value}, '[0-9]') and regexp_matches({value}, '[A-Za-z]')
                         then {value} end) as mixed
            from {{t}}
            """,
            t=table,
        ),
    )
    return {key: float(number) for key, number in found.items()}
