"""A model of five fields that agree or do not, with weights that can be added up by
eye; and sides for it.
"""

from linkage.engine import Engine, Table
from linkage.match import Units
from linkage.model import Model, from_dict

# log2 weights of agreement and disagreement; a pair starts at -10.
WEIGHTS = {
    "forename": (5, -4),
    "surname": (6, -5),
    "dob": (8, -8),
    "sex": (1, -4),
    "postcode": (7, -1),
}
RULES = (
    'l."dob" = r."dob" AND l."surname" = r."surname"',
    'l."forename" = r."forename" AND l."postcode" = r."postcode"',
)


def exact_model(rules: tuple[str, ...] = RULES) -> Model:
    """Agreement or not of five fields, with the weights above."""
    comparisons = [
        {
            "output_column_name": name,
            "comparison_levels": [
                {
                    "sql_condition": f"{name}_l IS NULL OR {name}_r IS NULL",
                    "is_null_level": True,
                },
                {
                    "sql_condition": f"{name}_l = {name}_r",
                    "m_probability": 0.5,
                    "u_probability": 2.0 ** -(gain + 1),
                },
                {
                    "sql_condition": "ELSE",
                    "m_probability": 2.0 ** (loss - 1),
                    "u_probability": 0.5,
                },
            ],
        }
        for name, (gain, loss) in WEIGHTS.items()
    ]
    prior = 1 / (1 + 2.0**10)
    raw = {"comparisons": comparisons, "probability_two_random_records_match": prior}
    return from_dict(
        {
            **raw,
            "blocking_rules_to_generate_predictions": [
                {"blocking_rule": rule} for rule in rules
            ],
        }
    )


def units(engine: Engine, name: str, table: Table) -> Units:
    """Rows that are units, entities and identifier_records at once."""
    members = engine.sql("select unit_id, unit_id + 100 as entity_id from {t}", t=table)
    return Units(name, table, table, members)
