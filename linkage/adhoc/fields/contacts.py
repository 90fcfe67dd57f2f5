"""Telephones and addresses of mail of which a person has several, in columns or a cell: the one that others have too.

One file has a column of numbers at home and one of mobiles, the other the number that somebody called from. Compared
column by column, most of what both know would be missed.
"""

from collections.abc import Callable, Mapping, Sequence

from linkage.adhoc.codes.digits import end_dialled, own_address
from linkage.adhoc.fields.cells_of_several import SIGNS, between
from linkage.adhoc.files.columns_made import as_text, beside
from linkage.adhoc.files.person_file import PLACE
from linkage.adhoc.files.shapes import Shape
from linkage.adhoc.headers.further_contacts import CONTACTS, further_contacts
from linkage.engine import Engine, Table, one, quote

_KEYS: Mapping[str, Callable[[str], str]] = {"phone": end_dialled, "email": lambda text: f"lower({own_address(text)})"}
"""SQL of what is the same in all ways in which a contact is written."""
_IS_WHOLE = {"phone": f"{end_dialled('part')} is not null", "email": "contains(part, '@')"}
"""SQL of whether a part of a cell is a contact by itself, and no extension or area code."""
_SEPARATORS = f"{SIGNS},"
_BETWEEN = f"'{between(_SEPARATORS)}'"
_SIGNS = f"'[{_SEPARATORS}/&]'"
_MANY = 0.02  # of a file's cells, which hold several, from which each contact is looked at


def with_shared_contacts(engine: Engine, shapes: Sequence[Shape]) -> None:
    """Files in which a contact that stands in several columns is the one of them that the other file has as well.

    Of several that it has it is the one that fewest of both files share, then the one that most have: a family's
    number says less than one's own, and of two of one's own the one under which somebody comes again and again more.
    Where the other file has none of them, it is the first.
    """
    for field in CONTACTS:
        if len(shapes) < 2 or not all(field in shape.fields for shape in shapes):
            continue
        held = [[shape.fields[field], *further_contacts(shape.parts, field)] for shape in shapes]
        together = [_hold_several(engine, shape, columns, field) for shape, columns in zip(shapes, held, strict=True)]
        several = [cells or len(columns) > 1 for cells, columns in zip(together, held, strict=True)]
        if not any(several):
            continue
        values = [_values(engine, shape, columns, field) for shape, columns in zip(shapes, held, strict=True)]
        shared = _shared(engine, values)
        for shape, are_several, of_shape in zip(shapes, several, values, strict=True):
            if are_several:
                made = {"text": f"{field} that others have"}
                shape.file, names = beside(engine, shape.file, _chosen(engine, of_shape, shared), made)
                shape.fields[field] = names["text"]


def _parted(text: str, field: str) -> str:
    """SQL of the contacts that a cell holds, where each part of it is one."""
    parts = f"regexp_split_to_array({text}, {_BETWEEN})"
    whole = f"list_filter({parts}, lambda part: {_IS_WHOLE[field]})"
    return f"case when len({whole}) = len({parts}) then {parts} else [{text}] end"


def _hold_several(engine: Engine, shape: Shape, columns: Sequence[str], field: str) -> bool:
    """Whether more than a few of the cells hold several."""
    texts = map(as_text, columns)
    shares = ", ".join(
        f"avg(case when not regexp_matches({text}, {_SIGNS}) then 0e0 when len({_parted(text, field)}) > 1 then 1e0 "
        f"else 0e0 end) as n{place}"
        for place, text in enumerate(texts)
    )
    found = one(engine, engine.sql(f"select {shares} from {{t}}", t=shape.file.table))
    return any(float(share or 0) > _MANY for share in found.values())


def _values(engine: Engine, shape: Shape, columns: Sequence[str], field: str) -> Table:
    """Rows' contacts, each with its column's number, as it is written and by its key; NULL where it is none."""
    held = {number: f"unnest({_parted(as_text(column), field)})" for number, column in enumerate(columns)}
    each = " union all ".join(
        f"select {quote(PLACE)} as place, {number} as number, {texts} as text from {{t}}"
        for number, texts in held.items()
    )
    return engine.sql(
        f"select place, number, text, {_KEYS[field]('text')} as contact from ({each}) as texts",
        t=shape.file.table,
        store=True,
    )


def _shared(engine: Engine, values: Sequence[Table]) -> Table:
    """Contacts that both files have, with how many rows of the one that has fewer, and of both, have them."""
    counted = """
        select contact, count(distinct place) as held
        from {t}
        where contact is not null
        group by contact
    """
    left, right = (engine.sql(counted, t=table) for table in values)
    return engine.sql(
        """
        select contact, least(l.held, r.held) as shared_by, l.held + r.held as held
        from {l} as l
        join {r} as r using (contact)
        """,
        l=left,
        r=right,
        store=True,
    )


def _chosen(engine: Engine, values: Table, shared: Table) -> Table:
    """The contact of each row that is compared."""
    return engine.sql(
        f"""
        with ranked as (
            select v.place, v.text,
                   row_number() over (
                       partition by v.place
                       order by s.contact is null, s.shared_by, s.held desc, s.contact, v.contact is null, v.number,
                                v.text
                   ) as rank
            from {{v}} as v
            left join {{s}} as s on s.contact = v.contact
        )
        select place as {quote(PLACE)}, text from ranked where rank = 1
        """,
        v=values,
        s=shared,
    )
