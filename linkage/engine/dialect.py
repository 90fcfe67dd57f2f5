"""DuckDB SQL as Spark SQL.

sqlglot does most of it; this module mends what it renders otherwise than DuckDB
answers. Functions are a table in functions.py; what is more than a function (ordered
lists, unnesting, subscripts, formats of dates) is here.

What the text does not show, because it depends on types, is left to the author of a
query:
- `len` and `array_length` are of lists, `length` of text;
- a date minus a date is days on DuckDB and an interval on Spark: say date_diff('day',
  b, a);
- a double is rounded by a cast to a whole number on DuckDB and cut off on Spark: write
  round() or floor() first;
- a text of "1.5" cast to a whole number is 2 on DuckDB and an error, or NULL, on Spark;
- x / 0 is infinite on DuckDB and an error on Spark: say x / nullif(y, 0);
- ln(0) is minus infinity on DuckDB and NULL on Spark;
- round(x, n) of a double whose decimal ends in a 5 goes by the binary value on DuckDB,
  up on Spark: 2.675 gives 2.67 and 2.68.
"""

import functools
import re
from collections.abc import Sequence
from typing import Any

import sqlglot
from sqlglot import exp, transforms
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.dialects.spark import Spark
from sqlglot.generators.spark import SparkGenerator
from sqlglot.parsers.duckdb import DuckDBParser

from linkage.engine.functions import (
    OF_LIST_AGGREGATE,
    OF_MORE_ARGUMENTS,
    OF_UNITS,
    REFUSED,
    RENDERINGS,
)
from linkage.engine.patterns import java_replacement, parsed_date
from linkage.engine.read_once import read_once_in_place
from linkage.errors import ConfigError

_OURS = {
    name.upper()
    for name in (
        *RENDERINGS,
        *(name for name, _ in OF_UNITS),
        "datediff",
        "datesub",
        *REFUSED,
        "try_strptime",
        "strptime",
        "list_aggregate",
        "array_aggregate",
        "row_number",
    )
}


_PLACE = re.compile(r"\{(\d)\}")


class DialectError(ConfigError):
    """A query says what does not carry over to Spark."""


class _Read(DuckDB):  # type: ignore[misc]
    """DuckDB's dialect with our functions left as they are named, and subscripts as
    they are written.
    """

    INDEX_OFFSET = 0

    class Parser(DuckDBParser):  # type: ignore[misc]
        FUNCTIONS = {  # noqa: RUF012
            name: build
            for name, build in DuckDBParser.FUNCTIONS.items()
            if name not in _OURS
        }
        FUNCTION_PARSERS = {  # noqa: RUF012
            name: parse
            for name, parse in DuckDBParser.FUNCTION_PARSERS.items()
            if name not in _OURS
        }


