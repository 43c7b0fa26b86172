"""Document 004's problem 2, tested: convolution, pooling, receptive fields."""
