"""Names and numbers that stand nowhere else are planted in the sources; no output of
any verb may hold one of them.
"""

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from quality.review.sample import sample_of
from tests.pipeline import village as village_files
from tests.quality.clients import client_of

STEP = "npd-cis"
Leo = Callable[..., tuple[int, str, str]]

PEOPLE = {
    5: (
        "ZEBEDEE",
        "QUILLFEATHER",
        "ZY987651C",
        "PMRQUILL5",
        "ZE9 9ZQ",
    ),  # linked by a pass
    13: (
        "WENCESLAS",
        "THRUXTOMB",
        "ZY987652C",
        "PMRQUILL13",
        "ZE9 8ZQ",
    ),  # spelt otherwise: linked by the model
    16: ("OTTOLINE", "GRIMSPOUND", "ZY987653C", "PMRQUILL16", "ZE9 7ZQ"),  # has moved
    110: (
        "PHILOMENA",
        "VAVASOURE",
        "ZY987654C",
        "PMRQUILL110",
        "ZE9 6ZQ",
    ),  # nobody's link
}
"""Place in the village to forename, surname, NINO, pupil number and postcode."""
CANARIES = [value.encode() for values in PEOPLE.values() for value in values]


def canaries_in(content: bytes) -> list[bytes]:
    content = content.upper()
    return [
        value
        for value in CANARIES
        if value in content or value.replace(b" ", b"") in content
    ]


