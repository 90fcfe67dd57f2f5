"""Fields that both files hold as hashes alone, which say nothing but whether two values are equal.

Read as names they would be parted into words, and likeness of so many signs takes most of a run's time.
"""

from collections.abc import Mapping, Sequence

from linkage.adhoc.files.columns_made import as_text, is_mostly
from linkage.adhoc.files.person_file import PLACE, PersonFile
from linkage.adhoc.word_columns import bits_of
from linkage.engine import Engine, Table, one, quote

BIRTH_DATE = "birth_date_code"
"""The field of birth dates that are hashes."""
HIDDEN_BIRTH_DATES = frozenset({BIRTH_DATE, bits_of("dob")})
"""What birth dates may be that nobody can read, and that are compared."""

FIELDS = ("forename", "middle_names", "surname", "second_surname", "mother_name", "father_name", "sex", "postcode",
          "town", "address", "email", "phone")  # fmt: skip
_FORM = "^[0-9A-Za-z+/=_-]{16,}$"
_MOSTLY = 0.9  # of a column's values look like hashes
_SAMPLE_ROWS = 20_000
_WHOLE = "^(?:[0-9A-Fa-f]{32,}|[0-9A-Za-z+/_-]{43,}=?)$"  # of a hash: half of a short one may be a number's slip


def hashed(engine: Engine, files: Sequence[PersonFile], fields: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Fields of all files that are hashes in each, to what they are called then.

    Args:
        fields: of each file, to their columns.
    """
    names = [name for name in FIELDS if all(name in held for held in fields)]
    for file, held in zip(files, fields, strict=True):
        if not names:
            return {}
        shares = ", ".join(
            f"avg(case when regexp_matches({text}, $form) and regexp_matches({text}, '[0-9]') then 1.0 else 0.0 end)"
            f" filter (where {text} <> '') as s{place}"
            for place, text in enumerate(as_text(held[name]) for name in names)
        )
        some = f"{quote(PLACE)} % {max(1, file.rows // _SAMPLE_ROWS)} = 0"
        found = one(
            engine,
            engine.sql(f"select {shares} from {{t}} where {some}", params={"form": _FORM}, t=file.table),
        )
        names = [name for place, name in enumerate(names) if float(found[f"s{place}"] or 0) >= _MOSTLY]
    return {name: f"{name}_code" for name in names}


def are_hashes(engine: Engine, table: Table, column: str) -> bool:
    """Whether the known values of a column are whole hashes, of which a slip makes another one."""
    return is_mostly(engine, table, column, _WHOLE)