class _Write(Spark):  # type: ignore[misc]
    """Spark's dialect, rendering our functions from the table."""

    INDEX_OFFSET = 0

    class Generator(SparkGenerator):  # type: ignore[misc]
        TRANSFORMS = {  # noqa: RUF012
            **SparkGenerator.TRANSFORMS,
            exp.Select: transforms.preprocess(
                [
                    lambda select: _zipped_unnests(select),
                    transforms.eliminate_qualify,
                    transforms.eliminate_distinct_on,
                    transforms.any_to_exists,
                ]
            ),
        }
        for _own in (  # rendered by methods below
            *(
                exp.ArrayAgg,
                exp.ArrayFilter,
                exp.Bracket,
                exp.Extract,
                exp.Filter,
                exp.First,
                exp.In,
                exp.Interval,
            ),
            *(
                exp.Last,
                exp.RegexpLike,
                exp.RegexpReplace,
                exp.Star,
                exp.Transform,
                exp.TryCast,
                exp.Unnest,
            ),
        ):
            TRANSFORMS.pop(_own, None)

        TYPE_MAPPING = {  # noqa: RUF012
            **SparkGenerator.TYPE_MAPPING,
            exp.DType.INT128: "DECIMAL(38, 0)",
            exp.DType.UBIGINT: "DECIMAL(20, 0)",
            exp.DType.UINT: "BIGINT",
            exp.DType.USMALLINT: "INT",
            exp.DType.UTINYINT: "SMALLINT",
        }

        def anonymous_sql(self, expression: exp.Anonymous) -> str:
            name = expression.name.lower()
            if name in REFUSED:
                raise _refused(name, REFUSED[name])
            arguments = [self.sql(argument) for argument in expression.expressions]
            if name in ("try_strptime", "strptime"):
                return self._parsed(name, expression, arguments[0])
            template = _template(name, expression.expressions)
            return (
                template.format(*arguments)
                if template
                else self.func(expression.name, *expression.expressions)
            )

        def _parsed(self, name: str, expression: exp.Anonymous, text: str) -> str:
            argument = expression.expressions[1]
            formats = (
                argument.expressions if isinstance(argument, exp.Array) else [argument]
            )
            if not all(isinstance(item, exp.Literal) for item in formats):
                raise _refused(
                    f"{name} with a format from a column", "one query a format"
                )
            function = "TRY_TO_TIMESTAMP" if name == "try_strptime" else "TO_TIMESTAMP"
            dates = [parsed_date(function, text, item.name) for item in formats]
            return dates[0] if len(dates) == 1 else f"COALESCE({', '.join(dates)})"

        def concat_sql(self, expression: exp.Concat) -> str:
            """Parts as texts: with a text for what is not known, Spark would take
            numbers and that text for numbers.
            """
            if not expression.args.get("coalesce"):
                return str(super().concat_sql(expression))
            parts = [
                part
                if part.is_string
                else exp.func(
                    "coalesce", exp.cast(part, "text"), exp.Literal.string("")
                )
                for part in expression.expressions
            ]
            return str(self.func("CONCAT", *parts))

        def arrayagg_sql(self, expression: exp.ArrayAgg) -> str:
            if isinstance(expression.parent, exp.Window):
                raise _refused(
                    "list(...) over a window", "list(...) with group by, joined back"
                )
            return self._list(expression.this, "")

        def filter_sql(self, expression: exp.Filter) -> str:
            if isinstance(expression.this, exp.ArrayAgg):
                return self._list(
                    expression.this.this,
                    f" FILTER(WHERE {self.sql(expression.expression, 'this')})",
                )
            return str(super().filter_sql(expression))

        def first_sql(self, expression: exp.First | exp.Last) -> str:
            if isinstance(expression.this, exp.Order):
                raise _refused(
                    "an ordered first or last value",
                    "arg_min(x, y), or list(x order by y)[1]",
                )
            return str(self.function_fallback_sql(expression))

        last_sql = first_sql

        def in_sql(self, expression: exp.In) -> str:
            list_column = expression.args.get("field")
            if list_column is not None:  # x in a list that a column holds
                return (
                    f"ARRAY_CONTAINS({self.sql(list_column)}, "
                    f"{self.sql(expression, 'this')})"
                )
            return str(super().in_sql(expression))

        def _list(self, inner: exp.Expression, filters: str) -> str:
            """list(x ORDER BY y): NULLs are kept, the order holds, no rows give NULL,
            unlike Spark's.
            """
            order = inner.expressions if isinstance(inner, exp.Order) else []
            value = inner.this if isinstance(inner, exp.Order) else inner
            distinct = isinstance(value, exp.Distinct)
            text = self.sql(
                value.expressions[0] if isinstance(value, exp.Distinct) else value
            )
            keys = [
                (
                    self.sql(item.this),
                    bool(item.args.get("desc")),
                    bool(item.args.get("nulls_first")),
                )
                for item in order
            ]
            fields = [
                field
                for place, key in enumerate(keys)
                for field in _sort_fields(place, *key)
            ]
            row = f"STRUCT({', '.join([*fields, f'{text} AS v'])})"
            rows = f"{'COLLECT_SET' if distinct else 'COLLECT_LIST'}({row}){filters}"
            values = f"TRANSFORM({_sorted(rows, keys)}, s -> s.v)"
            select = inner.find_ancestor(exp.Select)
            whole_table = select is not None and select.args.get("group") is None
            # Taken out of a list of one, so that the aggregate is named, and made,
            # once.
            return (
                f"TRY_ELEMENT_AT(FILTER(ARRAY({values}), l -> SIZE(l) > 0), 1)"
                if filters or whole_table
                else values
            )

        def unnest_sql(self, expression: exp.Unnest) -> str:
            lists = [self.sql(item) for item in expression.expressions]
            alias = expression.args.get("alias")
            names = [self.sql(name) for name in alias.columns] if alias else []
            table = self.sql(alias, "this") if alias else ""
            if expression.args.get("offset"):
                raise _refused(
                    "unnest with ordinality",
                    "list_transform(l, lambda x, i: ...), or a column of places",
                )
            body = (
                f"EXPLODE({lists[0]})"
                if len(lists) == 1
                else f"INLINE({_zipped(lists)})"
            )
            columns = f"({', '.join(names)})" if names else ""
            rows = f"{body} AS {table}{columns}" if table else body
            return (
                f"LATERAL {rows}" if isinstance(expression.parent, exp.Join) else rows
            )

        def bracket_sql(self, expression: exp.Bracket) -> str:
            (index,) = expression.expressions
            if isinstance(index, exp.Slice):
                raise _refused("l[a:b]", "list_slice(l, a, b), or substr of a text")
            if isinstance(index, exp.Literal) and index.is_string:
                return f"{self.sql(expression, 'this')}.{self.sql(exp.to_identifier(index.name))}"  # noqa: E501
            # DuckDB counts in BIGINT, Spark takes INT alone.
            place = (
                self.sql(index)
                if isinstance(index, exp.Literal | exp.Neg)
                else f"CAST({self.sql(index)} AS INT)"
            )
            return f"TRY_ELEMENT_AT({self.sql(expression, 'this')}, {place})"

        def extract_sql(self, expression: exp.Extract) -> str:
            part, value = expression.name.lower(), self.sql(expression, "expression")
            template = {
                "dow": "dayofweek",
                "dayofweek": "dayofweek",
                "isodow": "isodow",
                "epoch": "epoch",
            }.get(part)
            return (
                RENDERINGS[template].format(value)
                if template
                else str(super().extract_sql(expression))
            )

        def interval_sql(self, expression: exp.Interval) -> str:
            if expression.this is None or isinstance(expression.this, exp.Literal):
                return str(super().interval_sql(expression))
            unit = f"to_{expression.text('unit').lower().rstrip('s')}s"
            if unit not in RENDERINGS:
                raise _refused(
                    f"interval (x) {expression.text('unit').lower()}",
                    "days, months or years",
                )
            return RENDERINGS[unit].format(self.sql(expression, "this"))

        def trycast_sql(self, expression: exp.TryCast) -> str:
            cast = str(self.cast_sql(expression, safe_prefix="TRY_"))
            if expression.to.this is not exp.DType.DATE:
                return cast
            # Spark reads '2015' and '2015-03' as dates too.
            return (
                f"IF(CAST({self.sql(expression, 'this')} AS STRING) RLIKE '^ "
                f"*[0-9]+-[0-9]+-[0-9]+', {cast}, NULL)"
            )

        def regexpreplace_sql(self, expression: exp.RegexpReplace) -> str:
            flags, replacement = (
                expression.text("modifiers"),
                expression.args["replacement"],
            )
            if not (isinstance(replacement, exp.Literal) and replacement.is_string):
                raise _refused(
                    "regexp_replace by a column",
                    "replace, or a text to put in its place",
                )
            inline = flags.replace("g", "")
            pattern = self.sql(expression, "expression")
            pattern = f"CONCAT('(?{inline})', {pattern})" if inline else pattern
            if (
                "g" not in flags
            ):  # the first match only: what is before it is kept as the first group
                pattern = f"CONCAT('\\\\A([\\\\s\\\\S]*?)(?:', {pattern}, ')')"
            java_text = java_replacement(
                replacement.name, groups_before=0 if "g" in flags else 1
            )
            replacement_sql = self.sql(exp.Literal.string(java_text))
            return (
                f"REGEXP_REPLACE({self.sql(expression, 'this')}, {pattern}, "
                f"{replacement_sql})"
            )

        def regexplike_sql(self, expression: exp.RegexpLike) -> str:
            pattern, flags = self.sql(expression, "expression"), expression.text("flag")
            pattern = f"CONCAT('(?{flags})', {pattern})" if flags else pattern
            return f"({self.sql(expression, 'this')} RLIKE {pattern})"

        def transform_sql(self, expression: exp.Transform) -> str:
            return (
                f"TRANSFORM({self.sql(expression, 'this')}, "
                f"{self.sql(_from_zero(expression.expression))})"
            )

        def arrayfilter_sql(self, expression: exp.ArrayFilter) -> str:
            return (
                f"FILTER({self.sql(expression, 'this')}, "
                f"{self.sql(_from_zero(expression.expression))})"
            )

        def star_sql(self, expression: exp.Star) -> str:
            if expression.args.get("replace"):
                raise _refused("select * replace", "the columns by name")
            return str(super().star_sql(expression))

        def window_sql(self, expression: exp.Window) -> str:
            call = (
                expression.this.this
                if isinstance(expression.this, exp.IgnoreNulls)
                else expression.this
            )
            no_order = not expression.args.get("order") and not expression.args.get(
                "alias"
            )
            if (
                no_order
                and isinstance(call, exp.RowNumber | exp.Anonymous)
                and call.name.lower() in ("", "row_number")
            ):
                raise _refused(
                    "row_number() over () without an order",
                    "order by a key, so that numbers are repeatable",
                )
            return str(super().window_sql(expression))


