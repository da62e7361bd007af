"""A session with Airflow's webserver, logged in once.

With basic authentication Airflow checks the password at each call, by a hash that is slow on purpose. A run is asked
after each second, on the machine that runs it.
"""

from __future__ import annotations

import re
from typing import Any

import requests

_CSRF_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class AirflowSession:
    """Calls of one user.

    It logs in by the form that people use, since the REST API gives nobody a session. Where the form gives none either
    (another way to log in is set up), and when the session is over, the password goes with each call.
    https://github.com/apache/airflow/blob/2.10.2/airflow/www/session.py

    :param url: the webserver's address, without a slash at its end.
    """

    def __init__(self, url: str, user: str, password: str) -> None:
        self._url = url
        self._login = (user, password)
        self._session = requests.Session()
        self._has_tried = False

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """Make one call.

        :param path: below the webserver's address.
        :param options: as :meth:`requests.Session.request` takes them.
        :raises requests.RequestException: when Airflow can't be reached.
        """
        if not self._has_tried:
            self._log_in()
            self._has_tried = True
        response = self._session.request(method, f"{self._url}{path}", timeout=60, **options)
        if response.status_code == requests.codes.unauthorized and self._session.auth is None:
            self._session.auth = self._login
            response = self._session.request(method, f"{self._url}{path}", timeout=60, **options)
        return response

    def _log_in(self) -> None:
        address = f"{self._url}/login/"
        token = _CSRF_TOKEN.search(self._session.get(address, timeout=60).text)
        if token:
            user, password = self._login
            form = {"csrf_token": token[1], "username": user, "password": password}
            self._session.post(address, data=form, timeout=60, allow_redirects=False)
