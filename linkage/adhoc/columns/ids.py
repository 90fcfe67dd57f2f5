"""Which column is a file's id where no name says so: one that is called like a key, and that is one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.headers.recognise import NUMBERS, Columns, is_called_like_a_key, named_fields
from linkage.engine import Engine, Table, one, quote


def with_ids(
    engine: Engine,
    files: Sequence[PersonFile],
    columns: Columns,
    *,
    numbered: Sequence[bool] = (False, False),
    told: Collection[str] = (),
) -> Columns:
    """The columns, with an id for each file that has a key by another name than those that `recognise` knows.

    What is called an id and repeats (hh_id, of households) gives way to a key. A key that both files hold stays a field
    as well, since it may be one number of a person. In one file that is compared with itself it is none: no two rows
    agree on it.

    Args:
        files: two files, or one that is compared with itself.
        numbered: whether the rows of the left and of the right are to be numbered instead.
        told: columns that the analyst named, which stay what they were named to be.
    """
    sides = (
        (columns.left_id, columns.left_parts, columns.left),
        (columns.right_id, columns.right_parts, columns.right),
    )
    shared = _numbers_of_both(engine, files, columns)
    found = [
        None if is_numbered else _id(engine, file, *side, told, shared)
        for is_numbered, file, side in zip(numbered, files, sides, strict=False)
    ]
    for here, there in ((0, -1), (-1, 0)):
        name = found[there]  # what tells one file's rows tells those of the other, which may call it the same
        free = name and found[here] is None and not numbered[here] and name in files[here].header
        if name and free and _is_key(engine, files[here], name):
            found[here] = name
    left, right = found[0], found[-1]
    if len(files) == 1:
        unique = {left, *_of_one_row(engine, files[0], columns.left)}
        compared = {name: column for name, column in columns.left.items() if column not in unique}
        return replace(columns, left=compared, right=compared, left_id=left, right_id=left)
    return replace(columns, left_id=left, right_id=right)


def without_mere_numbers(
    engine: Engine, files: Sequence[PersonFile], columns: Columns, told: Collection[str] = ()
) -> Columns:
    """The columns without ids that are called so and are no keys: a number of persons, which not everybody has, may be
    a field that the other file has too.

    Args:
        told: columns that the analyst named.
    """
    named = (columns.left_id, columns.right_id)
    left, right = (
        name if name is None or name in told or _is_key(engine, file, name) else None
        for file, name in zip(files, named, strict=True)
    )
    return replace(columns, left_id=left, right_id=right)


def _id(
    engine: Engine,
    file: PersonFile,
    named: str | None,
    parts: Mapping[str, str],
    held: Mapping[str, str],
    told: Collection[str],
    shared: Collection[str],
) -> str | None:
    """The column that is named an id, unless it is none, or one of `shared`, and another one is."""
    if named in told or (named and named not in shared and _is_key(engine, file, named)):
        return named
    return _key(engine, file, parts, held, shared) or named or _key(engine, file, parts, held, ())


def _numbers_of_both(engine: Engine, files: Sequence[PersonFile], columns: Columns) -> list[str]:
    """Columns that the other file has too, by names that no list knows, and not as its key: a number of a person, which
    is the id of a row where nothing else is."""
    if len(files) < 2:
        return []
    sides = ((columns.left, columns.right, files[1]), (columns.right, columns.left, files[0]))
    return [
        column
        for own, others, other in sides
        for name, column in own.items()
        if name not in named_fields(own) and is_called_like_a_key(column) and not _is_key(engine, other, others[name])
    ]


def _is_key(engine: Engine, file: PersonFile, column: str) -> bool:
    """Whether it is known in every row and holds no value twice; of what its values look like nothing is asked.

    Of a large file the ids that end in 3 stand for all: a few that repeat are told of when the rows are numbered.
    """
    name = quote(column)
    some = f"right(cast({name} as varchar), 1) = '3' or {name} is null" if file.rows > _SHOWN_ROWS else "true"
    query = f"select count(distinct {name}) = count(*) as is_key from {{t}} where {some}"
    return all(one(engine, engine.sql(query, t=table))["is_key"] for table in _first_and_all(engine, file))


def _first_and_all(engine: Engine, file: PersonFile) -> Sequence[Table]:
    """The first rows, on which most columns fail, and all."""
    return engine.sql(f"select * from {{t}} limit {_FIRST}", t=file.table), file.table


def _key(
    engine: Engine, file: PersonFile, parts: Mapping[str, str], held: Mapping[str, str], shared: Collection[str]
) -> str | None:
    """The first column that is called like a key, is known in every row and holds no value twice.

    Where there is none, the first column or the last, if it is that and its values look like codes; then the number of
    a person; then the only other column that is that.
    """
    used = {*parts.values(), *named_fields(held).values(), *shared}
    free = [name for name in file.header if name not in used]
    called = [name for name in free if is_called_like_a_key(name)]
    ends = dict.fromkeys((file.header[0], file.header[-1]))
    coded = [name for name in ends if name in free and name not in called]
    asked = [*called, *coded, *(held[name] for name in NUMBERS if name in held)]
    between = [name for name in free if name not in asked]
    return next(iter(_keys(engine, file, asked, coded)), None) or _only(_keys(engine, file, between, between))


def _only(names: Sequence[str]) -> str | None:
    return names[0] if len(names) == 1 else None


def _keys(engine: Engine, file: PersonFile, asked: Sequence[str], coded: Collection[str]) -> list[str]:
    """Those that are known in every row and hold no value twice, of `coded` those whose values look like codes."""
    for of in _first_and_all(engine, file):
        looks = _looks(engine, of, asked)
        whole = of is file.table
        asked = [n for n in asked if looks[n].is_key and (n not in coded or looks[n].may_be_codes(n, whole=whole))]
    return list(asked)


def _of_one_row(engine: Engine, file: PersonFile, held: Mapping[str, str]) -> list[str]:
    """Columns of codes that no name tells and of which no two rows have the same: no row is like another by them."""
    known = named_fields(held)
    looks = _looks(engine, file.table, [column for name, column in held.items() if name not in known])
    return [column for column, look in looks.items() if look.held == look.known >= _ROWS and look.is_code]


_FIRST = 1_000  # rows that show of most columns that they are no key
_SHOWN_ROWS = 1_000_000  # of a file with more, some of the ids stand for all
_ROWS = 20  # known values, from which it is no chance that none stands twice
_LENGTH = 4  # signs of codes that are told by having one length


@dataclass(frozen=True)
class _Look:
    """What the values of a column look like."""

    rows: int
    known: int
    held: int  # distinct values
    is_code: bool  # each has a digit, and no blank
    is_plain: bool  # and nothing but letters, digits and a sign between them
    is_date: bool  # some are dates
    shortest: int
    longest: int
    series: bool  # numbers that follow each other
    one_prefix: bool  # digits after letters or signs that all of them begin with
    of_years: bool  # digits after a year and a sign

    @property
    def is_key(self) -> bool:
        """Whether it is known in every row and holds no value twice."""
        return self.known == self.held == self.rows > 0

    def may_be_codes(self, name: str, *, whole: bool = True) -> bool:
        """Whether codes stand in it and not quantities or dates; names in other scripts are few of those known."""
        if not name.isascii():
            return self.is_code
        one_length = self.shortest == self.longest >= _LENGTH
        numbered = (self.series or self.one_prefix or self.of_years) and self.rows >= _ROWS
        is_short = self.is_plain and (one_length or not whole)
        return not self.is_date and (is_short or (numbered and (self.is_plain or self.one_prefix)))


def _looks(engine: Engine, table: Table, columns: Sequence[str]) -> dict[str, _Look]:
    if not columns:
        return {}
    asked = ", ".join(
        f"""count({text}) as known_{n}, count(distinct {text}) as held_{n},
            coalesce(bool_and(regexp_matches({text}, $code)), false) as is_code_{n},
            coalesce(bool_and(regexp_matches({text}, $plain)), false) as is_plain_{n},
            coalesce(bool_or(regexp_matches({text}, $date)), false) as is_date_{n},
            coalesce(min(length({text})), 0) as shortest_{n}, coalesce(max(length({text})), 0) as longest_{n},
            coalesce(max(try_cast({text} as bigint)) - min(try_cast({text} as bigint)) + 1, 0) = count(*)
                as series_{n},
            coalesce(count(distinct regexp_extract({text}, $prefixed, 1)) = 1
                     and bool_and(regexp_matches({text}, $prefixed)), false) as one_prefix_{n},
            coalesce(bool_and(regexp_matches({text}, $of_year)), false) as of_years_{n}"""
        for n, text in enumerate(f"cast({quote(column)} as varchar)" for column in columns)
    )
    params = {"code": _CODE, "plain": _PLAIN, "date": _DATE, "prefixed": _PREFIXED, "of_year": _OF_YEAR}
    found = one(engine, engine.sql(f"select count(*) as row_count, {asked} from {{t}}", params=params, t=table))
    names = [field.name for field in fields(_Look) if field.name != "rows"]
    return {
        column: _Look(int(found["row_count"]), **{name: found[f"{name}_{n}"] for name in names})
        for n, column in enumerate(columns)
    }


_CODE = "^[^ ]*[0-9][^ ]*$"  # with a digit, and no blank
_PLAIN = "^[A-Za-z]*[-_/]?[A-Za-z]*[0-9][A-Za-z0-9]*([-_/][A-Za-z0-9]+)*$"
_DATE = "^[0-9]{1,4}[-/][0-9]{1,2}[-/][0-9]{1,4}$"
_PREFIXED = "^([^0-9 ]*[A-Za-z][^0-9 ]*)[0-9]+[^A-Za-z0-9 ]?$"  # V0012, RoH/12, @I12@
_OF_YEAR = "^(19|20)[0-9]{2}[-/_][0-9]+$"
