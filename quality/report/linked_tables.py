"""The counts of an evaluation that pages show, the sums between them, and those that no
table shows.

Sums tie all counts of a step: the three denominators and the reasons of each side, by
every characteristic; decisions, passes, bins, bands and levels, true pairs. Rows,
people and identifiers of a source are tied too, and its people to the sides that it is.
quality.report.released releases them, so that nothing hidden in one table can be
calculated from another.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from quality.disclosure import Sum

DECISIONS = ("accepted", "review", "rejected")
OUTCOMES = (*DECISIONS, "not compared")
MEASURES = ("outside", "unlinked", "linked", "eligible", "all")
SPLIT = ("eligible", "linked", "unlinked")
_OF_LINKS = ("links of",)
# width of a bin of match weight of which the stability index is taken, log2: it grows
# with the number of bins
_BITS = 5
Key = tuple[str, ...]
Step = Mapping[str, Any]
TwoWay = tuple[
    tuple[str, ...], tuple[str, ...]
]  # names of two characteristics, and a label of each
ByTruth = tuple[dict[Key, int], list[Key], list[int]]
"""A table: counts by truth, keys of the counts behind it, and what it leaves of these.
"""
ALL: Key = ("decision", "all")
ACCEPTED: Key = ("decision", "accepted")
CORRECT: Key = ("judged", "correct")
FALSE: Key = ("judged", "false")
MISSED: Key = ("true", "missed")
BY_RULE: Key = ("method", "deterministic")
"""Links of all deterministic passes."""


class Counts:
    """Counts, the sums between them, and the keys of those that no table shows."""

    def __init__(self) -> None:
        self.counts: dict[Key, int] = {}
        self.sums: list[Sum[Key]] = []
        self.unpublished: list[Key] = []
        self.shown_first: list[
            Key
        ] = []  # where they are not small others are hidden for them

    def whole(self, whole: Key, parts: Iterable[Key]) -> None:
        """Add that parts make up a whole."""
        if keys := tuple(parts):
            self.sums.append(Sum(whole, keys))

    def part_of(self, whole: Key, *parts: Key) -> None:
        """Add that parts lie within a whole; what they leave stands in no table."""
        rest = self.counts[whole] - sum(self.counts[part] for part in parts)
        if rest < 0 or not parts:
            return
        left: Key = ("rest", *whole, *(name for part in parts for name in part))
        self.counts |= {left: rest} if rest else {}
        self.unpublished += [left] if rest else []
        self.sums.append(Sum(whole, (*parts, left) if rest else parts))

    def chain(self, *keys: Key) -> None:
        """Add that each lies within the one before it."""
        for whole, part in itertools.pairwise(keys):
            if part in self.counts:
                self.part_of(whole, part)


def counts_of(evaluation: Mapping[str, Any]) -> Counts:
    """Counts of an evaluation but those of its steps: ("source", name, ...), ("spine",
    ...), ("clusters", ...).
    """
    whole = Counts()
    for source in evaluation.get("sources", ()):
        _add_source(whole, source)
    _add_spine(whole, evaluation.get("spine") or {})
    if clusters := evaluation.get("clusters"):
        sizes: dict[Key, Any] = {
            ("clusters", "of", str(row["records"])): row for row in clusters["sizes"]
        }
        whole.counts |= {
            ("clusters", key): clusters[key] for key in ("people", "records")
        }
        whole.counts |= {key: row["people"] for key, row in sizes.items()}
        whole.part_of(("clusters", "people"), *sizes)
        whole.part_of(
            ("clusters", "records"),
            *(key for key, row in sizes.items() for _ in range(row["records"])),
        )
    whole.counts |= {
        ("rows of", name): rows
        for name, rows in (evaluation.get("tables") or {}).items()
    }
    return whole


def _add_source(whole: Counts, source: Mapping[str, Any]) -> None:
    """Rows read are kept or quarantined; people have a value of an identifier or none,
    one value or several.
    """

    def key(*names: str) -> Key:
        return ("source", source["source"], *names)

    if source.get("rows_read") is not None and source.get("quarantined") is not None:
        read, quarantine_count = source["rows_read"], source["quarantined"]
        whole.counts |= {
            key("read"): read,
            key("quarantined"): quarantine_count,
            key("kept"): read - quarantine_count,
        }
        whole.whole(key("read"), (key("quarantined"), key("kept")))
        whole.shown_first.append(key("kept"))  # all checks of the data show it
    people = {"people": source.get("entities"), "records": source.get("records")}
    whole.counts |= {
        key(name): count for name, count in people.items() if count is not None
    }
    if (
        people["records"] is not None
        and whole.counts.get(key("kept")) == people["records"]
    ):
        whole.chain(key("kept"), key("records"))
    for row in source.get("completeness", ()):
        base, present, several_key = (
            key(name, row["identifier"]) for name in ("of", "present", "several")
        )
        whole.counts |= {base: row["entities"], present: row["present"]}
        whole.counts |= (
            {several_key: row["several"]} if row["several"] is not None else {}
        )
        whole.unpublished.append(base)
        if row["entities"] == people["people"]:
            whole.chain(key("people"), base)
        whole.chain(base, present, several_key)


def _add_spine(whole: Counts, spine: Mapping[str, Any]) -> None:
    if not spine:
        return
    whole.counts["spine", "people"] = spine["people"]
    for row in spine.get("by_source", ()):
        key = ("spine", "of", row["source"])
        whole.counts[key] = row["people"]
        whole.chain(("spine", "people"), key)
        if ("source", row["source"], "people") in whole.counts:
            whole.chain(("source", row["source"], "people"), key)
    for row in spine.get("removed_links", ()):
        whole.counts["spine", "removed", row["rule"]] = row["links"]


class StepCounts(Counts):
    """Counts of a step."""

    def __init__(self, step: Step) -> None:
        super().__init__()
        self.step = step
        self.totals = {side: _totals(step, side) for side in ("left", "right")}
        self.rates = {
            side: [rate for rate in step.get("rates", ()) if rate["side"] == side]
            for side in self.totals
        }
        self.two_way: dict[TwoWay, tuple[Key, Mapping[str, Any]]] = {}
        self.groups: dict[TwoWay, Key] = {}
        for side in self.totals:
            self._add_side(side)
        self._add_two_way(
            {
                rate["characteristic"]: rate
                for rate in self.rates["left"]
                if rate["is_partition"]
            }
        )
        self._add_decisions()
        self._add_passes()
        self._add_weights()
        self._add_levels()
        self._add_blocking()
        self._add_truth()

    def _add_side(self, side: str) -> None:
        total, reasons = self.totals[side]
        whole: Key = (side, "total", "")
        self._add_group(whole, total)
        for rate in self.rates[side]:
            groups = {
                (side, rate["characteristic"], group["group"]): group
                for group in rate["groups"]
            }
            for key, group in groups.items():
                self._add_group(key, group)
            if rate["is_partition"]:
                self.sums += [
                    Sum((*whole, m), tuple((*key, m) for key in groups))
                    for m in MEASURES
                ]
            else:  # groups overlap: each with the whole discloses the rest
                for key in groups:
                    if self.counts[*key, "all"] != self.counts[*whole, "all"]:
                        for measure in MEASURES:
                            self.part_of((*whole, measure), (*key, measure))
        keys: list[Key] = [
            (side, "reason", row["reason"], "unlinked") for row in reasons
        ]
        self.counts |= {
            key: row["units"] for key, row in zip(keys, reasons, strict=True)
        }
        self.whole((*whole, "unlinked"), keys)

    def _add_group(self, key: Key, row: Mapping[str, Any]) -> None:
        parts = {"linked": row["linked"], "unlinked": row["eligible"] - row["linked"]}
        values = {
            "all": row["all"],
            "eligible": row["eligible"],
            "outside": row["all"] - row["eligible"],
            **parts,
        }
        self.counts |= {(*key, measure): value for measure, value in values.items()}
        self.whole((*key, "all"), ((*key, "outside"), (*key, "eligible")))
        self.whole((*key, "eligible"), ((*key, part) for part in parts))
        self.unpublished += [
            (*key, "outside"),
            *([] if key[1] == "total" else [(*key, "unlinked")]),
        ]

    def _add_two_way(self, rates: Mapping[str, Mapping[str, Any]]) -> None:
        """Groups of two characteristics add up to those of each, by label: two codes
        may share one.
        """
        for table in self.step.get("bias") or ():
            names = tuple(table["characteristics"])
            if (
                len(names) != 2
                or not set(names) <= set(rates)
                or not _adds_up(table, [rates[n] for n in names])
            ):
                continue
            keys: dict[tuple[str, ...], Key] = {
                tuple(row["labels"]): (
                    "left",
                    " and ".join(names),
                    " and ".join(row["labels"]),
                )
                for row in table["groups"]
            }
            for row in table["groups"]:
                key = keys[tuple(row["labels"])]
                values = (
                    row["eligible"],
                    row["matched"],
                    row["eligible"] - row["matched"],
                )
                self.counts |= {
                    (*key, measure): value
                    for measure, value in zip(SPLIT, values, strict=True)
                }
                self.whole((*key, "eligible"), ((*key, "linked"), (*key, "unlinked")))
                self.two_way[names, tuple(row["labels"])] = key, row
            for axis, name in enumerate(names):
                for group in rates[name]["groups"]:
                    parts = [
                        key
                        for labels, key in keys.items()
                        if labels[axis] == group["label"]
                    ]
                    whole = ("left", name, group["group"])
                    self.sums += [
                        Sum((*whole, m), tuple((*key, m) for key in parts))
                        for m in SPLIT
                    ]

    def _add_decisions(self) -> None:
        decisions = dict.fromkeys(DECISIONS, 0) | {
            row["decision"]: row["pairs"] for row in self.step.get("decisions", ())
        }
        self.counts |= {("decision", name): count for name, count in decisions.items()}
        self.counts[ALL] = sum(decisions.values())
        self.unpublished.append(ALL)
        self.whole(ALL, (("decision", name) for name in decisions))
        for side in ("left", "right"):
            self.part_of(ACCEPTED, (side, "total", "", "linked"))

    def _add_passes(self) -> None:
        keys: dict[Key, int] = {
            ("pass", r["method"], r["pass"]): r["links"]
            for r in self.step.get("passes", ())
        }
        self.counts |= keys
        methods: list[Key] = [BY_RULE, ("method", "others")]
        for method in methods:
            parts = [
                key
                for key in keys
                if (key[1] == "deterministic") == (method == BY_RULE)
            ]
            self.counts[method] = sum(keys[part] for part in parts)
            self.whole(method, parts)
        if keys:
            self.whole(ACCEPTED, methods)

    def _add_weights(self) -> None:
        """Bins and bands of match weight; a band with whole edges is a sum of bins."""
        weights = self.step.get("weights", ())
        bins: dict[Key, int] = {
            ("bin", row["decision"], str(row["bin"])): row["pairs"] for row in weights
        }
        self.counts |= bins
        for name in [
            key[1] for key in self.counts if key[0] == "decision" and key != ALL
        ]:
            self.part_of(
                ("decision", name), *(key for key in bins if key[1] == name)
            )  # some pairs have no weight
        for place, row in enumerate(self.step.get("bands", ())):
            whole, accepted_key = (
                ("band", "all", str(place)),
                ("band", "accepted", str(place)),
            )
            self.counts |= {whole: row["pairs"], accepted_key: row["accepted"]}
            self.part_of(whole, accepted_key)
            low = float("-inf") if row["from"] is None else row["from"]
            high = float("inf") if row["to"] is None else row["to"]
            band_bins = [key for key in bins if low <= int(key[2]) < high]
            for key, parts in (
                (whole, band_bins),
                (accepted_key, [one for one in band_bins if one[1] == "accepted"]),
            ):
                if parts and sum(bins[part] for part in parts) == self.counts[key]:
                    self.whole(key, parts)
        fives: dict[Key, list[Key]] = {}
        for part in bins:
            if part[1] == "accepted":
                fives.setdefault(("five bits", str(int(part[2]) // _BITS)), []).append(
                    part
                )
        for five_key, parts in fives.items():
            self.counts[five_key] = sum(bins[part] for part in parts)
            self.whole(five_key, parts)

    def _add_levels(self) -> None:
        """How often the links reach each level of a comparison; some links have no
        score.
        """
        levels: dict[str, dict[Key, int]] = {}
        for row in self.step.get("levels", ()):
            key: Key = ("level", row["comparison"], str(row["level"]))
            levels.setdefault(row["comparison"], {})[key] = row["links"]
        for counts in levels.values():
            self.counts |= counts
            self.part_of(ACCEPTED, *counts)

    def _add_blocking(self) -> None:
        """Links of a pass lie in what it accepts, and that in its pairs; likewise of a
        rule.
        """
        blocking = self.step.get("blocking") or {}
        for row in blocking.get("passes", ()):
            name = str(row["pass"])
            pair_counts: dict[Key, int] = {
                ("of pass", part, name): row[part] for part in ("pairs", "accepted")
            }
            self.counts |= pair_counts
            self.chain(*pair_counts, ("pass", "deterministic", name))
        rule_keys: list[Key] = []
        for place, row in enumerate(blocking.get("rules", ())):
            pair_counts = {
                ("of rule", part, str(place)): row[part]
                for part in ("pairs", "new_pairs", "pairs_kept")
            }
            self.counts |= pair_counts
            self.chain(*pair_counts, ("pass", "probabilistic", f"rule {place + 1}"))
            rule_keys.append(("of rule", "pairs_kept", str(place)))
        if rule_keys:
            self.part_of(ALL, BY_RULE, *rule_keys)

    def _add_truth(self) -> None:
        accuracy = self.step.get("accuracy")
        if not accuracy:
            return
        outcomes = dict.fromkeys(OUTCOMES, 0) | {
            r["outcome"]: r["pairs"] for r in accuracy["true_pairs_by_outcome"]
        }
        self.counts |= {("true", outcome): pairs for outcome, pairs in outcomes.items()}
        self.counts |= {
            ("judged", measure): accuracy[measure]
            for measure in ("correct", "false", "assessed")
        }
        self.counts["true", "all"] = accuracy["true_pairs"]
        self.whole(("true", "all"), (("true", outcome) for outcome in outcomes))
        self.whole(("judged", "assessed"), (("judged", "correct"), ("judged", "false")))
        self.part_of(ACCEPTED, ("judged", "assessed"))
        for decision in DECISIONS:
            self.part_of(("decision", decision), ("true", decision))
        self.counts[MISSED] = accuracy["true_pairs"] - accuracy["correct"]
        self.part_of(("true", "all"), CORRECT, MISSED)
        self.part_of(("true", "accepted"), CORRECT)

    def tables_by_truth(self) -> Iterator[ByTruth]:
        for side, (total, _) in self.totals.items():
            whole: Key = (side, "total", "")
            yield self._of_groups({whole: total})
            for rate in self.rates[side]:
                groups: dict[Key, Any] = {
                    (side, rate["characteristic"], row["group"]): row
                    for row in rate["groups"]
                }
                counts, bases, rests = self._of_groups(groups)
                if (
                    not rate["is_partition"] and total.get("found") is not None
                ):  # groups overlap
                    rests += [
                        total[name] - row[name]
                        for row in groups.values()
                        for name in ("found", "in_both")
                    ]
                yield counts, bases, rests
        for table in self.step.get("bias") or ():
            yield self._of_groups(
                self._keys_of(table, table["groups"]), {"linked": "matched"}
            )
            yield self._of_links(self._keys_of(table, table["groups"]))
            yield self._of_links(
                self._keys_of(table, table.get("bands") or (), "bands")
            )
        if CORRECT in self.counts:
            yield from self._of_parts()

    def _keys_of(
        self,
        table: Mapping[str, Any],
        groups: Iterable[Mapping[str, Any]],
        *suffixes: str,
    ) -> dict[Key, Any]:
        names = tuple(table["characteristics"])
        codes = {
            row["label"]: row["group"]
            for rate in self.rates["left"]
            if (rate["characteristic"],) == names and not suffixes
            for row in rate["groups"]
        }
        keys: dict[Key, Any] = {}
        for row in groups:
            labels = " and ".join(row["labels"])
            key = ("left", " and ".join((*names, *suffixes)), codes.get(labels, labels))
            keys[key] = row
            self.groups[(*names, *suffixes), tuple(row["labels"])] = key
        return keys

    def _of_groups(
        self,
        groups: Mapping[Key, Mapping[str, Any]],
        names: Mapping[str, str] | None = None,
    ) -> ByTruth:
        """People with a true match who are linked to it, or not."""
        linked = (names or {}).get("linked", "linked")
        rows = {
            key: row for key, row in groups.items() if row.get("in_both") is not None
        }
        counts = {(*key, "found"): row["found"] for key, row in rows.items()}
        counts |= {
            (*key, "missed"): row["in_both"] - row["found"] for key, row in rows.items()
        }
        rests = [row["eligible"] - row["in_both"] for row in rows.values()]
        rests += [row[linked] - row["found"] for row in rows.values()]
        return counts, self._behind(rows), rests

    def _of_links(self, groups: Mapping[Key, Mapping[str, Any]]) -> ByTruth:
        """Correct and false links of the groups of the left side."""
        rows = {key: row for key, row in groups.items() if row.get("false")}
        counts = {
            (*key, "false"): int(row["false"]["count"]) for key, row in rows.items()
        }
        counts |= {
            (*key, "correct"): row["false"]["of"] - counts[*key, "false"]
            for key, row in rows.items()
        }
        rests = [row["matched"] - row["false"]["of"] for row in rows.values()]
        return (
            counts,
            [*self._behind(rows), CORRECT, FALSE],
            [*rests, *self._rests(counts)],
        )

    def _behind(self, groups: Iterable[Key]) -> list[Key]:
        """Counts of link rates that groups rest on; of a band those of all years."""
        of_all = {key[:2] for key in self.counts if len(key) == 4 and key[3] in SPLIT}
        bases = set()
        for key in groups:
            name = key[1].removesuffix(" and bands")
            bases |= {("left" if key[0] == "left" else key[0], name)} & of_all
        return [key for key in self.counts if key[:2] in bases and key[-1] in SPLIT]

    def _rests(self, counts: Mapping[Key, int]) -> list[int]:
        """What counts by truth leave of the step's."""
        if not counts or CORRECT not in self.counts:
            return []
        sums = {
            name: sum(n for key, n in counts.items() if key[-1] == name)
            for name in ("correct", "false")
        }
        return [self.counts["judged", name] - number for name, number in sums.items()]

    def _of_parts(self) -> Iterator[ByTruth]:
        """Passes, bands of match weight and of probability, types of data error,
        blocking rules.
        """
        step, true = self.step, self.counts["true", "all"]
        passes: dict[Key, Any] = {
            ("pass", row["method"], row["pass"]): row for row in step.get("passes", ())
        }
        bands: dict[Key, Any] = {
            ("band", "accepted", str(n)): row
            for n, row in enumerate(step.get("bands", ()))
        }
        for rows in (passes, {key: row["of_links"] for key, row in bands.items()}):
            counts = {
                (*_OF_LINKS, *key, name): row[name]
                for key, row in rows.items()
                for name in ("correct", "false")
            }
            rests = [
                self.counts[key] - row["correct"] - row["false"]
                for key, row in rows.items()
            ]
            missed_pairs = {
                (*_OF_LINKS, *key, "missed"): true - row["correct"]
                for key, row in rows.items()
            }
            yield (
                counts | missed_pairs,
                [*rows, CORRECT, FALSE, MISSED],
                [*rests, *self._rests(counts)],
            )
        pairs = {
            ("pairs of", *key, name): row[name]
            for key, row in bands.items()
            for name in ("correct", "false")
        }
        rests = [
            row[name] - row["of_links"][name]
            for row in bands.values()
            for name in ("correct", "false")
        ]
        rests += [
            row["pairs"] - row["correct"] - row["false"] for row in bands.values()
        ]
        yield (
            pairs,
            [*bands, *(("band", "all", key[2]) for key in bands), CORRECT, FALSE],
            rests,
        )
        for group in step.get("calibration") or ():
            counts = {}
            for row in (group, *group["bands"]):
                band = f"{row['from']:g}" if "from" in row else "all"
                counts |= _split(
                    ("probability", group["group"], band),
                    row["share_true"],
                    "correct",
                    "false",
                )
            whole = {key: n for key, n in counts.items() if key[2] == "all"}
            yield (
                counts,
                [CORRECT, FALSE],
                self._rests(whole) if group["group"] != "all" else [],
            )
        errors = step.get("data_errors") or {"kinds": ()}
        kinds: dict[str, Any] = {
            str(number): row for number, row in enumerate(errors["kinds"])
        }
        for name, row in (
            kinds | ({"none": errors["without_error"]} if kinds else {})
        ).items():
            share = row["share_missed"]
            counts = _split(("error", name), share, "missed", "found") | {
                ("error", name, "pairs"): share["of"]
            }
            yield (
                counts,
                [("true", "all"), CORRECT, MISSED],
                [true - share["of"], self.counts[MISSED] - int(share["count"])],
            )
        blocking = step.get("blocking") or {}
        recalls: dict[Key, Any] = {
            ("reached", name): blocking.get(name)
            for name in ("recall", "recall_with_passes")
        }
        for number, row in enumerate(blocking.get("rules", ())):
            recalls |= {
                ("reached", name, str(number)): row.get(name)
                for name in ("recall", "added_recall")
            }
        counts = {}
        for key, one in recalls.items():
            counts |= _split(key, one, "found", "missed") if one else {}
        blocked_pairs = counts.get(("reached", "recall", "found"), 0)
        rests = [
            n - blocked_pairs
            for key, n in counts.items()
            if key[-1] == "found" and key[1] != "added_recall"
        ]
        yield counts, [("true", "all"), ("true", "not compared")], rests


