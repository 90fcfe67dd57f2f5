"""Comparison library for the fields of person files, in Splink's JSON: levels, starting
m, term frequencies.

The m probabilities here are where EM starts and what a level keeps that training never
saw; they are rough on purpose. Kinds are general: nothing here knows a data set.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

FURTHER_NAMES = "further names"
"""Kind of a column of names that is not compared by itself: only whether the other
file's name is one of them.
"""
NUMBERS = {
    "nino",
    "uln",
    "upn",
    "husid",
    "social_security_number",
    "health_number",
    "national_number",
}
"""Fields of numbers that identify one person."""
PERSONAL = NUMBERS | {"forename", "middle_names", "dob", "email"}
"""Fields that a person does not share with the rest of a household."""
HOME = ("address", "address_2", "postcode", "town", "county")
"""Fields that say where somebody lives, the narrowest first."""

# Condition over the two values, label, m where EM starts; None for a null level.
_Graded = Sequence[tuple[str, str, float | None]]

_EQUAL = "{l} = {r}"
_YEAR, _MONTH, _DAY = (
    f"substr({{l}}, {start}, {length}) = substr({{r}}, {start}, {length})"
    for start, length in ((1, 4), (6, 2), (9, 2))
)
_YEAR_ONLY = "(substr({l}, 5) = '-00-00' OR substr({r}, 5) = '-00-00')"
_YEARS_APART = "abs(try_cast({l} as double) - try_cast({r} as double))"


def _similar(similarity: float, m: float) -> tuple[str, str, float]:
    return (
        f"jaro_winkler_similarity({{l}}, {{r}}) >= {similarity}",
        f"Jaro-Winkler {similarity} or more",
        m,
    )


def _without(characters: int) -> str:
    """Two values are equal but for so many characters at the end."""
    return "{} = {}".format(
        *(
            f"substr({side}, 1, length({side}) - {characters})"
            for side in ("{l}", "{r}")
        )
    )


def _of_name(equal: float = 0.9, initial: float = 0.005) -> _Graded:
    short = (
        "substr({l}, 1, 1) = substr({r}, 1, 1) AND least(length({l}), length({r})) <= 3"
    )
    return (
        (_EQUAL, "equal", equal),
        _similar(0.92, 0.03),
        _similar(0.85, 0.015),
        (short, "same initial, one of them short", initial),
        _similar(0.7, 0.01),
    )


def has_words(text: str, words: str) -> str:
    """SQL: a text has these words, one after the other."""
    return f"strpos(' ' || {text} || ' ', ' ' || {words} || ' ') > 0"


def _of_names(**shares: float) -> _Graded:
    """Many names have several words: ROSA LUISA is ROSA to another body, GARCIA LOPEZ
    is GARCIA.
    """
    part = (
        f"{has_words('{l}', '{r}')} OR {has_words('{r}', '{l}')}",
        "one is part of the other",
        0.03,
    )
    equal, *others = _of_name(**shares)
    return equal, part, *others


# ISO text by its parts: 93 % of wrong birth dates are wrong in one part (Cardinal et
# al. 2023, BMC MIDM 23:85).
_DATE: _Graded = (
    (_EQUAL, "equal", 0.97),
    ("levenshtein({l}, {r}) <= 1", "one character differs", 0.006),
    (
        f"{_YEAR} AND substr({{l}}, 6, 2) = substr({{r}}, 9, 2) AND substr({{l}}, 9, "
        f"2) = substr({{r}}, 6, 2)",
        "day and month swapped",
        0.003,
    ),
    (
        f"({_YEAR} AND {_MONTH}) OR ({_YEAR} AND {_DAY}) OR ({_MONTH} AND {_DAY})",
        "one part differs",
        0.01,
    ),
    ("levenshtein({l}, {r}) <= 2", "two characters differ", 0.004),
    (_YEAR, "same year", 0.003),
)
# Started from m of full names, EM would take only those for matches whose names are
# full in both files.
_SHORTENED = {"equal": 0.8, "initial": 0.1}
_LEVELS: Mapping[str, _Graded] = {
    "name": _of_name(),
    "names": _of_names(),
    "name or initial": _of_name(**_SHORTENED),
    "names or initials": _of_names(**_SHORTENED),
    "date": _DATE,
    "partial date": (  # many records know only the year (1985-00-00)
        _DATE[0],
        (f"{_YEAR_ONLY} AND {_YEAR}", "same year, no more known", 0.1),
        (
            f"{_YEAR_ONLY} AND levenshtein(substr({{l}}, 1, 4), substr({{r}}, 1, 4)) "
            "<= 1",
            "a digit of the year differs, no more known",
            0.003,
        ),
        (_YEAR_ONLY, "another year, no more known", 0.003),
        *_DATE[1:],
    ),
    # years lived, of files that may be some years apart: matches then gather at one of
    # the levels
    "age": (
        (_EQUAL, "equal", 0.85),
        (f"{_YEARS_APART} <= 1", "a year apart", 0.08),
        (f"{_YEARS_APART} <= 2", "two years apart", 0.03),
        (f"{_YEARS_APART} <= 3", "three years apart", 0.015),
        (f"{_YEARS_APART} <= 5", "four or five years apart", 0.015),
    ),
    "category": ((_EQUAL, "equal", 0.98),),
    "postcode": (  # a British one
        (_EQUAL, "same unit", 0.7),
        ("levenshtein({l}, {r}) <= 1", "one character differs", 0.02),
        (_without(2), "same sector", 0.03),
        (_without(4), "same district", 0.05),
    ),
    "number": (  # of one person: how common a value is says nothing
        (_EQUAL, "equal", 0.98),
        ("damerau_levenshtein({l}, {r}) <= 1", "one edit apart", 0.005),
    ),
    "code": (
        (_EQUAL, "equal", 0.85),
        ("damerau_levenshtein({l}, {r}) <= 1", "one edit apart", 0.05),
        ("damerau_levenshtein({l}, {r}) <= 2", "two edits apart", 0.03),
    ),
    "text": ((_EQUAL, "equal", 0.8), _similar(0.92, 0.07), _similar(0.8, 0.04)),
}
KINDS = tuple(_LEVELS)
"""How a column may be compared; chosen by what it means, or by its values (see
`kind_of_values`).
"""
NAMES = KINDS[:4]
"""Kinds of persons' names; the finer ones where many records of a file have no more
than first letters.
"""
_NEVER_ADJUSTED = ("age", "category", "number", "postcode")


def kind_of_values(distinct: int, known: int, mean_length: float, digits: float) -> str:
    """The kind of a column that only its values describe.

    Args:
        distinct, known: distinct values and non-NULL rows.
        mean_length: characters a value.
        digits: share of characters that are digits.
    """
    if distinct <= max(60, 0.002 * known):
        return "category"
    return "code" if digits > 0.5 or mean_length <= 5 else "text"


def settings(
    comparisons: Sequence[dict[str, Any]], rules: Sequence[str] = ()
) -> dict[str, Any]:
    """Splink settings for linking two files by `unit_id`."""
    return {
        "link_type": "link_only",
        "unique_id_column_name": "unit_id",
        "probability_two_random_records_match": 0.0001,
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": False,
        "sql_dialect": "duckdb",
        "blocking_rules_to_generate_predictions": [
            {"blocking_rule": rule, "sql_dialect": "duckdb"} for rule in rules
        ],
        "comparisons": list(comparisons),
    }


def comparison(
    column: str,
    kind: str,
    *,
    swapped_with: str | None = None,
    swap_counted: bool = False,
    swap_with_typo: bool = False,
    crossed_with: str | None = None,
    cross_counted: bool = False,
    further: str | None = None,
    further_of: str | None = None,
    former: str | None = None,
    history: bool = False,
    dated: bool = False,
) -> dict[str, Any]:
    """How a column of a kind is compared.

    Args:
        swapped_with: a column whose value may stand in this one's place (forename and
            surname).
        swap_counted: that column's comparison counts a swap, and this one is null then:
            one error counts once.
        swap_with_typo: one of the two that are swapped may have a typing error.
        crossed_with: a column in whose place only this one's value may stand (one
            surname of two).
        cross_counted: that column's comparison counts this.
        further: a column of the person's further names, by one of which the other file
            may call them.
        further_of: this is such a column, and null where the comparison of that one
            counts it.
        former: a column of former surnames, of which any of both may be the same.
        history: the units also hold <column>_all, every value that was ever held.
        dated: and <column>_held, every value with when it was held.
    """
    levels = [
        (_sided(condition, column), label, m) for condition, label, m in _LEVELS[kind]
    ]
    if history and kind == "postcode":
        sectors = 'list_has_any("postcode_sector_all_l", "postcode_sector_all_r")'
        levels = [levels[0], (sectors, "same sector at some time", 0.03), levels[-1]]
    if history:
        levels.insert(1, (_at_some_time(column), "agrees at another time", 0.05))
    if history and dated:
        levels.insert(1, (_at_one_time(column), "agrees at overlapping dates", 0.05))
    if further:
        levels.insert(
            1, (_is_among(column, further), f"among {further} of the other", 0.01)
        )
    if former:
        equality = f'{_is_among(column, former)} OR "{former}_l" = "{former}_r"'
        levels.insert(1, (equality, f"the same by {former}", 0.03))
    if further_of:
        call_name = (
            f'({_is_among(further_of, column)}) AND "{further_of}_l" <> '
            f'"{further_of}_r"'
        )
        levels.insert(1, (call_name, f"{further_of} is one of them", None))
    if swapped_with:
        condition = _swapped(column, swapped_with, with_typo=swap_with_typo)
        levels.insert(
            1,
            (
                condition,
                f"swapped with {swapped_with}",
                None if swap_counted else 0.002,
            ),
        )
    if crossed_with:
        crossing = (
            f'"{column}_l" = "{crossed_with}_r" OR "{crossed_with}_l" = "{column}_r"'
        )
        levels.insert(
            1,
            (crossing, f"{crossed_with} of the other", None if cross_counted else 0.02),
        )
    adjustments = {} if kind in _NEVER_ADJUSTED else {_equal(column): _adjusted(column)}
    return _comparison(
        column,
        _unknown([column]),
        f"{column} not known",
        levels,
        adjustments,
        floor=0.005,
    )


def _sided(condition: str, column: str) -> str:
    """The condition over the two sides of a column."""
    return condition.replace("{l}", f'"{column}_l"').replace("{r}", f'"{column}_r"')


def _equal(column: str) -> str:
    return _sided(_EQUAL, column)


def _unknown(columns: Sequence[str]) -> str:
    return " OR ".join(f'"{name}_{side}" IS NULL' for name in columns for side in "lr")


def _swapped(column: str, other: str, *, with_typo: bool) -> str:
    """SQL: both names in each other's place; with a typing error in one of them if that
    is allowed.
    """
    first, second = f'"{column}_l" = "{other}_r"', f'"{other}_l" = "{column}_r"'
    if not with_typo:
        return f"{first} AND {second}"
    similar = (
        f'jaro_winkler_similarity("{a}_l", "{b}_r") >= 0.85'
        for a, b in ((other, column), (column, other))
    )
    return " OR ".join(
        f"{equality} AND {typo}"
        for equality, typo in zip((first, second), similar, strict=True)
    )


def _is_among(column: str, further: str) -> str:
    """SQL: one side's name is one of the other's further names (James Robert, called
    Robert).
    """
    ways = ((f'"{further}_l"', f'"{column}_r"'), (f'"{further}_r"', f'"{column}_l"'))
    return " OR ".join(has_words(names, name) for names, name in ways)


def _at_some_time(column: str) -> str:
    """SQL: both had a value, each at some time."""
    return f'list_has_any("{column}_all_l", "{column}_all_r")'


def _at_one_time(column: str) -> str:
    """SQL: both had a value at one time; whether they ever did is the cheaper question,
    and comes first.
    """
    overlap = (
        "y.held_value = x.held_value AND y.held_from <= x.held_to AND y.held_to "
        ">= x.held_from"
    )
    partners = f'array_length(list_filter("{column}_held_r", lambda y: {overlap}))'
    return (
        f'{_at_some_time(column)} AND array_length(list_filter("{column}_held_l", '
        f"lambda x: {partners} > 0)) > 0"
    )


def with_home(
    compared: Sequence[dict[str, Any]], kinds: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Comparisons with one of where somebody lives in place of those of each field of
    an address, if there are several.

    Fields of an address agree and change together; each compared by itself, a household
    would count several times, and a mover would differ several times. The levels go
    from the whole address to the largest area.

    Args:
        kinds: field to kind of comparison.
    """
    fields = [name for name in HOME if name in kinds]
    if len(fields) < 2:
        return list(compared)
    british = kinds.get("postcode") == "postcode"
    near_values = {
        "postcode": 'damerau_levenshtein("postcode_l", "postcode_r") <= 1',
        "town": 'jaro_winkler_similarity("town_l", "town_r") >= 0.92',
    }
    area = " OR ".join(
        condition for name, condition in near_values.items() if name in fields
    ) or _equal("county")
    levels: list[tuple[str, str, float | None]] = []
    for line in ("address", "address_2"):
        if line in fields:
            similarity = f'jaro_winkler_similarity("{line}_l", "{line}_r")'
            levels += [
                (f"{_equal(line)} AND ({area})", f"{line} equal, and area", 0.2),
                (
                    f"{similarity} >= 0.85 AND ({area})",
                    f"{line} Jaro-Winkler 0.85 or more, and area",
                    0.05,
                ),
                (f"{similarity} >= 0.92", f"{line} Jaro-Winkler 0.92 or more", 0.05),
            ]
    if "postcode" in fields:
        same_town = f" AND ({near_values['town']})" if "town" in fields else ""
        levels += [
            (_equal("postcode"), "postcode equal", 0.2),
            (near_values["postcode"] + same_town, "postcode one edit apart", 0.02),
        ]
        levels += (
            [(_sided(_without(2), "postcode"), "same postcode sector", 0.02)]
            if british
            else []
        )
    if "town" in fields:
        levels += [
            (_equal("town"), "town equal", 0.05),
            (near_values["town"], "town Jaro-Winkler 0.92 or more", 0.02),
        ]
    levels += (
        [(_sided(_without(4), "postcode"), "same postcode district", 0.02)]
        if british
        else []
    )
    levels += [(_equal("county"), "county equal", 0.03)] if "county" in fields else []
    adjustments = {
        _equal(name): _adjusted(name, exact=False)
        for name in ("postcode", "town", "county")
    }
    unknown = " AND ".join(f"({_unknown([name])})" for name in fields)
    others = [one for one in compared if one["output_column_name"] not in fields]
    return [
        *others,
        _comparison("home", unknown, "home not known", levels, adjustments, floor=0.02),
    ]


