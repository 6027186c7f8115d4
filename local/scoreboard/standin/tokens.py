"""Tokens: JSON Web Tokens signed with HMAC and SHA-256 (RFC 7519).

Two keys are accepted, so that a rotation signs nobody out: the current one, which signs, and the one before it.
"""

from __future__ import annotations

from collections.abc import Iterable

from joserfc import jwt
from joserfc.errors import BadSignatureError, ExpiredTokenError, JoseError
from joserfc.jwk import OctKey

ALGORITHM = "HS256"


class TokenError(Exception):
    """A token that admits nobody; the message says why."""


def sign(user: str, key: str, now_s: float, expiry_s: int) -> str:
    """A token for a user."""
    claims = {"sub": user, "iat": int(now_s), "exp": int(now_s) + expiry_s}
    return jwt.encode({"alg": ALGORITHM, "typ": "JWT"}, claims, OctKey.import_key(key))


def user_of(token: str, keys: Iterable[str], now_s: float) -> str:
    """Whom a token admits that one of the keys signed. Raises TokenError: the algorithm is ours to choose, never the token's."""
    registry = jwt.JWTClaimsRegistry(now=int(now_s), sub={"essential": True}, exp={"essential": True})
    try:
        claims = _signed(token, keys).claims
        registry.validate(claims)
    except ExpiredTokenError:
        raise TokenError("the token has expired") from None
    except (JoseError, ValueError):
        raise TokenError("the token is not signed by us, or does not say whom it admits and until when") from None
    return str(claims["sub"])


def _signed(token: str, keys: Iterable[str]) -> jwt.Token:
    """The token, by the first key that signed it. Raises JoseError where none did, or ValueError where it is none."""
    for key in keys:
        try:
            return jwt.decode(token, OctKey.import_key(key), algorithms=[ALGORITHM])
        except BadSignatureError:
            continue
    raise BadSignatureError
