"""The double of aminueza/minio. S3 makes real buckets; the AWS IAM API makes users and policies."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, ClassVar, Literal
from urllib.parse import urlencode

import boto3
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError

from tests.support.doubles.engine import Double, Kind, Refused, Values, run
from tests.support.doubles.schema import read_schema


class MinioKind(Kind):
    @property
    def url(self) -> str:
        return f"http://{self.provider['minio_server']}"

    def client(self, service: Literal["s3", "iam"]) -> Any:
        connect: Any = boto3.client
        return connect(
            service,
            endpoint_url=self.url,
            region_name=self.provider["minio_region"],
            aws_access_key_id=self.provider["minio_user"],
            aws_secret_access_key=self.provider["minio_password"],
        )


class Bucket(MinioKind):
    def create(self, planned: Values) -> Values:
        name = planned["bucket"]
        if planned["acl"] != "private":
            raise Refused(f"acl {planned['acl']} is not what the project uses")
        self.client("s3").create_bucket(Bucket=name)
        return {"id": name, "arn": f"arn:aws:s3:::{name}"}

    def read(self, state: Values) -> Values | None:
        return _unless_gone(self.client("s3").head_bucket, Bucket=state["bucket"])

    def update(self, prior: Values, planned: Values) -> Values:
        return {}

    def delete(self, state: Values) -> None:
        s3, name = self.client("s3"), state["bucket"]
        if state["force_destroy"]:
            for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
                for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                    s3.delete_object(Bucket=name, Key=version["Key"], VersionId=version["VersionId"])
        s3.delete_bucket(Bucket=name)


class Versioning(MinioKind):
    def create(self, planned: Values) -> Values:
        (configuration,) = planned["versioning_configuration"]
        self.client("s3").put_bucket_versioning(
            Bucket=planned["bucket"], VersioningConfiguration={"Status": configuration["status"]}
        )
        return {"id": planned["bucket"]}

    def read(self, state: Values) -> Values | None:
        if _unless_gone(self.client("s3").head_bucket, Bucket=state["bucket"]) is None:
            return None
        status = self.client("s3").get_bucket_versioning(Bucket=state["bucket"]).get("Status")
        return {"versioning_configuration": [{"status": status}]}

    def update(self, prior: Values, planned: Values) -> Values:
        return self.create(planned)

    def delete(self, state: Values) -> None:
        """Do nothing: MinIO's provider only suspends versioning, and the bucket is deleted next."""
        self.client("s3").put_bucket_versioning(Bucket=state["bucket"], VersioningConfiguration={"Status": "Suspended"})


class Lifecycle(MinioKind):
    def create(self, planned: Values) -> Values:
        rules = []
        for rule in planned["rule"]:
            made: Values = {"ID": rule["id"], "Status": rule["status"], "Filter": {"Prefix": ""}}
            at = rule["expiration"]
            made["Expiration"] = {"ExpiredObjectDeleteMarker": True} if at == "DeleteMarker" else {"Days": _days(at)}
            for block in rule["noncurrent_expiration"]:
                made["NoncurrentVersionExpiration"] = {"NoncurrentDays": _days(block["days"])}
            for block in rule["abort_incomplete_multipart_upload"]:
                days = _days(block["days_after_initiation"])
                made["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": days}
            rules.append(made)
        self.client("s3").put_bucket_lifecycle_configuration(
            Bucket=planned["bucket"], LifecycleConfiguration={"Rules": rules}
        )
        return {"id": planned["bucket"]}

    def read(self, state: Values) -> Values | None:
        """The real one takes every error, of the network too, for a policy that is gone. (minioReadILMPolicy)"""
        try:
            return _unless_gone(self.client("s3").get_bucket_lifecycle_configuration, Bucket=state["bucket"])
        except (BotoCoreError, ClientError):
            return None

    def update(self, prior: Values, planned: Values) -> Values:
        return self.create(planned)

    def delete(self, state: Values) -> None:
        self.client("s3").delete_bucket_lifecycle(Bucket=state["bucket"])


