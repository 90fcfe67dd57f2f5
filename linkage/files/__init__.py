"""`leo link`, `leo dedupe` and `leo model train`: infer the schema of person files,
then run one link step on them.
"""
