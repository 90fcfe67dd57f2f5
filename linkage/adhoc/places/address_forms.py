"""How the addresses of a column are written: which form their postcodes have, at which end of them the town stands.

Nothing is known of any country's towns: the whole column tells. A piece with a number is a street's, and a town's has
none; a name that has a town before it wherever it stands is a state's or a country's.
"""

import functools
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
from anyascii import anyascii

from linkage.adhoc.headers.vocabulary import vocabulary
from linkage.engine import Engine, Table, literal

SHARE = 1 / 3  # of a column's addresses that must hold a part, or it is none of theirs
_NEARLY = 0.9  # as many addresses as have the most usual form of postcodes, from which an earlier form is the column's
_ONE_FORM = 0.8  # share of a column's first or last numbers that have the form of postcodes of digits
_TURNED = 0.2  # by how much more addresses begin without a number than end without one, where the town comes first
_STATES = 0.8  # share of addresses that end in a code of two or three letters, which is then a state's
_MOST_STATES = 60
_BEYOND = 0.9  # share of a name's addresses with a town before it, from which it is a state's or a country's
_SURE = 7.0  # log-likelihood by which a name has that more than the others of its column, where these have it seldom
_AS_OTHERS = 3  # addresses of which it is taken, for a name that few have, that they are as all the others
_ROUNDS = 2  # a country, and a state before it
_OFTEN = 5  # addresses, and as many streets, that end in one text with a number, from which it is a town: Dublin 4

_APART = r"[,;|\n\r\t()\[\]]+|<br ?/?>|\s[-–—/]+\s"
_AROUND = " .:-–—"
_STATE = re.compile(r".*\s([A-Z]{2,3})")

Pieces = Sequence[str]
"""What stands between an address's commas and line breaks, the outermost (a country, a town) first; in capitals."""


@dataclass(frozen=True)
class Form:
    """How the addresses of a column are written."""

    postcode: str | None = None  # an expression
    code_first: bool = False  # the first text of that form is the postcode, and not the last
    town_first: bool = False
    states: bool = False  # a code of a state stands behind the town without a comma
    beyond: frozenset[str] = frozenset()  # names of states and countries, in capitals
    numbered: frozenset[str] = frozenset()  # names of towns with a number
    ends: frozenset[str] = frozenset()  # words of towns that may end a street's piece, no comma between; see `words_of`
    has_town: bool = True

    def is_town(self, piece: str) -> bool:
        """Whether a piece may be a town: SQL of `parted` says the same."""
        return (not any(map(str.isdigit, piece)) or piece in self.numbered) and piece not in self.beyond


def pieced(form: Form, texts: str) -> str:
    """SQL: addresses as their postcode, `code`, '' where they have none, and their other `pieces`, outermost first.

    Args:
        texts: a query for `place`, a number, and `text`. Where the form has `ends`, they are a table {ends} of `words`.
    """
    greed = "*?" if form.code_first else "*"
    code = literal(rf"(?is)^(.{greed})\b(?:[A-Z]{{1,2}}-)?({form.postcode})\b(.*)$")
    found = f"regexp_extract(text, {code}, ['before', 'code', 'after'])" if form.postcode else "{'code': ''}"
    rest = "case when found.code <> '' then found.before || ', ' || found.after else text end"
    alone, state = literal(_number_alone()), literal(r"\s([A-Za-z]{2,3})[\s,]*$")
    joined = f"regexp_replace({rest if form.postcode else 'text'}, {alone}, '\\1 ')"
    split = f"regexp_replace({joined}, {state}, ', \\1')" if form.states else joined
    pieces = f"list_transform(string_split_regex({split}, {literal(_APART)}), lambda p: trim(p, {literal(_AROUND)}))"
    query = f"""
        select place, upper(found.code) as code,
               {"" if form.town_first else "list_reverse"}(list_filter({pieces}, lambda p: p <> '')) as pieces
        from (select *, {found} as found from ({texts}))
        """
    return _ENDS.replace("PIECED", query) if form.ends else query


