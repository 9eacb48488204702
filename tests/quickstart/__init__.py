"""The quickstart: three datasets from real data, built by two processes, released, read back: ``make demo``."""
