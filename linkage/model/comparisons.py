"""Comparison library for the fields of person files, in Splink's JSON: levels, starting m, term frequencies.

The m probabilities here are where EM starts and what a level keeps that training never saw; they are rough on purpose.
Kinds are general: nothing here knows a data set.
"""

import functools
from collections.abc import Collection, Mapping, Sequence
from typing import Any

NAMES = ("name", "names", "name or initial", "names or initials")
"""Kinds of persons' names; the finer ones where many records of a file have no more than first letters."""
FURTHER_NAMES = "further names"
"""Kind of a column of names that is not compared by itself: only whether the other file's name is one of them."""
KINDS = (*NAMES, "date", "partial date", "age", "category", "postcode", "number", "code", "text")
"""How a column may be compared; chosen by what it means, or by its values (see `kind_of_values`)."""
NUMBERS = {"nino", "uln", "upn", "husid", "social_security_number", "health_number", "national_number"}
"""Fields of numbers that one person has alone."""
PERSONAL = NUMBERS | {"forename", "middle_names", "dob", "email"}
"""Fields that a person does not share with the rest of a household."""
HOME = ("address", "address_2", "postcode", "town", "county")
"""Fields that say where somebody lives, the narrowest first."""
_FIXED = {"fix_m_probability": True, "fix_u_probability": True}
_NEVER_ADJUSTED = ("age", "category", "number", "postcode")


def settings(comparisons: Sequence[dict[str, Any]], rules: Sequence[str] = ()) -> dict[str, Any]:
    """Splink settings for linking two files by `unit_id`."""
    return {
        "link_type": "link_only",
        "unique_id_column_name": "unit_id",
        "probability_two_random_records_match": 0.0001,
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": False,
        "sql_dialect": "duckdb",
        "blocking_rules_to_generate_predictions": [{"blocking_rule": rule, "sql_dialect": "duckdb"} for rule in rules],
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
    rarest: bool = False,
) -> dict[str, Any]:
    """How a column of a kind is compared.

    Args:
        swapped_with: a column whose value may stand in this one's place (forename and surname).
        swap_counted: that column's comparison counts a swap, and this one is null then: one error counts once.
        swap_with_typo: one of the two that are swapped may have a typing error.
        crossed_with: a column in whose place this one's value may stand alone (one surname of two).
        cross_counted: that column's comparison counts this.
        further: a column of the person's further names, by one of which the other file may call them.
        further_of: this is such a column, and null where the comparison of that one counts it.
        former: a column of former surnames, of which any of both may be the same.
        history: the units also hold <column>_all, every value that was ever held.
        dated: and <column>_held, every value with when it was held.
        rarest: agreement of histories is adjusted by how rare the rarest shared value is. Splink has no such term:
            it is named in the comparison's description, which Splink keeps and does not read.
    """
    builder = _BUILDERS[kind]
    graded: _Graded = builder(column)
    if history and kind == "postcode":
        sectors = 'list_has_any("postcode_sector_all_l", "postcode_sector_all_r")'
        graded = [graded[0], (sectors, "same sector at some time", 0.03), graded[-1]]
    if history:
        graded.insert(1, (at_some_time(column), "agrees at another time", 0.05))
    if history and dated:
        graded.insert(1, (at_one_time(column), "agrees at overlapping dates", 0.05))
    if further:
        graded.insert(1, (is_among(column, further), f"among {further} of the other", 0.01))
    if former:
        same = f'{is_among(column, former)} OR "{former}_l" = "{former}_r"'
        graded.insert(1, (same, f"the same by {former}", 0.03))
    if further_of:
        called = f'({is_among(further_of, column)}) AND "{further_of}_l" <> "{further_of}_r"'
        graded.insert(1, (called, f"{further_of} is one of them", None))
    if swapped_with:
        condition = swapped(column, swapped_with, with_typo=swap_with_typo)
        graded.insert(1, (condition, f"swapped with {swapped_with}", None if swap_counted else 0.002))
    if crossed_with:
        crossed = f'"{column}_l" = "{crossed_with}_r" OR "{crossed_with}_l" = "{column}_r"'
        graded.insert(1, (crossed, f"{crossed_with} of the other", None if cross_counted else 0.02))
    described = {"comparison_description": RAREST.format(column=column)} if rarest else {}
    return {**_comparison(column, graded, adjusted=kind not in _NEVER_ADJUSTED), **described}


