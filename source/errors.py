"""The error that ends the filling of the source."""


class FillError(Exception):
    """The message is one sentence for a person."""
