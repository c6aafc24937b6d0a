"""Ready studies, one TOML file each."""