# The longest end of the outermost piece with a number that is a town's name becomes a piece of its own.
_ENDS = r"""
    with pieced as (
        PIECED
    ),
    numbered as (
        select *, list_position(list_transform(pieces, lambda p: regexp_matches(p, '[0-9]')), true) as street_at,
               string_split_regex(pieces[street_at], '\s+') as split
        from pieced
    ),
    tried as (
        select place, unnest(range(1, least(len(split), 6))) as many, split from numbered
    ),
    known as (
        select place, max(many) as many
        from (
            select *, regexp_replace(upper(strip_accents(array_to_string(split[-many:], ' '))), '[^A-Z0-9]+', ' ', 'g')
                          as words
            from tried
        )
        join {ends} using (words)
        group by place
    )
    select n.place, n.code,
           case when k.many is null then pieces
                else list_concat(
                    pieces[:street_at - 1],
                    [array_to_string(split[-many:], ' '), array_to_string(split[:-many - 1], ' ')],
                    pieces[street_at + 1:]
                )
           end as pieces
    from numbered as n
    left join known as k on k.place = n.place
    """


def _words(which: str) -> str:
    """An expression for one of the words before a number that the vocabulary has."""
    words = sorted(vocabulary()["whole_address"][which], key=len, reverse=True)
    return "|".join(r"[. ]*".join(map(re.escape, word.split())) for word in words)


# Letters of Latin alone: those of all scripts make an expression ten times as slow.
_NUMBER = r"(?:[A-Z]{1,2}[-/. ]?)?[0-9]+(?: ?[-/&] ?[0-9]+)*[-/]?[A-Z]?\b"


@functools.cache
def unit() -> str:
    """An expression for a part of a house: Flat 4."""
    return rf"(?:{_words('units')}|#)[.:# ]*{_NUMBER}"


@functools.cache
def number() -> str:
    """An expression for the number of a house: 12, No. 12, 3-4a."""
    return rf"(?:(?:{_words('numbers')})[.:# ]*)?#?{_NUMBER}"


@functools.cache
def _number_alone() -> str:
    """What begins an address where a comma parts a number from its street: 12, High Street; Flat 4, 5, South View."""
    apart = r"\s*[,;\n]\s*"
    return rf"(?i)^[\s,;]*((?:{unit()}{apart})*{number()}){apart}"


def form_of(engine: Engine, texts: Sequence[str]) -> tuple[Form, list[Pieces]]:
    """How addresses are written, all but what is `beyond` their towns; and their pieces.

    Args:
        texts: addresses, a sample of a column's.
    """
    form = _with_postcode([text.upper() for text in texts])
    held = _pieces(engine, form, texts)
    first, last = (sum(Form().is_town(pieces[end]) for pieces in held if pieces) for end in (-1, 0))
    form = replace(form, town_first=first > last + _TURNED * len(texts))
    if form.town_first:
        held = [pieces[::-1] for pieces in held]
    codes = Counter(code for pieces in held if (code := _code_of_state(pieces)))
    if codes.total() > _STATES * len(held) and len(codes) <= _MOST_STATES:
        form = replace(form, states=True, beyond=frozenset(codes))
        held = _pieces(engine, form, texts)
    held = _upper(held)
    ends = Counter(pieces[0] for pieces in held if len(pieces) > 1 and not form.is_town(pieces[0]))
    streets = Counter(end for end, _ in {(pieces[0], pieces[1]) for pieces in held if len(pieces) > 1})
    numbered = frozenset(end for end, rows in ends.items() if rows >= _OFTEN and streets[end] >= _OFTEN)
    return replace(form, numbered=numbered), held


def _code_of_state(pieces: Pieces) -> str | None:
    """IL of "Springfield IL"; not ST of "12 MAIN ST", nor St of "Main St"."""
    found = _STATE.fullmatch(pieces[0]) if pieces else None
    is_town = len(pieces) > 1 and not any(map(str.isdigit, pieces[0]))
    return found[1] if found and (is_town or not pieces[0].isupper()) else None


def _upper(held: Sequence[Pieces]) -> list[Pieces]:
    return [[piece.upper() for piece in pieces] for pieces in held]


def with_ends(engine: Engine, form: Form, texts: Sequence[str], towns: Collection[str]) -> tuple[Form, list[Pieces]]:
    """The form, and an address's pieces, where a known town ends a street's piece with no comma between.

    Args:
        towns: words of their names, see `words_of`.
    """
    form = replace(form, ends=frozenset(towns))
    return form, _upper(_pieces(engine, form, texts))


def words_of(name: str) -> str:
    """A name in Latin capitals, without the signs between its words."""
    return " ".join(re.findall(r"[A-Z0-9]+", anyascii(name).upper()))


def ends_of(engine: Engine, form: Form) -> Table:
    """The table {ends} that `pieced` needs."""
    return engine.from_arrow(pa.table({"words": pa.array(sorted(form.ends), pa.string())}))


