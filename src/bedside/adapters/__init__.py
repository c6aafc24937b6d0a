"""With whose format or service: one file a library or standard."""
