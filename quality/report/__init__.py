"""The linkage quality report: one file that fetches nothing, read by eye, keyboard or
screen reader, or on paper.
"""
