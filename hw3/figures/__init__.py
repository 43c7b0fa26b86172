"""Arrays in, matplotlib figures out: a module a subject."""