def swapped(column: str, other: str, *, with_typo: bool) -> str:
    """SQL: both names in each other's place; with a typing error in one of them if that is allowed."""
    here, there = f'"{column}_l" = "{other}_r"', f'"{other}_l" = "{column}_r"'
    if not with_typo:
        return f"{here} AND {there}"
    similar = (f'jaro_winkler_similarity("{a}_l", "{b}_r") >= 0.85' for a, b in ((other, column), (column, other)))
    return " OR ".join(f"{same} AND {nearly}" for same, nearly in zip((here, there), similar, strict=True))


def is_among(column: str, further: str) -> str:
    """SQL: one side's name is one of the other's further names (James Robert, called Robert)."""
    ways = ((f'"{further}_l"', f'"{column}_r"'), (f'"{further}_r"', f'"{column}_l"'))
    return " OR ".join(has_words(names, name) for names, name in ways)


def has_words(text: str, words: str) -> str:
    """SQL: a text has these words, one after the other."""
    return f"strpos(' ' || {text} || ' ', ' ' || {words} || ' ') > 0"


def at_some_time(column: str) -> str:
    """SQL: both had a value, each at some time."""
    return f'list_has_any("{column}_all_l", "{column}_all_r")'


def at_one_time(column: str) -> str:
    """SQL: both had a value at one time; whether they ever did is the cheaper question, and comes first."""
    met = "y.held_value = x.held_value AND y.held_from <= x.held_to AND y.held_to >= x.held_from"
    partners = f'array_length(list_filter("{column}_held_r", lambda y: {met}))'
    return f'{at_some_time(column)} AND array_length(list_filter("{column}_held_l", lambda x: {partners} > 0)) > 0'


def with_home(compared: Sequence[dict[str, Any]], kinds: Mapping[str, str]) -> list[dict[str, Any]]:
    """Comparisons with one of where somebody lives in place of those of each field of an address, if there are several.

    Fields of an address agree and change together; each compared by itself, a household would count several times, and
    a mover would differ several times. The levels go from the whole address to the largest area.

    Args:
        kinds: field to kind of comparison.
    """
    fields = [name for name in HOME if name in kinds]
    if len(fields) < 2:
        return list(compared)
    british = kinds.get("postcode") == "postcode"
    near = {
        "postcode": 'damerau_levenshtein("postcode_l", "postcode_r") <= 1',
        "town": 'jaro_winkler_similarity("town_l", "town_r") >= 0.92',
    }
    area = " OR ".join(condition for name, condition in near.items() if name in fields) or _equal("county")
    graded: list[tuple[str, str, float, str | None]] = []
    for line in ("address", "address_2"):
        if line in fields:
            similarity = f'jaro_winkler_similarity("{line}_l", "{line}_r")'
            graded += [
                (f"{_equal(line)} AND ({area})", f"{line} equal, and area", 0.2, None),
                (f"{similarity} >= 0.85 AND ({area})", f"{line} Jaro-Winkler 0.85 or more, and area", 0.05, None),
                (f"{similarity} >= 0.92", f"{line} Jaro-Winkler 0.92 or more", 0.05, None),
            ]
    if "postcode" in fields:
        same_town = f" AND ({near['town']})" if "town" in fields else ""
        graded += [
            (_equal("postcode"), "postcode equal", 0.2, "postcode"),
            (near["postcode"] + same_town, "postcode one edit apart", 0.02, None),
        ]
        graded += [(_without("postcode", 2), "same postcode sector", 0.02, None)] if british else []
    if "town" in fields:
        graded += [
            (_equal("town"), "town equal", 0.05, "town"),
            (near["town"], "town Jaro-Winkler 0.92 or more", 0.02, None),
        ]
    graded += [(_without("postcode", 4), "same postcode district", 0.02, None)] if british else []
    graded += [(_equal("county"), "county equal", 0.03, "county")] if "county" in fields else []
    unknown = " AND ".join(f'("{name}_l" IS NULL OR "{name}_r" IS NULL)' for name in fields)
    levels: list[dict[str, Any]] = [
        {"sql_condition": unknown, "label_for_charts": "home not known", "is_null_level": True}
    ]
    for condition, label, m, adjusted in graded:
        level = {"sql_condition": condition, "label_for_charts": f"home: {label}", "m_probability": m}
        if adjusted:
            level |= {
                "tf_adjustment_column": adjusted,
                "tf_adjustment_weight": 1.0,
                "disable_tf_exact_match_detection": True,
            }
        levels.append(level)
    rest = max(1 - sum(m for _, _, m, _ in graded), 0.02)
    levels.append({"sql_condition": "ELSE", "label_for_charts": "home: differs", "m_probability": rest})
    others = [one for one in compared if one["output_column_name"] not in fields]
    return [*others, {"output_column_name": "home", "comparison_levels": levels}]


