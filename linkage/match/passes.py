"""Deterministic passes: rules of exact agreement, in order, each on the units that the
passes before it left unlinked.

A pass accepts a pair only when no other unit of either side satisfies the same rule, so
that two Mohammed Khans of one birth date and postcode are left to the model or to
clerical review.
"""

import difflib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from linkage.config import Cardinality, Pass, holds_many, single_sides
from linkage.config.toml_file import Frozen, read_as
from linkage.engine import Engine, Table, empty, quote
from linkage.errors import ConfigError

# What may follow ~ in agree_any. Jaro-Winkler at 0.9 keeps spelling variants and drops
# other names.
_AGREEMENTS = {
    "equal": "l.{f} = r.{f}",
    "close": "jaro_winkler_similarity(l.{f}, r.{f}) >= 0.9",
    "initial": "substr(l.{f}, 1, 1) = substr(r.{f}, 1, 1)",
}


class PassFile(Frozen):
    """A file of passes."""

    passes: tuple[Pass, ...] = Field(
        alias="pass", description="Deterministic passes, in order."
    )


OVERRIDE = "override"
"""The pass of a link that reviewers have made."""

METHOD = f"case when pass = '{OVERRIDE}' then 'override' else 'deterministic' end"
"""SQL of the method of a pass's link."""

STANDS = f"(match_weight >= $review or pass = '{OVERRIDE}')"
"""SQL of whether a scored link of a pass is one: one below the review threshold is for
review, unless reviewers made it.
"""


@dataclass(frozen=True)
class PassResult:
    """Pairs that passes accepted, and their counts."""

    links: Table  # left_id, right_id, pass
    # the rule (pass, why, equal, agree_any, accept), pairs, accepted, ambiguous,
    # seconds
    counts: list[dict[str, Any]]


def load(path: Path) -> tuple[Pass, ...]:
    """Read a file of [[pass]] tables.

    Raises:
        ConfigError: no such file, or faults, all at once.
    """
    passes = read_as(
        PassFile, path, "name another; leo config files lists those that ship"
    ).passes
    faults = [
        f"pass '{rule.name}': {fault}" for rule in passes for fault in _faults(rule)
    ]
    if faults:
        raise ConfigError(
            f"{path}: passes have faults\n"
            + "\n".join(f"  {fault}" for fault in faults)
        )
    return passes


def check_fields(rules: Sequence[Pass], known: Sequence[str], where: str) -> None:
    """Refuse passes that name identifiers which the records lack: they would be skipped
    without a message.

    Raises:
        ConfigError: the names, each with its pass and the nearest known identifier.
    """
    faults = []
    for rule in rules:
        for field in fields_of(rule):
            if field not in known:
                matches = difflib.get_close_matches(field, known, 1)
                faults.append(
                    f"pass '{rule.name}': no identifier '{field}'"
                    + (f"; nearest: {matches[0]}" if matches else "")
                )
    if faults:
        fault_lines = "\n".join(f"  {fault}" for fault in faults)
        raise ConfigError(
            f"{where}: passes have faults\n{fault_lines}\n  there are "
            f"{', '.join(known)}"
        )


def _faults(rule: Pass) -> list[str]:
    faults = (
        []
        if rule.equal
        else ["equal names no identifier; without one every pair would be compared"]
    )
    for term in rule.equal:
        _, separator, length = term.partition("^")
        if separator and not (
            length.isdecimal() and len(length) < 4 and int(length) > 0
        ):
            faults.append(f"'{term}': after ^ there must be a number of characters")
    for term in rule.agree_any:
        if term.partition("~")[2] not in ("", *_AGREEMENTS):
            faults.append(f"'{term}': after ~ there may be {', '.join(_AGREEMENTS)}")
    return faults


def run(
    engine: Engine,
    rules: Sequence[Pass],
    left: Table,
    right: Table,
    cardinality: Cardinality,
    *,
    forced: Table | None = None,
    barred: Table | None = None,
    each_pair_once: bool = False,
) -> PassResult:
    """Apply passes in order.

    Args:
        left, right: identifier_records: unit_id and identifiers.
        cardinality: a side that may hold several links stays open to later passes and
            need not be unambiguous.
        forced: left_id, right_id that reviewers have linked; they are linked first.
        barred: left_id, right_id that reviewers forbid; no pass makes them, nor do they
            compete.
        each_pair_once: the sides are one file.
    """
    linked = empty(
        engine, {"left_id": "bigint", "right_id": "bigint", "pass": "varchar"}
    )
    if forced:
        linked = engine.sql(
            f"select left_id, right_id, '{OVERRIDE}' as pass from {{f}}",
            f=forced,
            store=True,
        )
    barred = barred or no_pairs(engine)
    counts: list[dict[str, Any]] = []
    for rule in rules:
        if not set(fields_of(rule)) <= set(left.columns) & set(right.columns):
            continue
        start = time.monotonic()
        pairs = engine.sql(
            pairs_query(rule, cardinality, each_pair_once=each_pair_once),
            left=left,
            right=right,
            linked=linked,
            barred=barred,
            store=True,
        )
        total, unique = engine.count(pairs), 0
        if total:
            new_links = engine.sql(
                _accept(rule, cardinality),
                params={"pass_name": rule.name},
                pairs=pairs,
                store=True,
            )
            unique = engine.count(new_links)
            links = engine.sql(
                "select * from {linked} union all select * from {new}",
                linked=linked,
                new=new_links,
                store=True,
            )
            engine.drop(linked, new_links)
            linked = links
        engine.drop(pairs)
        seconds = round(time.monotonic() - start, 3)
        settings = {"pass": rule.name, **rule.model_dump(mode="json", exclude={"name"})}
        counts.append(
            {
                **settings,
                "pairs": total,
                "accepted": unique,
                "ambiguous": total - unique,
                "seconds": seconds,
            }
        )
    return PassResult(linked, counts)


