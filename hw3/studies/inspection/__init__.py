"""Problem 1: inside a convolutional network."""
