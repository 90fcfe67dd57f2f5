"""The prior of a model that links other files than those it was trained on.

The prior is the share of all pairs that match. Of files ten times as large as many records of a hundred have a partner,
but of a hundred times as many pairs: left as it is, it would say of each record that it has ten, and each weight would
be three bits too high. So it is taken over as the share of the records that have a partner.
"""

from collections.abc import Sequence

from linkage.model.splink_json import Model, from_dict

_MOST = 0.5


def of_sizes(model: Model, trained_on: Sequence[int] | None, now: Sequence[int]) -> Model:
    """The model with the prior by which as many records of a hundred have a partner as where it was trained.

    Args:
        trained_on: records of both sides there; None where nobody has told, and the prior stays.
        now: records of both sides here.
    """
    there, here = max(trained_on or now), max(now)
    if there == here or min(there, here) < 1:
        return model
    prior = min(model.prior * there / here, _MOST)
    return from_dict({**model.raw, "probability_two_random_records_match": prior})
