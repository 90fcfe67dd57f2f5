"""Blocking recall (pairs completeness) expected from the model: the share of matches
that blocking rules reach, if fields err independently.

A level's m is the share of matches that it holds for; where a level implies that what a
rule asks for agrees (equal surnames have equal first letters), its m is part of the
rule's. linkage.model.blocking.captured estimates it from the scored pairs of a step,
where fields may err together.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from linkage.engine import quote
from linkage.model.conditions import Agreement, BlockingRule, agreements
from linkage.model.splink_json import Comparison, Level, Model

State = frozenset["Event"]
"""Of a field, the parts that agree; none: it differs in all that rules ask for."""


@dataclass(frozen=True)
class Event:
    """Something of a field that a rule asks to agree."""

    value: str  # SQL over the columns of one side, for example substr("dob", 1, 4)
    column: str  # the one that it reads, without the _all of a list
    of_list: bool  # any two elements may agree


@dataclass(frozen=True)
class Expected:
    """Shares of the matches; None for a rule of which no level of the model speaks."""

    alone: tuple[float | None, ...]
    added: tuple[float | None, ...]  # reached by a rule and by none before it
    together: float


def expected_recall(
    model: Model,
    rules: Sequence[BlockingRule],
    known: Mapping[str, float],
    made_of: Mapping[str, str],
) -> Expected:
    """The share of matches that rules reach, if fields err independently.

    Args:
        known: column to the share of pairs of which both sides know it; those it lacks
            are always known.
        made_of: columns that are made of others: postcode_sector to postcode. Agreement
            of what no level implies is taken never to happen, so that a share is rather
            too low than too high.
    """
    rule_events = [events_of(rule) for rule in rules]
    by_comparison = by_field(model, rule_events, made_of)
    known_events = {event for events in by_comparison.values() for event in events}
    events_of_rules = [
        None if events is None or not events <= known_events else events
        for events in rule_events
    ]
    own_shares, new_shares = [0.0] * len(rules), [0.0] * len(rules)
    for share, agreeing in expected_cases(by_comparison, known, made_of):
        reaching = [
            place
            for place, events in enumerate(events_of_rules)
            if events is not None and events <= agreeing
        ]
        for place in reaching:
            own_shares[place] += share
        if reaching:
            new_shares[reaching[0]] += share

    def or_none(shares: Sequence[float]) -> tuple[float | None, ...]:
        return tuple(
            None if events is None else share
            for events, share in zip(events_of_rules, shares, strict=True)
        )

    return Expected(or_none(own_shares), or_none(new_shares), sum(new_shares))


def expected_cases(
    by_comparison: Mapping[Comparison, Sequence[Event]],
    known: Mapping[str, float],
    made_of: Mapping[str, str],
    least: float = 1e-9,
) -> list[tuple[float, State]]:
    """Every set of events that a match may show, with its probability, if fields err
    independently.

    Args:
        known: share of pairs of which both sides know a column.
        least: share of the matches below which a set is left out.
    """
    cases: list[tuple[float, State]] = [(1.0, frozenset())]
    for comparison, events in by_comparison.items():
        share_known = known.get(comparison.columns[0], 1.0)
        graded_levels = [level for level in comparison.levels if level.value >= 0]
        whole = sum(level.m or 0.0 for level in graded_levels) or 1.0
        states: dict[State, float] = {frozenset(): 1.0 - share_known}
        for level in graded_levels:
            agreeing = frozenset(
                event for event in events if implies(level.condition, event, made_of)
            )
            states[agreeing] = (
                states.get(agreeing, 0.0) + share_known * (level.m or 0.0) / whole
            )
        cases = [
            (share * p, before | state)
            for share, before in cases
            for state, p in states.items()
            if share * p > least
        ]
    return cases


def level_events(level: Level) -> list[Event]:
    """What a level of agreement asks to be equal."""
    return [
        _event(equality)
        for equality in agreements(level.condition)
        if equality and level.value > 0
    ]


def events_of(rule: BlockingRule) -> State | None:
    """What must agree; None where the rule asks for anything but that the same of both
    sides be equal.
    """
    equalities = agreements(rule.condition)
    return (
        None
        if None in equalities
        else frozenset(_event(one, rule.explode) for one in equalities if one)
    )


def _event(equality: Agreement, lists: Collection[str] = ()) -> Event:
    is_of_list = equality.kind == "overlap" or equality.column in lists
    column = equality.column.removesuffix("_all") if is_of_list else equality.column
    return Event(
        equality.value if equality.kind == "value" else quote(equality.value),
        column,
        is_of_list,
    )


def by_field(
    model: Model, required: Sequence[State | None], made_of: Mapping[str, str]
) -> dict[Comparison, list[Event]]:
    """Each event with the comparison that says most of it; without those of which none
    says anything.
    """
    fields: dict[Comparison, list[Event]] = {}
    for event in dict.fromkeys(
        e for events in required for e in sorted(events or (), key=lambda e: e.value)
    ):
        shares = {
            comparison: sum(
                level.m or 0.0
                for level in comparison.levels
                if implies(level.condition, event, made_of)
            )
            for comparison in model.fields
        }
        best = max(shares, key=lambda comparison: shares[comparison])
        if shares[best] > 0:
            fields.setdefault(best, []).append(event)
    return fields


def implies(condition: str | None, event: Event, made_of: Mapping[str, str]) -> bool:
    """Whether a level holds only of pairs that show an event; a list holds the latest
    value too.
    """
    columns = {event.column, made_of.get(event.column)}
    return any(
        (
            equality.kind == "overlap"
            and event.of_list
            and equality.column.removesuffix("_all") in columns
        )
        or (equality.kind == "column" and equality.column in columns)
        or (equality.kind == "value" and equality.value == event.value)
        for equality in filter(None, agreements(condition))
    )
