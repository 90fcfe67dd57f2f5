"""`leo explain` on the village: exact weights, the outcome of a pair, candidate pairs
of a record, links of a person.
"""

import json
import math
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from linkage.errors import ConfigError
from quality.explain import Explainer
from tests.pipeline import village as village_files

PRIOR = math.log2(0.008 / 0.992)
BITS = {
    "forename": (math.log2(0.95 / 0.01), math.log2(0.05 / 0.99)),
    "surname": (math.log2(0.85 / 0.01), math.log2(0.1 / 0.02), math.log2(0.05 / 0.97)),
    "dob": (math.log2(0.97 / 0.004), math.log2(0.03 / 0.996)),
    "sex": (math.log2(0.99 / 0.5), math.log2(0.01 / 0.5)),
    "postcode": (math.log2(0.8 / 0.005), math.log2(0.2 / 0.995)),
}
# 100 of 120 pupils and of 115 customers are linked before the cardinality is counted.
GAIN = -math.log2(1 - 100 / 120) - math.log2(1 - 100 / 115)


def pupil(index: int) -> str:
    return f"npd:PMR{index:06d}"


def customer(index: int) -> str:
    return f"cis:AB{100000 + index * 37:06d}C"


@pytest.fixture(scope="module")
def explainer(linked_village: Any) -> Any:
    with Explainer(linked_village.root) as explainer_of_run:
        yield explainer_of_run


def weights(content: dict[str, Any]) -> dict[str, float]:
    return {
        row["comparison"]: row["weight"] for row in content["weight"]["comparisons"]
    }


def test_a_link_of_the_model_has_the_weight_of_each_comparison(
    explainer: Explainer,
) -> None:
    """Pupil 3 has another spelling of the surname in the tax record."""
    content = explainer.pair(pupil(3), customer(3)).content
    expected = {
        name: bits[1 if name == "surname" else 0] for name, bits in BITS.items()
    }
    assert weights(content) == pytest.approx(expected)
    weight = PRIOR + sum(expected.values())
    assert content["weight"]["match_weight"] == pytest.approx(weight)
    assert content["weight"]["cardinality_adjustment"] == pytest.approx(GAIN, abs=1e-3)
    assert content["weight"]["probability"] == pytest.approx(
        1 / (1 + 2 ** -(weight + GAIN)), abs=1e-6
    )
    assert content["thresholds"]["accept"] == pytest.approx(
        -GAIN, abs=1e-3
    )  # a probability of 0.5
    assert (content["outcome"]["decision"], content["outcome"]["reason"]) == (
        "accepted",
        None,
    )
    assert content["made_by"] == "rule 1"


def test_the_conditions_of_passes_and_rules_are_shown(explainer: Explainer) -> None:
    reach = explainer.pair(pupil(3), customer(3)).content["reach"]
    (five,) = reach["passes"]
    assert [(row["condition"], row["result"]) for row in five["equal"]] == [
        ("forename", "agrees"),
        ("surname", "differs"),
        ("dob", "agrees"),
        ("postcode", "agrees"),
        ("sex", "agrees"),
    ]
    assert (five["holds"], five["result"]) == (False, "does not hold")
    assert [(rule["rule"], rule["holds"]) for rule in reach["rules"]] == [
        (1, True),
        (2, True),
    ]


def test_a_link_of_a_pass_names_the_pass(explainer: Explainer) -> None:
    content = explainer.pair(pupil(0), customer(0)).content
    assert content["outcome"]["decision"] == "accepted"
    assert content["reach"]["passes"][0]["result"] == "linked it"


def test_a_pair_whose_units_a_pass_linked_was_not_compared(
    explainer: Explainer,
) -> None:
    content = explainer.pair(pupil(0), customer(1)).content
    assert content["outcome"]["decision"] == "not compared"
    assert [
        "by the pass 'five'" in text for text in content["outcome"]["in_words"]
    ] == [True, True, False]
    assert [(rival["side"], rival["decision"]) for rival in content["competing"]] == [
        ("left", "accepted"),
        ("right", "accepted"),
    ]


