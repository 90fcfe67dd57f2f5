"""A request without a fault, and a table of ways to spoil it: edits, and the rule and
place of each fault.

Ways that touch the same part of a request are not combined, so that what is expected of
one does not depend on another.
"""

import copy
import datetime
import json
import random
import re
from dataclasses import dataclass
from typing import Any

TODAY = datetime.date(2026, 6, 1)
Raw = dict[str, Any]


def good() -> Raw:
    """Tables and packages, a sensitive item with its reason, sex with its reason, three
    people.
    """
    return copy.deepcopy(_GOOD)


_PEOPLE = [
    {
        "name": f"Person {number}",
        "role": role,
        "accreditation": f"AR-{number}",
        "accredited_until": datetime.date(2028, 1, number),
        "reason": "fits the models of earnings",
    }
    for number, role in enumerate(("lead", "researcher", "supervisor"), 1)
]
_GOOD: Raw = {
    "id": "study",
    "title": "Earnings by school",
    "organisation": "A university",
    "organisation_type": "university",
    "aims": "To learn how far earnings at thirty differ by the school that people went "
    "to, allowing for attainment at eleven.",
    "benefit": "Schools and the department learn which of them serve poor children "
    "well in the long run.",
    "lawful_basis": "public-task",
    "special_basis": "research",
    "audience": ["the department"],
    "outputs": ["a report"],
    "setting": "ons-srs",
    "retention": datetime.date(2030, 1, 1),
    "person": _PEOPLE,
    "population": {"cohort": [{"table": "npd.ks4", "years": "2005/06-2010/11"}]},
    "package": [
        {
            "name": "attainment",
            "phases": ["primary", "secondary"],
            "years": "2008/09-2010/11",
            "justification": "Attainment at eleven and sixteen is allowed for.",
        },
        {
            "name": "geography",
            "years": "2015/16",
            "justification": "Where people live, since pay differs by region.",
        },
    ],
    "table": [
        {
            "name": "npd.census",
            "years": "2005/06-2010/11",
            "variables": [
                "AcademicYear",
                "URN",
                "Gender",
                "FSMeligible",
                "PrimarySENtype",
            ],
            "justification": "The school and the background of each pupil are "
            "compared.",
            "reasons": {
                "Gender": "earnings differ by sex within each school",
                "PrimarySENtype": "needs differ between schools and bear on pay",
            },
        },
        {
            "name": "leo.earnings",
            "years": "2010/11-2020/21",
            "variables": ["TaxYear", "Earnings"],
            "justification": "Earnings are what the study is about, year by year.",
        },
        {
            "name": "leo.person",
            "variables": ["in_npd", "ks4_year"],
            "justification": "Cohorts and denominators are taken from it.",
        },
    ],
}


# table.0 is npd.census, table.1 leo.earnings, table.2 leo.person; package.0 attainment,
# package.1 geography.
_TABLE = r"""
id drop -> id: id
id = 'My Study' -> form: id
title = 'Earnings' -> title: title
organisation drop -> organisation: organisation
organisation_type = 'universty' -> organisation-type: organisation_type
aims = 'To learn about earnings.' -> aims: aims
aims = ['To learn.'] -> form: aims
aims drop; aim = 'misspelt' -> form: aim & aims: aims
benefit drop -> benefit: benefit
lawful_basis = 'consent' -> lawful-basis: lawful_basis
special_basis drop -> special-basis: special_basis
audience = [] -> audience: audience
outputs drop -> outputs: outputs
setting = 'my laptop' -> setting: setting
retention drop -> retention: retention
retention = 'soon' -> form: retention
retention = date(2026, 5, 31) -> retention-past: retention
retention = date(2031, 6, 2) -> retention-long: retention
person = [] -> people: person
person.0.role = 'researcher' -> lead: person
person.1.name drop -> person-name: person 2, name
person.1.role = 'analyst' -> person-role: person 2, role
person.2.reason = 'work' -> person-reason: person 3, reason
person.2.accreditation drop -> accreditation: person 3, accreditation
person.0.accredited_until drop -> accreditation-date: person 1, accredited_until
person.1.accredited_until = date(2026, 5, 31) -> accreditation-expired: person 2, accredited_until
person.2.acreditation = 'AR' -> form: person 3, acreditation
table drop; package drop -> nothing-asked: table
table = raw['table'][:1]; package = raw['package'][:1] -> education-only: table
table + {'name': 'npd.ks9', 'variables': ['A'], 'justification': why} -> unknown-table: table npd.ks9
table + {'name': 'npd.ks3', 'variables': ['MATLEV'], 'justification': why} -> not-held: table npd.ks3
table.0.variables + 'ModeOfTravel' -> not-held: table npd.census, variable ModeOfTravel
table.1.variables + 'Edukey' -> not-held: table leo.earnings, variable Edukey
table.0.variables + 'Gendr' -> unknown-variable: table npd.census, variable Gendr
table.2.variables = [] -> no-variable: table leo.person, variables
package.0.phases = [] -> phases: package attainment, phases
package.0.phases = ['early-years'] -> phases: package attainment, phases
package.1.phases = ['primary'] -> phases: package geography, phases
package.1.name = 'geografy' -> unknown-package: package geografy
package.1.years = '2015-2016' -> years-form: package geography, years
table.1.years = '2010' -> years-form: table leo.earnings, years
table.1.years drop -> years-given: table leo.earnings, years
table.2.years = '2010/11' -> years-given: table leo.person, years
package.1.years drop -> years-given: package geography, years
table.1.years = '2001/02-2010/11' -> years-held: table leo.earnings, years
package.0.years = '2016/17-2020/21' -> years-held: package attainment, years primary
table.0.years = '2001/02-2002/03'; table.0.reasons = {'Gender': 'earnings differ by sex in schools'}; \
    table.0.variables.4 = 'EthnicGroupMajor'; special_basis ~ -> variable-held: table npd.census, variable EthnicGroupMajor
table.1.variables + 'TaxYear' -> named-twice: table leo.earnings, variable TaxYear
package + raw['package'][1] -> named-twice: package geography
table.1.variables = ['*'] -> all-variables: table leo.earnings, variables
table.2.variables = ['AE_ID', 'in_npd'] -> key-asked: table leo.person, variable AE_ID
table.0.variables + 'UPN' -> identifiable: table npd.census, variable UPN
table.0.variables + 'Postcode' -> identifiable: table npd.census, variable Postcode
table.0.variables + 'Postcode'; table.0.exemptions = {'Postcode': 'EX-1'}; \
    table + {'name': 'npd.cin', 'years': '2008/09-2010/11', 'variables': ['ACADYR', 'PrimaryNeedCode'], 'justification': why, \
    'reasons': {'PrimaryNeedCode': 'it bears on later pay'}} -> social-care-with-postcode: table npd.census, variable Postcode
table.0.justification = 'Background.' -> justification: table npd.census, justification
package.0.justification drop -> justification: package attainment, justification
table.0.reasons.Gender drop -> sex-reason: table npd.census, variable Gender
table.0.reasons.PrimarySENtype = 'needed' -> sensitive-reason: table npd.census, variable PrimarySENtype
table.1.reasons = {'Earning': 'it is what the study is about'} -> reason-for-nothing: table leo.earnings, reason for Earning
analysis = ['person', 'person_month']; table ~; package ~ -> analysis-made: analysis person_month
population.sources = ['ndp'] -> population: population.sources
population.cohort.0.table = 'npd.ks9' -> population: population.cohort
population.cohort.0.years drop -> form: population.cohort.1.years
"""


