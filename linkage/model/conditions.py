"""SQL conditions of models and blocking rules, in DuckDB's dialect: parsed once, taken
apart, written for both engines.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.tokens import TokenType

from linkage.engine import columns, quote

WITHIN_ONE = {
    "LEVENSHTEIN": "within_one_edit",
    "DAMERAU_LEVENSHTEIN": "within_one_edit_or_swap",
}
"""A distance of one at most, by the name of its distance: functions that each engine
has.
"""


_KINDS = """
    Column Identifier Literal Null Boolean Paren Dot Bracket Neg Not And Or EQ NEQ GT GTE LT LTE Is In Between NullSafeEQ
    NullSafeNEQ Like ILike Add Sub Mul Div IntDiv Mod DPipe Case If Cast TryCast DataType DataTypeParam Interval Var Lambda
    Array Slice Distinct ArrayOverlaps ArrayContainsAll ArrayContains ArraySize ArrayFilter ArrayIntersect ArrayMax ArrayMin
    ArrayConcat ArrayDistinct Transform Flatten Coalesce Nullif Greatest Least Abs Ceil Floor Round Exp Ln Log Pow
    Sqrt Sin Cos Acos Asin Atan Radians Lower Upper Trim Length Left Right Substring Reverse Replace Concat Split StartsWith
    EndsWith Contains StrPosition RegexpExtract RegexpLike RegexpFullMatch RegexpReplace Levenshtein JarowinklerSimilarity
    StrToTime StrToDate TimeToUnix TsOrDsToDate DateDiff DateTrunc TimestampTrunc Extract Year Month Day Unicode Date Anonymous
"""  # noqa: E501
"""Kinds of sqlglot's expressions in a condition: operators, and functions of a pair's
values only.
"""
_FUNCTIONS = """
    damerau_levenshtein jaro_similarity jaccard hamming array_cosine_similarity list_cosine_similarity list_intersect
    list_has_any list_has_all list_distinct list_sort len try_strptime suffix prefix within_one_edit within_one_edit_or_swap
