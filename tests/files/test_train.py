"""A model trained on two files, with labels where there are some."""

import json
from pathlib import Path

import pytest

from linkage.engine import Engine
from linkage.errors import ConfigError, InputError
from linkage.files.prepare import FileOptions
from linkage.files.train import TrainRequest, train_files
from linkage.files.truth import labelled_pairs
from tests.conftest import parse
from tests.files.conftest import Files


def test_a_model_is_written_with_rules_and_labels(files: Files, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    truth = files.truth.read_text().splitlines()[1:80]
    labels.write_text(
        "left_id,right_id,answer\n" + "\n".join(f"{pair},match" for pair in truth)
    )
    options = FileOptions({"left": files.left, "right": files.right})
    request = TrainRequest(
        options, tmp_path / "model.json", threads=2, allow_faults=True, labels=labels
    )
    _, report, label_counts, version = train_files(request)
    raw = json.loads(request.out.read_text())
    assert raw["blocking_rules_to_generate_predictions"]
    assert version == 1
    assert label_counts is not None
    assert label_counts.answers["match"] == 79
    assert report.levels
    with pytest.raises(ConfigError, match="--force"):
        train_files(request)
    with pytest.raises(ConfigError, match=r"ends in \.json"):
        train_files(TrainRequest(options, tmp_path / "model.txt"))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("left_id,right_id\nA,B\n", "must name left_id, right_id, answer"),
        ("left_id,right_id,answer\nA,B,perhaps\n", "line 2: this is no answer"),
        (
            "left_id,right_id,answer,weight\nA,B,match,x\n",
            "weight is no number above 0",
        ),
        ("left_id,right_id,answer\nX,Y,match\n", "names no pair"),
    ],
)
def test_faulty_labels_name_the_line_and_no_id(
    text: str, part: str, engine: Engine, tmp_path: Path
) -> None:
    ids = engine.from_arrow(parse("unit_id | source_id:text\n1 | A"))
    path = tmp_path / "labels.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=part):
        labelled_pairs(engine, path, ids, ids)
