"""Which column is a file's id where no name says so: one that is called like a key, and that is one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from linkage.adhoc.person_file import PersonFile
from linkage.adhoc.recognise import NUMBERS, Columns, is_called_like_a_key, named_fields
from linkage.engine import Engine, one, quote


def with_ids(
    engine: Engine, files: Sequence[PersonFile], columns: Columns, *, numbered: Sequence[bool] = (False, False)
) -> Columns:
    """The columns, with an id for each file that has a key by another name than those that `recognise` knows.

    A key that both files hold stays a field as well, since it may be one number of a person. In one file that is
    compared with itself it is none: no two rows agree on it.

    Args:
        files: two files, or one that is compared with itself.
        numbered: whether the rows of the left and of the right are to be numbered instead.
    """
    left = None if numbered[0] else columns.left_id or _key(engine, files[0], columns.left_parts, columns.left)
    if len(files) == 1:
        fields = {name: column for name, column in columns.left.items() if left is None or column != left}
        return replace(columns, left=fields, right=fields, left_id=left, right_id=left)
    right = None if numbered[1] else columns.right_id or _key(engine, files[1], columns.right_parts, columns.right)
    return replace(columns, left_id=left, right_id=right)


def _key(engine: Engine, file: PersonFile, parts: Mapping[str, str], fields: Mapping[str, str]) -> str | None:
    """The first column that is called like a key, is known in every row and holds no value twice.

    Where there is none, the first column under a name in another script, if it is that and its values look like codes;
    then the number of a person.
    """
    used = {*parts.values(), *named_fields(fields).values()}
    asked = [name for name in file.header if name not in used and is_called_like_a_key(name)]
    coded = [name for name in file.header[:1] if name not in used and name not in asked and not name.isascii()]
    asked += [*coded, *(fields[name] for name in NUMBERS if name in fields)]
    if not asked:
        return None
    counts = ", ".join(
        f"count({quote(name)}) as known_{place}, count(distinct {quote(name)}) as held_{place}, "
        f"coalesce(bool_and(regexp_matches(cast({quote(name)} as varchar), $code)), false) as is_code_{place}"
        for place, name in enumerate(asked)
    )
    found = one(
        engine, engine.sql(f"select count(*) as rows_held, {counts} from {{t}}", params={"code": _CODE}, t=file.table)
    )
    rows_held = int(found["rows_held"])

    def is_key(place: int, name: str) -> bool:
        known = int(found[f"known_{place}"]) == int(found[f"held_{place}"]) == rows_held > 0
        return known and (name not in coded or bool(found[f"is_code_{place}"]))

    return next((name for place, name in enumerate(asked) if is_key(place, name)), None)


_CODE = "^[^ ]*[0-9][^ ]*$"  # with a digit, and no blank
