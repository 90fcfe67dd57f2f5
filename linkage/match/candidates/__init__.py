"""Pairs that may be one person: units of both sides, by passes, blocking rules and people, each with its weight."""
