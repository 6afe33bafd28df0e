"""Settings as text files: TOML, JSON, YAML and .env. Pure: values to text and back, no I/O."""
