"""`make images`: tags and digests from a registry that runs here, written into the one file that pins them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

import pytest

from cli.containers import images
from cli.containers.image import DOCKER_HUB
from cli.containers.images import Image, read_image, read_pinned, renew
from cli.errors import UserError
from cli.paths import REPOSITORY, TERRAFORM
from tests.support.web import serving

FILE = TERRAFORM / "images.yaml"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def digest_of(repository: str, tag: str) -> str:
    return "sha256:" + hashlib.sha256(f"{repository}:{tag}".encode()).hexdigest()


@dataclass
class Registry:
    """Repositories with their tags. It wants a token for each, and lists two tags a page."""

    tags: dict[str, list[str]]
    url: str = ""
    without_digest: set[str] = field(default_factory=set)


@contextmanager
def registry_of(tags: dict[str, list[str]]) -> Iterator[Registry]:
    registry = Registry(tags)

    class Handler(BaseHTTPRequestHandler):
        def answer(self, status: int, body: object = None, **headers: str) -> None:
            content = json.dumps(body).encode() if body is not None else b""
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(address.query).items()}
            if address.path == "/token":
                assert query["service"] == "stand-in"
                return self.answer(200, {"token": query["scope"]})
            found = re.fullmatch(r"/v2/(.+)/(?:tags/list|manifests/(.+))", address.path)
            assert found
            repository, tag = found.groups()
            if self.headers.get("Authorization") != f"Bearer repository:{repository}:pull":
                realm = f'Bearer realm="{registry.url}/token",service="stand-in",scope="repository:{repository}:pull"'
                return self.answer(401, WWW_Authenticate=realm)
            known = registry.tags.get(repository, [])
            if tag:
                if tag not in known:
                    return self.answer(404)
                assert self.command == "HEAD"
                assert "application/vnd.oci.image.index.v1+json" in self.headers["Accept"]
                says = {} if tag in registry.without_digest else {"Docker_Content_Digest": digest_of(repository, tag)}
                return self.answer(200, **says)
            if not known:
                return self.answer(404)
            first = int(query.get("from", 0))
            more = {"Link": f'</v2/{repository}/tags/list?from={first + 2}>; rel="next"'} if known[first + 2 :] else {}
            return self.answer(200, {"name": repository, "tags": known[first : first + 2]}, **more)

        do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as registry.url:
        yield registry


PINNED = f"""\
# A word on it.
pinned:
  postgres: postgres:16.8@{digest_of("library/postgres", "of before")} # and on this one
  lake: quay.io/minio/minio:RELEASE.2025-04-22
  redis: redis:7.2.7
renewed:
  postgres: 16\\.\\d+
  redis: 7\\.2\\.\\d+
"""
TAGS = {
    "library/postgres": ["16.8", "16.10", "16.9", "17.2", "16.11-alpine", "latest", "16"],
    "minio/minio": ["RELEASE.2025-04-22", "RELEASE.2025-09-07"],
    "library/redis": ["7.2.6"],
}


@pytest.fixture
def file(tmp_path):
    made = tmp_path / "images.yaml"
    made.write_text(PINNED)
    return made


def test_newest_tags_and_their_digests_are_written_and_nothing_else(file):
    said: list[str] = []
    with registry_of({**TAGS, "library/redis": ["7.2.6", "7.2.7"]}) as registry:
        renew(file, said.append, lambda _: registry.url)
        assert read_pinned(file) == {
            "postgres": Image("postgres", "16.10", digest_of("library/postgres", "16.10")),
            "lake": Image("quay.io/minio/minio", "RELEASE.2025-04-22", digest_of("minio/minio", "RELEASE.2025-04-22")),
            "redis": Image("redis", "7.2.7", digest_of("library/redis", "7.2.7")),
        }
        left = re.sub(r"@sha256:[0-9a-f]{64}", "", file.read_text())
        assert left == re.sub(r"@sha256:[0-9a-f]{64}", "", PINNED).replace("16.8", "16.10")
        assert [line.split(":")[0] for line in said] == ["postgres", "lake", "redis"]
        said.clear()
        renew(file, said.append, lambda _: registry.url)
    assert said == ["Every tag and digest is the newest already."]


def test_a_tag_that_is_gone_changes_nothing(file):
    """As with minio/minio on Docker Hub."""
    with registry_of(TAGS) as registry, pytest.raises(UserError, match=r"registry-1.docker.io answers HTTP 404 for"):
        renew(file, print, lambda _: registry.url)
    assert file.read_text() == PINNED


def test_a_registry_that_says_no_digest_changes_nothing(file):
    with registry_of(TAGS) as registry:
        registry.without_digest = {"RELEASE.2025-04-22"}
        with pytest.raises(UserError, match=r"quay.io says no digest of quay.io/minio/minio:RELEASE.2025-04-22"):
            renew(file, print, lambda _: registry.url)
    assert file.read_text() == PINNED


def test_a_registry_that_does_not_answer_changes_nothing(file):
    with pytest.raises(UserError, match=r"registry-1.docker.io can't be asked, so nothing was changed"):
        renew(file, print, lambda _: "http://127.0.0.1:9")
    assert file.read_text() == PINNED


@pytest.mark.parametrize(
    ("text", "registry", "repository"),
    [
        ("debian:bookworm", DOCKER_HUB, "library/debian"),
        ("prom/prometheus:v3", DOCKER_HUB, "prom/prometheus"),
        ("quay.io/minio/minio:R", "quay.io", "minio/minio"),
        ("localhost:5000/a/b:1@sha256:0", "localhost:5000", "a/b"),
    ],
)
def test_names_are_read_as_docker_reads_them(text, registry, repository):
    image = read_image(text)
    assert (image.registry, image.repository, str(image)) == (registry, repository, text)


def test_every_image_has_a_tag_and_none_is_latest():
    for name, image in read_pinned(FILE).items():
        assert re.fullmatch(r"[\w][\w.-]*", image.tag), name
        assert re.search(r"\d", image.tag), f"{name}: {image.tag} names no release"
        assert not image.digest or DIGEST.fullmatch(image.digest), name


def test_what_may_be_renewed_fits_what_is_pinned():
    patterns = images.yaml.safe_load(FILE.read_text())["renewed"]
    pinned = read_pinned(FILE)
    assert not [name for name, pattern in patterns.items() if not re.fullmatch(pattern, pinned[name].tag)]


def test_minio_is_where_its_images_still_are():
    assert read_pinned(FILE)["minio"].registry == "quay.io"


def test_images_are_named_in_one_place():
    """In no other file that is followed: not in a variable, a module, a page or a Dockerfile."""
    here = ("terraform", "airflow", "docs", "cli", "Makefile", "README.md", "CONTRIBUTING.md")
    files = [path for part in here for path in (REPOSITORY / part, *(REPOSITORY / part).rglob("*")) if path.is_file()]
    suffixes = (".tf", ".md", ".hcl", ".py", "")
    text = {path: path.read_text() for path in files if path.suffix in suffixes}
    assert len(text) > 50
    for image in read_pinned(FILE).values():
        short = f"{image.name.rpartition('/')[2]}:{image.tag}"
        assert [str(path) for path, content in text.items() if short in content] == []
