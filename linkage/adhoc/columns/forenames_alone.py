"""Forenames under a header of names in full: "Patient name" beside "Surname" is no name in full where no row of it has
the surname."""

from collections.abc import Callable, Collection, Sequence

from linkage.adhoc.files.columns_made import as_text
from linkage.adhoc.files.person_file import PLACE, PersonFile
from linkage.adhoc.headers.recognise import Columns
from linkage.engine import Engine, one, quote

_LOOKED_AT = 20_000  # rows of a file
_WHOLE = 0.2  # share of the rows, from which names have the surname in them


def forenames_alone(
    engine: Engine,
    files: Sequence[PersonFile],
    columns: Columns,
    told: Collection[str],
    again: Callable[[str], Columns],
) -> list[str]:
    """Maps of columns that are called as names in full are and hold forenames, as an analyst would say it.

    Args:
        files: two files, or one that is compared with itself.
        columns: what names and the analyst told.
        told: columns that the analyst named.
        again: the columns as they are with one map more.
    """
    found = []
    for side, parts, file in (("left", columns.left_parts, files[0]), ("right", columns.right_parts, files[-1])):
        whole = parts.get("full_name")
        if whole is None or whole in told:
            continue
        of_forenames = f"{side}.forename={whole}"
        with_it = again(of_forenames)
        fields, others = (with_it.left, with_it.left_parts) if side == "left" else (with_it.right, with_it.right_parts)
        surname = fields.get("surname")
        if surname is None or "full_name" in others:  # another name in full: a reading beside the signs
            continue
        if not _has_surnames(engine, file, whole, surname):
            found.append(of_forenames)
    return found


def _has_surnames(engine: Engine, file: PersonFile, whole: str, surname: str) -> bool:
    """Whether names have in them what the column beside says is the surname."""
    step = max(1, file.rows // _LOOKED_AT)
    counts = one(
        engine,
        engine.sql(
            f"""
            with texts as (
                select nullif(upper({as_text(whole)}), '') as whole, nullif(upper({as_text(surname)}), '') as surname
                from {{t}}
                where {quote(PLACE)} % $step = 0
            )
            select count(whole || surname) as known, count(case when contains(whole, surname) then 1 end) as held
            from texts
            """,
            params={"step": step},
            t=file.table,
        ),
    )
    return int(counts["held"]) >= _WHOLE * int(counts["known"])
