"""Fits the tables of odds in synthetic/reference/ to published figures; see docs/decisions/0010-life-courses.md.

    python -m synthetic.fitting FOLDER

FOLDER holds the published tables (main activity and earnings by years after key stage 4). Nothing here is used when a
population is made.
"""