def _equal(column: str) -> str:
    return f'"{column}_l" = "{column}_r"'


def _without(column: str, characters: int) -> str:
    """SQL: two values are equal but for so many characters at the end."""
    left, right = f'"{column}_l"', f'"{column}_r"'
    return f"substr({left}, 1, length({left}) - {characters}) = substr({right}, 1, length({right}) - {characters})"


def given_comparison(
    column: str, given: Sequence[str], *, history: Collection[str] = (), adjusted: bool = False
) -> dict[str, Any]:
    """A comparison of a column among pairs that agree on others, in Splink's JSON.

    Args:
        column: compared; its own comparison has an exact level.
        given: columns that agree.
        history: of all these columns, those of which the units hold <column>_all.
        adjusted: whether the column's own comparison has a term-frequency adjustment.
    """
    unknown = f'"{column}_l" IS NULL OR "{column}_r" IS NULL'
    differ = " OR ".join(f"coalesce({_agree(name, name in history)}, FALSE) = FALSE" for name in given)
    equal: dict[str, Any] = {"sql_condition": f'"{column}_l" = "{column}_r"', "label_for_charts": f"{column}: equal"}
    if adjusted:
        equal |= {
            "tf_adjustment_column": column,
            "tf_adjustment_weight": -1.0,
            "disable_tf_exact_match_detection": True,
        }
    levels = [equal]
    if column in history:
        levels.append({"sql_condition": _agree(column, True), "label_for_charts": f"{column}: agrees at some time"})
    levels.append({"sql_condition": "ELSE", "label_for_charts": f"{column}: differs"})
    neutral = {"m_probability": 0.5, "u_probability": 0.5, **_FIXED}  # until it is measured
    null = {
        "sql_condition": f"{differ} OR {unknown}",
        "label_for_charts": f"{' or '.join(given)} differs",
        "is_null_level": True,
    }
    return {
        "output_column_name": f"{column}_given_{'_'.join(given)}",
        "comparison_description": f"{column} given {', '.join(given)}",
        "comparison_levels": [null, *({**level, **neutral} for level in levels)],
    }


def _agree(column: str, history: bool) -> str:
    return f'list_has_any("{column}_all_l", "{column}_all_r")' if history else f'"{column}_l" = "{column}_r"'


def interaction(column: str, other: str, differs: str, other_differs: str, ratio: float) -> dict[str, Any]:
    """A comparison of two columns that matches change together, in Splink's JSON.

    Args:
        differs, other_differs: SQL of pairs whose values of the one, and of the other, are known and differ.
        ratio: matches that differ in both, over those that would if the two were independent.
    """
    unknown = " OR ".join(f'"{name}_{side}" IS NULL' for name in (column, other) for side in "lr")
    scale = max(ratio, 1.0)  # only the ratio of m and u counts; neither may be above 1
    return {
        "output_column_name": f"{column}_changed_with_{other}",
        "comparison_description": f"{column} changed with {other}",
        "comparison_levels": [
            {"sql_condition": unknown, "label_for_charts": f"{column} or {other} not known", "is_null_level": True},
            {
                "sql_condition": f"{other_differs} AND {differs}",
                "label_for_charts": f"{other} and {column} differ",
                "m_probability": float(f"{ratio / scale:.12g}"),
                "u_probability": float(f"{1 / scale:.12g}"),
                **_FIXED,
            },
            {
                "sql_condition": "ELSE",
                "label_for_charts": "no interaction",
                "m_probability": 0.5,
                "u_probability": 0.5,
                **_FIXED,
            },
        ],
    }


