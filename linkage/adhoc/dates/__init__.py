"""Birth dates and other days, in any form, order and calendar; ages, and dates within numbers."""