def to_spark(query: str) -> str:
    """A query in DuckDB's dialect, with its tables and values in place, as Spark SQL.

    Raises:
        DialectError: the query says what does not carry over; the message says what to
            write instead.
    """
    (tree,) = sqlglot.parse(query, read=_Read)
    if tree is None:
        raise DialectError("an empty query")
    for node in tree.find_all(
        exp.Pivot, exp.TableSample, exp.SetOperation, exp.Join, exp.Glob, exp.SimilarTo
    ):
        _check(node)
    read_once_in_place(tree)
    return str(tree.sql(dialect=_Write, unsupported_level=sqlglot.ErrorLevel.RAISE))


def _check(node: exp.Expression) -> None:
    if isinstance(node, exp.Pivot):
        raise _refused("pivot and unpivot", "max(value) filter (where name = ...)")
    if isinstance(node, exp.TableSample):
        raise _refused(
            "a sample", "where on a hash of the key: a sample differs between engines"
        )
    if isinstance(node, exp.SetOperation) and node.args.get("by_name"):
        raise _refused("union all by name", "the columns in one order")
    if isinstance(node, exp.Join) and node.method == "ASOF":
        raise _refused("asof join", REFUSED["asof"])
    if isinstance(node, exp.Glob | exp.SimilarTo):
        raise _refused("glob and similar to", "like or regexp_full_match")


