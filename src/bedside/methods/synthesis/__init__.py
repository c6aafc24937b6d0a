"""Synthesis: generators that learn from training patients and make up new ones."""
