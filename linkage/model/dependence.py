"""What agreements that go together are worth together: the same evidence never counts twice.

A Fellegi-Sunter weight adds up fields as if they were independent. Among strangers they are not: who lives at one
postcode often has one surname, brothers and sisters born on one day are twins, and people of one forename are of one
sex. A comparison here speaks only of pairs that agree on some columns already, and takes back what another field says
too much of them:

    surname given postcode      log2( P(surname equal) / P(surname equal | strangers of one postcode) )

Added to what surname and postcode say, this is the weight of both with the u that strangers show for both. In Splink's
terms it is a comparison whose null level holds where the given columns do not agree, whose m is the u of random pairs
and whose u is that of strangers who agree on them; both are fixed, so that Splink's training leaves them. Where a field
is adjusted for how common a value is, its full agreement has a weight of nought here and an adjustment of the opposite
sign: in a household, a rare surname is shared as easily as a common one. The description of the comparison, "surname
given postcode", says of which kind it is.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

_NOTHING_KNOWN = 0.5  # m and u before training: they say nothing
_LEAST = 1e-6  # what is left for pairs that differ, where shares that are rounded leave nothing


def given_comparison(
    column: str, given: Sequence[str], *, history: Collection[str] = (), adjusted: bool = False
) -> dict[str, Any]:
    """A comparison of a column among pairs that agree on others, in Splink's JSON.

    Args:
        column: compared; its own comparison has an exact level.
        given: columns that agree.
        history: of all these columns, those of which the units hold <column>_all.
        adjusted: whether the column's own comparison is adjusted for how common a value is.
    """
    unknown = f'"{column}_l" IS NULL OR "{column}_r" IS NULL'
    apart = " OR ".join(f"coalesce({_agree(name, name in history)}, FALSE) = FALSE" for name in given)
    equal: dict[str, Any] = {"sql_condition": f'"{column}_l" = "{column}_r"', "label_for_charts": f"{column}: equal"}
    if adjusted:
        equal |= {
            "tf_adjustment_column": column,
            "tf_adjustment_weight": -1.0,
            "disable_tf_exact_match_detection": True,
        }
    levels = [equal]
    if column in history:
        at_some_time = _agree(column, True)
        levels.append({"sql_condition": at_some_time, "label_for_charts": f"{column}: agrees at some time"})
    levels.append({"sql_condition": "ELSE", "label_for_charts": f"{column}: differs"})
    fixed = {"fix_m_probability": True, "fix_u_probability": True}
    neutral = {"m_probability": _NOTHING_KNOWN, "u_probability": _NOTHING_KNOWN}
    label = f"{' or '.join(given)} differs"
    return {
        "output_column_name": f"{column}_given_{'_'.join(given)}",
        "comparison_description": f"{column} given {', '.join(given)}",
        "comparison_levels": [
            {"sql_condition": f"{apart} OR {unknown}", "label_for_charts": label, "is_null_level": True},
            *({**level, **neutral, **fixed} for level in levels),
        ],
    }


def _agree(column: str, history: bool) -> str:
    return f'list_has_any("{column}_all_l", "{column}_all_r")' if history else f'"{column}_l" = "{column}_r"'


@dataclass(frozen=True)
class Alike:
    """A lesser grade of a field's own comparison: a shared value, written with a slip, or another one that is like it.

    Attributes:
        condition, label: of that grade.
        u, u_given: its share among all strangers, and among those who agree on the given fields.
        ratio: its share among matches who agree on them over that among all matches.
    """

    condition: str
    label: str
    u: float
    u_given: float
    ratio: float = 1.0


@dataclass(frozen=True)
class Among:
    """What equality of a field says among pairs that agree on others, beside what it says among all.

    Attributes:
        given: the other fields.
        agree: all of them agree; or the first differs.
        ratio, ratio_of_others: P(equal) among such matches over that among all matches; the same of P(differs).
        u, u_given: P(equal) among all strangers, and among such strangers.
        alike: grades between equal and differing, in the order in which they are asked.
        swapped: the value stands in another column, of which that column's comparison tells.
        nearly: a condition that holds where the one given field is nearly equal, in the place of its equality.
    """

    given: tuple[str, ...]
    agree: bool
    ratio: float
    ratio_of_others: float
    u: float
    u_given: float
    alike: tuple[Alike, ...] = ()
    swapped: Alike | None = None
    nearly: str = ""

    @property
    def where(self) -> str:
        """SQL of the pairs that it speaks of."""
        if self.nearly:
            return self.nearly
        where = " AND ".join(_agree(name, False) for name in self.given)
        return where if self.agree else f'"{self.given[0]}_l" <> "{self.given[0]}_r"'

    @property
    def label(self) -> str:
        """The same in words."""
        return f"{', '.join(self.given)} {'nearly equal' if self.nearly else 'equal' if self.agree else 'differs'}"


def among_comparison(column: str, found: Sequence[Among], *, adjusted: bool) -> dict[str, Any]:
    """A comparison that says what a column's own comparison cannot know, in Splink's JSON.

    Args:
        found: in the order in which they are asked; the first that holds of a pair counts.
        adjusted: whether the column's own comparison is adjusted for how common a value is: among pairs that agree on a
            household, a rare value is shared as easily as a common one.
    """
    unknown = f'"{column}_l" IS NULL OR "{column}_r" IS NULL'
    levels: list[dict[str, Any]] = [
        {"sql_condition": unknown, "label_for_charts": f"{column} not known", "is_null_level": True}
    ]
    for among in found:
        levels += _levels(column, among, adjusted) if among.agree else _levels_apart(column, among)
    levels.append({"sql_condition": "ELSE", "label_for_charts": "nothing more", **_said(0.5, 0.5)})
    others = list(dict.fromkeys(name for among in found for name in among.given))
    return {
        "output_column_name": f"{column}_among_{'_'.join(others)}",
        "comparison_description": f"{column} among {', '.join(others)}",
        "comparison_levels": levels,
    }


def changed_comparison(column: str, other: str, differs: str, other_differs: str, times: float) -> dict[str, Any]:
    """A comparison of two columns that matches change together, in Splink's JSON.

    Args:
        differs, other_differs: SQL of pairs whose values of the one, and of the other, are known and another.
        times: how often matches differ in both, of as often as if one said nothing of the other.
    """
    unknown = " OR ".join(f'"{name}_{side}" IS NULL' for name in (column, other) for side in "lr")
    return {
        "output_column_name": f"{column}_changed_with_{other}",
        "comparison_description": f"{column} changed with {other}",
        "comparison_levels": [
            {"sql_condition": unknown, "label_for_charts": f"{column} or {other} not known", "is_null_level": True},
            {
                "sql_condition": f"{other_differs} AND {differs}",
                "label_for_charts": f"{other} and {column} differ",
                **_said(times, 1.0),
            },
            {"sql_condition": "ELSE", "label_for_charts": "nothing more", **_said(0.5, 0.5)},
        ],
    }


def _levels(column: str, among: Among, adjusted: bool) -> list[dict[str, Any]]:
    """Levels among pairs that agree on others: equal, in another column's place, written with a slip, differing."""
    equal = _level(among, _agree(column, False), f"{column} equal", among.ratio * among.u, among.u_given)
    if adjusted and not among.nearly:
        # Its frequency is taken back, and with it the u that random pairs have.
        equal |= {
            "tf_adjustment_column": column,
            "tf_adjustment_weight": -1.0,
            "disable_tf_exact_match_detection": True,
        }
        equal |= _said(among.ratio * among.u_given, among.u_given)
    levels = [equal]
    lesser = [*([among.swapped] if among.swapped else []), *among.alike]
    levels += [
        _level(among, f"({one.condition})", f"{column} {one.label}", one.ratio * one.u, one.u_given) for one in lesser
    ]
    if among.nearly:  # of a value that differs it says next to nothing
        return levels
    m = among.ratio_of_others * max(1 - among.u - sum(one.u for one in among.alike), _LEAST)
    u = max(1 - among.u_given - sum(one.u_given for one in among.alike), _LEAST)
    return [*levels, _level(among, "", f"{column} differs", m, u)]


def _levels_apart(column: str, among: Among) -> list[dict[str, Any]]:
    """Levels among pairs that differ on another field, where a slip is no other value."""
    same = " OR ".join([_agree(column, False), *(f"({one.condition})" for one in among.alike)])
    condition = f"({same})" if among.alike else same
    label = f"{column} equal or nearly so" if among.alike else f"{column} equal"
    return [
        _level(among, condition, label, among.ratio * among.u, among.u_given),
        _level(among, "", f"{column} differs", among.ratio_of_others * (1 - among.u), 1 - among.u_given),
    ]


def _level(among: Among, condition: str, label: str, m: float, u: float) -> dict[str, Any]:
    where = f"{among.where} AND {condition}" if condition else among.where
    return {"sql_condition": where, "label_for_charts": f"{among.label}: {label}", **_said(m, u)}


def _said(m: float, u: float) -> dict[str, Any]:
    """A level's m and u: their ratio counts; where it says more than one could, u is the less."""
    scale = max(m, u, 1.0)
    fixed = {"fix_m_probability": True, "fix_u_probability": True}
    return {"m_probability": float(f"{m / scale:.12g}"), "u_probability": float(f"{u / scale:.12g}"), **fixed}