def kind_of_values(distinct: int, known: int, mean_length: float, digits: float) -> str:
    """The kind of a column that only its values describe.

    Args:
        distinct, known: distinct values and non-NULL rows.
        mean_length: characters a value.
        digits: share of characters that are digits.
    """
    if distinct <= max(60, 0.002 * known):
        return "category"
    if digits > 0.5 or mean_length <= 5:
        return "code"
    return "text"


RAREST = "{column} by the rarest value that both ever held"
"""The description of a comparison of which agreement of histories (<column>_all) is adjusted too."""

# Condition, label, m; None for a null level.
_Graded = list[tuple[str, str, float | None]]


def _name(column: str, /, equal: float = 0.9, initial: float = 0.005) -> _Graded:
    left, right = f'"{column}_l"', f'"{column}_r"'
    similarity = f"jaro_winkler_similarity({left}, {right})"
    return [
        (f"{left} = {right}", "equal", equal),
        (f"{similarity} >= 0.92", "Jaro-Winkler 0.92 or more", 0.03),
        (f"{similarity} >= 0.85", "Jaro-Winkler 0.85 or more", 0.015),
        (
            f"substr({left}, 1, 1) = substr({right}, 1, 1) AND least(length({left}), length({right})) <= 3",
            "same initial, one of them short",
            initial,
        ),
        (f"{similarity} >= 0.7", "Jaro-Winkler 0.7 or more", 0.01),
    ]


def _names(column: str, /, **shares: float) -> _Graded:
    """A column in which many names have several words: ROSA LUISA is ROSA to another body, GARCIA LOPEZ is GARCIA."""
    left, right = f'"{column}_l"', f'"{column}_r"'
    within = (f"{has_words(left, right)} OR {has_words(right, left)}", "one is part of the other", 0.03)
    graded = _name(column, **shares)
    return [graded[0], within, *graded[1:]]


def _date(column: str) -> _Graded:
    """ISO text by its parts: 93 % of wrong birth dates are wrong in one part (Cardinal et al. 2023, BMC MIDM 23:85)."""
    left, right = f'"{column}_l"', f'"{column}_r"'

    def same(*places: tuple[int, int]) -> str:
        return " AND ".join(f"substr({left}, {s}, {n}) = substr({right}, {s}, {n})" for s, n in places)

    year, month, day = (1, 4), (6, 2), (9, 2)
    swapped = (
        f"{same(year)} AND substr({left}, 6, 2) = substr({right}, 9, 2) "
        f"AND substr({left}, 9, 2) = substr({right}, 6, 2)"
    )
    two_parts = f"({same(year, month)}) OR ({same(year, day)}) OR ({same(month, day)})"
    return [
        (f"{left} = {right}", "equal", 0.97),
        (f"levenshtein({left}, {right}) <= 1", "one character differs", 0.006),
        (swapped, "day and month swapped", 0.003),
        (two_parts, "one part differs", 0.01),
        (f"levenshtein({left}, {right}) <= 2", "two characters differ", 0.004),
        (same(year), "same year", 0.003),
    ]


def _partial_date(column: str) -> _Graded:
    """As a date, where a number of records know the year alone (1985-00-00)."""
    left, right = f'"{column}_l"', f'"{column}_r"'
    year_alone = f"(substr({left}, 5) = '-00-00' OR substr({right}, 5) = '-00-00')"
    years = f"substr({left}, 1, 4), substr({right}, 1, 4)"
    graded = _date(column)
    return [
        graded[0],
        (f"{year_alone} AND substr({left}, 1, 4) = substr({right}, 1, 4)", "same year, no more known", 0.1),
        (f"{year_alone} AND levenshtein({years}) <= 1", "a digit of the year differs, no more known", 0.003),
        (year_alone, "another year, no more known", 0.003),
        *graded[1:],
    ]