def _pieces(engine: Engine, form: Form, texts: Sequence[str]) -> list[Pieces]:
    table = engine.from_arrow(pa.table({"place": range(len(texts)), "text": pa.array(texts, pa.string())}))
    found = engine.sql(
        f"""
        with found as ({pieced(form, "select place, text from {t}")})
        select pieces from found order by place
        """,
        t=table,
        ends=ends_of(engine, form),
    )
    held: list[Pieces] = engine.arrow(found)["pieces"].to_pylist()
    return held


def _with_postcode(texts: Sequence[str]) -> Form:
    """The form of the postcodes, and whether they come first."""
    rules, found = vocabulary()["whole_address"], list[tuple[int, Form]]()
    for form in rules["postcodes"]:
        starts = [match.start() == 0 for text in texts if (match := _one_of(form).search(text))]
        found.append((len(starts), Form(form, code_first=sum(starts) > _ONE_FORM * len(starts))))
    numbers = [of for text in texts if (of := re.findall(r"[0-9](?:[0-9A-Z-]*[0-9A-Z])?", text))]
    # Whether an address has one number, and begins with it: first and last are the same then.
    is_all = sum(len(of) == 1 for of in numbers) > _ONE_FORM * len(numbers)
    begins = is_all and sum(text.lstrip()[:1].isdigit() for text in texts) > _ONE_FORM * len(texts)
    for form in rules["postcodes_of_digits"]:
        for end in (-1, 0):
            held = sum(bool(re.fullmatch(form, of[end])) for of in numbers)
            found.append((held if held > _ONE_FORM * len(numbers) else 0, Form(form, code_first=begins or end == 0)))
    most = max(held for held, _ in found)
    return next(form for held, form in found if held >= _NEARLY * most) if most > SHARE * len(texts) else Form()


@functools.cache
def _one_of(form: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{form})\b", re.ASCII)


def with_beyond(forms: Sequence[Form], held: Sequence[Sequence[Pieces]], is_known: Callable[[str], bool]) -> list[Form]:
    """The forms of two columns, with the names that stand behind those of towns in them, which are no towns.

    Args:
        held: pieces of each column's addresses.
        is_known: whether a name is a town's, since a file has a column of these.
    """
    beyond = frozenset[str]().union(*(form.beyond for form in forms))
    for _ in range(_ROUNDS):
        ends = [list(_ends(replace(form, beyond=beyond), pieces)) for form, pieces in zip(forms, held, strict=True)]
        rows, before, expected = Counter[str](), Counter[str](), defaultdict[str, float](float)
        for of_file in ends:
            usual = sum(is_before for _, is_before in of_file) / max(len(of_file), 1)
            for end, is_before in of_file:
                rows[end] += 1
                before[end] += is_before
                expected[end] += usual
        found = {end for end, n in rows.items() if _is_beyond(n, before[end], expected[end] / n) and not is_known(end)}
        if not found:
            break
        beyond |= found
    return [replace(form, beyond=beyond) for form in forms]


def _is_beyond(rows: int, before: int, usual: float) -> bool:
    """Whether a name has a town before it.

    Where nearly all have (Springfield, IL), one that few addresses have is taken to have it too. Where some have
    (Headingley, Leeds), chance alone must not make it.
    """
    if before + _AS_OTHERS * usual <= _BEYOND * (rows + _AS_OTHERS):
        return False
    return usual > _BEYOND or -rows * math.log(usual) > _SURE


def _ends(form: Form, held: Sequence[Pieces]) -> Iterator[tuple[str, bool]]:
    """The outermost piece of each address that may be a town, and whether the next one may be one too."""
    for pieces in held:
        at = next((n for n, piece in enumerate(pieces) if form.is_town(piece)), None)
        if at is not None:
            yield pieces[at], at + 1 < len(pieces) and form.is_town(pieces[at + 1])


def beyond_in(form: Form, held: Sequence[Pieces]) -> Counter[str]:
    """The names of states and countries next to the towns of addresses, to the rows that have them."""
    return Counter(found[-1] for pieces in held if (found := [piece for piece in pieces if piece in form.beyond]))


def towns_in(form: Form, held: Sequence[Pieces]) -> Counter[str]:
    """The towns of addresses, to the rows that have them."""
    found = (next((piece for piece in pieces if form.is_town(piece)), "") for pieces in held if len(pieces) > 1)
    return Counter(filter(None, found))
