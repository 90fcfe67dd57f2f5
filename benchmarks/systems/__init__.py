"""The systems that are compared, each run as a process of its own."""

BEST_MUTUAL_LINKS = """
    with sided as (
        select case when source_dataset_l = '{left}' then {id}_l else {id}_r
            end as left_id,
               case when source_dataset_l = '{left}' then {id}_r else {id}_l
                   end as right_id,
               match_weight, match_probability
        from {pairs}
    ),
    ranked as (
        select *, row_number() over (partition by left_id order by match_weight desc,
            right_id) as left_rank,
               row_number() over (partition by right_id order by match_weight desc,
                   left_id) as right_rank
        from sided
    )
    select left_id, right_id, match_weight, match_probability from ranked
        where left_rank = 1 and right_rank = 1
"""
"""Of Splink's pairs: `left` is its name of the left file, `id` the column of ids."""


def blocking_columns(columns: list[str]) -> list[list[str]]:
    """Blocking as Splink's tutorials choose it: pairs of fields that err apart."""
    rules = [
        ["dob", "forename"],
        ["dob", "surname"],
        ["dob", "postcode"],
        ["forename", "surname", "postcode"]
        if "postcode" in columns
        else ["forename", "surname"],
        ["nino"],
    ]
    if "dob" not in columns:
        rules += [
            ["surname", "postcode"],
            ["forename", "surname"],
            ["forename", "postcode"],
            ["phone"],
            ["email"],
        ]
    return [names for names in rules if set(names) <= set(columns)]
