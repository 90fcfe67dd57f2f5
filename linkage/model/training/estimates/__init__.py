"""From counts and runs of EM to u, m and the prior, how sure they are, and what is said of them."""
