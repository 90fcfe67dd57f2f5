"""Linking on a Spark cluster of this machine: what is handed to it, and what its event
log tells afterwards.
"""
