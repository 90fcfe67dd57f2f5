"""A request without a fault, and ways to spoil it: each with the rule it breaks and the place where that is told.

Ways that touch the same part of a request are not combined, so that what is expected of one does not hang on another.
"""

import copy
import datetime
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

TODAY = datetime.date(2026, 6, 1)
Raw = dict[str, Any]


def good() -> Raw:
    """Tables and packages, a sensitive item with its reason, sex with its reason, three people."""
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
    "aims": "To learn how far earnings at thirty differ by the school that people went to, allowing for attainment at eleven.",
    "benefit": "Schools and the department learn which of them serve poor children well in the long run.",
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
        {"name": "geography", "years": "2015/16", "justification": "Where people live, since pay differs by region."},
    ],
    "table": [
        {
            "name": "npd.census",
            "years": "2005/06-2010/11",
            "variables": ["AcademicYear", "URN", "Gender", "FSMeligible", "PrimarySENtype"],
            "justification": "The school and the background of each pupil are compared.",
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


@dataclass(frozen=True)
class Way:
    """A way to spoil a request: the parts it touches, and what must be told of it: rule and place, more than once or not."""

    parts: frozenset[str]
    spoil: Callable[[Raw], None]
    expected: frozenset[tuple[str, str]]


def _set(*path: str | int, to: Any) -> Callable[[Raw], None]:
    def spoil(raw: Raw) -> None:
        part: Any = raw
        for step in path[:-1]:
            part = part[step]
        part[path[-1]] = to

    return spoil


def _drop(*path: str | int) -> Callable[[Raw], None]:
    def spoil(raw: Raw) -> None:
        part: Any = raw
        for step in path[:-1]:
            part = part[step]
        del part[path[-1]]

    return spoil


def _add(*path: str | int, value: Any) -> Callable[[Raw], None]:
    def spoil(raw: Raw) -> None:
        part: Any = raw
        for step in path:
            part = part[step]
        part.append(copy.deepcopy(value))

    return spoil


def _way(parts: str, spoil: Callable[[Raw], None], *expected: tuple[str, str]) -> Way:
    return Way(frozenset(parts.split()), spoil, frozenset(expected))


_SCHOOL, _PAY, _WHO = 0, 1, 2
_CENSUS = "table npd.census"
_WHY_CARE = "Whether a pupil was in care bears on pay."


def _aims_misspelt(raw: Raw) -> None:
    raw["aim"] = raw.pop("aims")


def _geography_twice(raw: Raw) -> None:
    raw["package"].append(copy.deepcopy(raw["package"][1]))


def _before_ethnic_groups(raw: Raw) -> None:
    """Held from 2005/06, as are the kinds of special needs from 2003/04."""
    raw["table"][_SCHOOL] |= {"years": "2001/02-2002/03", "reasons": {"Gender": "earnings differ by sex in schools"}}
    raw["table"][_SCHOOL]["variables"][-1] = "EthnicGroupMajor"


def _postcode_beside_care(raw: Raw) -> None:
    """Even with an exemption, and each item of children in need with its reason."""
    raw["table"][_SCHOOL]["variables"].append("Postcode")
    raw["table"][_SCHOOL]["exemptions"] = {"Postcode": "EX-1"}
    need = {"name": "npd.cin", "years": "2008/09-2010/11", "variables": ["ACADYR", "PrimaryNeedCode"]}
    reasons = {"PrimaryNeedCode": "it bears on later pay"}
    raw["table"].append({**need, "justification": _WHY_CARE, "reasons": reasons})


def _without_leo(raw: Raw) -> None:
    raw["table"] = [table for table in raw["table"] if table["name"].startswith("npd.")]
    raw["package"] = raw["package"][:1]


def _nothing(raw: Raw) -> None:
    del raw["table"], raw["package"]


WAYS = (
    _way("id", _drop("id"), ("id", "id")),
    _way("id", _set("id", to="My Study"), ("form", "id")),
    _way("title", _set("title", to="Earnings"), ("title", "title")),
    _way("organisation", _drop("organisation"), ("organisation", "organisation")),
    _way("type", _set("organisation_type", to="universty"), ("organisation-type", "organisation_type")),
    _way("aims", _set("aims", to="To learn about earnings."), ("aims", "aims")),
    _way("aims", _set("aims", to=["To learn."]), ("form", "aims")),
    _way("aims", _aims_misspelt, ("form", "aim"), ("aims", "aims")),
    _way("benefit", _drop("benefit"), ("benefit", "benefit")),
    _way("basis", _set("lawful_basis", to="consent"), ("lawful-basis", "lawful_basis")),
    _way("special", _drop("special_basis"), ("special-basis", "special_basis")),
    _way("audience", _set("audience", to=[]), ("audience", "audience")),
    _way("outputs", _drop("outputs"), ("outputs", "outputs")),
    _way("setting", _set("setting", to="my laptop"), ("setting", "setting")),
    _way("retention", _drop("retention"), ("retention", "retention")),
    _way("retention", _set("retention", to="soon"), ("form", "retention")),
    _way("retention", _set("retention", to=datetime.date(2026, 5, 31)), ("retention-past", "retention")),
    _way("retention", _set("retention", to=datetime.date(2031, 6, 2)), ("retention-long", "retention")),
    _way("person1 person2 person3", _set("person", to=[]), ("people", "person")),
    _way("person1", _set("person", 0, "role", to="researcher"), ("lead", "person")),
    _way("person2", _drop("person", 1, "name"), ("person-name", "person 2, name")),
    _way("person2", _set("person", 1, "role", to="analyst"), ("person-role", "person 2, role")),
    _way("person3", _set("person", 2, "reason", to="work"), ("person-reason", "person 3, reason")),
    _way("person3", _drop("person", 2, "accreditation"), ("accreditation", "person 3, accreditation")),
    _way("person1", _drop("person", 0, "accredited_until"), ("accreditation-date", "person 1, accredited_until")),
    _way(
        "person2",
        _set("person", 1, "accredited_until", to=datetime.date(2026, 5, 31)),
        ("accreditation-expired", "person 2, accredited_until"),
    ),
    _way("person3", _set("person", 2, "acreditation", to="AR"), ("form", "person 3, acreditation")),
    _way("table package", _nothing, ("nothing-asked", "table")),
    _way("table package", _without_leo, ("education-only", "table")),
    _way(
        "table",
        _add("table", value={"name": "npd.ks9", "variables": ["A"], "justification": _WHY_CARE}),
        ("unknown-table", "table npd.ks9"),
    ),
    _way(
        "table",
        _add("table", value={"name": "npd.ks3", "variables": ["MATLEV"], "justification": _WHY_CARE}),
        ("not-held", "table npd.ks3"),
    ),
    _way(
        "census",
        _add("table", _SCHOOL, "variables", value="ModeOfTravel"),
        ("not-held", f"{_CENSUS}, variable ModeOfTravel"),
    ),
    _way("pay", _add("table", _PAY, "variables", value="Edukey"), ("not-held", "table leo.earnings, variable Edukey")),
    _way(
        "census", _add("table", _SCHOOL, "variables", value="Gendr"), ("unknown-variable", f"{_CENSUS}, variable Gendr")
    ),
    _way("who", _set("table", _WHO, "variables", to=[]), ("no-variable", "table leo.person, variables")),
    _way("attainment", _set("package", 0, "phases", to=[]), ("phases", "package attainment, phases")),
    _way("attainment", _set("package", 0, "phases", to=["early-years"]), ("phases", "package attainment, phases")),
    _way("geography", _set("package", 1, "phases", to=["primary"]), ("phases", "package geography, phases")),
    _way("geography", _set("package", 1, "name", to="geografy"), ("unknown-package", "package geografy")),
    _way("geography", _set("package", 1, "years", to="2015-2016"), ("years-form", "package geography, years")),
    _way("pay", _set("table", _PAY, "years", to="2010"), ("years-form", "table leo.earnings, years")),
    _way("pay", _drop("table", _PAY, "years"), ("years-given", "table leo.earnings, years")),
    _way("who", _set("table", _WHO, "years", to="2010/11"), ("years-given", "table leo.person, years")),
    _way("geography", _drop("package", 1, "years"), ("years-given", "package geography, years")),
    _way("pay", _set("table", _PAY, "years", to="2001/02-2010/11"), ("years-held", "table leo.earnings, years")),
    _way(
        "attainment",
        _set("package", 0, "years", to="2016/17-2020/21"),
        ("years-held", "package attainment, years primary"),
    ),
    _way("census special", _before_ethnic_groups, ("variable-held", f"{_CENSUS}, variable EthnicGroupMajor")),
    _way(
        "pay",
        _add("table", _PAY, "variables", value="TaxYear"),
        ("named-twice", "table leo.earnings, variable TaxYear"),
    ),
    _way("geography", _geography_twice, ("named-twice", "package geography")),
    _way("pay", _set("table", _PAY, "variables", to=["*"]), ("all-variables", "table leo.earnings, variables")),
    _way(
        "who",
        _set("table", _WHO, "variables", to=["AE_ID", "in_npd"]),
        ("key-asked", "table leo.person, variable AE_ID"),
    ),
    _way("census", _add("table", _SCHOOL, "variables", value="UPN"), ("identifiable", f"{_CENSUS}, variable UPN")),
    _way(
        "census",
        _add("table", _SCHOOL, "variables", value="Postcode"),
        ("identifiable", f"{_CENSUS}, variable Postcode"),
    ),
    _way("census table", _postcode_beside_care, ("social-care-with-postcode", f"{_CENSUS}, variable Postcode")),
    _way(
        "census",
        _set("table", _SCHOOL, "justification", to="Background."),
        ("justification", f"{_CENSUS}, justification"),
    ),
    _way("attainment", _drop("package", 0, "justification"), ("justification", "package attainment, justification")),
    _way("census", _drop("table", _SCHOOL, "reasons", "Gender"), ("sex-reason", f"{_CENSUS}, variable Gender")),
    _way(
        "census",
        _set("table", _SCHOOL, "reasons", "PrimarySENtype", to="needed"),
        ("sensitive-reason", f"{_CENSUS}, variable PrimarySENtype"),
    ),
    _way(
        "pay",
        _set("table", _PAY, "reasons", to={"Earning": "it is what the study is about"}),
        ("reason-for-nothing", "table leo.earnings, reason for Earning"),
    ),
    _way(
        "analysis table package",
        _set("analysis", to=["person", "person_month"]),
        ("analysis-made", "analysis person_month"),
    ),
    _way("population", _set("population", "sources", to=["ndp"]), ("population", "population.sources")),
    _way("population", _set("population", "cohort", 0, "table", to="npd.ks9"), ("population", "population.cohort")),
    _way("population", _drop("population", "cohort", 0, "years"), ("form", "population.cohort.1.years")),
)


def request_with_faults(seed: int) -> tuple[Raw, set[tuple[str, str]]]:
    """A request spoilt in one to three ways, and what must be told: no more and no less."""
    chance = random.Random(seed)
    chosen: list[Way] = [WAYS[seed % len(WAYS)]]  # each way is met, whatever chance says
    for way in chance.sample(WAYS, len(WAYS)):
        touched = frozenset(part for other in chosen for part in other.parts)
        if len(chosen) < 1 + seed // len(WAYS) % 3 and not clash(way.parts, touched):
            chosen.append(way)
    raw = good()
    for way in sorted(chosen, key=lambda way: "table" in way.parts):
        way.spoil(raw)
    return raw, {expected for way in chosen for expected in way.expected}


def written(raw: Raw) -> str:
    """A request as the TOML of its file."""
    singles = {key: value for key, value in raw.items() if not _is_tables(value)}
    lines = [f"{key} = {_toml(value)}" for key, value in singles.items()]
    for key in raw.keys() - singles.keys():
        for part in raw[key]:
            lines += [f"[[{key}]]", *(f"{name} = {_toml(value)}" for name, value in part.items())]
    return "\n".join(lines) + "\n"


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(part)}" for key, part in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return value.isoformat() if isinstance(value, datetime.date) else json.dumps(value)


def clash(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two ways touch the same part; "table" and "package" stand for all tables and packages."""
    of_tables, of_packages = {"census", "pay", "who", "special"}, {"attainment", "geography", "special"}
    wide = [
        parts | (of_tables if "table" in parts else set()) | (of_packages if parts & {"package", "table"} else set())
        for parts in (one, other)
    ]
    return bool(wide[0] & wide[1])
