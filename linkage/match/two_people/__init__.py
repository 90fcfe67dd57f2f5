"""Pairs that are two people whatever they weigh: twins, others at home, branches of a company."""
