"""The four steps of a rotation, as Secrets Manager calls them for the version of a secret that is being made.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets-lambda-functions.html
A step that is called again does nothing again, so that a rotation which stopped half way is taken up where it stopped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3

LENGTH = 64
"""Letters and digits of what is drawn: more than the 256 bits that HS256 asks for (RFC 7518, 3.2)."""

Value = Mapping[str, Any]
"""What a version of a secret holds, by its fields."""


class RotationError(Exception):
    """A rotation that cannot go on; the message names the secret and says why. Secrets Manager tries again later."""


def step(
    event: Mapping[str, str],
    renewed: Callable[[Value, str], Value],
    put: Callable[[str, Value, Value], None],
    test: Callable[[str, Value, Value], None],
) -> None:
    """Does the step of an event.

    `renewed` makes the new value of the current one and of what is drawn; `put` tells a server of it, and `test` raises
    RotationError where it is wrong; both get the secret's name, the pending value and the current one. Raises RotationError where
    the secret is not being rotated to this version.
    """
    secret, version, name = event["SecretId"], event["ClientRequestToken"], event["Step"]
    client = boto3.client("secretsmanager")
    described = client.describe_secret(SecretId=secret)
    versions = described["VersionIdsToStages"]
    if not described.get("RotationEnabled"):
        raise RotationError(f"{secret} is not rotated; turn its rotation on")
    if "AWSCURRENT" in versions.get(version, ()):
        return
    if "AWSPENDING" not in versions.get(version, ()):
        raise RotationError(f"{secret} has no pending version {version}; start its rotation anew")
    if name == "createSecret":
        _create(client, secret, version, renewed)
    elif name in {"setSecret", "testSecret"}:
        pending, serving = _value(client, secret, "AWSPENDING", version), _value(client, secret, "AWSCURRENT")
        (put if name == "setSecret" else test)(secret, pending, serving)
    elif name == "finishSecret":
        serving_version = next(one for one, stages in versions.items() if "AWSCURRENT" in stages)
        client.update_secret_version_stage(
            SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=version, RemoveFromVersionId=serving_version
        )
    else:
        raise RotationError(f"{secret}: {name} is no step of a rotation")


def _create(client: Any, secret: str, version: str, renewed: Callable[[Value, str], Value]) -> None:
    try:
        _value(client, secret, "AWSPENDING", version)
    except client.exceptions.ResourceNotFoundException:
        drawn = client.get_random_password(PasswordLength=LENGTH, ExcludePunctuation=True)["RandomPassword"]
        value = json.dumps(dict(renewed(_value(client, secret, "AWSCURRENT"), drawn)))
        client.put_secret_value(
            SecretId=secret, ClientRequestToken=version, SecretString=value, VersionStages=["AWSPENDING"]
        )


def _value(client: Any, secret: str, stage: str, version: str = "") -> Value:
    which = {"VersionId": version} if version else {}
    found: Value = json.loads(client.get_secret_value(SecretId=secret, VersionStage=stage, **which)["SecretString"])
    return found
