"""The documents beside an extract's data, for people and for programs."""
