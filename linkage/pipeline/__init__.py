"""Stages, the runner that takes them to their end, and the manifest that says what was
done.
"""
