"""Rare words of titles and names of companies: what two records have in common where neither whole nor start agrees.

One shop writes "Nokia 5530 XpressMusic red", the other "XpressMusic phone 5530 (Nokia), new": a model number or a
name of few others tells them. A word that stands in one file alone is shared by nobody; of the others those are rare
that together make few pairs, so that a blocking rule on any of them makes no more, whatever the files hold. Titles may
have none ("Summer Wild"): two common words side by side count as one, by the same measure.
"""

from collections.abc import Collection, Mapping, Sequence

from linkage.adhoc.codes.bit_strings import pieces
from linkage.adhoc.headers.recognise import known_fields
from linkage.adhoc.places.positions import cells
from linkage.adhoc.word_columns import OF_FEW, POSITION, is_of_bits, rare_words_of, rarest_word_of
from linkage.engine import Engine, Table, columns, literal, one, quote

_PERSONS = frozenset({"forename", "middle_names", "surname", "dob", "age"})
_NAMES = "organisation"  # of bodies: one that has one word is called "Heart Bar" elsewhere
_SEVERAL_WORDS = 0.5  # share of the known texts that have two words or more
_MOST_PAIRS = 10.0  # that the rare words of a field make, for each record of the larger file
_FEW = 4  # records of both files that hold a word of few: two pairs of one and the same, or one held twice
_MOST_WORDS = 6  # of a text, the rarest ones; a position has all its cells


def names_persons(fields: Collection[str]) -> bool:
    """Whether files with these fields are of persons, and not of things or firms."""
    return bool(_PERSONS & {*fields})


def compared(engine: Engine, sides: Sequence[Table], kinds: Mapping[str, str]) -> dict[str, str]:
    """The kinds, where files are of no persons those that are compared by rare words as well: texts of several words.

    Args:
        sides: units of two files, or of one.
        kinds: field to kind.
    """
    if names_persons(kinds):
        return dict(kinds)
    known = {*known_fields()} - {_NAMES}
    worded = {
        name
        for name, kind in kinds.items()
        if kind == "text"
        and name not in known
        and (name == _NAMES or all(_is_of_words(engine, side, name) for side in sides))
    }
    return {name: "words" if name in worded else kind for name, kind in kinds.items()}


def fields(kinds: Mapping[str, str]) -> list[str]:
    """The fields that are compared by rare words, or as these are by cells of the earth or pieces of bits."""
    return [name for name, kind in kinds.items() if kind in ("words", POSITION, "pieces")]


def beside(engine: Engine, sides: Sequence[Table], names: Collection[str]) -> list[Table]:
    """Units of two files, or of one, with the rarest word and a list of the rare words of each of some fields."""
    if not names:
        return list(sides)
    lists = {name: _rare_words(engine, name, sides[0], sides[-1]) for name in names}
    made = []
    for place, side in enumerate(sides):
        joins, selected, tables = "", "", {}
        for number, (name, table) in enumerate(lists.items()):
            tables[f"words_{number}"] = table
            joins += f"\nleft join {{words_{number}}} as w{number}"
            joins += f" on w{number}.unit_id = u.unit_id and w{number}.place = {place}"
            selected += f", w{number}.words as {quote(rare_words_of(name))}"
            # A text without any stands for itself: who knows the text knows its word.
            selected += f", coalesce(w{number}.words[1], u.{quote(name)}) as {quote(rarest_word_of(name))}"
        own = columns(side.columns, "u")
        made.append(
            engine.sql(f"select {own}{selected} from {{u}} as u{joins}", params=None, store=True, u=side, **tables)
        )
    engine.drop(*lists.values())
    return made


def _rare_words(engine: Engine, name: str, left: Table, right: Table) -> Table:
    """place (0 or 1: which side), unit_id, words: the rarest first."""
    once = left is right
    larger = max(engine.count(left), engine.count(right))
    texts = [_texts(place, name, side, larger) for place, side in enumerate(("left", "right"))]
    both = texts[0] if once else "\nunion all\n".join(texts)
    most = _MOST_PAIRS * larger
    kept = "true" if name == POSITION or is_of_bits(name) else f"rank <= {_MOST_WORDS}"
    return engine.sql(
        f"""
        with texts as ({both}),
        words as (select place, unit_id, regexp_split_to_array(text, '[^A-Z0-9]+') as words from texts),
        every as (select distinct place, unit_id, unnest(words) as word from words),
        singly as (select * from every where length(word) >= 2),
        {_counted("singly", "single", most, once=once)},
        common as (select distinct word from singly where word not in (select word from single_rare)),
        followed as (
            select place, unit_id, unnest(words[:-2]) as first_word, unnest(words[2:]) as second_word
            from words
        ),
        together as (
            select distinct place, unit_id,
                   least(first_word, second_word) || ' ' || greatest(first_word, second_word) as word
            from followed
            where first_word <> second_word
              and first_word in (select word from common)
              and second_word in (select word from common)
        ),
        {_counted("together", "double", most, once=once)},
        ranked as (
            select place, unit_id, shown, row_number() over (partition by place, unit_id order by held, word) as rank
            from (select * from single_rare union all select * from double_rare)
        )
        select place, unit_id, list(shown order by rank) as words
        from ranked
        where {kept}
        group by place, unit_id
        """,
        left=left,
        right=right,
        store=True,
    )


def _counted(words: str, called: str, most: float, *, once: bool) -> str:
    """Queries that make `called`_rare (place, unit_id, word, shown, held) of words: those that make few pairs."""
    pairs = "of_left * (of_left - 1) / 2" if once else "of_left * of_right"
    return f"""{called}_counted as (
            select word, count(*) filter (where place = 0) as of_left, count(*) filter (where place = 1) as of_right
            from {words}
            group by word
        ),
        {called}_spent as (
            select word, of_left + of_right as held,
                   sum({pairs}) over (order by of_left + of_right, word rows unbounded preceding) as pairs_so_far
            from {called}_counted
            where {pairs} > 0
        ),
        {called}_rare as (
            select w.place, w.unit_id, w.word, s.held,
                   w.word || case when s.held <= {_FEW} then '{OF_FEW}' else '' end as shown
            from {words} as w
            join {called}_spent as s on s.word = w.word
            where s.pairs_so_far <= {literal(most)}
        )"""


def _texts(place: int, name: str, side: str, larger: int) -> str:
    """Texts in which a number is one word: VR-6133/W is VR6133W; of positions the cells that they lie in, and
    pieces of bits.

    Args:
        larger: records of the larger side.
    """
    if name == POSITION or is_of_bits(name):
        text = cells(name) if name == POSITION else pieces(name, larger)
        return f"select {place} as place, unit_id, {text} as text from {{{side}}} where {quote(name)} is not null"
    text = f"regexp_replace(upper({quote(name)}), '([0-9])[-/.,]+', '\\1', 'g')"
    text = f"regexp_replace({text}, '[-/.,]+([0-9])', '\\1', 'g')"
    return f"select {place} as place, unit_id, {text} as text from {{{side}}} where {quote(name)} is not null"


def _is_of_words(engine: Engine, side: Table, name: str) -> bool:
    share = f"avg(case when strpos({quote(name)}, ' ') > 0 then 1e0 else 0e0 end)"
    return float(one(engine, engine.sql(f"select {share} as share from {{t}}", t=side))["share"] or 0) >= _SEVERAL_WORDS
