"""Generators of identity records, each run as a process of its own: the number of records and a folder as arguments.

Those of others run in environments of their own, without this project: their files import nothing of it.
"""
