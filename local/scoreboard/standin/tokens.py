"""Tokens: JSON Web Tokens signed with HMAC and SHA-256 (RFC 7519, RFC 7515)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

HEADER = {"alg": "HS256", "typ": "JWT"}


class TokenError(Exception):
    """A token that admits nobody; the message says why."""


def sign(user: str, secret: str, now_s: float, expiry_s: int) -> str:
    """A token for a user."""
    claims = {"sub": user, "iat": int(now_s), "exp": int(now_s) + expiry_s}
    head = f"{_encoded(_compact(HEADER))}.{_encoded(_compact(claims))}"
    return f"{head}.{_encoded(_signature(head, secret))}"


def user_of(token: str, secret: str, now_s: float) -> str:
    """Whom a token admits. Raises TokenError: the algorithm is ours to choose, never the token's."""
    head, _, signature = token.rpartition(".")
    try:
        header, claims = (json.loads(_decoded(part)) for part in head.split("."))
        genuine = header == HEADER and hmac.compare_digest(_decoded(signature), _signature(head, secret))
    except ValueError:
        raise TokenError("the token cannot be read") from None
    if not genuine:
        raise TokenError("the token is not signed by us")
    if not isinstance(claims.get("exp"), int) or claims["exp"] <= now_s:
        raise TokenError("the token has expired")
    user = claims.get("sub")
    if not isinstance(user, str) or not user:
        raise TokenError("the token names no user")
    return user


def _signature(head: str, secret: str) -> bytes:
    return hmac.digest(secret.encode(), head.encode(), hashlib.sha256)


def _compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
