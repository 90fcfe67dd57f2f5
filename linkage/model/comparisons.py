"""Ready comparisons for the fields of person files, in Splink's JSON: levels, where training starts, what is adjusted.

The shares given for matches are where EM starts and what a level keeps that training never saw; they are rough on
purpose. Kinds are general: nothing here knows a data set.
"""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from linkage.model.distances import kilometres
from linkage.model.elsewhere import (
    at_one_time,
    at_some_time,
    crossed,
    holds_words,
    is_among,
    swapped_but_for_a_slip,
    swapped_whole,
)

NAMES = ("name", "names", "name or initial", "names or initials")
"""Kinds of persons' names; the finer ones where many records of a file have no more than first letters."""
KINDS = (
    *(*NAMES, "date", "partial date", "age", "category", "postcode", "number", "code", "text"),
    *("words", "position", "hash", "bits", "pieces", "day", "own number"),
)
"""How a column may be compared; chosen by what it means, or by its values (see `kind_of_values`)."""
OF_WORDS, OF_WORD = "_words", "_word"
"""End the names of columns that hold the rare words of a text, and the rarest one, in files that are of no persons."""
POSITION = "position"
"""The field of positions on earth, and their kind: words of theirs are cells."""
OF_FEW = "*"
"""Ends a rare word that next to nobody else holds."""
_OF_BITS = "_bits"  # ends the names of fields that hold bits in the stead of a text
_NEVER_ADJUSTED = ("age", "day", "category", "number", "own number", "postcode", "position")
BESIDE = "further names"
"""Of a column of names that are not compared by themselves: only asked whether the other file's name is among them."""


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
    told: bool = False,
    slips: bool = False,
    crossed_with: str | None = None,
    crossed_told: bool = False,
    further: str | None = None,
    further_of: str | None = None,
    before: str | None = None,
    history: bool = False,
    dated: bool = False,
    rarest: bool = False,
) -> dict[str, Any]:
    """How a column of a kind is compared.

    Args:
        swapped_with: a column whose value may stand in this one's place (forename and surname).
        told: that column's comparison tells of it, and this one is silent then: one slip counts once.
        slips: one of the two that are swapped may be written otherwise.
        crossed_with: a column in whose place this one's value may stand alone (one surname of two).
        crossed_told: that column's comparison tells of this.
        further: a column of the person's further names, by one of which the other file may call them.
        further_of: this is such a column, and silent where the comparison of that one tells of it.
        before: a column of the surnames that people had before, of which any of both may be the same.
        history: the units also hold <column>_all, every value that was ever held.
        dated: and <column>_held, every value with when it was held.
        rarest: agreement of histories weighs by how rare the rarest value is that both held. Splink has no such term:
            it stands in the comparison's description, which Splink keeps and does not read.
    """
    builder = _BUILDERS[kind]
    graded = builder(column)
    if history and kind == "postcode":
        sectors = 'list_has_any("postcode_sector_all_l", "postcode_sector_all_r")'
        graded = [graded[0], (sectors, "same sector at some time", 0.03), graded[-1]]
    if history:
        graded.insert(1, (at_some_time(column), "agrees at another time", 0.05))
    if history and dated:
        graded.insert(1, (at_one_time(column), "agrees at overlapping dates", 0.05))
    if further:
        graded.insert(1, (is_among(column, further), f"among {further} of the other", 0.01))
    if before:
        same = f'{is_among(column, before)} OR "{before}_l" = "{before}_r"'
        graded.insert(1, (same, f"the same by {before}", 0.03))
    if further_of:
        called = f'({is_among(further_of, column)}) AND "{further_of}_l" <> "{further_of}_r"'
        graded.insert(1, (called, f"{further_of} is one of them", None))
    if swapped_with:
        swapped = (swapped_but_for_a_slip if slips else swapped_whole)(column, swapped_with)
        graded.insert(1, (swapped, f"swapped with {swapped_with}", None if told else 0.002))
    if crossed_with:
        graded.insert(
            1, (crossed(column, crossed_with), f"{crossed_with} of the other", None if crossed_told else 0.02)
        )
    made = _comparison(column, graded, adjusted=kind not in _NEVER_ADJUSTED)
    described = RAREST if rarest else OWN if kind == "own number" else None
    return {**made, "comparison_description": described.format(column=column)} if described else made


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
OWN = "{column}, of which each has its own"
"""The description of a comparison of numbers that next to no two records of a file share."""

