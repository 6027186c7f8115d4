"""Rotates a key: draws a new one as `current` and moves the one before to `previous`, so that what it has signed stays valid.

Secrets Manager calls `lambda_handler` once for each of four steps, with the id of the version that is being made:
https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets-lambda-functions.html
A step that is called again does nothing again, so that a rotation which stopped half way is taken up where it stopped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import boto3

LENGTH = 64
"""Letters and digits of a key: more than the 256 bits that HS256 asks for (RFC 7518, 3.2)."""


class RotationError(Exception):
    """A rotation that cannot go on; the message names the secret and says why. Secrets Manager tries again later."""


def lambda_handler(event: Mapping[str, str], _context: object) -> None:
    """Does one step. Raises RotationError where the secret is not being rotated to this version, or the new one is wrong."""
    secret, version, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    client = boto3.client("secretsmanager")
    described = client.describe_secret(SecretId=secret)
    stages = described["VersionIdsToStages"].get(version, ())
    if not described.get("RotationEnabled"):
        raise RotationError(f"{secret} is not rotated; turn its rotation on")
    if "AWSCURRENT" in stages:
        return
    if "AWSPENDING" not in stages:
        raise RotationError(f"{secret} has no pending version {version}; start its rotation anew")
    if step == "createSecret":
        _create(client, secret, version)
    elif step == "testSecret":
        _test(client, secret, version)
    elif step == "finishSecret":
        _finish(client, secret, version, described["VersionIdsToStages"])
    elif step != "setSecret":  # no server is told of a key: the tasks read it when they are replaced
        raise RotationError(f"{secret}: {step} is no step of a rotation")


def _create(client: Any, secret: str, version: str) -> None:
    try:
        _fields(client, secret, "AWSPENDING", version)
    except client.exceptions.ResourceNotFoundException:
        before = _fields(client, secret, "AWSCURRENT")["current"]
        drawn = client.get_random_password(PasswordLength=LENGTH, ExcludePunctuation=True)["RandomPassword"]
        value = json.dumps({"current": drawn, "previous": before})
        client.put_secret_value(
            SecretId=secret, ClientRequestToken=version, SecretString=value, VersionStages=["AWSPENDING"]
        )


def _test(client: Any, secret: str, version: str) -> None:
    pending, serving = (
        _fields(client, secret, "AWSPENDING", version),
        _fields(client, secret, "AWSCURRENT"),
    )
    if pending.get("previous") != serving["current"]:
        raise RotationError(
            f"{secret}: the pending version does not keep the key that signs now; every user would be out"
        )
    if len(pending.get("current", "")) < LENGTH or pending["current"] == serving["current"]:
        raise RotationError(f"{secret}: the pending key is too short, or the one that signs now")


def _finish(client: Any, secret: str, version: str, versions: Mapping[str, list[str]]) -> None:
    serving = next(name for name, stages in versions.items() if "AWSCURRENT" in stages)
    client.update_secret_version_stage(
        SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=version, RemoveFromVersionId=serving
    )


def _fields(client: Any, secret: str, stage: str, version: str = "") -> dict[str, str]:
    """What a version of a secret holds."""
    which = {"VersionId": version} if version else {}
    found: dict[str, str] = json.loads(
        client.get_secret_value(SecretId=secret, VersionStage=stage, **which)["SecretString"]
    )
    return found
