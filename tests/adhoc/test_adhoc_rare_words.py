"""Rare words of titles and of names of companies: which they are, what they weigh, and the rule on them."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from linkage.adhoc.codes import rare_words
from linkage.adhoc.link import Request, link_files
from linkage.adhoc.modelling import untrained, with_rules
from linkage.adhoc.read_again import read_again, told
from linkage.adhoc.two_files import Asked, two_files
from linkage.engine import Engine, Table, connect
from linkage.engine import rows as engine_rows
from linkage.match.candidates.score import score_candidates, term_frequencies
from linkage.model import from_dict
from linkage.model.blocking import keys_of_fields
from quality.explain.sides import FileSide, Term

World = Callable[[str], Table]
KINDS = {"title": "words", "price": "code"}

LEFT = """
    unit_id | title                          | price
    1       | NOKIA PHONE 5530/B RED         | 12.5
    2       | NOKIA PHONE AX-77              | 13
    3       | SONY PHONE                     | -
    4       | -                              | 7
"""
RIGHT = """
    unit_id | title                          | price
    1       | PHONE 5530B (NOKIA), NEW       | 12.5
    2       | RED PHONE NOKIA                | 99
    3       | SONY PHONE                     | 3
"""


def _words(engine: Engine, sides: list[Table]) -> list[dict[int, tuple[str, list[str] | None]]]:
    made = rare_words.beside(engine, sides, ["title"])
    return [{r["unit_id"]: (r["title_word"], r["title_words"]) for r in engine_rows(engine, side)} for side in made]


def test_words_that_stand_in_both_files_rarest_first(engine: Engine, world: World) -> None:
    left, right = _words(engine, [world(LEFT), world(RIGHT)])
    assert left[1] == ("5530B*", ["5530B*", "RED*", "NOKIA*", "PHONE"]), "a number with its signs is one word"
    assert left[2] == ("NOKIA*", ["NOKIA*", "PHONE"]), "AX77 stands in one file alone"
    assert left[4] == (None, None)
    assert right[1] == ("5530B*", ["5530B*", "NOKIA*", "PHONE"])
    assert right[3] == ("SONY*", ["SONY*", "PHONE"])


def test_words_that_would_make_too_many_pairs_are_none(engine: Engine, world: World) -> None:
    """Thirty records of two words: PHONE alone would make nine hundred pairs, of three hundred that are allowed."""
    titles = [f"{n} | PHONE W{n}W" for n in range(1, 31)]
    side = "\n".join(["unit_id | title", *titles])
    left, right = _words(engine, [world(side), world(side)])
    assert left == right
    assert left[7] == ("W7W*", ["W7W*"])


def test_common_words_side_by_side_count_as_one_in_either_order(engine: Engine, world: World) -> None:
    """Of five words each stands in six of thirty titles of either file: together they would make too many pairs."""
    five = ["BLUE", "RAIN", "ROAD", "STAR", "WILD"]
    titles = [f"{five[n % 5]} {five[n // 5 % 5]}" for n in range(25)] * 8
    side = "\n".join(["unit_id | title", *(f"{n} | {title}" for n, title in enumerate(titles))])
    other = side.replace("| RAIN BLUE", "| BLUE RAIN (LIVE)")
    left, right = _words(engine, [world(side), world(other)])
    assert left[1] == right[1] == ("BLUE RAIN", ["BLUE RAIN"])
    assert left[0] == ("BLUE BLUE", None), "one word twice is one word"


def test_within_one_file_a_word_of_one_record_is_shared_by_nobody(engine: Engine, world: World) -> None:
    (found,) = _words(engine, [world(LEFT)])
    assert found[1] == ("NOKIA*", ["NOKIA*", "PHONE*"])
    assert found[3] == ("PHONE*", ["PHONE*"])


def test_texts_of_several_words_in_files_of_no_persons(engine: Engine, world: World) -> None:
    side = world("""
        unit_id | title       | code    | organisation | address
        1       | RED PHONE   | ABCDEFG | SMITH SONS   | 1 HIGH ST
        2       | BLUE PHONE  | HIJKLMN | CROWN FOODS  | 2 HIGH ST
    """)
    texts = {"title": "text", "code": "text", "organisation": "text", "address": "text"}
    assert rare_words.fields(rare_words.compared(engine, [side, side], texts)) == ["title", "organisation"]
    assert rare_words.compared(engine, [side, side], texts | {"surname": "name"}) == texts | {"surname": "name"}


def test_pairs_with_a_rare_word_in_common_are_made_and_weighed_by_how_many(engine: Engine, world: World) -> None:
    raw = untrained(KINDS).raw
    for comparison in raw["comparisons"]:
        graded = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        for number, level in enumerate(reversed(graded)):
            level |= {"m_probability": 0.1, "u_probability": 0.1 / 2**number}
            level.pop("tf_adjustment_column", None)
    model = with_rules(from_dict(raw), ['l."title_words" = r."title_words"'])
    assert model.raw["blocking_rules_to_generate_predictions"][0]["arrays_to_explode"] == ["title_words"]
    left, right = rare_words.beside(engine, [world(LEFT), world(RIGHT)], ["title"])
    frequencies = term_frequencies(engine, model, left, right)
    scored = score_candidates(engine, model, left, right, frequencies, -99.0).pairs
    found = {(r["left_id"], r["right_id"]): r["gamma_title"] for r in engine_rows(engine, scored)}
    assert found == {
        (1, 1): 8,  # the number and two words more
        (1, 2): 6,  # three words, of which the rarest of the left is none
        (1, 3): 3,
        (2, 1): 5,
        (2, 2): 5,
        (2, 3): 3,
        (3, 1): 3,
        (3, 2): 3,
        (3, 3): 9,
    }


@pytest.mark.parametrize("title", ["title", "name"])
def test_files_read_again_have_the_words_that_were_compared(title: str, tmp_path: Path) -> None:
    """Nobody has a digit in the name: such a column is no name in full of persons."""
    for side in ("left", "right"):
        lines = [f"{n},Phone of kind {n} by {side},{n % 7}" for n in range(80)]
        (tmp_path / f"{side}.csv").write_text("\n".join([f"id,{title},size", *lines]), encoding="utf-8")
    with connect("duckdb") as engine:
        read = two_files(engine, Asked(tmp_path / "left.csv", tmp_path / "right.csv"), tmp_path / "scratch")
        assert read.kinds == {title: "words", "size": "category"}
        files, words = dict(zip(("left", "right"), read.files, strict=True)), rare_words.fields(read.kinds)
        said = told(files, read.columns, delimiter=None, postcodes=False, words=words)
        again = read_again(engine, json.loads(json.dumps(said)), [], tmp_path / "again")
        for before, after in zip(read.sides, (again["left"][0], again["right"][0]), strict=True):
            assert {*after.columns} == {"unit_id", title, "size", f"{title}_words", f"{title}_word"}
            first, second = (sorted(map(str, engine_rows(engine, table))) for table in (before, after))
            assert first == second


def test_a_rare_word_is_a_key_that_rules_may_be_made_of() -> None:
    keys = keys_of_fields({"title": "words"}, ["unit_id", "title", "title_words", "title_word"])
    assert [key.rule.condition for key in keys] == [
        'l."title" = r."title"',
        'l."title_words" = r."title_words"',
        'substr(l."title", 1, 3) = substr(r."title", 1, 3)',
    ]
    assert [key.rule.explode for key in keys] == [(), ("title_words",), ()]


def test_who_else_has_a_rare_word_is_found_among_the_rows_of_a_file(engine: Engine, world: World) -> None:
    (units,) = rare_words.beside(engine, [world(LEFT)], ["title"])
    wanted = engine.sql("select ['NOKIA*', 'AX77'] as wanted")
    found = FileSide(engine, "shop.csv", units).holding([Term("title_words", "{value}", wanted)])
    assert sorted(row["unit_id"] for row in engine_rows(engine, found)) == [1, 2]


def test_products_of_two_shops_are_linked_by_what_few_others_are_called(tmp_path: Path) -> None:
    """Titles that agree neither as a whole nor at their beginning: no rule reached them, and u held their matches."""
    draw = random.Random(5)
    brands = [f"{a}{b}" for a in ("Kel", "Mor", "Tan", "Vis") for b in ("dor", "len", "mark", "tone", "wick")]
    kinds = {"Camera": "Zoom 10MP HD", "Router": "Wireless Dual 300Mbps", "Phone": "Cordless DECT Speaker"}
    shops: dict[str, list[str]] = {"left": [], "right": []}
    for number in range(500):
        brand, kind = draw.choice(brands), draw.choice(list(kinds))
        model = f"{draw.choice('ABCDE')}{draw.choice('XYZ')}-{draw.randrange(100, 9_999)}"
        price = round(draw.lognormvariate(4, 1), 2)
        said = draw.sample(kinds[kind].split(), 2)
        if number < 400:
            shops["left"].append(f"L{number},{brand} {' '.join(said)} {kind} - {model},{price}")
        if number >= 100:
            named = [model.replace("-", ""), kind, *said[:1], brand]
            draw.shuffle(named)
            shops["right"].append(f"R{number},{' '.join(named)} new,{round(price * draw.choice([1, 0.9]), 2)}")
    for side, lines in shops.items():
        (tmp_path / f"{side}.csv").write_text("\n".join(["id,title,price", *lines]), encoding="utf-8")
    pairs = "\n".join(["left_id,right_id", *(f"L{n},R{n}" for n in range(100, 400))])
    (tmp_path / "truth.csv").write_text(pairs, encoding="utf-8")
    request = Request(tmp_path / "left.csv", tmp_path / "right.csv", tmp_path / "out", truth=tmp_path / "truth.csv")
    done = link_files(request)
    assert done.fields["title"] == "words"
    assert done.truth is not None
    assert done.truth["precision"] > 0.98
    assert done.truth["recall"] > 0.9
    rules = json.loads((tmp_path / "out" / "model.json").read_text())["blocking_rules_to_generate_predictions"]
    assert {tuple(rule.get("arrays_to_explode", ())) for rule in rules} >= {("title_words",)}
