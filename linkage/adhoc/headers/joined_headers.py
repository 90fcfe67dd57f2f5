"""Headers of what stands together in one column: Cognome e nome, Vor- und Zuname, Straße und Hausnummer, CP y ciudad.

Each of the parts is a header by itself; which together are a field of their own is data (`joined_headers` of
configs/recognise.toml).
"""

import functools
import itertools
import re
from collections.abc import Sequence

from linkage.adhoc.headers.header_alternatives import fields_called, known_form
from linkage.adhoc.headers.header_words import REMEMBERED, in_latin, in_own_script, outside_brackets
from linkage.adhoc.headers.vocabulary import vocabulary

_SIGNS = re.compile(r"\s*[,;/+&|]\s*")
_MOST = 5  # words of a header whose parts nothing parts
_LEFT_OUT = re.compile(r"(\w+)-$")


@functools.lru_cache(REMEMBERED)
def joined(name: str) -> str | None:
    """What a column is called whose header names each part of what is in it: a name of the field; None of others.

    >>> joined("Cognome e nome"), joined("Vor- und Nachname"), joined("Prezime (ime oca) i ime"), joined("Rua, número")
    ('fullname', 'fullname', 'fullname', 'address')
    """
    text = " ".join(outside_brackets(name).replace("_", " ").split())
    parts = [part for piece in _SIGNS.split(text) for part in _between().split(piece) if part]
    if len(parts) == 1 and 1 < len(words := parts[0].split()) <= _MOST:
        return next((found for cut in _cuts(words) if (found := _together(cut))), None)
    return _together(_with_ends(parts)) if len(parts) > 1 else None


def _together(parts: Sequence[str]) -> str | None:
    said = [_said(part) for part in parts]
    for rule in vocabulary()["joined_headers"]["of"]:
        needed, may = rule["needed"], {*rule["needed"], *rule.get("may", ())}
        chosen = itertools.product(*(fields & may for fields in said))
        if any(set(needed) <= set(fields) and len(fields) == len(set(fields)) for fields in chosen):
            return str(rule["called"])
    return None


@functools.cache
def _between() -> re.Pattern[str]:
    """Words for "and", between two others."""
    words = "|".join(map(re.escape, vocabulary()["joined_headers"]["between"]))
    return re.compile(rf"\s+(?:{words})\s+", re.IGNORECASE)


def _cuts(words: Sequence[str]) -> list[list[str]]:
    """Ways to part words that no sign parts; First Surname is not First and Surname."""
    alone, ways = {*vocabulary()["joined_headers"]["not_alone"]}, []
    for many in range(1, len(words)):
        for places in itertools.combinations(range(1, len(words)), many):
            parts = [" ".join(words[a:b]) for a, b in itertools.pairwise([0, *places, len(words)])]
            if alone.isdisjoint(map(in_latin, parts)):
                ways.append(parts)
    return ways


def _with_ends(parts: Sequence[str]) -> list[str]:
    """Parts whose end stands behind the next one alone: Vor- und Nachname is Vorname und Nachname."""
    made = list(parts)
    for place in range(len(parts) - 1):
        if cut := _LEFT_OUT.search(parts[place]):
            last = in_latin(parts[place + 1])
            whole = (in_latin(cut[1]) + last[at:] for at in range(1, len(last)))
            made[place] = next((form for form in whole if _said(form)), parts[place])
    return made


def _said(part: str) -> frozenset[str]:
    """Fields that a part of a header may be."""
    if {in_own_script(part), in_latin(part)} & {*vocabulary()["joined_headers"]["numbers"]}:
        return frozenset({"street_number"})
    form = known_form(part)
    return fields_called()[form] if form else frozenset()