"""  # noqa: E501
"""Functions that sqlglot has no kind for: those of Splink's comparison library on
DuckDB, and those of our models.
"""


_LONGEST = (
    10_000  # characters; the longest condition of a shipped model has a tenth of them
)
# levels of a tree: writing it as SQL needs some five frames a level, of Python's 1,000
_DEEPEST = 100


@functools.lru_cache(
    maxsize=4096
)  # a model is compiled for every rule, and parsing is slow
def parsed(condition: str) -> exp.Expression:
    """A condition as a tree that all callers share: `transform` gives a copy, nothing
    may be changed in place.

    Raises:
        sqlglot.errors.SqlglotError: it is no SQL.
    """
    return sqlglot.parse_one(condition, read="duckdb")


@functools.lru_cache(maxsize=4096)
def refused_part(condition: str) -> str | None:
    """The first part of a condition that reads more than a pair's values, for example
    read_text; None where none does.

    A model from somebody else is data: what is not listed above (subqueries, functions
    of files, settings, windows, parameters, comments) is refused.

    Raises:
        sqlglot.errors.SqlglotError: it is no SQL.
        RecursionError: it is nested too deeply.
    """
    if len(condition) > _LONGEST:
        return f"more than {_LONGEST:,} characters"
    if any(
        token.token_type == TokenType.SEMICOLON
        for token in sqlglot.tokenize(condition, read="duckdb")
    ):
        return ";"
    for node in parsed(condition).walk():
        if node.depth > _DEEPEST:
            raise RecursionError
        if node.comments:
            return "a comment"
        if (
            isinstance(node, exp.Anonymous)
            and node.name.lower() not in _FUNCTIONS.split()
        ):
            return str(node.name)
        if type(node).__name__ not in _KINDS.split():
            return (
                "a subquery"
                if isinstance(node, exp.Query | exp.Subquery)
                else str(node.key)
            )
    return None


def has_distance(condition: str) -> bool:
    """Whether a condition calls a distance or similarity of two texts."""
    return any(
        name in condition.lower()
        for name in ("levenshtein(", "jaro", "jaccard(", "hamming(")
    )


def conjuncts(condition: str) -> list[exp.Expression]:
    """The parts of a condition that AND joins, without their brackets."""
    tree = parsed(condition).unnest()
    terms = tree.flatten() if isinstance(tree, exp.And) else [tree]
    return [term.unnest() for term in terms]


def to_sql(tree: exp.Expression) -> str:
    """SQL of a condition, in functions that both engines know: sqlglot writes
    list_has_any as &&.
    """

    def known(node: exp.Expression) -> exp.Expression:
        overlaps = isinstance(node, exp.ArrayOverlaps)
        return (
            exp.Anonymous(this="list_has_any", expressions=[node.left, node.right])
            if overlaps
            else node
        )

    return str(tree.transform(known).sql("duckdb", copy=False))  # it is a copy


@functools.lru_cache(maxsize=4096)
def cheaper(condition: str) -> str:
    """The same condition, with `distance(a, b) <= 1` as a function that most pairs
    answer without the distance.

    Most pairs differ in length, or at many places: an eighth of the time on postcodes,
    a twentieth on dates.
    """
    if "levenshtein" not in condition.lower():
        return condition
    return to_sql(parsed(condition).transform(_within_one))


def _within_one(node: exp.Expression) -> exp.Expression:
    if not (isinstance(node, exp.LTE) and node.expression.sql() == "1"):
        return node
    distance = node.this
    if isinstance(distance, exp.Levenshtein):
        return exp.func(WITHIN_ONE["LEVENSHTEIN"], distance.this, distance.expression)
    name = distance.name.upper() if isinstance(distance, exp.Anonymous) else ""
    return (
        exp.func(WITHIN_ONE[name], *distance.expressions)
        if name in WITHIN_ONE
        else node
    )


@dataclass(frozen=True)
class BlockingRule:
    """Which pairs are candidates: SQL over l and r. Columns in `explode` are lists, of
    which any element may agree.
    """

    condition: str
    explode: tuple[str, ...] = ()

    @functools.cached_property
    def columns(self) -> tuple[str, ...]:
        """Columns of a unit that the rule reads."""
        return tuple(
            dict.fromkeys(
                column.name for column in parsed(self.condition).find_all(exp.Column)
            )
        )

    @property
    def over_elements(self) -> str:
        """The condition over l and r whose lists are opened (`opened`)."""
        return (
            to_sql(parsed(self.condition).transform(self._by_element))
            if self.explode
            else self.condition
        )

    def opened(self, side: str, names: Sequence[str] | None = None) -> str:
        """SQL of a side, {left} or {right}: unit_id, columns (else the rule's), and an
        element of each list.
        """
        query = (
            "(select "
            f"{columns(['unit_id', *(self.columns if names is None else names)])} "
            f"from {{{side}}})"
        )
        # one inside the other: lists opened side by side would be zipped, not crossed
        for column in self.explode:
            query = (
                f"(select *, unnest({quote(column)}) as {quote(element(column))} "
                f"from {query})"
            )
        return query

    def keys(self) -> "Keys":
        """The equalities that have a left and a right side: l."dob" = r."dob",
        substr(l."x", 1, 3) = ...

        A rule joined by anything but AND has none.
        """
        left, right, others = [], [], 0
        for term in conjuncts(self.condition):
            sides = _sides(term) if isinstance(term, exp.EQ) else None
            if sides is None:
                others += 1
                continue
            left.append(self._key(sides[0]))
            right.append(self._key(sides[1]))
        return Keys(tuple(left), tuple(right), others == 0)

    def _key(self, key: exp.Expression) -> str:
        def bare(node: exp.Expression) -> exp.Expression:
            node = self._by_element(node)
            return exp.column(node.this) if isinstance(node, exp.Column) else node

        return to_sql(key.transform(bare))

    def _by_element(self, node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Column) and node.name in self.explode:
            return exp.column(
                exp.to_identifier(element(node.name), quoted=True),
                table=node.args.get("table"),
            )
        return node


@dataclass(frozen=True)
class Keys:
    """SQL over the columns of one side, element by element equal where the rule holds;
    lists by their elements.
    """

    left: tuple[str, ...]
    right: tuple[str, ...]
    is_all: bool  # whether the rule asks for nothing else


def element(column: str) -> str:
    """The column that holds an element of a list."""
    return f"{column}__element"


@dataclass(frozen=True)
class Agreement:
    """What a condition asks to be the same on both sides."""

    # "column" (equal), "value" (of a column, equal) or "overlap" (of two lists)
    kind: str
    value: str  # the column, or SQL of the value over the columns of a unit
    column: str  # that is read


@functools.lru_cache(maxsize=4096)
def agreements(condition: str | None) -> tuple[Agreement | None, ...]:
    """What each part of a condition that AND joins asks to be the same on both sides;
    None where it asks otherwise.
    """
    return tuple(map(agreement, conjuncts(condition))) if condition else ()


def agreement(term: exp.Expression) -> Agreement | None:
    """What one part of a condition asks to be the same on both sides; None where it
    asks for anything else.
    """
    sides = _sides(term)
    if sides is None:
        return None
    left, right = (side.copy().transform(_without_side) for side in sides)
    columns = list(dict.fromkeys(column.name for column in left.find_all(exp.Column)))
    if left.sql().lower() != right.sql().lower() or len(columns) != 1:
        return None
    if not isinstance(left, exp.Column):
        return (
            None
            if isinstance(term, exp.ArrayOverlaps)
            else Agreement("value", to_sql(left), columns[0])
        )
    return Agreement(
        "overlap" if isinstance(term, exp.ArrayOverlaps) else "column",
        columns[0],
        columns[0],
    )


def _without_side(node: exp.Expression) -> exp.Expression:
    """A column of a unit: l."dob" and "dob_l" are "dob"."""
    if not isinstance(node, exp.Column):
        return node
    return exp.column(
        exp.to_identifier(node.name if node.table else node.name[:-2], quoted=True)
    )


def _sides(term: exp.Expression) -> tuple[exp.Expression, exp.Expression] | None:
    """The two sides of an equality or an overlap, l's first, where each reads one side
    only.
    """
    if not isinstance(term, exp.EQ | exp.ArrayOverlaps):
        return None
    read = [
        {_side(column) for column in side.find_all(exp.Column)}
        for side in (term.left, term.right)
    ]
    if read == [{"l"}, {"r"}]:
        return term.left, term.right
    return (term.right, term.left) if read == [{"r"}, {"l"}] else None


def _side(column: exp.Column) -> str:
    """l or r: of l."dob" and of "dob_l"; else anything."""
    return str(column.table or column.name[-2:].removeprefix("_")).lower()
