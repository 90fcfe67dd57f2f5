"""Which column is which: by name, by an analyst's word, and for the rest by what both files hold."""

import dataclasses
import functools
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from linkage.adhoc.headers.header_words import in_latin, in_own_script, words_of
from linkage.adhoc.headers.known_headers import Ends, any_known, by_form, of_births, shared_ends
from linkage.adhoc.headers.maps import told_by
from linkage.adhoc.headers.numbered_headers import numbered, of_the_first, of_waves
from linkage.adhoc.headers.parents_forenames import parents_forenames
from linkage.adhoc.headers.readings import readings
from linkage.adhoc.headers.same_names import of_one_name
from linkage.adhoc.headers.vocabulary import vocabulary
from linkage.adhoc.word_columns import OF_WORD, OF_WORDS
from linkage.errors import ConfigError
from linkage.records.headers import listed

ROLES = ("forename", "middle_names", "surname", "dob", "sex", "postcode", "nino", "uln", "upn", "email", "phone")
"""Fields with a form of their own; every other field is compared as text."""
NUMBERS = ("social_security_number", "health_number", "national_number")
"""Numbers that are one person's, each body's and country's in a form of its own."""
OTHER_SURNAME = "other_surname"
"""A surname at birth, or one before: never compared by itself, but with the surname of the other file."""


@dataclass(frozen=True)
class Columns:
    """What was recognised: field -> column, for each file.

    Two fields may stand in one column (a name written in full), and one in several (day, month and year of birth): the
    column is then where the field comes from, and `parts` says what is in which column.
    """

    left: dict[str, str]
    right: dict[str, str]
    left_id: str | None
    right_id: str | None
    left_parts: dict[str, str] = dataclasses.field(default_factory=dict)
    right_parts: dict[str, str] = dataclasses.field(default_factory=dict)
    by_content: tuple[str, ...] = ()  # "right.surname=COLUMN", of one file "surname=COLUMN": what no name told
    by_consonants: bool = False  # names, since one file writes no vowels
    by_sounds: bool = False  # names, since one file writes them in Hangul
    translated: tuple[str, ...] = ()  # fields that the files have in two languages

    @property
    def fields(self) -> list[str]:
        """Fields that both files hold, and that are therefore compared."""
        return [field for field in self.left if field in self.right]


def _fields_known() -> dict[str, Any]:
    known: dict[str, Any] = vocabulary()["field"]
    return known


def known_fields() -> tuple[str, ...]:
    """Fields that a name tells, in the order in which they are looked for."""
    return tuple(_fields_known())


def named_fields(fields: Mapping[str, str]) -> dict[str, str]:
    """Those of a file's fields that a name told, and not only that the other file has a column of the same name."""
    return {name: column for name, column in fields.items() if name in _fields_known()}


def is_called_like_a_key(column: str) -> bool:
    """Whether a column's name ends or begins as those of keys do: STUDY_ID, ncid, voter_reg_num, NU_NOTIFIC, #."""
    words = words_of(column.replace("#", " no "))
    if len(words) > 1 and (len(words[-1]) == 1 or words[-1].isdigit()):  # of one file of two, of a year: id_l, pid81
        words.pop()
    rule = _fields_known()["id"]
    if len(words) > 1 and words[0] in rule["begins"]:
        return True
    return bool(words) and (words[-1] in rule["ends"] or words[-1].endswith(tuple(rule["endings"])))


def relations() -> list[str]:
    """Words before the name of a parent that say whose it is, upper-case: S/O."""
    words: list[str] = vocabulary()["relations"]
    return words


@functools.cache
def legal_forms() -> frozenset[str]:
    """Words of companies' names that say nothing of which one it is, upper-case ASCII: LTD."""
    return frozenset(vocabulary()["legal_forms"])


def sex_frames() -> list[dict[str, list[str]]]:
    """Code frames of sex: "M" and "F" to the codes that mean them, upper-case ASCII."""
    frames: list[dict[str, list[str]]] = vocabulary()["sex_frame"]
    return frames


_OURS = frozenset({"unit_id", "slot", "place", "partner", "units"})
_MADE = ("_all", OF_WORDS, OF_WORD)  # end the names of columns that are made of a field


def own_name(column: str, taken: Collection[str]) -> str:
    """The field of a column that no list knows: its name, or one like it.

    No field is called as tables of units and of pairs call their own columns, be it by an analyst's word.

    Args:
        taken: names of other fields.
    """
    name = re.sub(r"\W", "_", column.lower())
    while name in taken or name in _OURS or name.endswith(_MADE):
        name += "_"
    return name


