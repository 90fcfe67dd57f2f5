"""What is wrong with a table of results, cell by cell, and the table as it may leave."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from quality.disclosure import Profile, ProtectionLevel, Unprotectable, disclosed, intervals, is_consistent, protect
from quality.disclosure.outputs.approved import Approved, Context, cell_of, held_against, meaning, ways_of
from quality.disclosure.outputs.equations import Key, Numbers, amounts_of, counts_of
from quality.disclosure.outputs.findings import NOT_TO_BE_MENDED, Checked, Finding
from quality.disclosure.outputs.form import faults_of_form
from quality.disclosure.outputs.layout import Said, layout_of
from quality.disclosure.outputs.part import Part
from quality.disclosure.outputs.reading import Sheet
from quality.disclosure.outputs.release import Release
from quality.disclosure.outputs.together import Together, approved_parts, together
from quality.disclosure.outputs.totals import plain

Tell = Callable[[Key, str, str], None]
"""Is told a number, the rule and what is wrong."""


def check_table(sheet: Sheet, said: Said, profile: Profile, context: Context | None = None) -> Checked:
    """Everything that is wrong with a table at once, and a table that is safe; see `check_tables`."""
    return check_tables([sheet], said, profile, context)[0]


def check_tables(
    sheets: Sequence[Sheet], said: Said, profile: Profile, context: Context | None = None
) -> list[Checked]:
    """Everything that is wrong with tables that leave together, held to those that were approved before.

    Args:
        sheets: of the same people.

    Raises:
        ConfigError: `said` names columns that are not there.
    """
    found = [Checked(sheet, layout_of(sheet, said)) for sheet in sheets]
    before: Sequence[Approved] = context.approved if context else ()
    for checked in found:
        checked.findings += faults_of_form(checked, profile)
    alike = [one for one in before if context and plain(one.population) == plain(context.population)]
    told = _Told(found, profile, context, before, with_shares=True)
    all_tables, agree = together([*told.parts, *approved_parts(alike, profile)], profile)
    if not (
        agree and (len(found) + len(alike) > 1 or is_consistent(all_tables.numbers.known(), all_tables.numbers.hidden))
    ):
        # A share may be of something that does not add up, as a rate of change: then counts alone are judged together.
        told = _Told(found, profile, context, before, with_shares=False)
        all_tables, agree = together([*told.parts, *approved_parts(alike, profile)], profile)
    parts = told.parts
    for checked, key, rule, says in told.findings:
        checked.tell(key, rule, says)
    if not agree:
        found[0].findings.append(
            Finding("all tables", "", "unlike", "they contradict each other where they should agree")
        )
    names = [*(None for _ in found), *(one.name for one in alike)]
    hidden = _judged(all_tables.numbers, profile, _Teller(found, all_tables, names))
    for table, (checked, part) in enumerate(zip(found, parts, strict=True)):
        mine = {key for key, name in all_tables.names[table].items() if name in hidden}
        part.numbers.rules |= {
            key: all_tables.numbers.rules[name]
            for key, name in all_tables.names[table].items()
            if name in all_tables.numbers.rules
        }
        for column in checked.layout.largest:
            amounts = amounts_of(checked.sheet, checked.layout, column, profile)
            mine |= _judged(amounts, profile, checked.tell)
        Release(checked, part.numbers, mine, profile).write()
        if any(finding.rule in NOT_TO_BE_MENDED for finding in checked.findings):
            checked.safe = None
    return found


class _Told:
    """What tables tell by themselves and beside those that were approved.

    Attributes:
        parts: the tables among others.
        findings: of each, by key, rule and words.
    """

    def __init__(
        self,
        found: Sequence[Checked],
        profile: Profile,
        context: Context | None,
        before: Sequence[Approved],
        *,
        with_shares: bool,
    ) -> None:
        self.parts: list[Part] = []
        self.findings: list[tuple[Checked, Key, str, str]] = []
        for checked in found:
            numbers = counts_of(checked.sheet, checked.layout, profile, with_shares=with_shares)
            checked.sums = list(numbers.sums)
            for key, rule, says in held_against(numbers, checked.sheet, checked.layout, before, context, profile):
                self.findings.append((checked, key, rule, says))
                if rule == "differencing":
                    numbers.needs.setdefault(key, ProtectionLevel())
            self.parts.append(_part(checked, numbers, context.unit if context else "people"))


def _part(checked: Checked, numbers: Numbers, unit: str) -> Part:
    sheet, layout = checked.sheet, checked.layout
    cells = {key: cell_of(meaning(sheet, layout, key, unit)) for key in numbers.low if not key[2]}
    return Part(numbers, cells, ways_of(sheet, layout))


@dataclass(frozen=True)
class _Teller:
    """Tells each table of what was found of its numbers; of an approved one, the first of the new."""

    found: Sequence[Checked]
    all_tables: Together
    names: Sequence[str | None]

    def __call__(self, key: Key, rule: str, says: str) -> None:
        for table, own in self.all_tables.own[key]:
            if table < len(self.found):
                is_share = own[1] in self.found[table].layout.shares
                if not (is_share and rule in ("complement", "beside")):  # told with the other shares that may not leave
                    self.found[table].tell(own, rule, says)
            elif rule in ("recovered", "known small", "kept nowhere"):
                name = self.names[table]
                says = (
                    f"cells that it hides could be had with {'this table' if len(self.found) == 1 else 'these tables'}"
                )
                finding = Finding(f"approved table {name}", "", "approved undone", says)
                if finding not in self.found[0].findings:
                    self.found[0].findings.append(finding)


def _judged(numbers: Numbers, profile: Profile, tell: Tell) -> set[Key]:
    """What must be hidden of numbers that are tied; `tell` is told why."""
    for key in numbers.notes:
        tell(key, "sums", "the parts come to more than their total; they were not taken for its parts")
    for key, rule in numbers.rules.items():
        if rule == "threshold":
            tell(key, rule, f"a count under {profile.threshold} is shown")
        elif rule == "remainder":
            tell(key, rule, f"a difference of two counts is under {profile.threshold}")
        elif rule == "beside":
            tell(key, rule, "another of these tables hides it")
        elif rule.startswith("dominance"):
            tell(key, "dominance", rule.partition(": ")[2])
    if not numbers.low:
        return set()
    known = numbers.known()
    guarded = {key: numbers.needs[key] for key in numbers.hidden if key in numbers.needs}
    try:
        told = disclosed(known, numbers.hidden, dict.fromkeys(guarded, ProtectionLevel())) if guarded else set()
        small = disclosed(known, numbers.hidden, guarded) - told
        for key in sorted(told):
            tell(key, "recovered", "it is hidden, and the cells shown tell it")
        for key in sorted(small):
            tell(key, "known small", f"it is hidden, and the cells shown tell that it is under {profile.threshold}")
        if profile.threshold == 1 and numbers.is_rounded:
            shown = {key for key in numbers.low if numbers.high[key] > numbers.low[key]} - numbers.unshown
            low = [key for key in shown if numbers.low[key] < 10]
            single = disclosed(known, numbers.hidden, dict.fromkeys(low, ProtectionLevel()))
            for key, found in intervals(known, numbers.hidden, of=[key for key in low if key in single]).items():
                if found.recovered and found.low > 0:
                    tell(key, "rounding undone", "it is rounded, and the cells shown tell it to the last unit")
                    numbers.needs[key] = ProtectionLevel()
        hidden = protect(known, numbers.needs, method="cheapest") | numbers.hidden
    except Unprotectable as error:
        for key in sorted(error.keys):
            tell(key, "kept nowhere", "an approved table tells it, whatever is hidden here")
        return set(numbers.needs) | numbers.hidden
    except ValueError:
        first = next(iter(numbers.low))
        tell(first, "contradiction", "the numbers shown contradict their sums")
        return set(numbers.needs) | numbers.hidden
    for key in sorted(hidden - set(numbers.needs) - numbers.hidden - numbers.unshown):
        tell(key, "complement", "a cell that must be hidden could be had from it")
    return set(hidden)
