"""Privacy: attacks on a released table, each able to see a verbatim copy."""