def is_another_persons(column: str) -> bool:
    """Whether a column's name says that it is of another person, or of what happened when."""
    beside = {*vocabulary()["others"], *vocabulary()["events"]}
    own, in_script = in_own_script(column), (in_own_script(word) for word in beside if not word.isascii())
    return bool(beside & set(words_of(column))) or any(word in own for word in in_script)


def recognise(
    left: Sequence[str],
    right: Sequence[str],
    maps: Sequence[str] = (),
    ids: tuple[str | None, str | None] = (None, None),
    *,
    enough: bool = True,
    by_number: bool = True,
) -> Columns:
    """Fields of two files.

    Args:
        left, right: column names.
        maps: "left.forename=PERNAME1": an analyst's word, which wins over names.
        ids: the id columns, where they are named.
        enough: whether fewer than two fields are refused.
        by_number: whether columns of both files are one whose equal names are mere numbers, V4 and V4.

    Raises:
        ConfigError: a map that names no file, no column or no field, or nothing that both files hold.
    """
    told = {
        side: {own_name(field, ()): column for field, column in fields.items()}
        for side, fields in told_by(maps, {"left": left, "right": right}, known_fields(), shown_names).items()
    }
    for side, read in readings({"left": left, "right": right}).items():
        if not _NAMES & set(told[side]):
            told[side] |= read
    chosen: dict[str, str | None] = {}
    sides: dict[str, _Side] = {}
    for side, names, named in (("left", left, ids[0]), ("right", right, ids[1])):
        if named is not None and named not in names:
            raise ConfigError(f"--id: the {side} file has no column '{named}'\n  it has: {shown_names(names)}")
        mapped = told[side].pop("id", None)
        if named and mapped not in (None, named):
            raise ConfigError(f"--id {named}: {side}.id is mapped to another column too\n  give one of them")
        chosen[side] = named or mapped or _named(names, "id", set(told[side].values()), frozenset())
        free = [name for name in names if name != chosen[side]]
        sides[side] = _relatives(free, told[side]) or _side(free, told[side], shared_ends(names))
        sides[side].fields |= parents_forenames(sides[side].fields, free)
    for here, there in (("left", "right"), ("right", "left")):
        if "middle_names" not in told[here]:
            _patronymic_as_the_other(sides[here], sides[there])
    _part_as_the_other(sides["left"], sides["right"])
    _part_as_the_other(sides["right"], sides["left"])
    shared = _shared(left, right, sides, {chosen["left"], chosen["right"]}, by_number=by_number)
    columns = Columns(
        sides["left"].fields | shared[0],
        sides["right"].fields | shared[1],
        chosen["left"],
        chosen["right"],
        sides["left"].parts,
        sides["right"].parts,
    )
    if enough:
        refuse_too_few(columns, left, right)
    return columns


def refuse_too_few(
    columns: Columns, *headers: Sequence[str], whole: Sequence[Sequence[str]] = (), fewest: int = 2
) -> None:
    """Refuse files that share fewer than two fields, or one that has no more.

    Args:
        headers: of two files, or of one that is compared with itself.
        whole: with the columns that are empty, where there are any.
        fewest: fields that are enough.

    Raises:
        ConfigError: with the columns that they have.
    """
    if len(columns.fields) >= fewest:
        return
    of_one = len(headers) == 1
    said = "the file has" if of_one else "the two files share"
    maps = "--map surname=COLUMN" if of_one else "--map left.surname=COLUMN --map right.surname=COLUMN"
    has = ["it"] if of_one else ["left", "right"]
    raise ConfigError(
        f"{said} fewer than two fields that can be compared\n"
        + "".join(f"  {who} has: {shown_names(names)}\n" for who, names in zip(has, headers, strict=True))
        + "".join(_empty(who, *of) for who, *of in zip(has, headers, whole, strict=False))
        + f"  {_remedy(whole or headers, maps)}"
    )


def _empty(who: str, names: Sequence[str], whole: Sequence[str]) -> str:
    """Which columns hold nothing, or next to nothing, and so are not among those that a file has."""
    empty = [name for name in whole if name not in names]
    return f"  empty in {who}: {listed(empty, known=any_known(whole))}\n" if empty else ""


def shown_names(names: Sequence[str]) -> str:
    """Column names, for a message; not where none is known: without a header they would be a person's values."""
    return listed(names, known=any_known(names))


