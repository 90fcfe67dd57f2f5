"""Columns that no name tells, taken by what they hold: each for the column of the other file that it is most like.

Decision 66 says which measure tells what, and what is never taken.
"""

import functools
import itertools
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from linkage.adhoc.codes.code_parts import shorter_part
from linkage.adhoc.codes.other_digits import other_digits
from linkage.adhoc.columns.beside_ages import says_no_birth
from linkage.adhoc.columns.contents import (
    END,
    SHORTEST,
    Content,
    equal_numbers,
    in_common,
    likeness,
    words,
)
from linkage.adhoc.files.person_file import PLACE, PersonFile
from linkage.adhoc.files.unknown import says_unknown
from linkage.adhoc.headers.further_contacts import further_of
from linkage.adhoc.headers.header_words import in_latin, in_own_script
from linkage.adhoc.headers.recognise import NUMBERS, Columns, is_another_persons, known_fields, named_fields, own_name
from linkage.adhoc.headers.same_names import are_called_alike
from linkage.adhoc.headers.vocabulary import vocabulary
from linkage.adhoc.names.around_names import counted_bare
from linkage.adhoc.names.full_names import by_form, by_place
from linkage.adhoc.names.parents import PARENTS
from linkage.engine import Engine, quote, rows

_LOOKED_AT = 5_000  # rows of a file
_LONGEST = 100  # signs of a value that are looked at
_ALIKE = 0.5  # likeness from which a column is taken
_MANY_WORDS = 20  # distinct ones in two columns of which no name tells anything; fewer are a category
_WORDS_OF_NOTES = 6  # in a value; more are a note
_LEAD = 1.2  # times as alike as the next that it might be
_CALLED_SO = 1.5  # times as alike as another column that might be a parent's name, if it is called so
_MANY_ROWS = 100_000  # in a file with more, the numbers with these two digits stand for all
_THINNED = "37"
_SHORTEST_POSTCODE = 4  # digits
_HUNDREDTH = 100

_NAMES = ("forename", "middle_names", "surname", "second_surname", "full_name")
_WHOLE = ("forename", "surname", "full_name"), ("forename", "middle_names", "surname", "full_name")
_TOGETHER = (*_WHOLE, ("surname", "second_surname", "surname"))  # columns side by side, and what they are as one
_FORMS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys((*_NAMES, "address", "town", "county"), frozenset({"words"})),
    **dict.fromkeys(("phone", *NUMBERS, "nino", "uln", "upn"), frozenset({"code"})),
    "dob": frozenset({"date", "year"}),
    "sex": frozenset({"sex"}),
    "postcode": frozenset({"code", "postcode"}),
    "email": frozenset({"email"}),
}
"""Fields that a column may be taken for, and what it then holds."""

_BY_FORM = {"date": "dob", "sex": "sex", "postcode": "postcode", "email": "email"}
"""What two columns are that are alike and that no name tells."""


@dataclass(frozen=True)
class Taken:
    """A column of each file, taken for one field; which of them its name did not tell."""

    field: str
    left: str
    right: str
    left_is_new: bool
    right_is_new: bool

    def maps(self) -> list[str]:
        """The same as an analyst would say it."""
        sides = (("left", self.left, self.left_is_new), ("right", self.right, self.right_is_new))
        return [f"{side}.{self.field}={column}" for side, column, is_new in sides if is_new]


@dataclass
class _Column:
    """A column that may be one of a pair: the field that its name told, or None."""

    name: str
    field: str | None
    content: Content


def taken_by_content(engine: Engine, files: Sequence[PersonFile], columns: Columns) -> list[Taken]:
    """Pairs of columns that are alike by what they hold, and of which names tell one at most; the most alike first.

    A column stands in one pair. Where it is about as like another one, it is in none: a question is better than a
    wrong guess.

    Args:
        files: two files.
        columns: what names and the analyst told.
    """
    found = _of_the_person(engine, files, columns)
    return [*found, *parents_by_content(engine, files, columns, found)]


