"""Common table expressions that are read once become subqueries, in what Spark is asked.

Spark puts each such expression into the query in whose place it is read, one after the other and through all that is
above it: of a scoring of forty stages that took as long as everything else that the planner does.
"""

from sqlglot import exp


def read_once_in_place(tree: exp.Expression) -> None:
    """Put each expression of a WITH that is read once in the place where it is read."""
    for found in reversed(list(tree.find_all(exp.With))):  # the innermost first
        if found.args.get("recursive"):
            continue
        for named in list(found.expressions):
            reader = _reader(found, named)
            if reader:
                alias = reader.args.get("alias") or exp.TableAlias(this=exp.to_identifier(named.alias))
                named.pop()
                reader.replace(exp.Subquery(this=named.this, alias=alias))
        if not found.expressions:
            found.pop()


def _reader(found: exp.With, named: exp.CTE) -> exp.Table | None:
    """The one place that reads an expression; None where there are others, or a nearer WITH may mean another by it."""
    whole = found.parent
    if whole is None or named.args["alias"].args.get("columns"):
        return None
    readers = [table for table in whole.find_all(exp.Table) if table.name == named.alias and not table.db]
    if len(readers) != 1:
        return None
    (reader,) = readers
    if any(value for name, value in reader.args.items() if name not in ("this", "alias")):
        return None
    inside = reader.parent
    while inside is not None and inside is not whole:
        if inside.args.get(str(found.arg_key)):
            return None
        inside = inside.parent
    return reader