def given_comparison(
    column: str,
    given: Sequence[str],
    *,
    unless: str = "",
    history: Collection[str] = (),
    adjusted: bool = False,
) -> dict[str, Any]:
    """A comparison of a column among pairs that agree on others, in Splink's JSON.

    Args:
        column: compared; its own comparison has an exact level.
        given: columns that agree.
        unless: a column whose agreement another conditional comparison speaks of.
        history: of all these columns, those of which the units hold <column>_all.
        adjusted: whether the column's own comparison has a term-frequency adjustment.
    """

    def agrees(name: str) -> str:
        return _at_some_time(name) if name in history else _equal(name)

    differ = " OR ".join(f"coalesce({agrees(name)}, FALSE) = FALSE" for name in given)
    agrees_already, label = (
        (f" OR coalesce({_equal(unless)}, FALSE)", f" or {unless} agrees")
        if unless
        else ("", "")
    )
    neutral = 0.5, 0.5  # until it is measured
    adjustment = _adjusted(column, -1.0, exact=False) if adjusted else {}
    levels = [
        _level(
            f"{differ} OR {_unknown([column])}{agrees_already}",
            f"{' or '.join(given)} differs{label}",
        ),
        _level(_equal(column), f"{column}: equal", *neutral, **adjustment),
    ]
    if column in history:
        levels.append(
            _level(agrees(column), f"{column}: agrees at some time", *neutral)
        )
    return {
        "output_column_name": f"{column}_given_{'_'.join(given)}",
        "comparison_description": f"{column} given {', '.join(given)}",
        "comparison_levels": [*levels, _level("ELSE", f"{column}: differs", *neutral)],
    }


