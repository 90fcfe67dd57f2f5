"""Why a pair, a record or a person was or was not linked: asked of a folder that `leo run` or `leo link` wrote."""

from linkage.explain.asking import Explainer, Explanation, Values

__all__ = ["Explainer", "Explanation", "Values"]
