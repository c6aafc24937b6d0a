"""The page: its template and its style."""

NAME = "bedside.stages.worth.page"