def _age(column: str) -> _Graded:
    """Years lived, by files that may have been made some years apart: matches then gather at one of the levels."""
    years = (f'try_cast("{column}_{side}" as double)' for side in "lr")
    apart = f"abs({' - '.join(years)})"
    return [
        (f'"{column}_l" = "{column}_r"', "equal", 0.85),
        (f"{apart} <= 1", "a year apart", 0.08),
        (f"{apart} <= 2", "two years apart", 0.03),
        (f"{apart} <= 3", "three years apart", 0.015),
        (f"{apart} <= 5", "four or five years apart", 0.015),
    ]


def _category(column: str) -> _Graded:
    return [(f'"{column}_l" = "{column}_r"', "equal", 0.98)]


def _postcode(column: str) -> _Graded:
    """A British postcode by unit, sector and district."""
    left, right = f'"{column}_l"', f'"{column}_r"'

    return [
        (f"{left} = {right}", "same unit", 0.7),
        (f"levenshtein({left}, {right}) <= 1", "one character differs", 0.02),
        (_without(column, 2), "same sector", 0.03),
        (_without(column, 4), "same district", 0.05),
    ]


def _number(column: str) -> _Graded:
    """A number that is one person's alone (NINO, ULN): how common a value is says nothing."""
    left, right = f'"{column}_l"', f'"{column}_r"'
    return [
        (f"{left} = {right}", "equal", 0.98),
        (f"damerau_levenshtein({left}, {right}) <= 1", "one edit apart", 0.005),
    ]


def _code(column: str) -> _Graded:
    left, right = f'"{column}_l"', f'"{column}_r"'
    return [
        (f"{left} = {right}", "equal", 0.85),
        (f"damerau_levenshtein({left}, {right}) <= 1", "one edit apart", 0.05),
        (f"damerau_levenshtein({left}, {right}) <= 2", "two edits apart", 0.03),
    ]


def _text(column: str) -> _Graded:
    left, right = f'"{column}_l"', f'"{column}_r"'
    similarity = f"jaro_winkler_similarity({left}, {right})"
    return [
        (f"{left} = {right}", "equal", 0.8),
        (f"{similarity} >= 0.92", "Jaro-Winkler 0.92 or more", 0.07),
        (f"{similarity} >= 0.8", "Jaro-Winkler 0.8 or more", 0.04),
    ]


# Started from m of full names, EM would take only those for matches whose names are full in both files.
_SHORTENED = {"equal": 0.8, "initial": 0.1}
_BUILDERS: Mapping[str, Any] = {
    "name": _name,
    "names": _names,
    "name or initial": functools.partial(_name, **_SHORTENED),
    "names or initials": functools.partial(_names, **_SHORTENED),
    "date": _date,
    "partial date": _partial_date,
    "age": _age,
    "category": _category,
    "postcode": _postcode,
    "number": _number,
    "code": _code,
    "text": _text,
}


def _comparison(column: str, graded: _Graded, *, adjusted: bool) -> dict[str, Any]:
    levels: list[dict[str, Any]] = [
        {
            "sql_condition": f'"{column}_l" IS NULL OR "{column}_r" IS NULL',
            "label_for_charts": f"{column} not known",
            "is_null_level": True,
        }
    ]
    for condition, label, share in graded:
        level: dict[str, Any] = {"sql_condition": condition, "label_for_charts": f"{column}: {label}"}
        level |= {"is_null_level": True} if share is None else {"m_probability": share}
        if adjusted and condition == f'"{column}_l" = "{column}_r"':
            level |= {"tf_adjustment_column": column, "tf_adjustment_weight": 1.0}
        levels.append(level)
    rest = max(1 - sum(share or 0.0 for _, _, share in graded), 0.005)
    levels.append({"sql_condition": "ELSE", "label_for_charts": f"{column}: differs", "m_probability": rest})
    return {"output_column_name": column, "comparison_levels": levels}
