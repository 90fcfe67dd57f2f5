"""Agreement of histories by how rare the shared value is, which Splink cannot say: its term frequencies are of columns.

A comparison whose description is "surname by the rarest value that both ever held" weighs agreement of surname_all as
Splink weighs that of surname: log2(u of equal surnames / frequency of the value) is added, the frequency the share of
units that ever had the value. Of several shared values the rarer of the newest and the oldest is taken. Splink opens
such a model, keeps the description, and weighs these levels without the adjustment.
"""

import math

from linkage.model.splink_json import Comparison, Level

LEAST = 2.0**-20
"""The lowest frequency that counts: what one in a million holds may be a slip. It bounds what a pair can weigh, too."""


def frequency_table(column: str) -> str:
    """The name under which a compiled query reads value, frequency of a column of lists."""
    return f"frequencies_of_{column}"


def most(level: Level) -> float:
    """The most bits that the adjustment adds."""
    return _base(level) - math.log2(LEAST)


def bits(level: Level, frequency: float) -> float:
    """What a level's weight is adjusted by for a frequency of the rarer shared value, as the scorer reckons it."""
    return _base(level) - math.log2(max(frequency, LEAST))


def adjustment(index: int, level: Level) -> str:
    """SQL of the bits that a level's weight is adjusted by, after the stages of `shared` and `found`."""
    known = f"rarest_{index}"
    return f"case when {known} is null then 0e0 else {_base(level):.17e} - log2({known}) end"


def shared(index: int, comparison: Comparison, gamma: str) -> list[str]:
    """SQL of the values that both sides had, newest first, where the pair's level asks for them; none if none does."""
    levels = [level for level in comparison.levels if level.tf_list]
    if not levels:
        return []
    column = levels[0].tf_list
    wanted = ", ".join(str(level.value) for level in levels)
    both = f'list_filter("{column}_l", lambda x: list_contains("{column}_r", x))'
    return [f"case when {gamma} in ({wanted}) then {both} end as shared_{index}"]


def found(index: int, comparison: Comparison) -> tuple[list[str], str]:
    """SQL of the rarer frequency of the newest and the oldest shared value, and the joins that look them up."""
    column = next(level.tf_list for level in comparison.levels if level.tf_list)
    newest, oldest = f"newest_{index}", f"oldest_{index}"
    ends = {newest: f"shared_{index}[1]", oldest: f"shared_{index}[array_length(shared_{index})]"}
    table = frequency_table(str(column))
    joins = "".join(f"\n    left join {{{table}}} as {name} on {name}.value = {end}" for name, end in ends.items())
    rarer = f"least(coalesce({newest}.frequency, {oldest}.frequency), coalesce({oldest}.frequency, {newest}.frequency))"
    # greatest skips NULL, and would take a value of unknown frequency for the rarest that counts
    return [f"case when {rarer} is not null then greatest({rarer}, {LEAST:.17e}) end as rarest_{index}"], joins


def _base(level: Level) -> float:
    return math.log2(level.tf_base_u or 1.0)
