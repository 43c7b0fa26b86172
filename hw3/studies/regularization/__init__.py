"""Document 004's problem 1, tested: dropout, bagging, batch normalisation."""
