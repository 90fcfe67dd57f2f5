"""The quick start of secondary suppression: one sum at a time, the smallest partner first."""

from collections.abc import Mapping, Sequence, Set

from quality.disclosure.sums import Key, Known, Need, Sum


def by_lines(known: Known[Key], needs: Mapping[Key, Need]) -> set[Key]:
    """What to hide so that no sum alone tells a hidden number, or that its hidden parts together are too few.

    A part goes before the total, which other tables show; a nought last, since hiding it hides next to nothing.
    """
    least = max((need.least or 0.0 for need in needs.values()), default=0.0)
    guarded = set(needs)
    unshown = set(known.unshown)
    changed = True
    while changed:
        changed = False
        for line in known.sums:
            unknown = guarded | unshown
            while _gives_away(line, known, guarded, unknown, least):
                values = known.high
                partner = (
                    _partner(known, [key for key in line.parts if values[key]], unknown)
                    or _partner(known, [line.total] if values[line.total] else [], unknown)
                    or _partner(known, line.members, unknown)
                )
                if partner is None:
                    break
                guarded.add(partner[0])
                unknown.add(partner[0])
                changed = True
    return guarded


def _gives_away(line: Sum[Key], known: Known[Key], guarded: Set[Key], unknown: Set[Key], least: float) -> bool:
    parts = [key for key in line.parts if key in unknown]
    if line.total in unknown:
        return not parts and line.total in guarded
    if not any(key in guarded for key in parts):
        return False
    room = known.high[line.total] - sum(known.low[key] for key in line.parts if key not in unknown)
    return len(parts) == 1 or room < least


def _partner(known: Known[Key], keys: Sequence[Key], unknown: Set[Key]) -> tuple[Key] | None:
    """The shown number that costs least to hide: the smallest that is not zero, a zero only when there is no other."""
    shown = [key for key in keys if key not in unknown and key not in known.fixed]
    if not shown:
        return None
    return (min(shown, key=lambda key: (known.high[key] == 0, known.high[key], repr(key))),)
