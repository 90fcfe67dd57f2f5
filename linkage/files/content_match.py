"""Roles of columns that no header tells, by their values: schema matching, for identifiers only.

A column is taken for a role by the form of its values (e-mail, postcode, NINO, birth date), or since it holds what the
other file's column of that role holds. Where two columns fit about as well, neither is taken: a question is better than
a wrong guess.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from linkage.files.contacts import FORMS
from linkage.files.date_format import DateFormat, infer_format, latest_birth_year, read_date
from linkage.files.header_names import NUMBERS, is_another_persons
from linkage.files.profile import Profile
from linkage.files.sexes import frame_of
from linkage.records.names import name_words

_MIN_FORM_SHARE = 0.9  # of values have the form of a role
_MIN_LIKENESS = 0.5  # of the tokens that two halves of a column share
_LEAD = 1.2  # times as alike as the next column
_MIN_BIRTH_YEARS = 15  # years that dates must span, or they are of events
_MIN_VALUES = 20  # distinct ones, or a column is a category
_MIN_EQUAL = 0.05  # share of numbers that two files must have in common
_NAMES = ("forename", "surname", "full_name")
_WORDS = (*_NAMES, "town")

Roles = Mapping[str, Sequence[str]]


def roles_by_content(profiles: Sequence[Profile], roles: Sequence[Roles], taken: Sequence[set[str]]) -> list[Roles]:
    """Of each file, further roles to the column that its values tell.

    Args:
        profiles: of two files, or of one that is compared with itself.
        roles: what headers and the user state.
        taken: columns that are something else.
    """
    free = [
        [c for c in of.columns if c not in gone and not is_another_persons(c) and of.values(c)]
        for of, gone in zip(profiles, taken, strict=True)
    ]
    by_form = [_by_form(of, columns) for of, columns in zip(profiles, free, strict=True)]
    found: list[dict[str, Sequence[str]]] = [{} for _ in profiles]
    for here, profile in enumerate(profiles):
        other = roles[here - 1] if len(profiles) > 1 else by_form[here]
        for role, columns in by_form[here].items():
            is_there = role in other or role in by_form[here - 1]
            if role not in roles[here] and is_there and len(columns) == 1:
                found[here][role] = columns
        if len(profiles) > 1:
            rest = [c for c in free[here] if [c] not in [list(v) for v in found[here].values()]]
            found[here] |= _by_likeness(profile, rest, roles[here], profiles[here - 1], roles[here - 1])
    return list(found)


def _by_form(profile: Profile, columns: Sequence[str]) -> dict[str, list[str]]:
    """Role to the columns whose values have its form."""
    found: dict[str, list[str]] = {}
    for column in columns:
        values = profile.values(column)
        for role, form in FORMS.items():
            if _share(values, partial(_has_form, form)) >= _MIN_FORM_SHARE:
                found.setdefault(role, []).append(column)
                break
        else:
            if _are_birth_dates(values):
                found.setdefault("dob", []).append(column)
            elif (frame := frame_of(values, column)) and not any(map(str.isdigit, "".join(frame))) and len(values) <= 4:
                found.setdefault("sex", []).append(column)
    return found


def _has_form(form: re.Pattern[str], value: str) -> bool:
    return bool(form.fullmatch(value.upper()))


def _share(values: Counter[str], fits: Callable[[str], bool]) -> float:
    return sum(rows for value, rows in values.items() if fits(value)) / max(values.total(), 1)


def _are_birth_dates(values: Counter[str]) -> bool:
    """Whether nearly all values are whole dates, of more years than events have."""
    if len(values) < _MIN_VALUES or not all(re.search(r"\d", value) for value in values):
        return False
    how: DateFormat = infer_format(values, latest_birth_year([values]))
    years = Counter[int]()
    for value, rows in values.items():
        date = read_date(value, how)
        if date and not date.endswith("-00") and len(value) > 5:
            years[int(date[:4])] += rows
    return years.total() >= _MIN_FORM_SHARE * values.total() and max(years) - min(years) >= _MIN_BIRTH_YEARS


def _by_likeness(
    profile: Profile, free: Sequence[str], own: Roles, other: Profile, others: Roles
) -> dict[str, Sequence[str]]:
    """Roles of the other file's columns, to those of this file that hold the same words or numbers."""
    found: dict[str, Sequence[str]] = {}
    named = {*own} & {*_NAMES}
    wanted = [role for role in (*_WORDS, *NUMBERS) if role in others and role not in own]
    scores: dict[str, dict[str, float]] = {}
    for role in wanted:
        if (role == "full_name" and named) or (role in _NAMES and "full_name" in own):
            continue
        tokens = _numbers if role in NUMBERS else _words
        theirs = tokens(other.values(others[role][0]))
        usual = 1.0 if role in NUMBERS else _of_halves(theirs)
        least = _MIN_EQUAL if role in NUMBERS else _MIN_LIKENESS
        of = {column: _in_common(tokens(profile.values(column)), theirs) / usual for column in free if usual}
        if kept := {column: score for column, score in of.items() if score >= least}:
            scores[role] = kept
    while scores:
        role, column = max(((r, c) for r, of in scores.items() for c in of), key=lambda at: scores[at[0]][at[1]])
        score = scores[role][column]
        rivals = [s for r, of in scores.items() for c, s in of.items() if (r == role) != (c == column)]
        if not any(rival * _LEAD > score for rival in rivals):
            found[role] = (column,)
        scores = {
            r: kept for r, of in scores.items() if r != role and (kept := {c: s for c, s in of.items() if c != column})
        }
    return found


def _words(values: Counter[str]) -> Counter[str]:
    found = Counter[str]()
    if len(values) < _MIN_VALUES or _share(values, lambda value: any(map(str.isdigit, value))) > 0.1:
        return found
    for value, rows in values.items():
        for word in name_words(value):
            found[word] += rows
    return found


def _numbers(values: Counter[str]) -> Counter[str]:
    found = Counter[str]()
    for value, rows in values.items():
        code = re.sub(r"[^A-Z0-9]", "", value.upper())
        if len(code) > 5 and any(map(str.isdigit, code)):
            found[code] += rows
    return found


def _in_common(one: Counter[str], two: Counter[str]) -> float:
    """The share of the rows of two columns whose tokens stand in the other; the smaller of both."""
    if not one or not two:
        return 0.0
    shares = [sum(rows for t, rows in of.items() if t in them) / of.total() for of, them in ((one, two), (two, one))]
    return min(shares)


def _of_halves(tokens: Counter[str]) -> float:
    """What two halves of a column have in common: a token that stands n times is in both with chance 1 - 2^(1 - n)."""
    return sum(rows * (1 - 2.0 ** (1 - rows)) for rows in tokens.values()) / max(tokens.total(), 1)