def _refused(feature: str, remedy: str) -> DialectError:
    return DialectError(
        f"{feature} does not carry over from DuckDB to Spark\n  say instead: {remedy}"
    )


def _template(name: str, arguments: Sequence[Any]) -> str | None:
    """A function's rendering, by its name, the number of its arguments, and a unit or
    name among them.
    """
    if name in ("list_aggregate", "array_aggregate"):
        if arguments[1].name not in OF_LIST_AGGREGATE:
            raise _refused(
                f"list_aggregate of '{arguments[1].name}'",
                f"one of {', '.join(OF_LIST_AGGREGATE)}",
            )
        return OF_LIST_AGGREGATE[arguments[1].name]
    if name in ("date_diff", "datediff", "date_sub", "datesub"):
        kind, unit = (
            "date_diff" if name in ("date_diff", "datediff") else "date_sub",
            arguments[0].name.lower(),
        )
        if (kind, unit) not in OF_UNITS:
            known = ", ".join(
                of_unit for of_kind, of_unit in OF_UNITS if of_kind == kind
            )
            raise _refused(f"{kind} of '{unit}'", f"one of {known}")
        return OF_UNITS[kind, unit]
    template = OF_MORE_ARGUMENTS.get((name, len(arguments)), RENDERINGS.get(name))
    if template and len(arguments) != len(set(_PLACE.findall(template))):
        raise _refused(
            f"{name} of {len(arguments)} arguments",
            f"its form of {len(set(_PLACE.findall(template)))}",
        )
    return template


