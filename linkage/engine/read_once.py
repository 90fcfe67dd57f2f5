"""Common table expressions that are read once become subqueries, in what Spark is
asked.

Spark puts each such expression into the query in whose place it is read, one after the
other and through all that is above it: of a scoring of forty stages that took as long
as everything else that the planner does.
"""

from sqlglot import exp


def read_once_in_place(tree: exp.Expression) -> None:
    """Put each expression of a WITH that is read once in the place where it is read."""
    for clause in reversed(list(tree.find_all(exp.With))):  # the innermost first
        if clause.args.get("recursive"):
            continue
        for cte in list(clause.expressions):
            reader = _reader(clause, cte)
            if reader:
                alias = reader.args.get("alias") or exp.TableAlias(
                    this=exp.to_identifier(cte.alias)
                )
                cte.pop()
                reader.replace(exp.Subquery(this=cte.this, alias=alias))
        if not clause.expressions:
            clause.pop()


def _reader(clause: exp.With, cte: exp.CTE) -> exp.Table | None:
    """The one place that reads a CTE; None where several do, or where a nearer WITH may
    define another of its name.
    """
    query = clause.parent
    if query is None or cte.args["alias"].args.get("columns"):
        return None
    readers = [
        table
        for table in query.find_all(exp.Table)
        if table.name == cte.alias and not table.db
    ]
    if len(readers) != 1:
        return None
    (reader,) = readers
    if any(
        value for name, value in reader.args.items() if name not in ("this", "alias")
    ):
        return None
    ancestor = reader.parent
    while ancestor is not None and ancestor is not query:
        if ancestor.args.get(str(clause.arg_key)):
            return None
        ancestor = ancestor.parent
    return reader
