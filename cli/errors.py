"""The errors that end a command with a sentence."""


class UserError(Exception):
    """Ends the command. The message is for a person: what is wrong, where, and what to do."""


class Stopped(KeyboardInterrupt):
    """Ends the command at Ctrl-C or SIGTERM. The message is for a person: what is left, and how to go on."""
