"""From weighed pairs to links: who competes with whom, who is accepted, and what is close and not guessed."""
