"""Every number that the documents print, checked."""
