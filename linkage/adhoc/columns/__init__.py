"""Which column is which: by an analyst's word, by name, by what columns hold, by pairs that agree."""
