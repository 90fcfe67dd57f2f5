"""A model's parameters as rows: what Splink writes in words, term-frequency
adjustments, and its version.
"""

import copy
from typing import Any

import pytest

from quality.measures.parameters import parameters, version


def model(**first: Any) -> dict[str, Any]:
    """Surnames of people who may have several, as a model of histories has them."""
    return {
        "probability_two_random_records_match": 0.001,
        "comparisons": [
            {
                "output_column_name": "surname",
                "comparison_levels": [
                    {
                        "sql_condition": '"surname_l" IS NULL OR "surname_r" IS NULL',
                        "is_null_level": True,
                    },
                    {
                        "sql_condition": '"surname_l" = "surname_r"',
                        "label_for_charts": "surname: equal",
                        "m_probability": 0.9,
                        "u_probability": 0.01,
                        "tf_adjustment_column": "surname",
                        **first,
                    },
                    {
                        "sql_condition": 'list_has_any("surname_all_l", '
                        '"surname_all_r")',
                        "label_for_charts": "surname: agrees at another time",
                        "m_probability": 0.05,
                        "u_probability": 0.01,
                    },
                    {
                        "sql_condition": "ELSE",
                        "m_probability": 0.05,
                        "u_probability": 0.98,
                    },
                ],
            }
        ],
    }


def test_a_level_without_pairs_in_training_has_the_weight_of_the_model() -> None:
    """Splink says so in words, in the place of a number."""
    untrained_model = model(
        m_probability="level not observed in training dataset", u_probability=0.25
    )
    first = parameters(untrained_model)["levels"][0]
    assert (first["m"], first["match_weight"]) == (1e-6, pytest.approx(-17.93157))


def test_a_model_without_frequency_adjustment_has_another_version() -> None:
    """As `leo model tune` saves it: m and u are the same, and it links otherwise."""
    content = copy.deepcopy(model())
    del content["comparisons"][0]["comparison_levels"][1]["tf_adjustment_column"]
    assert (
        version(parameters(content))
        != version(parameters(model()))
        == version(parameters(model()))
    )


@pytest.mark.parametrize(
    "description", ["sex given forename", "dob given surname, postcode"]
)
def test_a_correction_for_dependence_is_marked_as_one(description: str) -> None:
    content = model()
    content["comparisons"].append(
        {**content["comparisons"][0], "comparison_description": description}
    )
    assert [level["corrects"] for level in parameters(content)["levels"]] == [
        False
    ] * 3 + [True] * 3
