"""The errors that a user can mend: one line each, exit code 2."""


class InputError(Exception):
    """Something that the user gave cannot be used.

    The message is one line that says what is wrong, where, and what to do. The command line prints it
    without a traceback and exits with 2.
    """
