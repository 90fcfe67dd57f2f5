"""How a pair could have been found: which blocking rules and passes reach it, and at what the others stop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from linkage.config import Pass
from linkage.engine import Engine, Table, one, quote, rows
from linkage.match.passes import conditions, fields_of
from linkage.match.units import Units
from linkage.model import BlockingRule
from linkage.model.comparisons import OF_WORDS, POSITION
from linkage.model.compiled import any_element
from linkage.model.conditions import conjuncts, parsed
from quality.explain.sides import Side, Term

AGREES, DIFFERS = "agrees", "differs"


@dataclass(frozen=True)
class Condition:
    """One thing that a rule asks of a pair, and how the pair stands to it.

    Attributes:
        says: agrees, differs, not known on the left, not known on the right, not known on either side.
    """

    name: str
    says: str

    @property
    def holds(self) -> bool:
        """Whether the pair agrees."""
        return self.says == AGREES

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"condition": self.name, "says": self.says}


def terms_of(rule: BlockingRule) -> list[BlockingRule]:
    """The conditions that a rule joins by AND, each as a rule of its own."""
    return [BlockingRule(str(term.sql("duckdb")), rule.explode) for term in conjuncts(rule.condition)]


def by_rule(engine: Engine, rule: BlockingRule, left: Table, right: Table) -> list[Condition]:
    """A blocking rule's conditions on one pair. All hold: the rule makes the pair.

    Args:
        left, right: one unit each, with the model's columns.
    """
    terms = terms_of(rule)
    asked = []
    for index, term in enumerate(terms):
        asked.append(f"{any_element(term)} as holds_{index}")
        for side, letter in (("left", "l"), ("right", "r")):
            columns = _columns_of(term, letter)
            unknown = " or ".join(_is_unknown(f"{letter}.{quote(c)}", c in rule.explode) for c in columns)
            asked.append(f"({unknown or 'false'}) as {side}_{index}")
    found = one(engine, engine.sql(f"select {', '.join(asked)} from {{l}} as l, {{r}} as r", l=left, r=right))
    return [
        Condition(_called(term), _says(found[f"holds_{i}"], found[f"left_{i}"], found[f"right_{i}"]))
        for i, term in enumerate(terms)
    ]


def by_pass(engine: Engine, rule: Pass, left: Table, right: Table) -> tuple[list[Condition], bool]:
    """A pass's conditions on one pair, at the two identifier_records that come closest; and whether the pass holds.

    Args:
        left, right: identifier_records of one unit each.
    """
    equal, agree = conditions(rule)
    asked = [*equal, *agree]
    listed = ", ".join(
        f"{sql} as holds_{i}, l.{quote(field)} is null as left_{i}, r.{quote(field)} is null as right_{i}"
        for i, (_, field, sql) in enumerate(asked)
    )
    met = rows(engine, engine.sql(f"select {listed} from {{l}} as l, {{r}} as r", l=left, r=right))

    def closeness(row: Mapping[str, Any]) -> tuple[int, int]:
        held = [bool(row[f"holds_{i}"]) for i in range(len(asked))]
        return sum(held[: len(equal)]), sum(held[len(equal) :])

    best = max(met, key=closeness)
    found = [
        Condition(_called_term(term), _says(best[f"holds_{i}"], best[f"left_{i}"], best[f"right_{i}"]))
        for i, (term, _, _) in enumerate(asked)
    ]
    holds = all(c.holds for c in found[: len(equal)]) and (not agree or any(c.holds for c in found[len(equal) :]))
    return found, holds


def reads(rule: Pass, left: Units, right: Units) -> bool:
    """Whether both sides have the columns of a pass; the step leaves out one whose columns are not there."""
    return set(fields_of(rule)) <= set(left.identifier_records.columns) & set(right.identifier_records.columns)


def reached_by_rule(engine: Engine, rule: BlockingRule, units: Table, of: str, other: Side) -> Table | None:
    """unit_id of the units of the other side that a rule may pair with some units.

    Args:
        of: "left" or "right": the side that the units are of.

    Returns:
        None where no condition of the rule narrows the other side down.
    """
    letter = "l" if of == "left" else "r"
    terms = []
    for term in terms_of(rule):
        equality = parsed(term.condition).unnest()
        if not isinstance(equality, exp.EQ):
            continue
        mine, others = _of_one_column(equality, letter), _of_one_column(equality, "r" if letter == "l" else "l")
        if mine and others:
            terms.append(_term(engine, units, mine, others, rule.explode))
    return other.holding(terms) if terms else None


def reached_by_pass(engine: Engine, rule: Pass, identifier_records: Table, other: Side) -> Table:
    """unit_id of the units of the other side that may satisfy a pass with some identifier_records."""
    terms = []
    for text in rule.equal:
        field, _, length = text.partition("^")
        element = f"substr({{value}}, 1, {int(length)})" if length else "{value}"
        terms.append(_term(engine, identifier_records, (field, element), (field, element), ()))
    return other.holding(terms)


def _term(engine: Engine, units: Table, mine: tuple[str, str], others: tuple[str, str], explode: Sequence[str]) -> Term:
    """What the other side must hold, from the values that some units have of a column."""
    column, element = mine
    values = f"select unnest({quote(column)}) as value from {{t}}" if column in explode else _plain(column)
    query = f"""
        select coalesce(list(distinct {element.format(value="value")}), []) as wanted
        from ({values}) as held
        where value is not null
        """
    return Term(others[0], others[1], engine.sql(query, t=units, store=True))


def _plain(column: str) -> str:
    return f"select {quote(column)} as value from {{t}}"


def _of_one_column(equality: exp.EQ, letter: str) -> tuple[str, str] | None:
    """The column and expression of the side of an equality that reads one column of `letter`, and nothing else."""
    for side in (equality.left, equality.right):
        read = list(side.find_all(exp.Column))
        if len(read) == 1 and read[0].table == letter:
            marked = side.copy().transform(lambda n: exp.column("value_here") if isinstance(n, exp.Column) else n)
            return read[0].name, str(marked.sql("duckdb")).replace("{", "{{").replace("}", "}}").replace(
                "value_here", "{value}"
            )
    return None


def _columns_of(term: BlockingRule, letter: str) -> list[str]:
    return list(dict.fromkeys(c.name for c in parsed(term.condition).find_all(exp.Column) if c.table == letter))


def _is_unknown(column: str, is_list: bool) -> str:
    return f"{column} is null or array_length({column}) = 0" if is_list else f"{column} is null"


def _says(holds: bool | None, left_unknown: bool, right_unknown: bool) -> str:
    if holds:
        return AGREES
    if left_unknown and right_unknown:
        return "not known on either side"
    if left_unknown or right_unknown:
        return f"not known on the {'left' if left_unknown else 'right'}"
    return DIFFERS


def _called(term: BlockingRule) -> str:
    """A condition by its column, where it says no more than that the column is equal."""
    equality = parsed(term.condition).unnest()
    sides = (equality.left, equality.right) if isinstance(equality, exp.EQ) else ()
    names = {side.name for side in sides if isinstance(side, exp.Column)}
    if len(names) != 1 or not all(isinstance(side, exp.Column) for side in sides):
        return term.condition
    (name,) = names
    if name.endswith(OF_WORDS):
        field = name.removesuffix(OF_WORDS)
        return f"a cell of {field}" if field == POSITION else f"a rare word of {field}"
    return f"{name.removesuffix('_all')} at any time" if name in term.explode else name


def _called_term(term: str) -> str:
    """A pass's term in words: "forename~close", "postcode^4"."""
    field, marked, length = term.partition("^")
    if marked:
        return f"first {length} of {field}"
    field, _, kind = term.partition("~")
    return {"close": f"{field} nearly", "initial": f"initial of {field}"}.get(kind, field)
