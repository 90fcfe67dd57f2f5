"""The recall that a model expects of rules, against shares calculated by hand."""

import pytest

from linkage.model import BlockingRule, Model, from_dict
from linkage.model.blocking import expected_recall

MADE_OF = {"postcode_sector": "postcode"}


def _model() -> Model:
    """Surname: equal 0.9, at another time 0.05. Birth date: equal 0.8, the same month
    0.1. Postcode: equal 0.5.
    """
    fields = {
        "surname": [
            ("surname_l = surname_r", 0.9),
            ('list_has_any("surname_all_l", "surname_all_r")', 0.05),
        ],
        "dob": [
            ("dob_l = dob_r", 0.8),
            ("substr(dob_l, 1, 7) = substr(dob_r, 1, 7) AND dob_l > '1900'", 0.1),
        ],
        "postcode": [("postcode_l = postcode_r", 0.5)],
    }
    return from_dict(
        {
            "comparisons": [
                {
                    "output_column_name": name,
                    "comparison_levels": [
                        {
                            "sql_condition": f"{name}_l IS NULL OR {name}_r IS NULL",
                            "is_null_level": True,
                        },
                        *(
                            {
                                "sql_condition": sql,
                                "m_probability": m,
                                "u_probability": 0.01,
                            }
                            for sql, m in levels
                        ),
                        {
                            "sql_condition": "ELSE",
                            "m_probability": 1 - sum(m for _, m in levels),
                            "u_probability": 0.9,
                        },
                    ],
                }
                for name, levels in fields.items()
            ]
        }
    )


SURNAME = 'l."surname" = r."surname"'
ANY_SURNAME = 'l."surname_all" = r."surname_all"'
DOB = 'l."dob" = r."dob"'
MONTH = 'substr(l."dob", 1, 7) = substr(r."dob", 1, 7)'
SECTOR = 'l."postcode_sector_all" = r."postcode_sector_all"'


@pytest.mark.parametrize(
    ("rule", "share"),
    [
        (BlockingRule(SURNAME), 0.9),
        (BlockingRule(ANY_SURNAME, ("surname_all",)), 0.95),
        (BlockingRule(f"{SURNAME} AND {DOB}"), 0.9 * 0.8),
        (BlockingRule(MONTH), 0.9),
        (BlockingRule('substr(l."surname", 1, 3) = substr(r."surname", 1, 3)'), 0.9),
        (BlockingRule(SECTOR, ("postcode_sector_all",)), 0.5),
        (BlockingRule('l."forename" = r."forename"'), None),
        (BlockingRule(f"{SURNAME} AND l.dob <> r.dob"), None),
        (BlockingRule('l."surname" = r."forename"'), None),
    ],
)
def test_the_share_of_matches_that_one_rule_reaches(
    rule: BlockingRule, share: float | None
) -> None:
    recall = expected_recall(_model(), [rule], {}, MADE_OF)
    assert recall.alone == (pytest.approx(share) if share else None,)
    assert recall.together == pytest.approx(share or 0)


def test_rules_together_reach_what_any_of_them_reaches() -> None:
    rules = [
        BlockingRule(f"{SURNAME} AND {DOB}"),
        BlockingRule(SECTOR, ("postcode_sector_all",)),
        BlockingRule(MONTH),
    ]
    recall = expected_recall(_model(), rules, {}, MADE_OF)
    assert recall.alone == pytest.approx((0.72, 0.5, 0.9))
    # Of the first: all. Of the second: what the first misses. Of the third: months of
    # those that neither reaches.
    assert recall.added == pytest.approx((0.72, 0.28 * 0.5, 0.5 * (0.9 - 0.72)))
    assert recall.together == pytest.approx(sum(recall.added))


def test_a_missing_value_does_not_agree() -> None:
    recall = expected_recall(
        _model(),
        [BlockingRule(f"{SURNAME} AND {DOB}")],
        {"surname": 0.5, "dob": 0.6},
        MADE_OF,
    )
    assert recall.together == pytest.approx(0.9 * 0.5 * 0.8 * 0.6)
