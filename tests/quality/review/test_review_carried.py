"""Labels of the village's review in its next release, which has one more customer and
one who has moved.
"""

import re
import shutil
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.errors import ConfigError
from linkage.match.overrides import load
from quality.review.carry import Carried
from quality.review.labels import labels_store
from quality.review.results import estimate_step, write_overrides
from quality.review.sample import draw_sample, sample_of
from quality.review.session import ReviewSession
from tests.pipeline import village as village_files
from tests.quality.clients import answer, review_client

STEP = "npd-cis"
NEW, MOVED, REMOVED = 110, 1, 2
"""Places in the village: a pupil with a new tax record, a customer with another
postcode, one who is removed.
"""


@dataclass(frozen=True)
class Releases:
    """Two runs; `answers`: pupil's place to the answer given in the first."""

    first: Path
    second: Path
    village: Any
    answers: dict[int, str]

    def pupils(self, run: Path) -> dict[tuple[int, int], tuple[int, int]]:
        """Pair of ids in a run's sample to the places of pupil and customer in the
        village.
        """
        at: dict[str, dict[int, int]] = {}
        for side, source in (("left", "npd"), ("right", "cis")):
            units = pq.read_table(
                run / f"stages/link-{STEP}/units/{STEP}.parquet"
            ).to_pylist()
            keys = {
                row["entity_id"]: row["entity_key"]
                for row in pq.read_table(
                    next(run.glob(f"stages/*/entities/{source}.parquet"))
                ).to_pylist()
            }
            at[side] = {
                row["unit_id"]: _place(keys[row["entity_id"]])
                for row in units
                if row["side"] == side
            }
        pairs = pq.read_table(
            run / f"stages/link-{STEP}/links/{STEP}.parquet"
        ).to_pylist()
        return {
            (row["left_id"], row["right_id"]): (
                at["left"][row["left_id"]],
                at["right"][row["right_id"]],
            )
            for row in pairs
        }


def _place(key: str) -> int:
    return int(key[3:]) if key.startswith("PMR") else (int(key[2:8]) - 100000) // 37


@pytest.fixture(scope="module")
def releases(linked_village: Any, tmp_path_factory: pytest.TempPathFactory) -> Releases:
    """The village, after Ann has reviewed all pairs; and its next release, with the
    village's labels.
    """
    base = tmp_path_factory.mktemp("releases")
    shutil.copytree(linked_village.folder, base / "in")
    shutil.copytree(linked_village.root, base / "first")
    first, second = base / "first", base / "second"
    draw_sample(first, STEP, 1_000)
    result = Releases(
        first, second, replace(linked_village, folder=base / "in", root=second), {}
    )
    answer_of = {0: "no match", 4: "uncertain"}
    pupils = {pair: pupil for pair, (pupil, _) in result.pupils(first).items()}
    result.answers.update(
        {pupil: answer_of.get(pupil, "match") for pupil in pupils.values()}
    )
    answer(first, STEP, {pair: result.answers[pupil] for pair, pupil in pupils.items()})
    _next_release(base / "in")
    result.village.runner().run()
    return result


def _next_release(folder: Path) -> None:
    path = folder / "sources" / "cis" / "customers" / "part-00000.parquet"
    table = pq.read_table(path)
    rows = [row for row in table.to_pylist() if _place(row["NINO"]) != REMOVED]
    for row in rows:
        if _place(row["NINO"]) == MOVED:
            row["Postcode"] = "ZE2 9XX"
    person = village_files._person(NEW)
    rows.append(
        {**dict.fromkeys(table.column_names), **village_files._customer(person)}
    )
    pq.write_table(pa.Table.from_pylist(rows, table.schema), path)


@pytest.fixture
def second(releases: Releases, tmp_path: Path) -> Path:
    """The second release, to be reviewed."""
    shutil.copytree(releases.second, tmp_path / "second")
    return tmp_path / "second"


def test_labels_are_carried_to_the_same_records(
    releases: Releases, second: Path
) -> None:
    sample = draw_sample(second, STEP, 1_000, labels_from=releases.first)
    assert sample.carried == Carried(unchanged=98, changed=1, gone=1)
    assert (sample.pairs, sample.answered) == (100, 98)
    places = releases.pupils(second)
    labels = labels_store(second).rows().to_pylist()
    assert {
        places[row["left_id"], row["right_id"]]: (row["answer"], row["carried"])
        for row in labels
    } == {
        (pupil, pupil): (answer, "changed" if pupil == MOVED else "unchanged")
        for pupil, answer in releases.answers.items()
        if pupil != REMOVED
    }
    assert {(row["run"], row["reviewer"], len(row["model"])) for row in labels} == {
        ("village", "Ann", 16)
    }


