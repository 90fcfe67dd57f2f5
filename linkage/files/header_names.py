"""Headers: which role each names, by the synonyms of configs/recognise.toml."""

import functools
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from anyascii import anyascii

from linkage.files.vocabulary import vocabulary
from linkage.records.layout import listed

ROLES = (
    *(
        "id",
        "forename",
        "middle_names",
        "surname",
        "second_surname",
        "other_surname",
        "surname_particle",
        "full_name",
    ),
    *(
        "initials",
        "dob",
        "birth_year",
        "birth_month",
        "birth_day",
        "age",
        "sex",
        "postcode",
    ),
    *("nino", "uln", "upn", "husid", "scn", "ucas_person_id"),
    *("social_security_number", "health_number", "national_number"),
    *("email", "phone", "street_number", "address", "town", "county", "birth_place"),
)
"""What a column may be, in the order in which headers are looked up."""
NUMBERS = ROLES[
    ROLES.index("nino") : ROLES.index("email")
]  # Numbers that are one person's
BIRTH_PARTS = ("birth_year", "birth_month", "birth_day")
CONTACTS = ("email", "phone")  # Roles of which one person may have several columns

_IN_BRACKETS = re.compile(r"[(\[][^)\]]*[)\]]")
_COMPANION = {"forename": "surname", "surname": "forename", "middle_names": "surname"}
_COMPANION |= {"birth_month": "birth_year", "birth_day": "birth_year"}
_FORMS = 1 << 16  # headers, forms of which are remembered


@functools.lru_cache(_FORMS)
def plain(header: str) -> str:
    """A header in lower-case ASCII letters and digits."""
    return re.sub(r"[^a-z0-9]", "", str(anyascii(header)).lower())


def words_of(header: str) -> list[str]:
    """Its words and numbers in lower-case ASCII: fec, nac and 2 of fecNac2 and
    FEC_NAC2.
    """
    return [
        word.lower()
        for word in re.findall(
            r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", str(anyascii(header))
        )
    ]


def is_another_persons(header: str) -> bool:
    """Whether a header speaks of another person, or of an event."""
    return not {*vocabulary()["others"], *vocabulary()["events"]}.isdisjoint(
        words_of(header)
    )


def is_called_like_a_key(header: str) -> bool:
    """Whether a header ends or begins as those of keys do: STUDY_ID, ncid,
    voter_reg_num.
    """
    rule, words = vocabulary()["field"]["id"], words_of(header.replace("#", " no "))
    if len(words) > 1 and (len(words[-1]) == 1 or words[-1].isdigit()):
        words.pop()
    begins = len(words) > 1 and words[0] in rule["begins"]
    return begins or (
        bool(words)
        and (words[-1] in rule["ends"] or words[-1].endswith(tuple(rule["endings"])))
    )


def any_known(headers: Collection[str]) -> bool:
    """Whether any header is one that a column is expected to have; else the first line
    may be a record.
    """
    return any(plain(header) in _known() or _birth_role(header) for header in headers)


def shown_names(headers: Sequence[str]) -> str:
    """Headers for a message; only their number where the first line may be a record."""
    return listed(headers, known=any_known(headers))


