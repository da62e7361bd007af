"""The two ways in which a task of this platform fails on purpose."""


class Refused(Exception):
    """The input is wrong, and a retry would find the same input. The message is one sentence for a person."""


class Unavailable(Exception):
    """A service can't be reached, or failed by itself. A retry may help."""