def test_nothing_is_carried_twice_and_the_key_is_copied_with_the_labels(
    releases: Releases, second: Path
) -> None:
    draw_sample(second, STEP, 10, labels_from=releases.first)
    sample = draw_sample(second, STEP, 1_000, labels_from=releases.first)
    assert (sample.carried.unchanged, sample.carried.changed, sample.answered) == (
        0,
        0,
        98,
    )
    assert labels_store(second).rows().num_rows == 99
    key = second / "review" / "labels.key"
    assert key.read_bytes() == (releases.first / "review" / "labels.key").read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_the_same_pairs_are_drawn_again(releases: Releases, second: Path) -> None:
    """Of 40 pairs of the first release all are drawn again but for the one that is
    gone; new ones fill up.
    """
    first = second.parent / "first"
    shutil.copytree(releases.first, first)
    draw_sample(first, STEP, 40)
    before = {releases.pupils(first)[pair] for pair in sample_of(first, STEP).pairs}
    draw_sample(second, STEP, 40, labels_from=first)
    after = {releases.pupils(second)[pair] for pair in sample_of(second, STEP).pairs}
    assert len(before) == len(after)
    assert len(after - before) <= 3


def test_labels_carry_no_key_of_a_record(releases: Releases, second: Path) -> None:
    draw_sample(second, STEP, 1_000, labels_from=releases.first)
    content = b"".join(
        path.read_bytes() for path in (second / "review").rglob("*") if path.is_file()
    )
    assert not re.search(rb"AB1\d{5}C|PMR\d{6}", content)


def test_an_estimate_counts_pairs_up_to_the_first_that_is_open(
    releases: Releases, second: Path
) -> None:
    """Two of 100 pairs are open: old answers represent no new pair before these are
    answered too.
    """
    draw_sample(second, STEP, 1_000, labels_from=releases.first)
    assert estimate_step(second, STEP)["reviewed"] < 98
    places = releases.pupils(second)
    open_pairs = [
        pair
        for pair in sample_of(second, STEP).pairs
        if places[pair][0] in (NEW, MOVED)
    ]
    answer(second, STEP, dict.fromkeys(open_pairs, "match"), "Bob")
    estimate = estimate_step(second, STEP)
    assert (estimate["reviewed"], estimate["uncertain"]) == (100, 1)
    assert estimate["precision"]["middle"]["value"] == pytest.approx(98.5 / 100)


def test_the_next_run_follows_overrides_of_earlier_reviews(
    releases: Releases, second: Path
) -> None:
    draw_sample(second, STEP, 1_000, labels_from=releases.first)
    overrides = write_overrides(second, STEP)
    assert (overrides.links, overrides.never, overrides.contradictory) == (96, 1, 0)
    assert load(overrides.path).num_rows == 97
    folder = second.parent / "in"
    shutil.copytree(releases.village.folder, folder)
    (folder / "decided.csv").write_bytes(overrides.path.read_bytes())
    third = replace(releases.village, folder=folder, root=second.parent / "third")
    third.change("train = false", 'train = false\noverrides = "decided.csv"')
    third.runner().run()
    sample = draw_sample(third.root, STEP, 1_000, labels_from=second)
    assert sample.carried == Carried(unchanged=98, changed=1, gone=0)
    assert (0, 0) not in releases.pupils(third.root).values()
    assert estimate_step(third.root, STEP)["links"] == 99
    assert (
        write_overrides(third.root, STEP).never == 1
    )  # also of a pair that is no longer among the links


def test_labels_of_former_links_of_the_same_run_are_kept(
    releases: Releases, tmp_path: Path
) -> None:
    """The first run's folder is run again on the next release's files."""
    shutil.copytree(releases.first, tmp_path / "run")
    replace(releases.village, root=tmp_path / "run").runner().run()
    sample = draw_sample(tmp_path / "run", STEP, 1_000)
    assert sample.carried == Carried(unchanged=98, changed=1, gone=1)


def test_a_run_without_labels_is_refused(
    releases: Releases, second: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="there are no labels"):
        draw_sample(second, STEP, 10, labels_from=tmp_path)


def test_the_application_shows_labels_carried_and_pairs_to_review_again(
    releases: Releases, second: Path
) -> None:
    draw_sample(second, STEP, 1_000, labels_from=releases.first)
    places = releases.pupils(second)
    with ReviewSession(second, STEP) as desk:
        place_of_pupil = {
            places[pair][0]: place for place, pair in enumerate(desk.pairs, 1)
        }
        bob = review_client(desk, "Bob")
        page = bob.get("/next")
        open_places = sorted((place_of_pupil[NEW], place_of_pupil[MOVED]))
        assert str(page.url).endswith(f"/pairs/{open_places[0]}")
        assert (
            "To be reviewed again: answered in run village"
            in bob.get(f"/pairs/{place_of_pupil[MOVED]}").text
        )
        assert "looked at again" not in bob.get(f"/pairs/{place_of_pupil[NEW]}").text
        text = bob.get(f"/pairs/{place_of_pupil[0]}").text
        model = desk.labels()[0]["model"]
        assert (
            f"Carried from run village, model {model}: <strong>no match</strong>"
            in text
        )
        assert (
            bob.post(
                f"/pairs/{place_of_pupil[0]}", data={"answer": "match"}
            ).status_code
            == 403
        )
        for place in open_places:
            page = bob.post(f"/pairs/{place}", data={"answer": "match"})
        assert "No pair waits for you" in page.text
        assert re.search(
            r"Answered in an earlier run</dt>\s*<dd[^>]*>\s*98\s*</dd>", page.text
        )
        page = review_client(desk, "Judy", "adjudicator").get("/next")
        assert str(page.url).endswith(
            f"/pairs/{place_of_pupil[4]}"
        )  # what Ann was not sure of
        assert "Reviewers answered: uncertain." in page.text
