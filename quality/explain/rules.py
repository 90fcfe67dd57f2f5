"""Which blocking rules and passes bring a pair together, and which conditions the
others fail on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from linkage.config import Pass
from linkage.engine import Engine, Table, one, quote, rows
from linkage.match.passes import conditions, fields_of
from linkage.match.units import Units
from linkage.model import BlockingRule
from linkage.model.compiled import any_element
from linkage.model.conditions import conjuncts, parsed
from linkage.pipeline.sides import Side, Term


@dataclass(frozen=True)
class Condition:
    """One condition of a rule, and how a pair meets it.

    Attributes:
        result: agrees, differs, not known on the left, not known on the right, not
            known on either side.
    """

    condition: str
    result: str

    @property
    def holds(self) -> bool:
        """Whether the pair meets it."""
        return self.result == "agrees"


def by_rule(
    engine: Engine, rule: BlockingRule, left: Table, right: Table
) -> list[Condition]:
    """A blocking rule's conditions on one pair (one unit each, with the model's
    columns).
    """
    terms = _terms(rule)
    expressions = []
    for place, term in enumerate(terms):
        expressions.append(f"{any_element(term)} as holds_{place}")
        for side, letter in (("left", "l"), ("right", "r")):
            columns = dict.fromkeys(
                c.name
                for c in parsed(term.condition).find_all(exp.Column)
                if c.table == letter
            )
            unknown = {
                True: "coalesce(array_length({0}), 0) = 0",
                False: "{0} is null",
            }  # of a list, of a value
            missing = [
                unknown[name in rule.explode].format(f"{letter}.{quote(name)}")
                for name in columns
            ]
            expressions.append(f"({' or '.join(missing) or 'false'}) as {side}_{place}")
    answers = one(
        engine,
        engine.sql(
            f"select {', '.join(expressions)} from {{l}} as l, {{r}} as r",
            l=left,
            r=right,
        ),
    )
    return [
        Condition(_name(term), _result(answers, place))
        for place, term in enumerate(terms)
    ]


def by_pass(
    engine: Engine, rule: Pass, left: Units, right: Units
) -> tuple[list[Condition], int, bool] | None:
    """A pass's conditions on the two identifier records of a pair that come closest,
    and whether the pass holds.

    Returns:
        Conditions; how many of them must all hold (of the rest one must); whether they
        do. None where a side lacks a column of the pass.
    """
    if not set(fields_of(rule)) <= set(left.identifier_records.columns) & set(
        right.identifier_records.columns
    ):
        return None
    equal, agree = conditions(rule)
    terms = [*equal, *agree]
    select_list = ", ".join(
        f"{sql} as holds_{n}, l.{quote(field)} is null as left_{n}, r.{quote(field)} "
        f"is null as right_{n}"
        for n, (_, field, sql) in enumerate(terms)
    )
    query = f"select {select_list} from {{l}} as l, {{r}} as r"
    records = rows(
        engine, engine.sql(query, l=left.identifier_records, r=right.identifier_records)
    )

    def closeness(row: Mapping[str, Any]) -> tuple[int, int]:
        results = [bool(row[f"holds_{n}"]) for n in range(len(terms))]
        return sum(results[: len(equal)]), sum(results[len(equal) :])

    best = max(records, key=closeness)
    answers = [
        Condition(_pass_term(term), _result(best, n))
        for n, (term, _, _) in enumerate(terms)
    ]
    holds = all(c.holds for c in answers[: len(equal)]) and (
        not agree or any(c.holds for c in answers[len(equal) :])
    )
    return answers, len(equal), holds


def reached_by_rule(
    engine: Engine, rule: BlockingRule, units: Table, of: str, other: Side
) -> Table | None:
    """unit_id of units of the other side that a rule may pair with some units; None if
    it asks for no equality.

    Args:
        of: "left" or "right": the side of the units.
    """
    letters = ("l", "r") if of == "left" else ("r", "l")
    terms = []
    for term in _terms(rule):
        equality = parsed(term.condition).unnest()
        if not isinstance(equality, exp.EQ):
            continue
        own_term, other_term = (_single_column(equality, letter) for letter in letters)
        if own_term and other_term:
            column, element = own_term
            value = (
                f"unnest({quote(column)})" if column in rule.explode else quote(column)
            )
            query = f"""
                select coalesce(list(distinct {element.format(value="value")}), [])
                    as wanted
                from (select {value} as value from {{t}}) as v
                where value is not null
                """
            terms.append(Term(*other_term, engine.sql(query, t=units, store=True)))
    return other.holding(terms) if terms else None


def _terms(rule: BlockingRule) -> list[BlockingRule]:
    """The conditions that a rule joins by AND."""
    return [
        BlockingRule(str(term.sql("duckdb")), rule.explode)
        for term in conjuncts(rule.condition)
    ]


def _single_column(equality: exp.EQ, letter: str) -> tuple[str, str] | None:
    """The column and the expression of the side of an equality that reads one column of
    `letter` and nothing else.
    """
    for side in (equality.left, equality.right):
        read = list(side.find_all(exp.Column))
        if len(read) == 1 and read[0].table == letter:
            pattern = side.copy().transform(
                lambda n: exp.column("value_here") if isinstance(n, exp.Column) else n
            )
            text = str(pattern.sql("duckdb")).replace("{", "{{").replace("}", "}}")
            return read[0].name, text.replace("value_here", "{value}")
    return None


def _result(row: Mapping[str, Any], place: int) -> str:
    if row[f"holds_{place}"]:
        return "agrees"
    left, right = row[f"left_{place}"], row[f"right_{place}"]
    if not (left or right):
        return "differs"
    return (
        "not known on "
        f"{'either side' if left and right else 'the left' if left else 'the right'}"
    )


def _name(term: BlockingRule) -> str:
    """A condition of a rule: the column of both sides where that is all."""
    equality = parsed(term.condition).unnest()
    ends = (equality.left, equality.right) if isinstance(equality, exp.EQ) else ()
    names = {end.name for end in ends if isinstance(end, exp.Column)}
    if len(names) != 1 or not all(isinstance(end, exp.Column) for end in ends):
        return term.condition
    (name,) = names
    return f"{name.removesuffix('_all')} at any time" if name in term.explode else name


def _pass_term(term: str) -> str:
    """A pass's term in words: "forename~close", "postcode^4"."""
    field, sign, length = term.partition("^")
    if sign:
        return f"first {length} of {field}"
    field, _, kind = term.partition("~")
    return {"close": f"{field} nearly", "initial": f"initial of {field}"}.get(
        kind, field
    )
