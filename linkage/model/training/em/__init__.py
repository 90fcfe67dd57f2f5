"""What EM makes of the counts, run by run, and what it may not take for matches."""
