"""What draws are made and held in: randomness without a state, days, texts, numbers, slips of the keyboard."""
