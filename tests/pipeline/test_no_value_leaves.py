"""Names and numbers that stand nowhere else are planted in the sources; no output of any verb may hold one of them."""

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

PLANTED = {
    5: ("ZEBEDEE", "QUILLFEATHER", "ZY987651C", "PMRQUILL5", "ZE9 9ZQ"),  # linked by a pass
    13: ("WENCESLAS", "THRUXTOMB", "ZY987652C", "PMRQUILL13", "ZE9 8ZQ"),  # spelt otherwise: linked by the model
    16: ("OTTOLINE", "GRIMSPOUND", "ZY987653C", "PMRQUILL16", "ZE9 7ZQ"),  # has moved
    110: ("PHILOMENA", "VAVASOURE", "ZY987654C", "PMRQUILL110", "ZE9 6ZQ"),  # nobody's link
}
"""Place in the village to forename, surname, NINO, pupil number and postcode."""
CANARIES = [value.encode() for values in PLANTED.values() for value in values]


def found_in(content: bytes) -> list[bytes]:
    content = content.upper()
    return [value for value in CANARIES if value in content or value.replace(b" ", b"") in content]


@pytest.fixture(scope="module")
def planted(linked_village: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The village with those people among the others, linked; and linked again."""
    usual = village_files._person

    def person(index: int) -> dict[str, Any]:
        one = usual(index)
        if index not in PLANTED:
            return one
        forename, surname, nino, pmr, postcode = PLANTED[index]
        spelt = surname + "E" if one["taxed_as"] != one["surname"] else surname
        told = {"forename": forename, "surname": surname, "taxed_as": spelt, "nino": nino, "pmr": pmr}
        return {**one, **told, "postcode": postcode}

    base = tmp_path_factory.mktemp("planted")
    (base / "in").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(village_files, "_person", person)
        village_files.build(base / "in")
    made = type(linked_village)(base / "in", linked_village.key, base / "runs" / "first")
    made.runner().run()
    return made


def outputs(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file but the tables that are guarded like the sources; what is compressed is read."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "stages" not in path.relative_to(folder).parts:
            is_table = path.suffix == ".parquet"
            yield (
                path,
                json.dumps(pq.read_table(path).to_pylist(), default=str).encode() if is_table else path.read_bytes(),
            )


def test_what_is_planted_is_in_the_tables(planted: Any) -> None:
    """Or the others would find nothing whatever they searched. One pupil is unknown to tax, and has no NINO there."""
    tables = [pq.read_table(path) for path in (planted.root / "stages").rglob("entities/*.parquet")]
    held = json.dumps([table.to_pylist() for table in tables], default=str).encode()
    assert set(CANARIES) - set(found_in(held)) == {b"ZY987654C"}


def test_no_output_of_any_verb_holds_what_is_planted(planted: Any, leo: Leo, tmp_path: Path) -> None:
    runs, made = planted.root.parent, tmp_path / "made"
    made.mkdir()
    run = shutil.copytree(planted.root, runs / "second")
    said = []

    def gives(*words: str | Path, code: int = 0) -> None:
        came, out, err = leo(*words)
        assert came == code, err
        said.append(out + err)

    gives("review", "sample", run, "--step", STEP, "--size", "100")
    form = run / "review" / STEP / "sample.csv"
    with form.open() as file:
        rows = [{**row, "answer": "match", "reviewer": "Ann"} for row in csv.DictReader(file)]
    with form.open("w") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    gives("review", "add", run, form, "--step", STEP)
    gives("review", "estimate", run, "--step", STEP)
    gives("model", "train", run, "--out", made / "model.json")
    _tuned(run)
    gives("report", run)
    gives("report", "compare", planted.root, run, "--html", made / "compare.html")
    gives("report", "compare", planted.root, run, "--json")
    gives("report", "all", runs, "--out", made / "site")
    gives("report", "outcomes", run, "--out", made / "outcomes")
    gives("catalogue", "site", "--out", made / "catalogue")
    for index in (5, 13, 110):
        _, _, nino, pmr, _ = PLANTED[index]
        page = made / f"{index}.html"
        gives("explain", run, "--pair", f"npd:{pmr}", f"cis:{PLANTED[13][2] if index == 110 else nino}", "--html", page)
        gives("explain", run, "--record", f"npd:{pmr}", "--json")
    for folder in (runs, made):
        for path, content in outputs(folder):
            assert not found_in(content), path
    assert not found_in("".join(said).encode())
    shutil.rmtree(run)


def _tuned(run: Path) -> None:
    from quality.tune.session import TuneSession as RunDesk

    with RunDesk(run, STEP) as desk:
        desk.outcome(desk.settings)
        desk.save(desk.settings, "as it was")


def test_no_fault_tells_what_is_planted(planted: Any, leo: Leo, tmp_path: Path) -> None:
    """Sources that a run cannot read, a gate that fails, and keys that are not there."""
    folder, run = shutil.copytree(planted.folder, tmp_path / "in"), shutil.copytree(planted.root, tmp_path / "run")
    config = folder / "village.toml"
    words = ("run", config, "--out", run, "--key", planted.key, "--no-progress")
    usual = config.read_text()
    said = []

    def fails(*given: str | Path, code: int) -> None:
        came, out, err = leo(*given)
        assert came == code, err
        said.append(out + err)

    config.write_text(usual.replace("min_precision = 0.98", "precision_lower_bound = 0.9999"))
    fails(*words, code=3)
    fails("publish", run, "--to", tmp_path / "releases", code=3)
    assert not (tmp_path / "releases").exists()
    config.write_text(usual)
    path = folder / "sources" / "cis" / "customers" / "part-00000.parquet"
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["DateOfBirth"]).append_column("DateOfBirth", table["Surname"]), path)
    fails(*words, code=1)
    path.write_bytes(b"RECORDID,NINO,Surname\n1,ZY987651C,QUILLFEATHER\n")
    fails(*words, code=1)
    fails("explain", run, "--pair", "npd:QUILLFEATHER", "cis:ZY987651C", code=2)
    assert "finish it first: leo run" in said[-1]
    assert not found_in("".join(said).encode())
    for path, content in outputs(run):
        assert not found_in(content), path


def test_an_application_shows_people_and_keeps_nothing_of_them(planted: Any, leo: Leo, tmp_path: Path) -> None:
    """Pages of review hold names, since somebody has to look; nothing of them is stored or logged."""
    pytest.importorskip("fastapi", reason="no fastapi: pip install 'leo-linkage[apps]'")
    from linkage.catalogue import shipped
    from quality.report.names import Names
    from quality.review.app import application
    from quality.review.session import ReviewSession as RunDesk

    run = shutil.copytree(planted.root, tmp_path / "run")
    assert leo("review", "sample", run, "--step", STEP, "--size", "1000")[0] == 0
    pages = b""
    with RunDesk(run, STEP) as desk:
        ann = client_of(application(desk, Names(shipped()), "secret", doubled=0.0))
        page = ann.post("/who", data={"name": "Ann", "role": "reviewer"})
        for place in range(1, len(sample_of(run, STEP).pairs) + 1):
            pages += page.content
            page = ann.post(f"/pairs/{place}", data={"answer": "match"})
        assert ann.post("/estimate").status_code == 200
    assert {b"QUILLFEATHER", b"THRUXTOMB", b"GRIMSPOUND"} <= set(found_in(pages))
    for path, content in outputs(run):
        assert not found_in(content), path
