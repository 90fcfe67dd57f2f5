"""A run that has ended: whether it is whole, its extracts, comparisons and reviews."""
