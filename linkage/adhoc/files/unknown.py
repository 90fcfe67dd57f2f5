"""Values that stand for "nobody knows": words for it, and what far too many hold to be anybody's own.

Left as they are, one that both files write would be agreement, and one beside a name that is known disagreement.
"""

import functools
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any

import pyarrow as pa
from pydantic import Field

from linkage.adhoc.files.columns_made import as_text, free_name
from linkage.adhoc.files.person_file import PLACE, PersonFile
from linkage.config.resources import config_file
from linkage.config.toml_file import Strict, held_to
from linkage.engine import Engine, quote, rows

_SAMPLE_ROWS = 100_000  # of a larger file every so many-th row is looked at
_LOOKED_AT = 1_000  # values of a column, the most common ones
_AGAIN, _LONGEST_WORD = 3, 20  # rows of a word, and its signs


_Least = Annotated[float, Field(ge=0)]
_Share = Annotated[float, Field(ge=0, le=1)]


class _Common(Strict):
    """When a value is too common."""

    but_in: frozenset[str]
    rows: Annotated[int, Field(ge=1)]
    share: _Share
    times: _Least
    others: Annotated[int, Field(ge=0)]
    each: _Least


class _Written(Strict):
    """What programs write for an empty cell."""

    words: frozenset[str]
    times: _Least


class _Unknown(Strict):
    """configs/unknown.toml."""

    words: tuple[str, ...]
    written: _Written
    common: _Common


@functools.cache
def _rules() -> tuple[frozenset[str], _Written, _Common]:
    held = held_to(_Unknown, config_file("unknown.toml"))
    return frozenset(map(_form, held.words)), held.written, held.common


def _form(text: str) -> str:
    """Capitals without marks, in the text's own script: in Latin letters 未知 is the name Weizhi."""
    parted = unicodedata.normalize("NFKD", text.upper())
    words = "".join(sign for sign in parted if not unicodedata.combining(sign)).replace(",", " ").split()
    return " ".join(dict.fromkeys(words))  # UNKNOWN, UNKNOWN


def says_unknown(text: str) -> bool:
    """Whether a value is a word for "nobody knows", in whatever field."""
    return _form(text) in _rules()[0]


def words_of_file(engine: Engine, file: PersonFile, columns: Sequence[str]) -> frozenset[str]:
    """Words by which a file itself says "nobody knows", whatever its language: NC, k.A.

    A word that stands again and again in two columns of what is made of digits, or of addresses of mail, is neither a
    number nor an address.

    Args:
        columns: of telephones, mail, postcodes, birth dates and numbers.
    """
    found = Counter[str]()
    for column in dict.fromkeys(columns):
        words = engine.sql(
            f"""
            with held as (
                select {as_text(column)} as value, count(*) as held
                from {{t}}
                where {quote(PLACE)} % {max(1, file.rows // _SAMPLE_ROWS)} = 0
                group by {as_text(column)}
            ),
            formed as (
                select value, held, regexp_matches(value, $form) as is_formed from held where value <> ''
            )
            select value
            from formed
            where not is_formed and held >= {_AGAIN} and length(value) <= {_LONGEST_WORD}
                  and (select avg(case when is_formed then 1 else 0 end) from formed) > 0.5
            order by held desc, value
            limit {_LOOKED_AT}
            """,
            params={"form": r"[\pN@]"},
            t=file.table,
        )
        found.update({_form(row["value"]) for row in rows(engine, words)})
    return frozenset(word for word, held in found.items() if held > 1)


def without_unknown(
    engine: Engine, file: PersonFile, column: str, fields: Sequence[str], words: Collection[str] = ()
) -> tuple[PersonFile, str]:
    """The file with a column in which what stands for "nobody knows" is NULL, and its name; as it is where none does.

    Args:
        fields: what the column holds; forename and surname where it holds names in full.
        words: by which the file itself says so (`words_of_file`).
    """
    found = engine.sql(
        f"""
        with held as (
            select {as_text(column)} as value, count(*) as held
            from {{t}}
            where {quote(PLACE)} % {max(1, file.rows // _SAMPLE_ROWS)} = 0
            group by {as_text(column)}
        )
        select value, held, count(*) over () as distinct_values, sum(held) over () as all_held
        from held
        where value <> ''
        order by held desc, value
        limit {_LOOKED_AT}
        """,
        t=file.table,
    )
    most = list(rows(engine, found))
    _, written, common = _rules()
    said = {row["value"] for row in most if says_unknown(row["value"]) or _form(row["value"]) in words}
    unknown = said | _by_a_program(most, written)
    if {"forename", "surname"} <= set(fields) or not common.but_in.issuperset(fields):
        unknown |= _too_common(most, common)
    if not unknown:
        return file, column
    values = engine.from_arrow(pa.table({"value": pa.array(sorted(unknown), pa.string())}))
    known = f"case when {as_text(column)} not in (select value from {{u}}) then {quote(column)} end"
    name = free_name(file, f"known {column}")
    table = engine.sql(f"select t.*, {known} as {quote(name)} from {{t}} as t", t=file.table, u=values)
    lost = engine.count(
        engine.sql(f"select 1 as one from {{t}} where {as_text(column)} <> '' and {quote(name)} is null", t=table)
    )
    return file.with_columns(table, unknown={**file.unknown, column: lost}), name


def _by_a_program(most: Sequence[Mapping[str, Any]], written: _Written) -> set[str]:
    """The words that programs write, where they are not in the column's case, or far more common than its values."""
    others = {row["value"]: int(row["held"]) for row in most if row["value"] not in written.words}
    names = [value for value in others if len(value) > 1]
    cased = {form: sum(map(form, names)) * 10 > len(names) for form in (str.isupper, str.islower)}

    def is_none(value: str, held: int) -> bool:
        in_its_case = next((usual for form, usual in cased.items() if form(value)), False)
        return not in_its_case or held >= written.times * max(others.values(), default=0)

    return {row["value"] for row in most if row["value"] in written.words and is_none(row["value"], int(row["held"]))}


def _too_common(most: Sequence[Mapping[str, Any]], common: _Common) -> set[str]:
    """The value that is far more common than all others, where nearly each of these is another, of several parts."""
    if len(most) < 2 or sum(_is_one_word(row["value"]) for row in most) * 2 > len(most):
        return set()
    first, second = int(most[0]["held"]), int(most[1]["held"])
    all_held, others = int(most[0]["all_held"]), int(most[0]["distinct_values"]) - 1
    enough = first >= max(common.rows, common.share * all_held, common.times * second)
    own = others >= common.others and all_held - first <= common.each * others
    return {most[0]["value"]} if enough and own else set()


def _is_one_word(text: str) -> bool:
    """Whether it may be a name or a town alone, which is many people's, and no address, number or name in full."""
    return not any(sign.isspace() or sign.isdigit() or sign == "@" for sign in text)


def notes(files: Sequence[PersonFile]) -> list[str]:
    """What was taken for "nobody knows", for whoever gave the files; no value."""
    return [
        f"{file.called}: '{column}' counts as unknown in {held:,} rows, which say so or have what far too many have"
        for file in files
        for column, held in file.unknown.items()
    ]
