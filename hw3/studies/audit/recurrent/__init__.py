"""The numbers of the RNN and LSTM problems, 3 and 5: computed again in every way that could have been meant."""