def test_a_pair_that_no_rule_reaches_has_a_weight(explainer: Explainer) -> None:
    """Pupil 100 has no tax record; customer 121 has no school record."""
    content = explainer.pair(pupil(100), customer(121)).content
    expected = {name: bits[-1] for name, bits in BITS.items()}
    assert weights(content) == pytest.approx(expected)
    assert content["outcome"]["reason"] == "no blocking rule reaches it"
    rules = content["reach"]["rules"]
    assert [
        [(row["condition"], row["result"]) for row in rule["conditions"]]
        for rule in rules
    ] == [
        [("dob", "differs")],
        [("forename", "differs"), ("sex", "differs")],
    ]


def test_the_other_levels_of_a_comparison_and_their_weights(
    explainer: Explainer,
) -> None:
    content = explainer.pair(pupil(100), customer(121)).content
    levels = content["changes"]
    assert (
        len(levels) == 6
    )  # eleven levels of known values, less the five that were reached
    equal = next(
        row for row in levels if row["comparison"] == "dob" and row["weight"] > 0
    )
    weight = content["weight"]["match_weight"] - BITS["dob"][1] + BITS["dob"][0]
    assert equal["match_weight"] == pytest.approx(weight)
    assert (equal["would_be"], equal["crosses"]) == ("rejected", False)
    known = explainer.pair(pupil(3), customer(3)).content["changes"]
    assert {
        (row["comparison"], row["would_be"]) for row in known if row["crosses"]
    } == set()


def test_sides_may_be_named_in_either_order_and_by_number(explainer: Explainer) -> None:
    by_key = explainer.pair(customer(3), pupil(3)).content
    assert by_key == explainer.pair("4", "124").content
    assert by_key["units"] == {
        "left": {"unit_id": 4, "entities": [{"entity_id": 4, "source": "npd"}]},
        "right": {"unit_id": 124, "entities": [{"entity_id": 124, "source": "cis"}]},
    }


def test_every_link_is_weighed_as_the_run_weighed_it(
    explainer: Explainer, linked_village: Any
) -> None:
    (path,) = linked_village.root.glob("stages/*/links/npd-cis.parquet")
    links = pq.read_table(path).to_pylist()
    for link in links[3::30]:
        content = explainer.pair(str(link["left_id"]), str(link["right_id"])).content[
            "weight"
        ]
        parts = [row["weight"] + row["adjustment"] for row in content["comparisons"]]
        assert content["match_weight"] == pytest.approx(link["match_weight"], abs=1e-9)
        assert content["prior"] + sum(parts) == pytest.approx(
            link["match_weight"], abs=1e-9
        )
        assert content["probability"] == pytest.approx(
            link["match_probability"], abs=1e-12
        )


def test_a_record_shows_its_candidates_and_its_link(explainer: Explainer) -> None:
    content = explainer.record(customer(3)).content
    (step,) = content["steps"]
    assert (content["source"], step["side"], step["unlinked"]) == ("cis", "right", None)
    assert step["candidates"][0]["decision"] == "accepted"
    assert step["candidates"][0]["unit"]["unit_id"] == 4
    assert step["best"]["weight"]["match_weight"] == pytest.approx(18.1668, abs=1e-4)
    assert step["candidates_found"] == len(step["candidates"])
    assert [row["unit"]["unit_id"] for row in step["candidates"][1:]] == sorted(
        (row["unit"]["unit_id"] for row in step["candidates"][1:]),
        key=lambda unit: [
            -row["match_weight"]
            for row in step["candidates"]
            if row["unit"]["unit_id"] == unit
        ],
    )


def test_a_record_without_a_link_has_a_reason(explainer: Explainer) -> None:
    content = explainer.record(pupil(100)).content
    assert content["steps"][0]["unlinked"] == "no candidate pair"
    assert content["steps"][0]["best"] is None


