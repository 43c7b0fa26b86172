"""Beyond one image: a sweep over many."""
