"""A step of a run opened to be tuned: another m, u, threshold or margin, and what would become of its pairs."""