def test_a_person_is_shown_with_its_links(explainer: Explainer) -> None:
    content = explainer.person(4).content
    assert [(row["entity_id"], row["source"]) for row in content["entities"]] == [
        (4, "npd"),
        (124, "cis"),
    ]
    (link,) = content["links"]
    assert (link["left"], link["right"], link["splits"]) == ([4], [124], [[4], [124]])
    assert (content["weakest"], content["conflicts"]) == (0, [])


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (
            lambda e: e.pair("npd:PMR999999", customer(0)),
            "npd has no entity with this key",
        ),
        (lambda e: e.pair("PMR000001", customer(0)), "sources are npd, cis"),
        (
            lambda e: e.pair(pupil(0), pupil(1)),
            "no step links npd and npd\n  the steps are npd-cis",
        ),
        (lambda e: e.pair("9999", "1"), "the run has no entity of this number"),
        (
            lambda e: e.pair(pupil(0), customer(0), step="x"),
            "no such step; it has npd-cis",
        ),
        (lambda e: e.person(99999), "the spine has no person of this number"),
    ],
)
def test_errors_do_not_show_the_key(
    explainer: Explainer, question: Any, message: str
) -> None:
    with pytest.raises(ConfigError, match=message.replace("\n", "\\n")) as error:
        question(explainer)
    assert "PMR" not in str(error.value)
    assert "AB1" not in str(error.value)


def test_the_command_shows_draws_and_writes_without_a_value(
    leo: Any, linked_village: Any, tmp_path: Path
) -> None:
    arguments = (linked_village.root, "--pair", pupil(3), customer(3))
    code, output, _ = leo("explain", *arguments, "--html", tmp_path / "pair.html")
    _, json_output, _ = leo("explain", *arguments, "--json")
    assert code == 0
    assert "Why a pair was linked" in output
    assert "+18.17" in output
    values = village_files._person(3)
    secrets = [
        values[name]
        for name in ("forename", "surname", "taxed_as", "postcode", "nino", "pmr")
    ]
    texts = (tmp_path / "pair.html").read_text() + json_output
    assert not [secret for secret in secrets if secret in output or secret in texts]
    assert json.loads(json_output)["outcome"]["decision"] == "accepted"


def test_files_are_written_although_the_terminal_closes(
    leo: Any, linked_village: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As under `| head`, which ends leo while it prints."""

    def raise_broken_pipe(*_: Any) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("linkage.cli.results.show_explanation", raise_broken_pipe)
    arguments = (linked_village.root, "--pair", pupil(3), customer(3))
    leo("explain", *arguments, "--html", tmp_path / "pair.html")
    assert (tmp_path / "pair.html").exists()


def test_values_are_shown_on_the_terminal_alone_and_only_on_request(
    leo: Any, linked_village: Any, tmp_path: Path
) -> None:
    arguments = (linked_village.root, "--pair", pupil(3), customer(3), "--values")
    _, output, _ = leo("explain", *arguments, "--html", tmp_path / "pair.html")
    _, json_output, _ = leo("explain", *arguments, "--json")
    taxed_as = village_files._person(3)["taxed_as"]
    assert taxed_as in output
    assert taxed_as not in (tmp_path / "pair.html").read_text() + json_output


def test_the_command_answers_one_question_at_a_time(
    output: Any, linked_village: Any
) -> None:
    assert "one of --pair LEFT RIGHT, --record SOURCE:KEY and --person ID" in output(
        2, "explain", linked_village.root
    )
    error_text = output(
        2, "explain", linked_village.root, "--person", "4", "--step", "npd-cis"
    )
    assert "--step is for a pair or a record: a person is of all steps" in error_text


def test_records_and_persons_are_shown(
    output: Any, linked_village: Any, tmp_path: Path
) -> None:
    text = output(
        0,
        "explain",
        linked_village.root,
        "--record",
        pupil(3),
        "--html",
        tmp_path / "record.html",
    )
    assert "Linked." in text
    text = output(
        0,
        "explain",
        linked_village.root,
        "--person",
        "4",
        "--html",
        tmp_path / "person.html",
    )
    assert "Person 4: 2 entities, joined by 1 link." in text
    assert all(
        (tmp_path / name).stat().st_size > 5_000
        for name in ("record.html", "person.html")
    )
