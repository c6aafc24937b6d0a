"""The page: its template and its style."""
