"""The page: its template and its style."""

NAME = __name__
"""Where they lie."""
