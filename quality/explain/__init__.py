"""Why a pair, a record or a person was or was not linked."""

from quality.explain.explainer import Explainer, Explanation

__all__ = ["Explainer", "Explanation"]
