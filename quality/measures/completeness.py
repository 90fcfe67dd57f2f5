"""How complete the identifiers of a source are: what can be compared at all."""

from typing import Any

from linkage.config.identifiers import IDENTIFIERS, kept_columns
from linkage.engine import Engine, Table, one, quote


def completeness(engine: Engine, identities: Table) -> list[dict[str, Any]]:
    """identifier, entities, present, several: entities with a value, and with more than one over time.

    Args:
        identities: one row an entity, a list of distinct values for each identifier.
    """
    present = [*(name for name in IDENTIFIERS if name in identities.columns), *kept_columns(identities.columns)]
    measures = ", ".join(
        f"""count(*) filter (where array_length({quote(name)}) > 0) as {quote(name + "_present")},
            count(*) filter (where array_length({quote(name)}) > 1) as {quote(name + "_several")}"""
        for name in present
    )
    if not present:
        return []
    counts = one(
        engine, engine.sql(f"select count(*) as entities, {measures} from {{identities}}", identities=identities)
    )
    return [
        {
            "identifier": name,
            "entities": counts["entities"],
            "present": counts[f"{name}_present"],
            "several": counts[f"{name}_several"],
        }
        for name in present
    ]