def _sort_fields(
    place: int, key: str, descending: bool, nulls_first: bool
) -> tuple[str, str]:
    """Fields whose order is that of the key with its NULLs where they belong: a flag
    and the key.
    """
    null_is_high = descending == nulls_first
    return (
        f"{key} IS {'' if null_is_high else 'NOT '}NULL AS n{place}",
        f"{key} AS k{place}",
    )


def _sorted(rows: str, keys: list[tuple[str, bool, bool]]) -> str:
    if not keys:
        return rows
    directions = {descending for _, descending, _ in keys}
    if len(directions) == 1:
        return f"SORT_ARRAY({rows}, {'FALSE' if directions.pop() else 'TRUE'})"
    comparison = functools.reduce(
        lambda rest, name: (
            f"WHEN l.{name[0]} < r.{name[0]} THEN {name[1]} WHEN l.{name[0]} > "
            f"r.{name[0]} THEN {-name[1]} {rest}"
        ),
        reversed(
            [
                (f"{kind}{place}", 1 if key[1] else -1)
                for place, key in enumerate(keys)
                for kind in "nk"
            ]
        ),
        "ELSE 0",
    )
    return f"ARRAY_SORT({rows}, (l, r) -> CASE {comparison} END)"


def _zipped(lists: list[str]) -> str:
    return f"ARRAYS_ZIP({', '.join(f'COALESCE({item}, ARRAY())' for item in lists)})"


def _zipped_unnests(select: exp.Expression) -> exp.Expression:
    """Several unnest(...) in one SELECT run side by side, shorter ones ending in NULL:
    one INLINE on Spark.
    """
    unnests = [
        item for item in select.expressions if isinstance(item.unalias(), exp.Explode)
    ]
    if len(unnests) < 2:
        return select
    names = [item.alias_or_name or "unnest" for item in select.expressions]
    if any(isinstance(item, exp.Star) or item.is_star for item in select.expressions):
        raise _refused("* with several unnest(...)", "the columns by name")
    lists = [
        exp.Coalesce(
            this=item.unalias().this.copy(), expressions=[exp.Array(expressions=[])]
        )
        for item in unnests
    ]
    zipped = exp.Anonymous(this="ARRAYS_ZIP", expressions=lists)
    inline = exp.Aliases(
        this=exp.Anonymous(this="INLINE", expressions=[zipped]),
        expressions=[
            exp.to_identifier(item.alias_or_name or "unnest", quoted=True)
            for item in unnests
        ],
    )
    inner = select.copy()
    inner.set("with_", None)
    rest = [item.copy() for item in select.expressions if item not in unnests]
    inner.set("expressions", [*rest, inline])
    outer = exp.select(*(exp.column(name, quoted=True) for name in names)).from_(
        inner.subquery("unnested")
    )
    outer.set("with_", select.args.get("with_"))
    return outer


def _from_zero(function: exp.Expression) -> exp.Expression:
    """A lambda of an element and its place, which DuckDB counts from one and Spark from
    zero.
    """
    if not isinstance(function, exp.Lambda) or len(function.expressions) < 2:
        return function
    shifted_function, place = function.copy(), function.expressions[1].name
    for identifier in list(shifted_function.this.find_all(exp.Identifier)):
        if identifier.name == place:
            identifier.replace(
                exp.Paren(
                    this=exp.Add(
                        this=exp.to_identifier(place), expression=exp.Literal.number(1)
                    )
                )
            )
    return shifted_function


__all__ = ["DialectError", "to_spark"]