def _remedy(headers: Sequence[Sequence[str]], maps: str) -> str:
    if any(len(names) == 1 for names in headers):
        return (
            "no separator was found in a file of one column: name the one it has: --delimiter\n"
            "  a text whose columns have fixed widths and no separator has to be converted to CSV first"
        )
    things = maps.replace("surname", "size")
    named = f"name them: {maps}\n  what is no field of a person may be called anything: {things}"
    if all(map(any_known, headers)):
        return named
    return (
        f"{named}\n"
        "  a file without names of columns needs a first line that has them, such as id,forename,surname,dob; "
        "where the names look wrong, name the encoding: --encoding"
    )


@dataclass
class _Side:
    """Fields of one file, and the columns that hold parts of a field or several fields in one."""

    fields: dict[str, str]
    parts: dict[str, str]


_NAMES = frozenset({"forename", "surname", "full_name"})
_BESIDE = {"forename": "surname", "surname": "forename", "middle_names": "surname"}
_BESIDE |= {"birth_month": "birth_year", "birth_day": "birth_year"}
"""A field whose ambiguous names count only beside another one."""
_PARTS = ("full_name", "initials", "surname_particle", "birth_year", "birth_month", "birth_day")


def _side(names: Sequence[str], told: Mapping[str, str], ends: Ends) -> _Side:
    """Fields of a file.

    Args:
        names: its columns but the id.
        told: fields that the analyst told.
        ends: words that several of its columns share, the id among them.
    """
    found, names = dict(told), of_the_first(names)
    for weak in (False, True):
        for name in _fields_known():
            if name == "id" or name in found or (weak and not _may_be_weak(name, names, found, ends)):
                continue
            column = _named(names, name, set(found.values()), ends, weak=weak)
            if column:
                found[name] = column
    if OTHER_SURNAME in found and not {"surname", "full_name"} & set(found):
        found["surname"] = found.pop(OTHER_SURNAME)
    if "surname" in found and not {"forename", "full_name", "initials"} & set(found) and "middle_names" not in told:
        found |= {"forename": found.pop("middle_names")} if "middle_names" in found else {}  # "Other names" are all
    is_day = "dob" in found and in_latin(found["dob"]) in _fields_known()["birth_day"]["beside"]
    if is_day and {"birth_year", "birth_month"} <= set(found):  # birth_day beside birth_month and birth_year
        found.setdefault("birth_day", found.pop("dob"))
    parts = {name: found.pop(name) for name in _PARTS if name in found}
    if {"forename", "surname", "full_name", "initials"} & {*found, *parts}:
        found.pop("organisation", None)  # somebody's employer
    if "initials" in parts and "full_name" not in parts:
        if {"forename", "surname"} & set(found):  # those of the forenames, or none that are needed
            found.setdefault("forename", parts.pop("initials"))
        else:
            found |= {"forename": parts["initials"], "surname": parts["initials"]}
    if "full_name" in parts and ("full_name" in told or not {"forename", "surname"} <= set(found)):
        found |= {"forename": parts["full_name"], "surname": parts["full_name"]}
    else:
        parts.pop("full_name", None)
    if "birth_year" not in parts or ("dob" in found and "birth_month" not in parts):
        parts = {name: column for name, column in parts.items() if not name.startswith("birth_")}
    else:  # what is called a birth date may be the day alone beside month and year, which its values tell
        found.setdefault("dob", parts["birth_year"])
    if "surname" not in found or "full_name" in parts:
        parts.pop("surname_particle", None)
    known = [name for name in _fields_known() if name in found]
    return _Side({name: found[name] for name in dict.fromkeys([*known, *found])}, parts)


def _relatives(names: Sequence[str], told: Mapping[str, str]) -> _Side | None:
    """Fields of the relative whom a file is about: a register of births that names mothers, and nobody else. Of two
    (spouse1_forename, spouse2_forename) the first is.

    What has no word of the relative is another person's, but for where they live. So it is with who is at work, as
    Physician First Name, where no patient or company is told. Where a file has names under a word for aliases alone,
    these are its people's, as all its columns are.
    """
    held = {*_side(names, told, shared_ends(names)).fields}
    if held & {"forename", "surname"}:
        return None
    for word in (*vocabulary()["relatives"], *vocabulary()["at_work"]):
        columns = [name for name in names if word in (*words_of(name)[:1], *words_of(name)[-1:])]
        side = _side(columns, told, frozenset({(0, word), (-1, word), (0, f"{word} 1")}))
        if {"forename", "surname"} <= set(side.fields):
            others, at_work = [name for name in names if name not in columns], word in vocabulary()["at_work"]
            rest = _side(others, {}, shared_ends(others) if at_work else frozenset())
            if at_work and _OF_OTHERS & set(rest.fields):
                continue
            home = {field: rest.fields[field] for field in vocabulary()["at_home"] if field in rest.fields}
            return _Side({**home, **side.fields}, side.parts)
    for word in vocabulary()["aliases"]:
        side = _side(names, told, frozenset({(0, word), (-1, word)}))
        if {"forename", "surname"} <= set(side.fields):
            return side
    return None


