"""The two ways in which a task of this platform fails on purpose."""


class Refused(Exception):
    """Input that can't be right: a retry would meet the same thing. The message is one sentence for a person."""


class Unavailable(Exception):
    """A service that can't be reached or answered with an error of its own: a retry may help."""
