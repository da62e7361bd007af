"""A client of the data lake, wherever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from cli.names import LAKE_REGION

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def connect(endpoint: str, access_key: str, secret_key: str) -> S3Client:
    """An S3 client for the lake at an address."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=LAKE_REGION,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=Config(connect_timeout=5, read_timeout=30, retries={"max_attempts": 2}),
    )
