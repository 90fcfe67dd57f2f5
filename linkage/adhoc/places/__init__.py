"""Addresses, towns and positions on earth."""
