"""Start a command of make, so that Ctrl-C ends it with a sentence and exit code 130 from its first moment on.

    python -S cli/start.py cli.processes up

The command is the function ``main`` of a module, or of a package's ``__main__``. Its imports take a second, and what
Python itself imports at its start may take long too. So Python starts without that (-S); all of it is imported here.
The first milliseconds are Python's alone: where `env --block-signal` is known, make holds the signal back until here.

Nothing but Python's own library, from 3.8 on: `make doctor` runs before anything is installed.
"""

import sys

#: The oldest Python that the commands begin with; .venv has a newer one.
OLDEST = (3, 8)


def start(module: str, arguments: "list[str]") -> int:
    """Import a module, or a package's ``__main__``, and call its ``main``; returns the exit code."""
    import signal

    # A shell has what it runs in the background ignore SIGINT, and that stays so.
    heeds = signal.getsignal(signal.SIGINT) != signal.SIG_IGN
    if heeds:
        signal.signal(signal.SIGINT, _leave)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    import site
    from importlib import import_module
    from pathlib import Path

    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    sys.argv[1:] = arguments
    site.main()
    found = import_module(module)
    main = (import_module(module + ".__main__") if hasattr(found, "__path__") else found).main
    try:
        if heeds:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        code = int(main())
    except KeyboardInterrupt:
        code = 130
        print("\nStopped.", file=sys.stderr)
    # There is nothing more to stop: threads end, files are closed.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return code


def _leave(*_: object) -> None:
    """End at once. KeyboardInterrupt may get lost in an import: Python calls functions there whose errors it drops."""
    import os
    import time

    os.write(2, b"\nStopped before anything had begun.\n")
    # make gets the signal too. A command that ends in that very moment is waited for twice by GNU make 4.3, which then
    # says "wait: No child processes", and ends as if something had failed.
    time.sleep(0.2)
    os._exit(130)


if __name__ == "__main__":
    if sys.version_info < OLDEST:
        sys.exit("Python %d.%d or later is needed; this one is %d.%d." % (OLDEST + sys.version_info[:2]))  # noqa: UP031
    sys.exit(start(sys.argv[1], sys.argv[2:]))
