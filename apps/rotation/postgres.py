"""Rotates the password of a user of PostgreSQL, in the secret's `password` and in its `url`.

AWS's own function for one user renews `password` alone, and a program that reads `url` would keep the old one:
https://github.com/aws-samples/aws-secrets-manager-rotation-lambdas/tree/master/SecretsManagerRDSPostgreSQLRotationSingleUser
The server asks for a password when a connection is opened; connections that are open stay.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping

import asyncpg

from steps import RotationError, Value, step

TIMEOUT_S = 10.0
ROUNDS = 4096  # PostgreSQL's own number
"""For how long a connection may take; the function has a minute."""


def lambda_handler(event: Mapping[str, str], _context: object) -> None:
    """Does one step. Raises RotationError where the secret is not being rotated to this version, or the server refuses."""
    step(event, _renewed, _put, _test)


def _renewed(serving: Value, drawn: str) -> Value:
    url = str(serving["url"])
    if url.count(f":{serving['password']}@") != 1:
        raise RotationError("the url of the secret does not hold its password; write both anew")
    return {**serving, "password": drawn, "url": url.replace(f":{serving['password']}@", f":{drawn}@")}


def _put(secret: str, pending: Value, serving: Value) -> None:
    asyncio.run(_set(secret, pending, serving))


def _test(secret: str, pending: Value, _serving: Value) -> None:
    asyncio.run(_tested(secret, pending))


async def _set(secret: str, pending: Value, serving: Value) -> None:
    if await _opens(pending):
        return
    try:
        connection = await _connection(serving)
    except asyncpg.InvalidPasswordError:
        raise RotationError(f"{secret}: the server takes neither the pending password nor the current one") from None
    try:
        statement = await connection.fetchval(
            "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)",
            pending["username"],
            verifier(pending["password"]),
        )
        await connection.execute(statement)
    finally:
        await connection.close()


def verifier(password: str) -> str:
    """What PostgreSQL keeps of a password in place of it (RFC 5803), so that no log of a statement has the password itself."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt_text, stored_text, server_text = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${ROUNDS}:{salt_text}${stored_text}:{server_text}"


async def _tested(secret: str, pending: Value) -> None:
    connection = None
    try:
        connection = await asyncpg.connect(pending["url"], timeout=TIMEOUT_S)  # as the tasks will
        await connection.fetchval("SELECT 1")
    except asyncpg.InvalidPasswordError:
        raise RotationError(f"{secret}: the server refuses the pending url") from None
    finally:
        if connection is not None:
            await connection.close()


async def _opens(value: Value) -> bool:
    try:
        connection = await _connection(value)
    except asyncpg.InvalidPasswordError:
        return False
    await connection.close()
    return True


async def _connection(value: Value) -> asyncpg.Connection:
    return await asyncpg.connect(
        host=value["host"], port=int(value["port"]), database=value["dbname"], user=value["username"],
        password=value["password"], timeout=TIMEOUT_S,
    )  # fmt: skip
