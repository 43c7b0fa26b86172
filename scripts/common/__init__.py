"""What the programs share; none of it is a program."""
