"""The files of a population, their description, and whose figures they are made of."""
