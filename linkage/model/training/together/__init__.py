"""Fields that go together, and fields that are given others: what a sum of weights would count twice."""
