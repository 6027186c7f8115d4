"""Tokens: JSON Web Tokens signed with HMAC and SHA-256 (RFC 7519)."""

from __future__ import annotations

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import OctKey

ALGORITHM = "HS256"


class TokenError(Exception):
    """A token that admits nobody; the message says why."""


def sign(user: str, secret: str, now_s: float, expiry_s: int) -> str:
    """A token for a user."""
    claims = {"sub": user, "iat": int(now_s), "exp": int(now_s) + expiry_s}
    return jwt.encode({"alg": ALGORITHM, "typ": "JWT"}, claims, OctKey.import_key(secret))


def user_of(token: str, secret: str, now_s: float) -> str:
    """Whom a token admits. Raises TokenError: the algorithm is ours to choose, never the token's."""
    registry = jwt.JWTClaimsRegistry(now=int(now_s), sub={"essential": True}, exp={"essential": True})
    try:
        claims = jwt.decode(token, OctKey.import_key(secret), algorithms=[ALGORITHM]).claims
        registry.validate(claims)
    except ExpiredTokenError:
        raise TokenError("the token has expired") from None
    except (JoseError, ValueError):
        raise TokenError("the token is not signed by us, or does not say whom it admits and until when") from None
    return str(claims["sub"])
