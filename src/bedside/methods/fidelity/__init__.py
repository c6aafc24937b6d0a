"""Fidelity: how like real patients made-up ones are, always beside how like real ones are."""
