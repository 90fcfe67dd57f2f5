"""Runs opened for clerical review: the application's desk, decisions for the next run, labels carried into it."""
