"""Two files in one shape: the same fields, in each the same kind of thing, and the persons of a file."""
