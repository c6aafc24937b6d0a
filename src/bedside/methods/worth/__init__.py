"""What a lever is worth in labels: budgets, curves, the factor k, its interval, its controls."""