def _of_the_person(engine: Engine, files: Sequence[PersonFile], columns: Columns) -> list[Taken]:
    sides = (columns.left, columns.right)
    parts, ids = (columns.left_parts, columns.right_parts), (columns.left_id, columns.right_id)
    asked = []
    for here, file in enumerate(files):
        used = {*sides[here].values(), *parts[here].values(), ids[here]}
        free = _free(file, used)
        whole, others = parts[here].get("full_name"), sides[1 - here]
        free |= further_of([*free], {*sides[here]} - {*others}, file.header)
        told = {
            column: name
            for name, column in named_fields(sides[here]).items()
            if name in _FORMS and name not in others and column != whole
        }
        if whole:
            told[whole] = "full_name"
        asked.append({**free, **told})
    if not all(asked) or not {None, "full_name"} & {name for side in asked for name in side.values()}:
        return []
    held = [_columns(engine, file, of) for file, of in zip(files, asked, strict=True)]
    for file, of, file_columns in zip(files, sides, held, strict=True):
        dates = [column for column in file_columns if column.field is None and column.content.form == "date"]
        for column in dates if "age" in of else ():
            if says_no_birth(engine, file, column.name, of["age"]):
                file_columns.remove(column)
        for column in file_columns:
            if column.field in _NAMES and column.content.has_digits:
                column.field = None  # a short name of many meanings: x_ad
        _join_names(file_columns)
    for here, there in ((0, 1), (1, 0)):
        _compare_whole_names(engine, held[here], files[there], sides[there])
    _with_ends(engine, files, held)
    found = list(_best(_scored(held, columns), {*columns.left, *columns.right}))
    for here in (0, 1):
        found += _parts_of_names(held[here], held[1 - here], found, is_left=here == 1)
    return found


def parents_by_content(
    engine: Engine, files: Sequence[PersonFile], columns: Columns, taken: Sequence[Taken]
) -> Iterator[Taken]:
    """Parents' names that one file has a column of, to columns of the other that no name tells.

    Asked last and of what is left, and where the other file's own names are known: own names may be like a parent's.
    "Madre" alone may as well hold a number, or a mother's age: what is in it tells.
    """
    sides, parts = (columns.left, columns.right), (columns.left_parts, columns.right_parts)
    ids = (columns.left_id, columns.right_id)
    for here, there in ((0, 1), (1, 0)):
        told = {sides[here][name]: name for name in PARENTS if name in sides[here] and name not in sides[there]}
        own = {*sides[there], *parts[there], *(pair.field for pair in taken)}
        if not told or not {"surname", "full_name"} & own:
            continue
        used = {*sides[there].values(), *parts[there].values(), ids[there]}
        used |= {pair.right if there else pair.left for pair in taken}
        parents = _columns(engine, files[here], told)
        others = _columns(engine, files[there], _free(files[there], used, of_others=True))
        free = [column for column in others if column.content.form == "words"]
        pairs = [(parent, other) for parent in parents for other in free]
        scored = [(_likeness_of_parents(*pair), *(pair if there else reversed(pair))) for pair in pairs]
        alike = sorted((pair for pair in scored if pair[0] >= _ALIKE), key=lambda pair: -pair[0])
        yield from _best(alike, {*columns.left, *columns.right})


def _likeness_of_parents(parent: _Column, other: _Column) -> float:
    """How alike two columns of names are; more so where one is called by a word of that parent: Father."""
    called = {in_own_script(other.name), in_latin(other.name)} & {*vocabulary()["field"][parent.field]["bare"]}
    return likeness(parent.content, other.content) * (_CALLED_SO if called else 1)


def _free(file: PersonFile, used: Collection[str | None], *, of_others: bool = False) -> dict[str, str | None]:
    """Columns that are nothing yet and that are nobody else's, or anybody's."""
    return {name: None for name in file.header if name not in used and (of_others or not is_another_persons(name))}


