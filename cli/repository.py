"""Where people read this repository: alerts and the DAGs link to its runbooks."""

from __future__ import annotations

import re
import subprocess

from cli.paths import REPOSITORY

# git@host:owner/name.git, ssh://git@host/owner/name, https://login@host/owner/name: the host and the path.
_ADDRESS = re.compile(r"^(?:\w+://)?(?:[^@/]+@)?([\w.-]+)(?::\d+)?[:/](.+?)(?:\.git)?/?$")
# The host => what comes between a repository and a file of its main branch.
_PLACES = {"github.com": "blob/HEAD", "gitlab.com": "-/blob/HEAD"}


def runbooks_url() -> str | None:
    """The address of docs/runbooks on the host that the clone comes from; None when it is not known."""
    try:
        command = ["git", "-C", str(REPOSITORY), "remote", "get-url", "origin"]
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return None
    return page_of(done.stdout.strip(), "docs/runbooks")


def page_of(remote: str, path: str) -> str | None:
    """The web page of a path in a remote repository; None for a host whose pages are not known. No login is in it."""
    found = _ADDRESS.match(remote)
    if found is None or found[1] not in _PLACES:
        return None
    return f"https://{found[1]}/{found[2]}/{_PLACES[found[1]]}/{path}"
