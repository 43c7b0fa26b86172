"""Problems 3 and 5: back-propagation through time by hand."""
