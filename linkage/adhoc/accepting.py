"""From where on two records are taken for one person, where nobody says otherwise."""

ACCEPTED_FROM = 0.8
"""Match probability: one wrong link is held to be as bad as four that are missed (decision 89)."""

MARGIN = 3.0
"""Match weight (log2) by which a pair must lead the next best of either record."""
