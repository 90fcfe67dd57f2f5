"""Who people are: families, origins, names, homes, and who comes and goes."""
