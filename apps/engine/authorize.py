"""Who may call: the token's signature, its end and its audience, checked with the public keys of the secret."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared import database

KEPT_S = 300
"""Seconds for which the keys are kept, so that a rotation is seen."""


@cache
def keys(_moment: int) -> KeySet:
    """The public keys, read again when the moment is another one."""
    secret = database.client("secretsmanager").get_secret_value(SecretId=database.setting("TOKEN_SECRET"))
    return KeySet.import_key_set(json.loads(secret["SecretString"]))


def handler(event: Mapping[str, Any], _context: object) -> Mapping[str, Any]:
    """A policy for the caller of a valid token. Raises what API Gateway answers with 401 for any other."""
    token = str(event.get("authorizationToken", "")).removeprefix("Bearer ")
    try:
        found = jwt.decode(token, keys(int(time.time() // KEPT_S)), algorithms=["RS256", "ES256"])
        jwt.JWTClaimsRegistry(
            sub={"essential": True}, exp={"essential": True}, aud={"essential": True, "value": "engine"}
        ).validate(found.claims)
    except (JoseError, ValueError) as wrong:
        raise PermissionError("Unauthorized") from wrong
    stage = event["methodArn"].rsplit("/", 2)[0]
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": f"{stage}/*"}
    return {
        "principalId": str(found.claims["sub"]),
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
    }
