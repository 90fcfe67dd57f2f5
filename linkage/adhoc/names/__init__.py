"""Names of persons, as people write them: in full, by initials, by father and grandfather, with titles."""
