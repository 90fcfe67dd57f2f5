"""What a request comes to, table by table, as the panel sees it."""

from typing import Any

from linkage.catalogue.holdings import names_a_person
from linkage.requests.application import Application, of_whom, tables_of


def scope_of(application: Application) -> dict[str, Any]:
    """Tables with their items, rating and years; items that name a person; population, people and retention."""
    tables = []
    for table in tables_of(application.grants):
        variables = application.held[table.name].definition.variables
        items = [variables[name] for name in table.variables]
        tables.append(
            {
                "table": table.name,
                "items": len(items),
                "rating": f"{min(v.identifiability for v in items)}{min(v.sensitivity for v in items)}",
                "years": str(table.years or ""),
                "only": f"{table.only.column} {', '.join(table.only.values)}" if table.only else "",
            }
        )
    named = {
        f"{grant.holding.name}.{variable.name}": names_a_person(variable) for grant, variable in application.items()
    }
    request = application.request
    return {
        "request": request.id,
        "tables": tables,
        "names_a_person": {place: reason for place, reason in named.items() if reason},
        "population": of_whom(request.population),
        "people": len(request.person),
        "retention": str(request.retention),
    }
