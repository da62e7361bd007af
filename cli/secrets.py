"""New values for the secrets that names.yaml lists."""

from __future__ import annotations

import base64
import secrets


def new_secret(name: str) -> str:
    """A new value for the secret of that name."""
    return new_fernet_key() if name.endswith("_fernet_key") else new_password()


def new_password() -> str:
    """A new password of letters and digits only, so that it fits any URL or file as it is."""
    return secrets.token_hex(16)


def new_fernet_key() -> str:
    """A new key for Airflow to encrypt connections with: 32 bytes in URL-safe base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
