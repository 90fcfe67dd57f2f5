"""Conditions of levels that find a value elsewhere: in another column, among further names, at another time."""


def crossed(column: str, other: str) -> str:
    """One of two surnames in the other one's place."""
    return " OR ".join(_places(column, other))


def _places(column: str, other: str) -> tuple[str, str]:
    return f'"{column}_l" = "{other}_r"', f'"{other}_l" = "{column}_r"'


def swapped_whole(column: str, other: str) -> str:
    """Both names in each other's place."""
    return " AND ".join(_places(column, other))


def swapped_but_for_a_slip(column: str, other: str) -> str:
    """The same, of which one may be written otherwise."""
    here, there = _places(column, other)
    alike = (f'jaro_winkler_similarity("{a}_l", "{b}_r") >= 0.85' for a, b in ((other, column), (column, other)))
    return " OR ".join(f"{same} AND {nearly}" for same, nearly in zip((here, there), alike, strict=True))


def is_among(column: str, further: str) -> str:
    """James Robert is Robert to whoever asked what he is called."""
    ways = ((f'"{further}_l"', f'"{column}_r"'), (f'"{further}_r"', f'"{column}_l"'))
    return " OR ".join(holds_words(names, name) for names, name in ways)


def holds_words(text: str, words: str) -> str:
    """A text has these words, one after the other."""
    return f"strpos(' ' || {text} || ' ', ' ' || {words} || ' ') > 0"


def at_some_time(column: str) -> str:
    """Both held a value, each at some time."""
    return f'list_has_any("{column}_all_l", "{column}_all_r")'


def at_one_time(column: str) -> str:
    """Both held a value at one time; whether they ever did is the cheaper question, and asked first."""
    met = "y.held_value = x.held_value AND y.held_from <= x.held_to AND y.held_to >= x.held_from"
    partners = f'array_length(list_filter("{column}_held_r", lambda y: {met}))'
    return f'{at_some_time(column)} AND array_length(list_filter("{column}_held_l", lambda x: {partners} > 0)) > 0'