# Condition, label, share of matches at that level; None where the comparison is silent.
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
    within = (f"{holds_words(left, right)} OR {holds_words(right, left)}", "one is part of the other", 0.03)
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

    def without(characters: int) -> str:
        return f"substr({left}, 1, length({left}) - {characters}) = substr({right}, 1, length({right}) - {characters})"

    return [
        (f"{left} = {right}", "same unit", 0.7),
        (f"levenshtein({left}, {right}) <= 1", "one character differs", 0.02),
        (without(2), "same sector", 0.03),
        (without(4), "same district", 0.05),
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


def rare_words_of(column: str) -> str:
    """The name of a text's list of rare words, the rarest first."""
    return f"{column}{OF_WORDS}"


def rarest_word_of(column: str) -> str:
    """The name of the rarest of them."""
    return f"{column}{OF_WORD}"


def _day(column: str) -> _Graded:
    """When something happened: a bank books a payment some days after another has sent it."""
    days = (f'try_cast("{column}_{side}" as date)' for side in "lr")
    apart = f"abs(date_diff('day', {', '.join(days)}))"
    shares = {1: 0.06, 3: 0.04, 7: 0.02, 31: 0.02}
    grades = [(f"{apart} <= {most}", f"{most} day{'s' * (most > 1)} apart at most", m) for most, m in shares.items()]
    return [(f'"{column}_l" = "{column}_r"', "equal", 0.85), *grades]


def _hash(column: str) -> _Graded:
    """What says nothing but whether two values are equal."""
    return [(f'"{column}_l" = "{column}_r"', "equal", 0.85)]


def bits_of(field: str) -> str:
    """The name of a field of which the bits of a Bloom filter are known, in hexadecimals."""
    return f"{field}{_OF_BITS}"


def is_of_bits(field: str) -> bool:
    """Whether a field has such a name."""
    return field.endswith(_OF_BITS)


def _bits(column: str) -> _Graded:
    """Bloom filters by Dice's coefficient: a slip changes two pairs of letters, of the seven that a name has."""
    equal, *_ = _hash(column)
    return [(*equal[:2], 0.75), *_much_in_common(column, {0.9: 0.05, 0.8: 0.05, 0.7: 0.04, 0.6: 0.03})]


def _pieces(column: str) -> _Graded:
    """One Bloom filter of all that is known: records are found by pieces of it that few have."""
    held = f'list_has_any("{rare_words_of(column)}_l", "{rare_words_of(column)}_r")'
    found = _much_in_common(column, {0.9: 0.2, 0.8: 0.1, 0.7: 0.03})
    equal, *_ = _hash(column)
    return [
        (*equal[:2], 0.5),
        *((f"{held} AND {condition}", f"{label}, a piece in common", share) for condition, label, share in found),
        *_much_in_common(column, {0.8: 0.05, 0.7: 0.05, 0.6: 0.03}),
    ]


def _much_in_common(column: str, shares: Mapping[float, float]) -> _Graded:
    dice = f'dice_of_bits("{column}_l", "{column}_r")'
    return [(f"{dice} >= {least}", f"Dice {least} or more", share) for least, share in shares.items()]


def _words(column: str) -> _Graded:
    """Titles, names of companies: what one has more words of than the other, in another order, with a slip in one."""
    left, right = f'"{column}_l"', f'"{column}_r"'
    held_left, held_right = f'"{rare_words_of(column)}_l"', f'"{rare_words_of(column)}_r"'
    shared = f"list_has_any({held_left}, {held_right})"
    many = f"array_length(list_intersect({held_left}, {held_right}))"
    left_word, right_word = f'"{rarest_word_of(column)}_l"', f'"{rarest_word_of(column)}_r"'
    rarest = f"{shared} AND {left_word} = {right_word}"
    of_few = f"{rarest} AND ends_with({left_word}, '{OF_FEW}')"
    similarity = f"jaro_winkler_similarity({left}, {right})"
    return [
        (f"{left} = {right}", "equal", 0.3),
        (f"{of_few} AND {many} >= 2", "a word of few and another rare one in common", 0.2),
        (of_few, "a word of few in common", 0.15),
        (f"{shared} AND {many} >= 3", "three rare words in common", 0.05),
        (f"{shared} AND {many} >= 2", "two rare words in common", 0.05),
        (rarest, "the rarest word in common", 0.05),
        (shared, "a rare word in common", 0.05),
        (f"{similarity} >= 0.92", "Jaro-Winkler 0.92 or more", 0.03),
        (f"{similarity} >= 0.8", "Jaro-Winkler 0.8 or more", 0.03),
    ]


def _position(column: str) -> _Graded:
    """Degrees north and east, by kilometres between them; nearer than the files measure it they are one spot.

    Of places strewn evenly those within a distance grow with its square: each grade is five times as far.
    """
    held = f'list_has_any("{rare_words_of(column)}_l", "{rare_words_of(column)}_r")'
    apart = kilometres(column)
    return [
        (f'"{column}_l" = "{column}_r"', "equal", 0.3),
        (f"{held} AND {apart} <= 0.02", "within 20 m", 0.3),
        (f"{held} AND {apart} <= 0.1", "within 100 m", 0.25),
        (f"{held} AND {apart} <= 0.5", "within 500 m", 0.08),
        (f"{apart} <= 2.5", "within 2.5 km", 0.03),
        (f"{apart} <= 12.5", "within 12.5 km", 0.02),
    ]


# From what is said of names in full EM would take for the only matches those of whom both files have that.
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
    "own number": _number,
    "code": _code,
    "text": _text,
    "words": _words,
    "position": _position,
    "day": _day,
    "hash": _hash,
    "bits": _bits,
    "pieces": _pieces,
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
