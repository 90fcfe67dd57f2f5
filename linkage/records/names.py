"""Names in one form: upper-case ASCII words, without titles, with particles joined,
sentinels gone.

Names are standardised in Python on the distinct values of a column, so that every
engine sees the same bytes.
"""

import re

from anyascii import anyascii

from linkage.engine import literal
from linkage.records.rules import NameRules, name_rules

_APOSTROPHES = re.compile(r"['`\"]")
_ASIDE = re.compile(r"\([^)]*\)|\[[^\]]*\]")  # "(KNOWN AS BOB)"
_BEHIND = re.compile(
    r"([^,()]+?)\s*(?:,\s*([^,()]+)|\(([^()]+)\))"
)  # "Berg, van den", "Berg (van den)"
_NO_LETTER = re.compile(r"[^A-Z\- ]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")

Name = str | None


def surname(raw: str, rules: NameRules | None = None) -> Name:
    """A surname in one form, or None where there is none.

    >>> surname("o’ Brien-Smith"), surname("van der Berg"), surname("Berg, van der"), surname("Not known")
    ('OBRIEN SMITH', 'VANDERBERG', 'VANDERBERG', None)
    """  # noqa: E501
    rules = rules or name_rules()
    if _plain_words(double := raw.replace("-", " "), rules):
        return double
    name = _surname(raw, rules)
    # Joined letters may make a title or a particle (D R SMITH): again until nothing
    # changes, so that a name that has its one form keeps it.
    while name and (result := _surname(name, rules)) != name:
        name = result
    return name


def forenames(raw: str, rules: NameRules | None = None) -> tuple[Name, Name]:
    """The first forename and those after it. Words part at spaces; a hyphen keeps a
    double name together.

    >>> forenames("Mary Ann"), forenames("Anne-Marie Louise"), forenames("Mr. José")
    (('MARY', 'ANN'), ('ANNE MARIE', 'LOUISE'), ('JOSE', None))
    """
    rules = rules or name_rules()
    if _plain(raw, rules):
        return raw, None
    words = _without_titles(_words(raw, rules), rules)
    if _is_sentinel(" ".join(words), rules):
        return None, None
    words = _joined(words, rules.forename_particles)
    first = (
        _name(words[0].split("-"), rules.forename_particles, rules) if words else None
    )
    return first, _name(
        [w for word in words[1:] for w in word.split("-")],
        rules.forename_particles,
        rules,
    )


def whole_forename(raw: str, rules: NameRules | None = None) -> Name:
    """A forename field kept whole, for a source that has a field for middle names.

    >>> whole_forename("Mary Ann")
    'MARY ANN'
    """
    first, others = forenames(raw, rules)
    return " ".join(name for name in (first, others) if name) or None


def name_words(raw: str, rules: NameRules | None = None) -> list[str]:
    """The words of a name, without forms of address before it and degrees after it;
    none where there is no name.

    >>> name_words("Mrs. Anne-Marie van der Berg, MBE")
    ['ANNE-MARIE', 'VAN', 'DER', 'BERG']
    """
    rules = rules or name_rules()
    words = _without_titles(_words(raw, rules), rules)
    while len(words) > 1 and words[-1] in rules.suffixes:
        words.pop()
    return [] if _is_sentinel(" ".join(words), rules) else words


def free_text(raw: str, rules: NameRules | None = None) -> Name:
    """Any other text: upper-case ASCII, single spaces; None where it says that nothing
    is known, or has signs alone.

    >>> free_text(" 12  Rue  de l'Été "), free_text("n/a"), free_text("--")
    ("12 RUE DE L'ETE", None, None)
    """
    text = (raw if raw.isascii() else anyascii(raw)).upper()
    text = " ".join((text if text.isprintable() else _CONTROL.sub(" ", text)).split())
    is_empty = text in (rules or name_rules()).sentinels.texts or not any(
        sign.isalnum() for sign in text
    )
    return None if is_empty else text


