"""What bodies write down of people: the truth of a day, a late truth, or a mistake."""
