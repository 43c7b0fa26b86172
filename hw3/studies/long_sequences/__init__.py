"""Problem 4: long sequences."""
