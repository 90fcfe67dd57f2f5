"""Tuning: change a step's m and u probabilities, prior and thresholds, and see the
effect on its links.
"""
