"""Dataset builders, one a file: what `load_dataset` finds under hfaug's names. Installed as `hfaug.builders`."""
