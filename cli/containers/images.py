"""`make images`: the newest tags and their digests, written into terraform/images.yaml, where all images are pinned.

    python -m cli.containers images

The registries are asked in the way of the OCI distribution specification, without a login:
https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import requests
import yaml

from cli.containers.image import Image, read_image
from cli.errors import UserError

_TIMEOUT_SECONDS = 30
# The list of a multi-platform image comes first: its digest is right on every machine.
_MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def read_pinned(file: Path) -> dict[str, Image]:
    """All images that the file pins, by the name that the platform has for each."""
    return {name: read_image(text) for name, text in yaml.safe_load(file.read_text())["pinned"].items()}


def renew(file: Path, say: Callable[[str], None], url_of: Callable[[str], str] = "https://{}".format) -> None:
    """Ask for the newest tag and the digest of every image, and write what changed into the file.

    :param file: terraform/images.yaml. It is written after every registry has answered, or not at all.
    :param say: gets a sentence for each image that changed, or one if none did.
    :param url_of: the address of a registry, from its host name.
    :raises UserError: when a registry can't be reached, or does not know an image.
    """
    patterns = yaml.safe_load(file.read_text()).get("renewed") or {}
    text, changes = file.read_text(), []
    for name, pinned in read_pinned(file).items():
        registry = _Registry(pinned, url_of(pinned.registry))
        tag = _newest(registry.tags(), patterns[name], pinned.tag) if name in patterns else pinned.tag
        found = Image(pinned.name, tag, registry.digest(tag))
        if found != pinned:
            text = re.sub(rf"(?m)^(  {re.escape(name)}: ){re.escape(str(pinned))}(?=\s|$)", rf"\g<1>{found}", text)
            changes.append(f"{name}: {pinned} is now {found}")
    if changes:
        file.write_text(text)
    for change in changes or ["Every tag and digest is the newest already."]:
        say(change)


def _newest(tags: Iterator[str], pattern: str, pinned: str) -> str:
    """The highest tag that fits the pattern, number by number; never one below the pinned."""

    def numbers(tag: str) -> list[int]:
        return [int(number) for number in re.findall(r"\d+", tag)]

    return max([pinned, *(tag for tag in tags if re.fullmatch(pattern, tag))], key=numbers)


class _Registry:
    """What is known of one image in its registry."""

    def __init__(self, image: Image, url: str) -> None:
        self._image = image
        self._url = url
        self._session = requests.Session()

    def tags(self) -> Iterator[str]:
        """All tags, page by page."""
        url: str | None = f"{self._url}/v2/{self._image.repository}/tags/list?n=1000"
        while url:
            answer = self._ask("GET", url)
            yield from answer.json().get("tags") or []
            following = answer.links.get("next", {}).get("url")
            url = requests.compat.urljoin(url, following) if following else None

    def digest(self, tag: str) -> str:
        """The digest that a tag has. To ask for it by HEAD counts as no pull."""
        answer = self._ask("HEAD", f"{self._url}/v2/{self._image.repository}/manifests/{tag}")
        digest = answer.headers.get("Docker-Content-Digest", "")
        if not _DIGEST.fullmatch(digest):
            raise UserError(f"{self._image.registry} says no digest of {self._image.name}:{tag}; nothing was changed.")
        return digest

    def _ask(self, method: str, url: str) -> requests.Response:
        try:
            answer = self._request(method, url)
            if answer.status_code == 401 and self._log_in(answer.headers.get("WWW-Authenticate", "")):
                answer = self._request(method, url)
        except (requests.RequestException, ValueError) as error:
            raise UserError(f"{self._image.registry} can't be asked, so nothing was changed: {error}") from error
        if not answer.ok:
            raise UserError(
                f"{self._image.registry} answers HTTP {answer.status_code} for {self._image}, so nothing was changed."
                " Has the image moved? terraform/images.yaml names it."
            )
        return answer

    def _request(self, method: str, url: str) -> requests.Response:
        accept = {"Accept": ", ".join(_MANIFESTS) if method == "HEAD" else "application/json"}
        return self._session.request(method, url, headers=accept, timeout=_TIMEOUT_SECONDS)

    def _log_in(self, challenge: str) -> bool:
        """Get the token that anybody may have. https://distribution.github.io/distribution/spec/auth/token/"""
        asked = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        if not challenge.startswith("Bearer ") or "realm" not in asked:
            return False
        query = {"scope": f"repository:{self._image.repository}:pull"} | {
            name: asked[name] for name in ("service",) if name in asked
        }
        answer = self._session.get(asked["realm"], params=query, timeout=_TIMEOUT_SECONDS)
        answer.raise_for_status()
        token = answer.json().get("token") or answer.json().get("access_token")
        self._session.headers["Authorization"] = f"Bearer {token}"
        return True
