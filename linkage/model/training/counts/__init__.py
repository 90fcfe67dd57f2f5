"""Counts of pairs that the engine makes: patterns of agreement, which blocks, random pairs, pairs within files."""
