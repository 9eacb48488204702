"""Filters: keep or a reason."""

__all__: list[str] = []
