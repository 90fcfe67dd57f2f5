"""What of the columns that were recognised a run can read, and how it has to be told of each."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from linkage.adhoc.fields.kinds import KINDS
from linkage.adhoc.files.columns_made import as_text, counted
from linkage.adhoc.files.forms import british, sample
from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.headers.recognise import NUMBERS, OTHER_SURNAME
from linkage.adhoc.two_files import TwoFiles
from linkage.config.identifiers import HISTORY_ENDS
from linkage.engine import Engine, one, quote, rows
from linkage.records.dates import ISO, parsed

OF_ROLES = ("forename", "middle_names", "surname", "dob", "sex", "postcode", "nino", "uln", "upn")
"""Fields that a run knows by their role."""
CONTACTS = ("email", "phone", "address")
"""Roles of which a run compares the column only where the source keeps it too."""
KEPT_KINDS = ("name", "names", "code", "text", "category", "number")
"""Kinds of comparison that a run makes of all values that somebody ever held."""
SEXES = {"M": "Male", "F": "Female"}
_TOLD_BY_NAME = (*NUMBERS, "email", "phone")  # which a third file may share with this one, though the other does not
_SEPARATORS = ("/", ".", "-", " ", "")
_ORDERS = ("%d{0}%m{0}%Y", "%m{0}%d{0}%Y", "%Y{0}%m{0}%d", "%d{0}%m{0}%y", "%m{0}%d{0}%y", "%y{0}%m{0}%d")
_MONTHS = ("%d{0}%b{0}%Y", "%b{0}%d{0}%Y", "%Y{0}%b{0}%d", "%d{0}%b{0}%y")
_FORMATS = [
    ISO,
    *(order.format(sign) for sign in _SEPARATORS for order in _ORDERS if (order, sign) != ("%Y{0}%m{0}%d", "-")),
    *(order.format(sign) for sign in _SEPARATORS for order in _MONTHS),
    "%b %d, %Y",
]
_NEARLY_ALL = 0.98  # of known postcodes have one form
_MOST = 0.5  # of birth dates that are in one format, below which a file has none
_ONE_COLUMN = "stands in one column with {others}: give each a column of its own"
_BY_CONTENT = "was told by what it holds, and not by its name: name it with --map where it is to be compared"
_MADE = "is made of several columns, or of a part of one: give it a column of its own"


@dataclass
class Read:
    """How a run is to read a file, by what it shows beside another one.

    Attributes:
        roles: role to column.
        kept: name to column: x_<name> in passes and models.
        kinds: name of what is kept to the kind of its comparison.
        date_format, calendar: of the birth dates; None where there are none to be read.
        undated: birth dates that are in another form, and all.
        sexes: codes of sex to their label.
        left_out: field that was recognised and no run reads, to the reason; no value.
    """

    roles: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    date_format: str | None = None
    calendar: str | None = None
    undated: tuple[int, int] = (0, 0)
    sexes: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> dict[str, str]:
        """Every column that is read, to the role or name that it has."""
        return {column: name for name, column in {**self.kept, **self.roles}.items()}

    def with_more(self, other: "Read") -> "Read":
        """With what the same file shows beside another one; where the two say otherwise, this stays."""
        roles = self.roles | {r: c for r, c in other.roles.items() if r not in self.roles and c not in self.columns}
        kept = self.kept | {n: c for n, c in other.kept.items() if n not in self.kept and c not in self.kept.values()}
        dates = self if self.date_format else other
        return Read(
            roles,
            kept,
            other.kinds | self.kinds,
            dates.date_format,
            dates.calendar,
            dates.undated,
            self.sexes or other.sexes,
            {name: why for name, why in (other.left_out | self.left_out).items() if name not in {**roles, **kept}},
        )


def read_by_runs(engine: Engine, two: TwoFiles, side: int) -> Read:
    """How a run is to read one of two files.

    Args:
        side: 0 for the left file, 1 for the right one.
    """
    columns, file, shaped = two.columns, two.files[side], two.shaped[side]
    fields, parts = ((columns.left, columns.left_parts), (columns.right, columns.right_parts))[side]
    key = (columns.left_id, columns.right_id)[side]
    at = (two.at.left, two.at.right)[side]
    if fields.get("middle_names") == fields.get("forename"):  # a run takes what follows the first forename for these
        fields = {name: column for name, column in fields.items() if name != "middle_names"}
    left_out = dict(_unreadable(fields, parts, file))
    read = Read(left_out=left_out)
    kinds = {**{name: KINDS[name] for name in _TOLD_BY_NAME}, **two.kinds}
    for name, column in fields.items():
        if name in left_out or column == key:
            continue
        if name in OF_ROLES or name in CONTACTS or name == OTHER_SURNAME:
            read.roles["former_surname" if name == OTHER_SURNAME else name] = column
        if name in OF_ROLES or name == OTHER_SURNAME or name not in kinds:
            continue
        by_content = f"{('left', 'right')[side]}.{name}={column}" in columns.by_content
        if why := _BY_CONTENT if by_content else _not_kept(name, column, kinds[name]):
            left_out[name] = why
        else:
            read.kept[kept_name(name)] = column
            read.kinds[kept_name(name)] = kinds[name]
    if "dob" in read.roles:
        _read_dates(engine, read, shaped, at["dob"] if "dob" in two.at.fields else None)
    if "sex" in read.roles:
        read.sexes = _sexes(engine, shaped, read.roles["sex"], at.get("sex"))
    return read


def _unreadable(fields: Mapping[str, str], parts: Mapping[str, str], file: PersonFile) -> Iterator[tuple[str, str]]:
    """Fields that stand in no column of their own, and why no run reads them."""
    held = Counter(fields.values())
    for name, column in fields.items():
        if held[column] > 1:
            others = " and ".join(other for other, of in fields.items() if of == column and other != name)
            yield name, _ONE_COLUMN.format(others=others)
        elif column not in file.raw.columns or (name == "dob" and column in parts.values()):
            yield name, _MADE


def kept_name(name: str) -> str:
    """The name under which a run keeps a field."""
    return re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower()


def _not_kept(name: str, column: str, kind: str) -> str | None:
    """Why a run does not keep a field; None where it does."""
    known = kept_name(name)
    if kind not in KEPT_KINDS:
        return f"is compared as {kind}, which leo link does and a run does not"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", known) or known.endswith(HISTORY_ENDS):
        return 'has a name that a run cannot give it: write keep = { name = "COLUMN" } by hand'
    if not re.fullmatch(r"\w+", column):
        return "stands in a column whose name has other signs than letters, digits and _: give it another name"
    return None


def _read_dates(engine: Engine, read: Read, shaped: PersonFile, made: str | None) -> None:
    """Find the one format in which most birth dates of a file are; where there is none, they are left out."""
    column = read.roles["dob"]
    if pa.types.is_temporal(shaped.types.get(column, pa.null())):
        return
    if not made:
        del read.roles["dob"]
        read.left_out["dob"] = "is in none of the other files, so that nothing shows how it is to be read"
        return
    formats = _FORMATS
    fitting = _fitting(engine, shaped, column, made, formats)
    best = max(fitting, key=lambda pattern: fitting[pattern][0])
    right, unread, known = fitting[best]
    if not right or right < _MOST * known:
        del read.roles["dob"]
        read.left_out["dob"] = "has no form that a run reads: write it as 1997-07-06"
        return
    read.date_format = best
    read.undated = (unread, known)


def _parts(pattern: str) -> set[str]:
    return set(re.findall("%.", pattern))


def _fitting(
    engine: Engine, file: PersonFile, column: str, made: str, formats: Sequence[str]
) -> dict[str, tuple[int, int, int]]:
    """Of each format how many birth dates it reads as they were read here, how many it does not read, and of how many.

    Args:
        column, made: as they stand in the file, and as they were read; by a sample.
    """
    text = as_text(column)
    asked = [f"{parsed(text, [pattern])} as day_{place}" for place, pattern in enumerate(formats)]
    counts = [
        f"count(*) filter (where day_{place} = day) as right_{place}, count(*) - count(day_{place}) as unread_{place}"
        for place in range(len(formats))
    ]
    found = one(
        engine,
        engine.sql(
            f"""
            with dates as (
                select try_cast({quote(made)} as date) as day, {", ".join(asked)}
                from {{t}}
                where {text} <> '' and {quote(made)} is not null
            )
            select count(*) as known, {", ".join(counts)}
            from dates
            """,
            t=sample(engine, file.table, file.rows),
        ),
    )
    return {
        pattern: (int(found[f"right_{place}"]), int(found[f"unread_{place}"]), int(found["known"]))
        for place, pattern in enumerate(formats)
    }


def _sexes(engine: Engine, file: PersonFile, column: str, made: str | None) -> dict[str, str]:
    """The codes of a file that were taken for male and female."""
    if not made:
        return {}
    found = engine.sql(
        f"""
        select distinct {as_text(column)} as code, {quote(made)} as sex
        from {{t}}
        where {quote(made)} in ('M', 'F') and {as_text(column)} <> ''
        order by code
        """,
        t=file.table,
    )
    return {row["code"]: SEXES[row["sex"]] for row in rows(engine, found)}


def postcode_form(engine: Engine, held: Sequence[tuple[PersonFile, str]]) -> str | None:
    """The form of the postcodes of several files, of which all take one: the catalogue's `format`.

    Args:
        held: files, each with its column of postcodes.
    """
    if not held:
        return None
    if all(british(engine, file, column) for file, column in held):
        return "postcode"
    lengths = Counter[int]()
    others = 0
    for file, column in held:
        for text, count in counted(engine, file, column).items():
            code = re.sub(r"[.]0$", "", text)
            if re.fullmatch(r"\d{1,5}|\d{5}-?\d{4}", code, re.ASCII):
                lengths[len(code)] += count
            else:
                others += count
    if not lengths or lengths.total() < _NEARLY_ALL * (lengths.total() + others):
        return "code"
    if max(lengths) > 5:
        return "code"
    return "code"