def fields_of(rule: Pass) -> list[str]:
    """Identifiers that a rule reads."""
    terms = [
        *(term.partition("^")[0] for term in rule.equal),
        *(term.partition("~")[0] for term in rule.agree_any),
    ]
    return list(dict.fromkeys(terms))


def conditions(
    rule: Pass,
) -> tuple[list[tuple[str, str, str]], list[tuple[str, str, str]]]:
    """Terms that must be equal, and terms of which one must agree: the term, its
    identifier, and SQL over l and r.
    """
    equal = []
    for term in rule.equal:
        field, sql = _key(term)
        equal.append(
            (
                term,
                term.partition("^")[0],
                f"l.{sql} = r.{sql}" if sql == field else _equality(field, sql),
            )
        )
    agree = [
        (term, field, _AGREEMENTS[kind or "equal"].format(f=quote(field)))
        for term, (field, _, kind) in (
            (term, term.partition("~")) for term in rule.agree_any
        )
    ]
    return equal, agree


def _equality(field: str, sql: str) -> str:
    """An expression over a field, equal on both sides."""
    return " = ".join(sql.replace(field, f"{side}.{field}", 1) for side in "lr")


def pairs_query(
    rule: Pass, cardinality: Cardinality, *, each_pair_once: bool = False
) -> str:
    """SQL of the distinct pairs for which a rule holds on any identifier record, among
    units that may still be linked.

    It reads {left} and {right}, identifier_records, and the pairs {linked} (by earlier
    passes) and {barred}.
    """
    keys = [_key(term) for term in rule.equal]
    select_list = ", ".join(
        [
            *(f"{sql} as key_{n}" for n, (_, sql) in enumerate(keys)),
            *(quote(term.partition("~")[0]) for term in rule.agree_any),
        ]
    )
    known = " and ".join(f"{field} is not null" for field, _ in keys)
    equal = " and ".join(f"l.key_{n} = r.key_{n}" for n in range(len(keys)))
    agreement = " or ".join(
        _AGREEMENTS[kind or "equal"].format(f=quote(field))
        for field, _, kind in (t.partition("~") for t in rule.agree_any)
    )
    open_left = (
        ""
        if holds_many(cardinality, "left")
        else "and not exists (select 1 from {linked} as b where b.left_id = unit_id)"
    )
    open_right = (
        ""
        if holds_many(cardinality, "right")
        else "and not exists (select 1 from {linked} as b where b.right_id = unit_id)"
    )
    return f"""
        with of_left as (
            select distinct unit_id, {select_list} from {{left}}
                where {known} {open_left}
        ),
        of_right as (
            select distinct unit_id, {select_list} from {{right}}
                where {known} {open_right}
        )
        select distinct l.unit_id as left_id, r.unit_id as right_id
        from of_left as l
        join of_right as r on {equal}
        left join {{linked}} as before on before.left_id = l.unit_id
            and before.right_id = r.unit_id
        where before.left_id is null
          {"and l.unit_id < r.unit_id" if each_pair_once else ""}
          and not exists (select 1 from {{barred}} as b where b.left_id = l.unit_id
              and b.right_id = r.unit_id)
          {f"and ({agreement})" if agreement else ""}
        """


def _key(term: str) -> tuple[str, str]:
    """A column, and the part of it that must be equal: the whole, or after ^ its first
    characters.
    """
    field, _, length = term.partition("^")
    return quote(
        field
    ), f"substr({quote(field)}, 1, {int(length)})" if length else quote(field)


def _accept(rule: Pass, cardinality: Cardinality) -> str:
    """SQL of the pairs without competing pairs: on a side that holds one link, the unit
    has no other under the rule.
    """
    sides = single_sides(cardinality)
    is_unique = (
        [f"count(*) over (partition by {side}_id) = 1" for side in sides]
        if rule.accept == "unique"
        else []
    )
    qualify = f"qualify {' and '.join(is_unique)}" if is_unique else ""
    return (
        "select left_id, right_id, cast($pass_name as varchar) as pass from "
        f"{{pairs}} {qualify}"
    )


def no_pairs(engine: Engine) -> Table:
    """left_id, right_id without a row."""
    return empty(engine, {"left_id": "bigint", "right_id": "bigint"})
