"""What every module of the generator builds on: draws, dates, texts, identifiers,
reference figures, rules.
"""
