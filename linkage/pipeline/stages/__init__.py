"""The stages of a run: files to records, links, a spine, tables, an evaluation,
extracts and a report.
"""
