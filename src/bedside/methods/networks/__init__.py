"""Deep networks for tables: how fields are embedded, the bodies, and the head of each task.

A network is one module from raw `numeric` [N, P] and `codes` [N, C] to `value` [N, K]. What it
learned about the inputs (means, bins, category counts) lies in its buffers, so that a saved or
exported network holds everything.
"""
