"""What sources record of people: the true value of a day, an outdated one, or
an error.
"""