class User(MinioKind):
    def create(self, planned: Values) -> Values:
        name = planned["name"]
        self.client("iam").create_user(UserName=name)
        # In MinIO a user's name is its access key.
        key = {"UserName": name, "AccessKeyId": name, "SecretAccessKey": planned["secret"]}
        self._call_iam("CreateAccessKey", **key, state={"id": name})
        return {"id": name}

    def read(self, state: Values) -> Values | None:
        return _unless_gone(self.client("iam").get_user, UserName=state["name"])

    def update(self, prior: Values, planned: Values) -> Values:
        """Another secret takes the place of the old, as in the provider (minioUpdateUser)."""
        name = planned["name"]
        if planned["secret"] != prior["secret"]:
            key = {"UserName": name, "AccessKeyId": name}
            self._call_iam("DeleteAccessKey", **key)
            self._call_iam("CreateAccessKey", **key, SecretAccessKey=planned["secret"])
        return {}

    def delete(self, state: Values) -> None:
        name = state["name"]
        self._call_iam("DeleteAccessKey", UserName=name, AccessKeyId=name)
        self.client("iam").delete_user(UserName=name)

    def _call_iam(self, action: str, state: Values | None = None, **parameters: str) -> None:
        """Call IAM without boto3, which can't ask for a given access key, or for one as short as MinIO's."""
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        data = urlencode({"Action": action, "Version": "2010-05-08", **parameters})
        request = AWSRequest("POST", f"{self.url}/", data=data, headers=form)
        credentials = Credentials(self.provider["minio_user"], self.provider["minio_password"])
        SigV4Auth(credentials, "iam", self.provider["minio_region"]).add_auth(request)
        answer = requests.post(f"{self.url}/", data=data, headers=dict(request.headers), timeout=30)
        if not answer.ok:
            raise Refused(f"{action} of {parameters['UserName']}: HTTP {answer.status_code}", state)


class Policy(MinioKind):
    """A policy is kept by the double alone. It takes effect when it is attached."""

    documents: ClassVar[dict[str, str]] = {}

    @staticmethod
    def check(config: Values) -> None:
        if isinstance(config["policy"], str):
            try:
                json.loads(config["policy"])
            except ValueError as error:
                raise Refused(f"policy is not JSON: {error}") from error

    def create(self, planned: Values) -> Values:
        self.documents[planned["name"]] = planned["policy"]
        return {"id": planned["name"]}

    def read(self, state: Values) -> Values | None:
        self.client("s3").list_buckets()  # the real one asks the server, and fails where it does not answer
        self.documents[state["name"]] = state["policy"]
        return {}

    def update(self, prior: Values, planned: Values) -> Values:
        return self.create(planned)

    def delete(self, state: Values) -> None:
        self.client("s3").list_buckets()
        self.documents.pop(state["name"], None)


# Actions of MinIO (github.com/minio/pkg, policy/action.go) that SeaweedFS has no name for.
_ONLY_IN_MINIO = frozenset({"s3:ListBucketMultipartUploads"})


class Attachment(MinioKind):
    def create(self, planned: Values) -> Values:
        user, policy = planned["user_name"], planned["policy_name"]
        document = json.loads(Policy.documents[policy])
        for statement in document["Statement"]:
            statement["Action"] = [action for action in statement["Action"] if action not in _ONLY_IN_MINIO]
        self.client("iam").put_user_policy(UserName=user, PolicyName=policy, PolicyDocument=json.dumps(document))
        return {"id": f"{user}-{policy}"}

    def read(self, state: Values) -> Values | None:
        return _unless_gone(
            self.client("iam").get_user_policy, UserName=state["user_name"], PolicyName=state["policy_name"]
        )

    def delete(self, state: Values) -> None:
        self.client("iam").delete_user_policy(UserName=state["user_name"], PolicyName=state["policy_name"])


# What says that an object is missing. The provider takes any other error as fatal: an access that is denied too.
_MISSING = frozenset({"404", "NoSuchBucket", "NoSuchEntity", "NoSuchLifecycleConfiguration", "NotFound"})


def _unless_gone(read: Callable[..., Any], **parameters: str) -> Values | None:
    """None if the object is gone; otherwise an answer that nothing has changed.

    :raises ClientError: for any error but that it is missing. A server that does not answer raises an error of its own.
    """
    try:
        read(**parameters)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _MISSING:
            return None
        raise
    return {}


def _days(text: str) -> int:
    if not text.endswith("d") or not text[:-1].isdigit():
        raise Refused(f"{text!r} is no number of days, such as 30d")
    return int(text[:-1])


KINDS = {
    "minio_s3_bucket": Bucket,
    "minio_s3_bucket_versioning": Versioning,
    "minio_ilm_policy": Lifecycle,
    "minio_iam_user": User,
    "minio_iam_policy": Policy,
    "minio_iam_user_policy_attachment": Attachment,
}

if __name__ == "__main__":
    run(Double(read_schema("minio"), KINDS))