def roles_of(
    headers: Sequence[str], stated: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """Role to the columns whose headers name it; `given` are roles that the user
    stated, which win.
    """
    roles, forms = (
        {role: tuple(columns) for role, columns in stated.items()},
        _forms_of(headers),
    )

    def free(names: Iterable[str]) -> list[str]:
        used_columns = {column for columns in roles.values() for column in columns}
        return [name for name in names if name not in used_columns]

    for kind in ("names", "ambiguous"):
        for role in (role for role in ROLES if role not in roles):
            if kind == "ambiguous" and (
                role == "birth_year"
                or (role in _COMPANION and _COMPANION[role] not in roles)
            ):
                continue
            matches = [
                of
                for name in vocabulary()["field"][role].get(kind, ())
                for of in free(forms.get(name, ()))
            ]
            matches += [
                header
                for header in free(headers)
                if kind == "names" and _birth_role(header) == role
            ]
            if matches:
                roles[role] = (matches[0],)
    for role in CONTACTS:
        if role in roles and role not in stated:
            roles[role] += tuple(
                name for name in free(headers) if _is_further_contact(name, role)
            )
    return roles


@functools.cache
def _known() -> frozenset[str]:
    fields = vocabulary()["field"].values()
    return frozenset(
        name for rule in fields for name in (*rule["names"], *rule.get("ambiguous", ()))
    )


def _forms_of(headers: Sequence[str]) -> dict[str, list[str]]:
    """Every form of each header to the headers that have it, the nearest form first."""
    split = [words for words in map(words_of, headers) if len(words) > 1]
    end_counts = Counter(
        (end, words[end]) for words in split for end in (0, -1)
    )  # census_surname, census_dob
    ends = [
        end
        for end, rows in end_counts.items()
        if rows > 1 and end[1] not in vocabulary()["others"]
    ]
    shortenings: tuple[Callable[[str], str], ...] = (
        lambda header: plain(_without_brackets(header)),
        lambda header: without_noise(_without_brackets(header)),
        lambda header: _without_ends(header, ends),
        lambda header: re.sub(r"0?1$", "", without_noise(header)),
    )
    others = [header for header in headers if plain(header) not in _known()]
    forms: dict[str, list[str]] = {}
    for header in headers:
        forms.setdefault(plain(header), []).append(header)
    for shorten in shortenings:
        for header in others:
            forms.setdefault(shorten(header), []).append(header)
    return forms


def without_noise(header: str) -> str:
    """A header without words that say nothing: patientSurname, Nome do aluno,
    DT_NASC.
    """
    noise, words = (
        {*vocabulary()["noise"]},
        words_of(re.sub(r"(?<=[a-zA-Z])['’]s\b", "", header)),
    )
    before = noise | {*vocabulary()["before"]}
    while len(words) > 1 and (words[0] in before or words[0].isdigit()):
        words.pop(0)
    length = len(words)
    while len(words) > 1 and (
        words[-1] in noise
        or (len(words) < length and words[-1] in vocabulary()["of_whom"])
    ):
        words.pop()
    return "".join(words)


def _without_brackets(header: str) -> str:
    """Without what stands in brackets: Sex [M/F]; not where that says whose or what it
    is: Name (mother).
    """
    words = {
        name
        for table in ("others", "events", "in_brackets")
        for name in vocabulary()[table]
    }
    inner = words_of(" ".join(_IN_BRACKETS.findall(header)))
    return (
        header
        if words.union(vocabulary()["birth_words"]["birth"]) & {*inner}
        else _IN_BRACKETS.sub(" ", header)
    )


def _without_ends(header: str, ends: Collection[tuple[int, str]]) -> str:
    words = words_of(header)
    words = words[1:] if len(words) > 1 and (0, words[0]) in ends else words
    words = words[:-1] if len(words) > 1 and (-1, words[-1]) in ends else words
    return "".join(words)


@functools.lru_cache(_FORMS)
def _birth_role(header: str) -> str | None:
    """The role of a header that is made of "birth" and parts of a date: FEC_NAC,
    anno_nasc.
    """
    rules, words = vocabulary()["birth_words"], {*words_of(header)}
    parts = {
        part for part in ("date", "year", "month", "day") if words & {*rules[part]}
    }
    known = {word for table in rules.values() for word in table} | {
        *vocabulary()["noise"],
        *vocabulary()["before"],
    }
    if not parts or not words & {*rules["birth"]} or not words <= known:
        return None
    if "date" in parts or {"year", "month"} <= parts:
        return "dob"
    return f"birth_{parts.pop()}" if len(parts) == 1 else None


def _is_further_contact(header: str, role: str) -> bool:
    """Whether a column holds a further telephone or e-mail address of the person: Work
    Phone, email_2.
    """
    words = [word for word in words_of(header) if not word.isdigit()]
    rest = [
        word for word in words if word not in vocabulary()["which_contact"]
    ] or words
    names = {*vocabulary()["field"][role]["names"]}
    return bool(
        names & {plain(header), "".join(words), "".join(rest)}
    ) and not is_another_persons(" ".join(rest))


def address_lines(headers: Sequence[str], used: Collection[str]) -> list[str]:
    """Columns that hold lines of one address, in the order of their numbers; none where
    there are not several.
    """
    rules, others = (
        vocabulary()["whole_address"],
        [header for header in headers if header not in used],
    )
    last = [header for header in others if plain(header) in rules["last"]][:1]
    known = {*rules["lines"], *vocabulary()["field"]["address"]["names"]}
    groups: dict[str, dict[int, str]] = {}
    for header in others:
        match = re.fullmatch(r"(.*?)[\W_]*0?([1-9])\W*", header.strip())
        base, number = (match[1], int(match[2])) if match else (header, 1)
        if known & {plain(base), without_noise(base)}:
            groups.setdefault(plain(base), {}).setdefault(number, header)
    for lines in sorted(groups.values(), key=len, reverse=True):
        if len(lines) + len(last) > 1 and sorted(lines) == list(
            range(1, len(lines) + 1)
        ):
            return [*(lines[number] for number in sorted(lines)), *last]
    return []