def _comparison(
    name: str,
    unknown: str,
    unknown_label: str,
    graded: _Graded,
    extras: Mapping[str, dict[str, Any]],
    floor: float,
) -> dict[str, Any]:
    """A comparison of a null level, these levels, and ELSE with the rest of m, or the
    least that it has.
    """
    rest = max(1 - sum(m or 0.0 for _, _, m in graded), floor)
    levels = [
        _level(condition, f"{name}: {label}", m, **extras.get(condition, {}))
        for condition, label, m in (*graded, ("ELSE", "differs", rest))
    ]
    return {
        "output_column_name": name,
        "comparison_levels": [_level(unknown, unknown_label), *levels],
    }


def _level(
    condition: str,
    label: str,
    m: float | None = None,
    u: float | None = None,
    **others: Any,
) -> dict[str, Any]:
    """A level: null where it has no m, fixed where it has a u too."""
    shares = {"is_null_level": True} if m is None else {"m_probability": m}
    if u is not None:
        shares |= {
            "u_probability": u,
            "fix_m_probability": True,
            "fix_u_probability": True,
        }
    return {"sql_condition": condition, "label_for_charts": label, **shares, **others}


def _adjusted(
    column: str, weight: float = 1.0, *, exact: bool = True
) -> dict[str, Any]:
    """A term-frequency adjustment; exact: Splink looks for the level of equal values,
    else takes the level's own u.
    """
    options = {} if exact else {"disable_tf_exact_match_detection": True}
    return {"tf_adjustment_column": column, "tf_adjustment_weight": weight, **options}
