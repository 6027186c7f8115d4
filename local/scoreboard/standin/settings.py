"""The variables of the task definition, read once and typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


class SettingError(ValueError):
    """A variable that is missing or cannot be read; the message names it and what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the stand-in is told. Times in seconds, whatever unit the variable has; of the keys the first signs."""

    app_name: str
    app_version: str
    port: int
    base_path: str
    log_json: bool
    database_url: str
    database_pool: int
    replica_hosts: tuple[str, ...]
    redis_host: str
    redis_port: int
    redis_password: str
    redis_db: int
    redis_pool: int
    redis_tls: bool
    leaderboard_key: str
    leaderboard_ttl_s: int
    score_prefix: str
    rate_limit_prefix: str
    rate_limit: int
    rate_window_s: float
    jwt_keys: tuple[str, str]
    jwt_expiry_s: int
    cors_origin: str
    heartbeat_s: float
    most_streams: int
    message_timeout_s: float
    request_timeout_s: float
    grace_s: float
    keep_alive_s: float
    traced: bool
    namespace: str


def read(environment: Mapping[str, str]) -> Settings:
    """The settings out of the environment. Raises SettingError."""

    def text(name: str) -> str:
        if name not in environment:
            raise SettingError(f"{name} is not set; copy .env.example to .env and load it: set -a; . ./.env; set +a")
        return environment[name]

    def whole(name: str) -> int:
        value = text(name)
        if not value.isdigit():
            raise SettingError(f"{name} must be a whole number, not {value!r}")
        return int(value)

    if text("JWT_ALGORITHM") != "HS256":
        raise SettingError("JWT_ALGORITHM must be HS256, the only one that the stand-in knows")
    keys = (text("JWT_SECRET"), text("JWT_SECRET_PREVIOUS"))
    for name, key in zip(("JWT_SECRET", "JWT_SECRET_PREVIOUS"), keys, strict=True):
        if not key:
            raise SettingError(f"{name} is empty, so anybody could sign a token; set it")
    return Settings(
        app_name=text("APP_NAME"),
        app_version=text("APP_VERSION"),
        port=whole("PORT"),
        base_path=text("API_BASE_PATH"),
        log_json=text("LOG_FORMAT") == "json",
        database_url=text("DATABASE_URL"),
        database_pool=whole("DATABASE_POOL_MAX"),
        replica_hosts=tuple(filter(None, text("DATABASE_REPLICA_HOSTS").split(","))),
        redis_host=text("REDIS_HOST"),
        redis_port=whole("REDIS_PORT"),
        redis_password=text("REDIS_PASSWORD"),
        redis_db=whole("REDIS_DB"),
        redis_pool=whole("REDIS_POOL_MAX"),
        redis_tls=text("REDIS_TLS_ENABLED") == "true",
        leaderboard_key=text("REDIS_KEY_LEADERBOARD"),
        leaderboard_ttl_s=whole("REDIS_TTL_LEADERBOARD"),
        score_prefix=text("REDIS_KEY_SCORE_PREFIX"),
        rate_limit_prefix=text("REDIS_KEY_RATE_LIMIT_PREFIX"),
        rate_limit=whole("RATE_LIMIT_MAX_REQUESTS"),
        rate_window_s=whole("RATE_LIMIT_WINDOW_MS") / 1000,
        jwt_keys=keys,
        jwt_expiry_s=_duration_s(text("JWT_EXPIRY")),
        cors_origin=text("CORS_ORIGIN"),
        heartbeat_s=whole("SSE_HEARTBEAT_INTERVAL") / 1000,
        most_streams=whole("SSE_MAX_CLIENTS_PER_INSTANCE"),
        message_timeout_s=whole("SSE_MESSAGE_TIMEOUT") / 1000,
        request_timeout_s=whole("REQUEST_TIMEOUT") / 1000,
        grace_s=whole("SHUTDOWN_GRACE_PERIOD") / 1000,
        keep_alive_s=whole("KEEP_ALIVE_TIMEOUT") / 1000,
        traced=text("XRAY_ENABLED") == "true",
        namespace=text("CLOUDWATCH_NAMESPACE"),
    )


def _duration_s(text: str) -> int:
    """Seconds of a duration such as 24h."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    if text[-1:] not in units or not text[:-1].isdigit():
        raise SettingError(f"JWT_EXPIRY must be a number with s, m, h or d, such as 24h, not {text!r}")
    return int(text[:-1]) * units[text[-1]]
