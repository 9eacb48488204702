"""The quickstart: three datasets from real data, built by two processes, released and read back. Run by ``make demo``."""
