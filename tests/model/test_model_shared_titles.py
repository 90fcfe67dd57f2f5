"""A title that several things of a file share is no thing's own: what goes with it says nothing more."""

import random

import pyarrow as pa
import pytest

from linkage.engine import Engine
from linkage.engine import rows as engine_rows
from linkage.match.candidates import score_given, term_frequencies
from linkage.model import from_dict
from linkage.model.comparisons import comparison, settings
from linkage.model.training import train

GAMES = {"title": "text", "publisher": "text", "year": "category", "platform": "category"}
PLATFORMS = ("PC", "DS", "WII", "PSP")


@pytest.fixture(scope="module")
def games() -> tuple[pa.Table, pa.Table]:
    """300 titles on four platforms each, of one publisher and of one year; two things of three are in each file."""
    draw = random.Random(7)
    words = ["".join(draw.choice("ABCDEFGHIKLMNOPRSTUVY") for _ in range(6)) for _ in range(300)]
    titles = [
        {"title": f"{word} {words[-n - 1]}", "publisher": words[n % 40], "year": f"{draw.randint(1980, 2019)}"}
        for n, word in enumerate(words)
    ]
    made = [{**title, "platform": platform} for title in titles for platform in PLATFORMS]

    def file(first: int) -> pa.Table:
        return pa.Table.from_pylist([{"unit_id": first + n, **of} for n, of in enumerate(made) if draw.random() < 0.67])

    return file(0), file(10_000)


def test_another_platform_is_another_game_whatever_goes_with_its_title(
    engine: Engine, games: tuple[pa.Table, pa.Table]
) -> None:
    start = from_dict(settings([comparison(name, kind) for name, kind in GAMES.items()]))
    model = train(engine, start, *map(engine.from_arrow, games), seed=1, together=True)[0]
    game, *_ = games[0].drop_columns("unit_id").to_pylist()
    other = {**game, "platform": next(name for name in PLATFORMS if name != game["platform"])}
    left = engine.from_arrow(pa.Table.from_pylist([{"unit_id": 1, **game}]))
    right = engine.from_arrow(pa.Table.from_pylist([{"unit_id": 2, **game}, {"unit_id": 3, **other}]))
    pairs = engine.from_arrow(pa.table({"left_id": [1, 1], "right_id": [2, 3]}))
    frequencies = term_frequencies(engine, model, *map(engine.from_arrow, games))
    scored = engine_rows(engine, score_given(engine, model, left, right, frequencies, pairs))
    same, another = (row["match_weight"] for row in sorted(scored, key=lambda row: row["right_id"]))
    assert same > 2
    assert another < -2  # the publisher and the year of a title alone were eight bits for it