@pytest.fixture(scope="module")
def canaries(linked_village: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The village with those people among the others, linked; and linked again."""
    build_person = village_files._person

    def person(index: int) -> dict[str, Any]:
        values = build_person(index)
        if index not in PEOPLE:
            return values
        forename, surname, nino, pmr, postcode = PEOPLE[index]
        tax_surname = (
            surname + "E" if values["taxed_as"] != values["surname"] else surname
        )
        identifiers = {
            "forename": forename,
            "surname": surname,
            "taxed_as": tax_surname,
            "nino": nino,
            "pmr": pmr,
        }
        return {**values, **identifiers, "postcode": postcode}

    base = tmp_path_factory.mktemp("planted")
    (base / "in").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(village_files, "_person", person)
        village_files.build(base / "in")
    village = type(linked_village)(
        base / "in", linked_village.key, base / "runs" / "first"
    )
    village.runner().run()
    return village


def outputs(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file but the tables that are guarded like the sources; what is compressed
    is read.
    """
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "stages" not in path.relative_to(folder).parts:
            is_table = path.suffix == ".parquet"
            yield (
                path,
                json.dumps(pq.read_table(path).to_pylist(), default=str).encode()
                if is_table
                else path.read_bytes(),
            )


def test_what_is_planted_is_in_the_tables(canaries: Any) -> None:
    """Else the other tests would always pass. One pupil is unknown to tax, and has no
    NINO there.
    """
    tables = [
        pq.read_table(path)
        for path in (canaries.root / "stages").rglob("entities/*.parquet")
    ]
    text = json.dumps([table.to_pylist() for table in tables], default=str).encode()
    assert set(CANARIES) - set(canaries_in(text)) == {b"ZY987654C"}


def test_no_output_of_any_verb_holds_what_is_planted(
    canaries: Any, leo: Leo, tmp_path: Path
) -> None:
    runs, products = canaries.root.parent, tmp_path / "made"
    products.mkdir()
    run = shutil.copytree(canaries.root, runs / "second")
    texts = []

    def gives(*words: str | Path, code: int = 0) -> None:
        exit_code, out, err = leo(*words)
        assert exit_code == code, err
        texts.append(out + err)

    gives("review", "sample", run, "--step", STEP, "--size", "100")
    form = run / "review" / STEP / "sample.csv"
    with form.open() as file:
        rows = [
            {**row, "answer": "match", "reviewer": "Ann"}
            for row in csv.DictReader(file)
        ]
    with form.open("w") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    gives("review", "add", run, form, "--step", STEP)
    gives("review", "estimate", run, "--step", STEP)
    gives("model", "train", run, "--out", products / "model.json")
    _tuned(run)
    gives("report", run)
    gives("report", "compare", canaries.root, run, "--html", products / "compare.html")
    gives("report", "compare", canaries.root, run, "--json")
    gives("report", "all", runs, "--out", products / "site")
    gives("report", "outcomes", run, "--out", products / "outcomes")
    gives("catalogue", "site", "--out", products / "catalogue")
    for index in (5, 13, 110):
        _, _, nino, pmr, _ = PEOPLE[index]
        page = products / f"{index}.html"
        gives(
            "explain",
            run,
            "--pair",
            f"npd:{pmr}",
            f"cis:{PEOPLE[13][2] if index == 110 else nino}",
            "--html",
            page,
        )
        gives("explain", run, "--record", f"npd:{pmr}", "--json")
    for folder in (runs, products):
        for path, content in outputs(folder):
            assert not canaries_in(content), path
    assert not canaries_in("".join(texts).encode())
    shutil.rmtree(run)


def _tuned(run: Path) -> None:
    from quality.tune.session import TuneSession as RunDesk

    with RunDesk(run, STEP) as desk:
        desk.outcome(desk.settings)
        desk.save(desk.settings, "as it was")


def test_no_fault_tells_what_is_planted(
    canaries: Any, leo: Leo, tmp_path: Path
) -> None:
    """Sources that a run cannot read, a gate that fails, and keys that are not
    there.
    """
    folder, run = (
        shutil.copytree(canaries.folder, tmp_path / "in"),
        shutil.copytree(canaries.root, tmp_path / "run"),
    )
    config = folder / "village.toml"
    words = ("run", config, "--out", run, "--key", canaries.key, "--no-progress")
    config_text = config.read_text()
    texts = []

    def fails(*arguments: str | Path, code: int) -> None:
        exit_code, out, err = leo(*arguments)
        assert exit_code == code, err
        texts.append(out + err)

    config.write_text(
        config_text.replace("min_precision = 0.98", "precision_lower_bound = 0.9999")
    )
    fails(*words, code=3)
    fails("publish", run, "--to", tmp_path / "releases", code=3)
    assert not (tmp_path / "releases").exists()
    config.write_text(config_text)
    path = folder / "sources" / "cis" / "customers" / "part-00000.parquet"
    table = pq.read_table(path)
    pq.write_table(
        table.drop_columns(["DateOfBirth"]).append_column(
            "DateOfBirth", table["Surname"]
        ),
        path,
    )
    fails(*words, code=1)
    path.write_bytes(b"RECORDID,NINO,Surname\n1,ZY987651C,QUILLFEATHER\n")
    fails(*words, code=1)
    fails("explain", run, "--pair", "npd:QUILLFEATHER", "cis:ZY987651C", code=2)
    assert "finish it first: leo run" in texts[-1]
    assert not canaries_in("".join(texts).encode())
    for path, content in outputs(run):
        assert not canaries_in(content), path


def test_an_application_shows_people_and_keeps_nothing_of_them(
    canaries: Any, leo: Leo, tmp_path: Path
) -> None:
    """Pages of review hold names, since somebody has to look; nothing of them is stored
    or logged.
    """
    pytest.importorskip("fastapi", reason="no fastapi: pip install 'leo-linkage[apps]'")
    from linkage.catalogue import shipped
    from quality.report.names import Names
    from quality.review.app import application
    from quality.review.session import ReviewSession as RunDesk

    run = shutil.copytree(canaries.root, tmp_path / "run")
    assert leo("review", "sample", run, "--step", STEP, "--size", "1000")[0] == 0
    pages = b""
    with RunDesk(run, STEP) as desk:
        ann = client_of(application(desk, Names(shipped()), "secret", doubled=0.0))
        page = ann.post("/who", data={"name": "Ann", "role": "reviewer"})
        for place in range(1, len(sample_of(run, STEP).pairs) + 1):
            pages += page.content
            page = ann.post(f"/pairs/{place}", data={"answer": "match"})
        assert ann.post("/estimate").status_code == 200
    assert {b"QUILLFEATHER", b"THRUXTOMB", b"GRIMSPOUND"} <= set(canaries_in(pages))
    for path, content in outputs(run):
        assert not canaries_in(content), path
