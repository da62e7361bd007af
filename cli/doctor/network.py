"""Whether a server answers, and how late its clock is against ours."""

from __future__ import annotations

import base64
import http.client
import re
import ssl
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, urlsplit

#: Seconds that each step of a request may take.
SECONDS = 4
_LOGIN_WANTED = (401, 405)  # it is there; a login, or another method, is for those who come to fetch


@dataclass(frozen=True)
class Answer:
    """What became of a request.

    ``status`` is the HTTP status, or 0. ``why`` says in words why there was none. ``ahead`` is by how many seconds this
    machine's clock is ahead of the server's; None when the server did not say the time. ``untrusted`` says that the
    server's certificate is not one that this machine trusts.
    """

    url: str
    status: int = 0
    why: str = ""
    ahead: float | None = None
    untrusted: bool = False

    @property
    def is_reached(self) -> bool:
        return 200 <= self.status < 400 or self.status in _LOGIN_WANTED

    @property
    def words(self) -> str:
        """What hindered it."""
        return self.why or f"it answers HTTP {self.status}"


def ask(url: str) -> Answer:
    """Ask a server for its headers, through the proxy that the environment names.

    It takes no longer than twice the seconds of a step: a name server that does not answer knows no timeout.
    """
    answers: list[Answer] = []
    thread = threading.Thread(target=lambda: answers.append(_ask(url)), daemon=True)
    thread.start()
    thread.join(2 * SECONDS)
    return answers[0] if answers else Answer(url, why=f"no answer within {2 * SECONDS} seconds")


def _ask(url: str) -> Answer:
    try:
        request = _request(url)
        begun = time.time()
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - the user's own servers
            return Answer(url, answer.status, ahead=_ahead(answer.headers, begun))
    except urllib.error.HTTPError as error:
        return Answer(url, error.code, ahead=_ahead(error.headers, begun))
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        untrusted = isinstance(reason, ssl.SSLCertVerificationError)
        return Answer(url, why=_words(reason, url), untrusted=untrusted)


def without_login(url: str) -> str:
    """A URL without the name and the password in it. Rather too much is left out: a password may have any character."""
    return re.sub(r"^([a-z0-9+.-]+://)?.*@", lambda found: f"{found.group(1) or ''}***@", url, flags=re.I | re.S)


def host_of(url: str) -> str:
    return urlsplit(url if "//" in url else f"//{url}").hostname or url


def _request(url: str) -> urllib.request.Request:
    """A request with the login that is in the URL, where urllib would take it for a part of the host's name."""
    headers = {"Accept": "*/*", "User-Agent": "make-doctor"}
    scheme, separator, rest = url.partition("://")
    login, at, address = rest.rpartition("@")
    if at:
        headers["Authorization"] = "Basic " + base64.b64encode(unquote(login).encode()).decode()
    return urllib.request.Request(f"{scheme}{separator}{address}", method="HEAD", headers=headers)  # noqa: S310 - as above


def _ahead(headers: Message, begun: float) -> float | None:
    """By how much this clock is ahead of the server's. A cache tells how old its answer is."""
    try:
        moment = parsedate_to_datetime(headers["Date"]).timestamp() + int(headers.get("Age", 0))
    except (TypeError, ValueError):
        return None
    return (begun + time.time()) / 2 - moment


def _words(reason: object, url: str) -> str:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted here ({reason.verify_message})"
    if isinstance(reason, TimeoutError) or "timed out" in str(reason):
        return f"no answer within {SECONDS} seconds"
    if "Name or service not known" in str(reason) or "nodename nor servname" in str(reason):
        return f"the name {host_of(url)} is not known here"
    if "Temporary failure in name resolution" in str(reason):
        return "no name server answers"
    if isinstance(reason, (ValueError, http.client.InvalidURL)):
        return "its address, or that of a proxy, is wrong"  # which may have a password in it
    return getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