def _surname(raw: str, rules: NameRules) -> Name:
    if _plain(raw, rules):
        return raw
    words = [
        word
        for part in _words(_turned(raw, rules), rules)
        for word in part.split("-")
        if word
    ]
    words = _without_titles(words, rules)
    while len(words) > 1 and words[-1] in rules.suffixes:
        words.pop()
    return _name(words, rules.surname_particles, rules)


def _turned(raw: str, rules: NameRules) -> str:
    """A surname with the particles before it that a list has behind it, since it is not
    sorted by them: Berg, van der.

    A single letter there is none: Jones (D) may have died.
    """
    if (
        not ("," in raw or "(" in raw)
        or (match := _BEHIND.fullmatch(raw.strip())) is None
    ):
        return raw
    particles = match[2] or match[3]
    words = _words(particles, rules)
    are_particles = (
        rules.surname_particles.issuperset(words)
        and len("".join(particles.split())) > 1
    )
    return f"{particles} {match[1]}" if words and are_particles else raw


def _plain(raw: str, rules: NameRules) -> bool:
    """One word of capitals that no rule speaks of: most of the data."""
    return (
        raw.isascii()
        and raw.isalpha()
        and raw.isupper()
        and raw not in rules.sentinels.names
        and raw not in rules.titles
        and not _is_repeated(raw, rules)
    )


def is_plain_name(text: str, rules: NameRules) -> str:
    """A SQL condition: one word of letters that no rule speaks of, so that its capitals
    are its one form. NULL of NULL.
    """
    name = f"upper({text})"
    known = ", ".join(map(literal, sorted(rules.sentinels.names | rules.titles)))
    tests = [f"regexp_full_match({text}, '[A-Za-z]+')", f"{name} not in ({known})"]
    if rules.sentinels.repeated_letter:
        others = f"replace({name}, left({name}, 1), '')"
        tests.append(f"(length({text}) = 1 or {others} <> '')")
    return f"({' and '.join(tests)})"


def _plain_words(raw: str, rules: NameRules) -> bool:
    """Words of capitals, single blanks between them, that no rule of surnames speaks
    of: nearly all of the rest.
    """
    words = raw.split(" ")
    return (
        len(words) > 1
        and all(words)
        and (letters := "".join(words)).isascii()
        and letters.isalpha()
        and letters.isupper()
        and rules.surname_words.isdisjoint(words)
        and raw not in rules.sentinels.names
        and raw not in rules.sentinels.raw
    )


def _words(raw: str, rules: NameRules) -> list[str]:
    text = anyascii(raw).upper().strip()
    if text in rules.sentinels.raw:
        return []
    text = _NO_LETTER.sub(" ", _APOSTROPHES.sub("", _ASIDE.sub(" ", text)))
    return [word for word in (part.strip("-") for part in text.split()) if word]


def _without_titles(words: list[str], rules: NameRules) -> list[str]:
    while len(words) > 1 and words[0] in rules.titles:
        words = words[1:]
    return words


def _joined(words: list[str], particles: frozenset[str]) -> list[str]:
    """Particles joined to the word that follows; one at the end stands alone."""
    parts, front = [], ""
    for word in words:
        if word in particles:
            front += word
        else:
            parts.append(front + word)
            front = ""
    return [*parts, front] if front else parts


def _name(words: list[str], particles: frozenset[str], rules: NameRules) -> Name:
    if _is_sentinel(" ".join(words), rules):
        return None
    name = " ".join(_joined([word for word in words if word], particles))
    return None if _is_sentinel(name, rules) else name


def _is_sentinel(name: str, rules: NameRules) -> bool:
    return not name or name in rules.sentinels.names or _is_repeated(name, rules)


def _is_repeated(name: str, rules: NameRules) -> bool:
    return rules.sentinels.repeated_letter and len(name) > 1 and not name.strip(name[0])
