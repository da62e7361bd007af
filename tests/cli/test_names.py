"""names.yaml: one list of names for Terraform, Python and SQL."""

from __future__ import annotations

import re

from cli import names
from cli.paths import REPOSITORY
from cli.secrets import new_secret


def test_each_secret_is_named_once():
    assert len(names.SECRETS) == len(set(names.SECRETS))


def test_every_role_has_a_secret():
    roles = [role for roles in names.ROLES.values() for role in roles]
    assert len(roles) == len(set(roles))
    assert {names.password_of(role) for role in roles} <= set(names.SECRETS)


def test_roles_belong_to_databases_that_there_are():
    assert set(names.ROLES) <= set(names.DATABASES)


def test_every_role_has_its_grants():
    """A role that names.yaml lists is made; what it may do is written beside its database."""
    for database, roles in names.ROLES.items():
        grants = (REPOSITORY / database / "roles.sql").read_text()
        for role in roles:
            assert re.search(rf"\b(TO|AUTHORIZATION|ROLE)\b[^;]*\b{role}\b", grants), role


def test_a_new_secret_fits_any_url_or_file():
    for name in names.SECRETS:
        made = new_secret(name)
        assert re.fullmatch(r"[A-Za-z0-9_-]{32,44}=?", made), name
        assert new_secret(name) != made


def test_a_fernet_key_is_one():
    from cryptography.fernet import Fernet

    assert Fernet(new_secret("airflow_fernet_key").encode())
