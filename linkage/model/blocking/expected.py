"""How many matches blocking rules are expected to reach, from what a trained model knows of matches.

A level's m is the share of matches that it holds for. Where a level implies that what a rule asks for agrees (equal
surnames have equal first letters), its m is part of the rule's. Fields err independently, as the model has it.
"""

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from linkage.model.conditions import conjuncts, spelled
from linkage.model.splink_json import BlockingRule, Comparison, Model

_NEGLIGIBLE = 1e-9
State = frozenset["Event"]


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
    model: Model, rules: Sequence[BlockingRule], known: Mapping[str, float], made_of: Mapping[str, str]
) -> Expected:
    """The share of matches that rules reach, if fields err independently.

    Args:
        known: column to the share of pairs of which both sides know it; those it lacks are always known.
        made_of: columns that are made of others: postcode_sector to postcode. Agreement of what no level implies is
            taken never to happen, so that a share is rather too low than too high.
    """
    asked = [events_of(rule) for rule in rules]
    fields: list[dict[State, float]] = []
    spoken_of: set[Event] = set()
    for comparison, events in by_field(model, asked, made_of).items():
        fields.append(_states(comparison, events, known, made_of))
        spoken_of |= set(events)
    wanted = [None if rule is None or not rule <= spoken_of else rule for rule in asked]
    alone, added = [0.0] * len(rules), [0.0] * len(rules)
    for share, agreeing in _cases(fields):
        reaching = [place for place, rule in enumerate(wanted) if rule is not None and rule <= agreeing]
        for place in reaching:
            alone[place] += share
        if reaching:
            added[reaching[0]] += share
    return Expected(
        tuple(None if rule is None else alone[place] for place, rule in enumerate(wanted)),
        tuple(None if rule is None else added[place] for place, rule in enumerate(wanted)),
        sum(added),
    )


def events_of(rule: BlockingRule) -> State | None:
    """What must agree; None where the rule asks for anything but that the same of both sides be equal."""
    found = []
    for term in conjuncts(rule.condition):
        key = _same_of_both(term)
        if key is None:
            return None
        column = next(c.name for c in key.find_all(exp.Column))
        found.append(Event(spelled(key), column.removesuffix("_all"), column in rule.explode))
    return frozenset(found)


def by_field(model: Model, asked: Sequence[State | None], made_of: Mapping[str, str]) -> dict[Comparison, list[Event]]:
    """Each event with the comparison that says most of it; without those of which none says anything."""
    found: dict[Comparison, list[Event]] = {}
    for event in dict.fromkeys(e for rule in asked for e in sorted(rule or (), key=lambda e: e.value)):
        said = {
            comparison: sum(level.m or 0.0 for level in comparison.levels if implies(level.condition, event, made_of))
            for comparison in model.fields
        }
        most = max(said, key=lambda comparison: said[comparison])
        if said[most] > 0:
            found.setdefault(most, []).append(event)
    return found


def _states(
    comparison: Comparison, events: Sequence[Event], known: Mapping[str, float], made_of: Mapping[str, str]
) -> dict[State, float]:
    """Every set of events that a match may show in one field, with its probability."""
    there = known.get(comparison.columns[0], 1.0)
    states: dict[State, float] = {frozenset(): 1.0 - there}
    graded = [level for level in comparison.levels if level.value >= 0]
    whole = sum(level.m or 0.0 for level in graded) or 1.0
    for level in graded:
        agreeing = frozenset(event for event in events if implies(level.condition, event, made_of))
        states[agreeing] = states.get(agreeing, 0.0) + there * (level.m or 0.0) / whole
    return states


def _cases(fields: Sequence[dict[State, float]]) -> Iterator[tuple[float, State]]:
    for combination in itertools.product(*(field.items() for field in fields)):
        share = 1.0
        for _, p in combination:
            share *= p
        if share > _NEGLIGIBLE:
            yield share, frozenset().union(*(state for state, _ in combination))


def implies(condition: str | None, event: Event, made_of: Mapping[str, str]) -> bool:
    """Whether a level holds only of pairs that show an event."""
    fields = {event.column, made_of.get(event.column)}
    for kind, said in _said(condition):
        if kind == "overlap" and event.of_list and said.removesuffix("_all") in fields:
            return True
        if kind == "column" and said in fields:  # a list holds the latest value too
            return True
        if kind == "value" and said == event.value:
            return True
    return False


@functools.cache
def _said(condition: str | None) -> tuple[tuple[str, str], ...]:
    """What a level's condition asks to agree: a whole column, a value made of one, or lists to overlap."""
    found = []
    for term in conjuncts(condition) if condition else ():
        overlap = _overlapping(term)
        key = _same_of_both(term)
        if overlap:
            found.append(("overlap", overlap))
        elif isinstance(key, exp.Column):
            found.append(("column", key.name))
        elif key is not None:
            found.append(("value", spelled(key)))
    return tuple(found)


def _overlapping(term: exp.Expression) -> str | None:
    """The list column of list_has_any("x_l", "x_r")."""
    if not isinstance(term, exp.ArrayOverlaps):
        return None
    left, right = (_without_side(side) for side in (term.left, term.right))
    return left.name if isinstance(left, exp.Column) and left == right else None


def _same_of_both(term: exp.Expression) -> exp.Expression | None:
    """What of one column is equal on both sides; None where it is anything else."""
    if not isinstance(term, exp.EQ):
        return None
    left, right = _without_side(term.left), _without_side(term.right)
    return left if left == right and len({c.name for c in left.find_all(exp.Column)}) == 1 else None


def _without_side(value: exp.Expression) -> exp.Expression:
    """A side's value in the words of a unit: l."dob" and "dob_l" are "dob"."""

    def bare(node: exp.Expression) -> exp.Expression:
        if not isinstance(node, exp.Column):
            return node
        sided = not node.table and node.name[-2:].lower() in ("_l", "_r")
        return exp.column(exp.to_identifier(node.name[:-2] if sided else node.name, quoted=True))

    return value.copy().transform(bare)
