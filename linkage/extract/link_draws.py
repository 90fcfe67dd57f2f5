"""Alternative link sets of an extract: the tax and benefit keys of each person in each draw, and how to use them."""

from collections.abc import Iterable, Mapping

from linkage.engine import Engine, Table
from linkage.extract.layout import EDUKEY, PERSON, Field, Layout, key_field
from linkage.extract.population import People

NAME = "link_draws"
SCRIPT = "rubin.py"
SAMPLED, UNITS = "links_sampled/", "units/"


def draws_layout() -> Layout:
    """A person's key in each draw."""
    return Layout(
        NAME,
        "Alternative link sets",
        "person, by draw and tax or benefit key that the draw gives the person",
        (
            key_field(PERSON),
            Field("draw", "integer", "Number of the draw: links of one draw go together."),
            key_field(EDUKEY),
        ),
        key=(PERSON, "draw", EDUKEY),
    )


def steps_of(tables: Mapping[str, Table]) -> list[str]:
    """Link steps of which a run holds link sets and whose records have tax keys."""
    return sorted(name.removeprefix(SAMPLED) for name in tables if name.startswith(SAMPLED))


def draw_rows(engine: Engine, tables: Mapping[str, Table], people: People) -> Table:
    """The draws of all steps that give the population's people a tax or benefit key.

    A draw that links a person to a record whose key nobody of the population holds gives the person no row: the
    extract has no rows of that key.
    """
    named: dict[str, Table] = {}
    parts = []
    for number, step in enumerate(steps_of(tables)):
        named[f"sampled_{number}"], named[f"units_{number}"] = tables[SAMPLED + step], tables[UNITS + step]
        parts.append(
            f"""
            select person.{PERSON}, cast(drawn.draw as bigint) as draw, named.{EDUKEY}
            from {{sampled_{number}}} as drawn
            join {{units_{number}}} as of_left on of_left.side = 'left' and of_left.unit_id = drawn.left_id
            join {{entities}} as entity on entity.entity_id = of_left.entity_id
            join {{persons}} as person on person.person = entity.person
            join {{units_{number}}} as of_right on of_right.side = 'right' and of_right.unit_id = drawn.right_id
            join {{lookup}} as held on held.entity_id = of_right.entity_id
            join {{edukeys}} as named on named.tax_key = held.{EDUKEY}
            """
        )
    if people.edukeys is None:
        raise ValueError("without tax keys there are no draws of them")
    union = " union all ".join(parts)
    return engine.sql(
        f"""
        with given as ({union})
        select distinct {PERSON}, draw, {EDUKEY} from given order by {PERSON}, draw, {EDUKEY}
        """,
        params=None,
        store=False,
        entities=people.entities,
        persons=people.persons,
        edukeys=people.edukeys,
        lookup=tables["lookup_edukey"],
        **named,
    )


def rubin(layouts: Iterable[Layout], *, encrypted: bool = False) -> str:
    """A script that makes an estimate on each link set and combines them: of pay where approved, else of links."""
    from jinja2 import Environment, PackageLoader

    has_pay = any(layout.name == "leo_earnings" and "Earnings" in layout.columns for layout in layouts)
    templates = Environment(
        loader=PackageLoader("linkage.extract"), trim_blocks=True, keep_trailing_newline=True, autoescape=False
    )
    return templates.get_template("rubin.py.j2").render(has_pay=has_pay, encrypted=encrypted)
