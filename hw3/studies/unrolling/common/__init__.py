"""What the RNN's and the LSTM's study share."""
