"""Clerical review: a stratified sample of a step's pairs, what reviewers answered, and
precision and recall from it.
"""
