"""What a user did wrong, told from a defect of ours."""


class InvalidInput(ValueError):
    """Input that cannot be: its message is for the user and names what was given and what is allowed.

    Libraries, and expressions of ours, raise ValueError where this project has a defect; a program lets that through
    with its traceback and turns this into one line.
    """
