"""Deep networks for images: a body for each generation, and what lies round every body.

A network is one module from `image` [N, C, *shape] as prepared (two or three spatial axes, whole
numbers or float32) to its answer. It normalises inside itself, and in evaluation it averages over
the mirror images that mean the same, so that what is exported is what was evaluated.
"""