_OF_OTHERS = frozenset({"dob", "age", "sex", "organisation"})
"""Fields of those who are beside somebody at work: a doctor's patient, a buyer's company."""


def _may_be_weak(name: str, names: Sequence[str], found: Mapping[str, str], ends: Ends) -> bool:
    """Whether an ambiguous name may stand for a field, with what else the file has."""
    if name == "birth_year":
        return all(_named(names, part, set(), ends, weak=True) for part in ("birth_month", "birth_day"))
    return name not in _BESIDE or _BESIDE[name] in found


def _patronymic_as_the_other(side: _Side, other: _Side) -> None:
    """A patronymic is the father's name where the other file has a column of that, and none of middle names."""
    column = side.fields.get("middle_names", "")
    patronymics = _fields_known()["father_name"]["patronymics"]
    is_patronymic = not {in_own_script(column), in_latin(column)}.isdisjoint(map(in_own_script, patronymics))
    names_fathers = "father_name" in other.fields and "middle_names" not in other.fields
    if is_patronymic and names_fathers and "father_name" not in side.fields:
        side.fields["father_name"] = side.fields.pop("middle_names")


def _part_as_the_other(side: _Side, other: _Side) -> None:
    """A field that the other file has a column for is looked for in the names that this one writes together."""
    for name, within, part in (
        ("middle_names", "forename", "forenames"),
        ("second_surname", "surname", "surnames"),
        ("name_suffix", "surname", "suffixes"),
    ):
        if name in other.fields and name not in side.fields and within in side.fields:
            side.fields[name] = side.parts[part] = side.fields[within]


@functools.cache
def _called(field: str, kind: str) -> Mapping[str, Sequence[tuple[int, str]]]:
    """Forms of what columns of a field are called, to its names of that form and their places among them all."""
    found = defaultdict[str, list[tuple[int, str]]](list)
    for place, known in enumerate(_fields_known()[field].get(kind, ())):
        found[in_own_script(known)].append((place, known))
    return found


def _named(names: Sequence[str], field: str, taken: set[str], ends: Ends, *, weak: bool = False) -> str | None:
    of_forms, called = by_form(tuple(names), ends), _called(field, "beside" if weak else "names")
    both = sorted((place, known, form) for form in called.keys() & of_forms.keys() for place, known in called[form])
    free = ((known, next((name for name in of_forms[form] if name not in taken), None)) for _, known, form in both)
    named = ((known, name) for known, name in free if name)
    if weak:
        return next((name for _, name in named), None)
    alone = _fields_known()[field].get("alone", ())
    found = next((name for known, name in named if known not in alone or known == in_latin(name)), None)
    births = (name for name in of_births(tuple(names)).get(field, ()) if name not in taken)
    waves = of_waves(names, field, taken)
    if waves and found in (None, *waves):
        return waves[-1]
    return found or next(births, None) or numbered(names, field, taken)


def _shared(
    left: Sequence[str], right: Sequence[str], sides: Mapping[str, _Side], ids: set[Any], *, by_number: bool
) -> tuple[dict[str, str], dict[str, str]]:
    """Columns of one name in both files that are no known field: of the left, and of the right."""
    used = {column for side in sides.values() for held in (side.fields, side.parts) for column in held.values()} | ids
    if all({"forename", "surname"} <= set(side.fields) for side in sides.values()):  # both say in full what parts say
        used |= {name for name in left if in_latin(name) in _in_full()}
    taken = {*sides["left"].fields, *sides["right"].fields}
    fields: dict[str, tuple[str, str]] = {}
    for one, other in of_one_name(left, right, used - {None}, by_number=by_number):
        fields[own_name(one, {*taken, *fields})] = one, other
    return {field: one for field, (one, _) in fields.items()}, {field: two for field, (_, two) in fields.items()}


def _in_full() -> set[str]:
    rule = _fields_known()["full_name"]
    return {*rule["names"], *rule["beside"]}