def _split(key: Key, share: Mapping[str, Any], part: str, rest: str) -> dict[Key, int]:
    """A share as two counts."""
    return {
        (*key, part): int(share["count"]),
        (*key, rest): share["of"] - int(share["count"]),
    }


def _adds_up(table: Mapping[str, Any], rates: Sequence[Mapping[str, Any]]) -> bool:
    for axis, rate in enumerate(rates):
        for group in rate["groups"]:
            parts = [
                row for row in table["groups"] if row["labels"][axis] == group["label"]
            ]
            sums = (
                sum(row["eligible"] for row in parts),
                sum(row["matched"] for row in parts),
            )
            if sums != (group["eligible"], group["linked"]):
                return False
    return True


def _totals(step: Step, side: str) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """The denominators and reasons of a side; without characteristics everybody is
    eligible.
    """
    for row in step.get("totals", ()):
        if row["side"] == side:
            return row, [reason for reason in step["reasons"] if reason["side"] == side]
    empty_side: Mapping[str, Any] = {"units": 0, "linked": 0, "unlinked": []}
    row = next(
        (row for row in step.get("sides", ()) if row["side"] == side), empty_side
    )
    reasons = list(row["unlinked"])
    rest = row["units"] - row["linked"] - sum(reason["units"] for reason in reasons)
    if rest > 0:
        reasons.append({"reason": "not stated", "units": rest})
    total = {
        "all": row["units"],
        "eligible": row["units"],
        "linked": row["linked"],
        "in_both": None,
        "found": None,
    }
    return total, reasons if rest >= 0 else []
