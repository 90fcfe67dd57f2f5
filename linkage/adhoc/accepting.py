"""The default threshold of `leo link` and `leo dedupe`: that of a run's step."""

from linkage.config import Step

ACCEPTED_FROM: float = Step.model_fields["accept_probability"].default
"""Match probability from which a pair is linked."""
