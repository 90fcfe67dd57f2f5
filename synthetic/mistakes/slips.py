"""Names written as they sound, or misread from a form: rules with weights in reference/slips.csv."""

import csv
import functools
from typing import Any, NamedTuple

import pyarrow as pa
from numpy.typing import NDArray

from synthetic.drawn.draws import Draws
from synthetic.reference_tables import FOLDER


class Rule(NamedTuple):
    """Letters that become others at a place of the name: start, inside, end or any."""

    where: str
    old: str
    new: str
    weight: float


def misheard(draws: Draws, field: str, ids: NDArray[Any], events: NDArray[Any], values: Any) -> Any:
    """Each string, in capitals, as it might be spelt by someone who heard it; unchanged where no rule fits."""
    return _changed("phonetic", draws, field, ids, events, values)


def misread(draws: Draws, field: str, ids: NDArray[Any], events: NDArray[Any], values: Any) -> Any:
    """Each string, in capitals, as it might be read from handwriting or by a scanner."""
    return _changed("scanned", draws, field, ids, events, values)


def _changed(kind: str, draws: Draws, field: str, ids: NDArray[Any], events: NDArray[Any], values: Any) -> Any:
    drawn = draws.uniform(f"{field}.{kind}", ids, events).tolist()
    return pa.array([_pick(kind, name, at) for name, at in zip(values.to_pylist(), drawn, strict=True)], pa.string())


def _pick(kind: str, name: str, drawn: float) -> str:
    """One of the spellings that a name may become, by their weights."""
    found = spellings(kind, name)
    left = drawn * sum(weight for _, weight in found)
    for spelling, weight in found:
        left -= weight
        if left < 0:
            return spelling
    return name


@functools.lru_cache(maxsize=20_000)
def spellings(kind: str, name: str) -> list[tuple[str, float]]:
    """What a name in capitals may become by one use of one rule, with weights; in the order of the rules."""
    found = []
    for rule in rules()[kind]:
        if rule.old not in name:
            continue
        places = [at for at in range(len(name)) if name.startswith(rule.old, at) and _fits(rule, name, at)]
        for at in places:
            spelling = name[:at] + rule.new + name[at + len(rule.old) :]
            if len(spelling) > 1 and spelling != name:
                found.append((spelling, rule.weight / len(places)))
    return found


def _fits(rule: Rule, name: str, at: int) -> bool:
    end = at + len(rule.old)
    first, last = at == 0 or name[at - 1] in " -", end == len(name) or name[end] in " -"
    return {"any": True, "start": first, "end": last and not first, "inside": not first and not last}[rule.where]


@functools.cache
def rules() -> dict[str, list[Rule]]:
    """The rules by kind, phonetic and scanned."""
    out: dict[str, list[Rule]] = {"phonetic": [], "scanned": []}
    with (FOLDER / "slips.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            out[row["kind"]].append(Rule(row["where"], row["from"], row["to"], float(row["weight"])))
    return out
