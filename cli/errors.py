"""The one error that ends a command with a sentence."""


class UserError(Exception):
    """Ends the command. The message is for a person: what is wrong, where, and what to do."""