def _columns(engine: Engine, file: PersonFile, asked: Mapping[str, str | None]) -> list[_Column]:
    """Columns with what a sample of the file's rows has in them."""
    if not asked:
        return []
    texts = ", ".join(
        f"left(trim(cast({quote(name)} as varchar)), {_LONGEST}) as v{place}" for place, name in enumerate(asked)
    )
    step = max(1, file.rows // _LOOKED_AT)
    place = quote(PLACE)
    found = engine.arrow(
        engine.sql(f"select {texts} from {{t}} where {place} % {step} = 0 order by {place}", t=file.table)
    )
    return [
        _Column(
            name,
            field,
            Content(
                [value for value in values.to_pylist() if value and _says_something(value)],
                found.num_rows,
                is_of_dates=field == "dob",
            ),
        )
        for (name, field), values in zip(asked.items(), found.columns, strict=True)
    ]


def _says_something(value: str) -> bool:
    return any(map(str.isalnum, value)) and not says_unknown(value)


def _join_names(columns: list[_Column]) -> None:
    """Beside two names, both as one: the other file may write them in one column."""
    told = {column.field: column.content for column in columns}
    for *parts, both in _TOGETHER:
        if {*parts} <= set(told):
            columns.append(_Column("", both, functools.reduce(_joined, (told[part] for part in parts))))


def _joined(first: Content, last: Content) -> Content:
    """Values of two columns as one; which stand together says nothing here."""
    both = [f"{one} {two}" for one, two in zip(first.values, last.values, strict=False)]
    return Content(both, min(first.rows, last.rows))


def _compare_whole_names(engine: Engine, columns: list[_Column], other: PersonFile, fields: Mapping[str, str]) -> None:
    """Names in full, as what the other file may have a column for: the whole, or what its one part leaves of it."""
    names = [name for name in ("forename", "surname") if name in fields]
    for column in [column for column in columns if column.field == "full_name" and column.name and names]:
        columns.remove(column)
        if len(names) == 1:
            (part,) = _columns(engine, other, {fields[names[0]]: names[0]})
            rest = [" ".join(w for w in words(v) if w not in part.content.tokens) for v in column.content.values]
            content = Content([value for value in rest if value], column.content.rows)
            columns.append(_Column("", "surname" if names == ["forename"] else "forename", content))


def _with_ends(engine: Engine, files: Sequence[PersonFile], held: Sequence[list[_Column]]) -> None:
    """The last signs of all numbers, or of one in a hundred in files of many rows: the same ones in both files."""
    has_postcodes = any(column.field == "postcode" for columns in held for column in columns)
    shortest = _SHORTEST_POSTCODE if has_postcodes else SHORTEST
    asked = [[c for c in columns if c.content.form == "code" and c.content.digits >= shortest] for columns in held]
    if not all(asked):
        return
    many = max(file.rows for file in files) > _MANY_ROWS
    kept = "substr(number, length(number) - 2, 2) = $two" if many else "number <> $two"
    for file, columns in zip(files, asked, strict=True):
        for column in columns:
            found = engine.sql(
                f"""
                with texts as (
                    select cast({quote(column.name)} as varchar) as text from {{t}}
                ),
                whole as (
                    select case when text like '%.0' then left(text, length(text) - 2) else text end as text from texts
                ),
                numbers as (
                    select translate(text, $digits || ' -./()', $plain) as number from whole
                )
                select distinct right(regexp_replace(upper(number), '[^0-9A-Z]', '', 'g'), {END}) as ending
                from numbers
                where {kept}
                """,
                params={"two": _THINNED if many else "", **other_digits()},
                t=file.table,
            )
            ends = [row["ending"] for row in rows(engine, found)]
            column.content = column.content.with_ends(ends, _HUNDREDTH if many else 1)


_Scored = tuple[float, _Column, _Column]


def _scored(held: Sequence[list[_Column]], columns: Columns) -> list[_Scored]:
    """Pairs that may be one field, and how alike they are."""
    known = {*columns.left, *columns.right}
    scored = (
        (_score(left, right, known), left, right)
        for left, right in itertools.product(*held)
        if left.field is None or right.field is None
    )
    return sorted(
        (pair for pair in scored if pair[0] >= _ALIKE), key=lambda pair: (-pair[0], pair[1].name, pair[2].name)
    )


def _score(left: _Column, right: _Column, known: set[str]) -> float:
    one, two = left.content, right.content
    told = left.field or right.field
    shortest = _SHORTEST_POSTCODE if told == "postcode" else SHORTEST
    are_numbers = {one.form, two.form} == {"code"} and min(one.digits, two.digits) >= shortest
    equal = equal_numbers(one, two) if are_numbers else 0.0
    if told is None:
        called = are_called_alike(left.name, right.name)
        tells = _tells_by_itself(one, two, known) or (called and one.form == two.form and one.form in _BY_NAME)
        part = shorter_part(one.codes, two.codes) if called and {one.form, two.form} == {"code"} else 0.0
        return max(equal, part, likeness(one, two) if tells else 0.0)
    if not {one.form, two.form} <= _FORMS[told] or (told in _NAMES and (one.has_digits or two.has_digits)):
        return 0.0
    if told == "postcode":  # of a large country hardly any stands twice in a small file
        return max(equal, likeness(one, two))
    return equal if "code" in _FORMS[told] else likeness(one, two)


_BY_NAME = ("year", "words")
"""What is told from what is alike by chance where two columns are called alike: by itself it may be of anything, and of
few words a category."""


def _tells_by_itself(one: Content, two: Content, known: set[str]) -> bool:
    """Whether two columns of which no name tells anything can be told from columns that are alike by chance."""
    if one.form != two.form or _BY_FORM.get(one.form) in known:
        return False
    if one.form == "date":
        return one.spans_lives and two.spans_lives
    if one.form == "sex":
        return one.letters_of_sex or two.letters_of_sex
    if one.form == "words":
        fewest, longest = min(len(one.tokens), len(two.tokens)), max(one.words_of_value, two.words_of_value)
        return fewest >= _MANY_WORDS and longest <= _WORDS_OF_NOTES
    return one.form in ("postcode", "email") or (one.form == "code" and one.looks_like_codes and two.looks_like_codes)


def _best(scored: Sequence[_Scored], fields: set[str]) -> Iterator[Taken]:
    """The most alike pairs, each column and each field once; none that is about as like another."""
    free = list(scored)
    while free:
        score, left, right = free[0]
        rivals = [pair for pair in free[1:] if left is pair[1] or right is pair[2]]
        rivals = [pair for pair in rivals if not _says_the_same(free[0], pair)]
        free = [pair for pair in free if left is not pair[1] and right is not pair[2]]
        if any(rival[0] * _LEAD > score for rival in rivals):
            free = [pair for pair in free if not _is_of(pair, rivals)]
            continue
        known = left.field or right.field or _BY_FORM.get(left.content.form)
        field = known or own_name(left.name, {*fields, *known_fields()})
        fields.add(field)
        free = [pair for pair in free if (pair[1].field or pair[2].field) not in _SAME.get(field, {field})]
        yield Taken(field, left.name, right.name, left.field is None, right.field is None)


def _says_the_same(pair: _Scored, other: _Scored) -> bool:
    """Whether two pairs take one column for one field: for a telephone, of which the other file has two columns."""
    ends = ((pair[1], pair[2], other[1], other[2]), (pair[2], pair[1], other[2], other[1]))
    return any(one is again and two.field and two.field == further.field for one, two, again, further in ends)


_SAME = {
    "full_name": {"full_name", "forename", "surname"},
    "forename": {"full_name", "forename"},
    "surname": {"full_name", "surname"},
}
"""What a column is no more taken for when one is taken for a field."""


def _parts_of_names(whole: list[_Column], others: list[_Column], found: list[Taken], *, is_left: bool) -> list[Taken]:
    """The forename and the surname of one file, by the names in full of the other.

    Args:
        whole: columns of the file that may write names in full.
        others: of the one that may have two columns for them; the left file's where `is_left`.
        found: what is taken already.
    """
    taken = {name for pair in found for name in (pair.left, pair.right)}
    full = next((c for c in whole if c.field == "full_name" and c.name not in {"", *taken}), None)
    free = [c for c in others if c.field is None and c.name not in taken and c.content.form == "words"]
    if full is None or len(free) < 2 or any(likeness(c.content, full.content) >= _ALIKE for c in free):
        return []  # one that is like the whole is another name in full, of the person or of a parent
    pairs = [(likeness(_joined(a.content, b.content), full.content), a, b) for a, b in itertools.combinations(free, 2)]
    (score, first, last), *rivals = sorted(pairs, key=lambda pair: (-pair[0], pair[1].name, pair[2].name))
    if score < _ALIKE or any(rival[0] * _LEAD > score for rival in rivals):
        return []
    given, family = (_words_of(counts) for counts in _sides_of(full.content))
    as_it_is = in_common(first.content.tokens, given) + in_common(last.content.tokens, family)
    turned = in_common(last.content.tokens, given) + in_common(first.content.tokens, family)
    if turned > as_it_is:
        first, last = last, first
    return [
        Taken(name, c.name if is_left else "", "" if is_left else c.name, is_left, not is_left)
        for name, c in (("forename", first), ("surname", last))
    ]


def _sides_of(full: Content) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Forenames and surnames of names in full, by their form where it says them, else by their place."""
    names = counted_bare(full.counts)
    by_comma = by_form(names)
    return by_comma if all(by_comma) else by_place(names)


def _words_of(counts: Mapping[str, int]) -> Counter[str]:
    made = Counter[str]()
    for value, held in counts.items():
        for word in words(value):
            made[word] += held
    return made


def _is_of(pair: _Scored, rivals: Sequence[_Scored]) -> bool:
    """Whether a pair has a column of one of the pairs that nothing told apart."""
    return any(pair[1] is rival[1] or pair[2] is rival[2] for rival in rivals)
