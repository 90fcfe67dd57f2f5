"""How far two records are apart on earth, as SQL."""


def kilometres(column: str) -> str:
    """SQL: the great circle between two positions, by the haversine formula."""
    north, east = (
        [f"radians(try_cast(split_part(\"{column}_{side}\", ' ', {place}) as double))" for side in "lr"]
        for place in (1, 2)
    )
    halves = (f"pow(sin(({one} - {other}) / 2), 2)" for one, other in (north, east))
    squares = f" + cos({north[0]}) * cos({north[1]}) * ".join(halves)
    return f"12742 * asin(sqrt(least({squares}, 1)))"
