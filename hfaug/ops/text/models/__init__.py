"""What the ops on text that ask models share."""
