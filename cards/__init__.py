"""Templates of dataset cards, in Jinja; packaged as ``hfaug.cards`` and filled by ``hfaug.release``."""
