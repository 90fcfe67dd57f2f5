"""The rules of configs/synthetic/, checked, with unknown keys refused."""
