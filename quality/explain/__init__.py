"""Why a pair, a record or a person was or was not linked: asked of a folder of `leo run`, `link` or `dedupe`."""

from quality.explain.asking import Explainer, Explanation, Values

__all__ = ["Explainer", "Explanation", "Values"]
