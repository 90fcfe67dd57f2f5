"""A chunk of the population with all that the sources share, and what becomes of it from one delivery to the next."""
