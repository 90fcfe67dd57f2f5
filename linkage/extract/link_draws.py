"""Link draws of an extract: the tax and benefit keys of each person in each draw, and
how to use them.
"""

from collections.abc import Mapping

from linkage.engine import Engine, Table, literal
from linkage.extract.layout import EDUKEY, PERSON, Field, Layout, key_field
from linkage.extract.population import People

NAME = "link_draws"
SAMPLED, UNITS = "link_draws/", "units/"


def draws_layout() -> Layout:
    """A person's key in each draw."""
    return Layout(
        NAME,
        "Link draws",
        "person, by draw and tax or benefit key that the draw gives the person",
        (
            key_field(PERSON),
            Field(
                "draw",
                "integer",
                "Number of the draw: links of one draw are one link set.",
            ),
            key_field(EDUKEY),
        ),
        key=(PERSON, "draw", EDUKEY),
    )


def steps_of(tables: Mapping[str, Table]) -> list[str]:
    """Link steps of which a run holds link draws and whose records have tax keys."""
    return sorted(
        name.removeprefix(SAMPLED) for name in tables if name.startswith(SAMPLED)
    )


def draw_rows(engine: Engine, tables: Mapping[str, Table], people: People) -> Table:
    """The draws of all steps that give the population's people a tax or benefit key.

    A draw that links a person to a record whose key is not in the population gives the
    person no row: the extract has no rows of that key. As in the run's own outcomes of
    each draw, a link that the run has removed is in none, and of a unit that it has
    split a record goes to the person who has it, or to the lowest of them.
    """
    if people.edukeys is None:
        raise ValueError("without tax keys there are no draws of them")
    by_name: dict[str, Table] = {
        name: tables[name] for name in ("removed_links",) if name in tables
    }
    parts = []
    for number, step in enumerate(steps_of(tables)):
        draws, units = tables[SAMPLED + step], tables[UNITS + step]
        owners = engine.sql(
            _WHOSE, units=units, lookup=tables["lookup_ae_id"], store=True
        )
        by_name |= {
            f"sampled_{number}": draws,
            f"units_{number}": units,
            f"whose_{number}": owners,
        }
        no_cut = f"""and not exists (
                select 1 from {{removed_links}} as c
                where c.step = {literal(step)} and c.left_id = drawn.left_id
                    and c.right_id = drawn.right_id
            )"""
        parts.append(_given(number, no_cut if "removed_links" in by_name else ""))
    return engine.sql(
        f"""
        with given as ({" union all ".join(parts)})
        select distinct {PERSON}, draw, {EDUKEY} from given order by {PERSON}, draw,
            {EDUKEY}
        """,
        params=None,
        store=False,
        persons=people.persons,
        edukeys=people.edukeys,
        lookup=tables["lookup_edukey"],
        **by_name,
    )


# A unit of a step is one person, unless the run has split it since.
_WHOSE = f"""
    with held as (
        select distinct u.unit_id, l.{PERSON} as person
        from {{units}} as u
        join {{lookup}} as l on l.entity_id = u.entity_id
        where u.side = 'left'
    )
    select unit_id, person, min(person) over (partition by unit_id) as lowest from held
    """


def _given(number: int, no_cut: str) -> str:
    """SQL of AE_ID, draw, EDUKEY (pseudonyms) that a step's draws give."""
    return f"""
    select person.{PERSON}, cast(drawn.draw as bigint) as draw, named.{EDUKEY}
    from {{sampled_{number}}} as drawn
    join {{whose_{number}}} as whose on whose.unit_id = drawn.left_id
    join {{persons}} as person on person.person = whose.person
    join {{units_{number}}} as of_right on of_right.side = 'right'
        and of_right.unit_id = drawn.right_id
    join {{lookup}} as held on held.entity_id = of_right.entity_id
    join {{edukeys}} as named on named.tax_key = held.{EDUKEY}
    left join {{whose_{number}}} as own on own.unit_id = drawn.left_id
        and own.person = held.{PERSON}
    where whose.person = coalesce(own.person, whose.lowest) {no_cut}
    """
