"""Settings of ready-made studies, one YAML file each."""