@dataclass(frozen=True)
class Way:
    """A way to spoil a request: edits of places (drop, =, + appends, ~ only touches),
    and rule and place of each fault.
    """

    edits: tuple[tuple[str, str, str], ...]
    expected: frozenset[tuple[str, str]]

    @property
    def parts(self) -> frozenset[str]:
        """The parts of a request that it touches: "aims", "table.0", or "table" for all
        of them.
        """
        parts = {
            ".".join(
                place.split(".")[: 1 + place.startswith(("table", "package", "person"))]
            )
            for place, _, _ in self.edits
        }
        return frozenset(parts | ({"package"} if "table" in parts else set()))

    def spoil(self, raw: Raw) -> None:
        """Apply the edits."""
        for place, action, value in self.edits:
            *steps, last = [
                int(step) if step.isdecimal() else step for step in place.split(".")
            ]
            part: Any = raw
            for step in steps:
                part = part[step]
            if action == "drop":
                del part[last]
            elif action != "~":
                addition = copy.deepcopy(
                    eval(
                        value,
                        {
                            "raw": raw,
                            "date": datetime.date,
                            "why": "Care bears on the pay of pupils.",
                        },
                    )
                )
                part[last] = [*part[last], addition] if action == "+" else addition


def _way(line: str) -> Way:
    edits, _, expected = line.partition(" -> ")
    matches = [
        re.fullmatch(r"(\S+) (drop|~|=|\+)(?: (.*))?", edit.strip())
        for edit in edits.split("; ")
    ]
    faults = (fault.split(": ") for fault in expected.split(" & "))
    return Way(
        tuple((m[1], m[2], m[3] or "") for m in matches if m),
        frozenset((rule, place) for rule, place in faults),
    )


WAYS = tuple(_way(line) for line in re.sub(r"\\\n\s+", "", _TABLE).strip().splitlines())


def request_with_faults(seed: int) -> tuple[Raw, set[tuple[str, str]]]:
    """A request spoilt in one to three ways, and its faults: no more and no less."""
    rng = random.Random(seed)
    ways: list[Way] = [WAYS[seed % len(WAYS)]]  # each way is used, whatever is drawn
    for way in rng.sample(WAYS, len(WAYS)):
        parts = {part for other in ways for part in other.parts}
        clashes = any(
            f"{a}.".startswith(f"{b}.") or f"{b}.".startswith(f"{a}.")
            for a in way.parts
            for b in parts
        )
        if len(ways) < 1 + seed // len(WAYS) % 3 and not clashes:
            ways.append(way)
    raw = good()
    for way in sorted(ways, key=lambda way: "table" in way.parts):
        way.spoil(raw)
    return raw, {expected for way in ways for expected in way.expected}


def as_toml(raw: Raw) -> str:
    """A request as the TOML of its file."""
    singles = {key: value for key, value in raw.items() if not _is_tables(value)}
    lines = [f"{key} = {_toml(value)}" for key, value in singles.items()]
    for key in raw.keys() - singles.keys():
        for part in raw[key]:
            lines += [
                f"[[{key}]]",
                *(f"{name} = {_toml(value)}" for name, value in part.items()),
            ]
    return "\n".join(lines) + "\n"


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return (
            "{ "
            + ", ".join(
                f"{json.dumps(key)} = {_toml(part)}" for key, part in value.items()
            )
            + " }"
        )
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return value.isoformat() if isinstance(value, datetime.date) else json.dumps(value)
