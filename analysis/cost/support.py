"""Which version of an engine a resource runs, and whether its extended support is charged on the day of the bill.

RDS and Aurora charge it by the vCPU of each instance, standby and reader, on top of the instance; ElastiCache as a share of the
node's price; EKS as another price of the control plane.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/extended-support-charges.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple

from analysis.cost.setting import Applies, NotPriced, Setting
from analysis.facts.engines import Support, newer, support, supports

DISABLED = "open-source-rds-extended-support-disabled"
"""What `engine_lifecycle_support` says where AWS is to upgrade at the end of standard support, and nothing is charged."""

CACHE_SHARE = {1: Decimal("0.8"), 3: Decimal("1.6")}
"""What extended support of ElastiCache adds to the price of a node, by the year of support:
https://aws.amazon.com/elasticache/pricing/ (extended support)."""

ENGINES = {"mysql": "rds-mysql", "postgres": "rds-postgresql", "mariadb": "rds-mariadb", "aurora": "aurora-mysql"}
"""RDS engines by another name than that of the support facts."""

_AURORA_MYSQL = {"5.6": "1", "5.7": "2", "8.0": "3", "8.4": "4"}
"""The major version of Aurora MySQL by that of MySQL it is compatible with."""


class Version(NamedTuple):
    """The engine and version that a resource runs, and whether it stays in extended support when its standard support ends."""

    engine: str
    version: str
    enrolled: bool = True

    @property
    def support(self) -> Support | None:
        """The support of this version; None where no fact tells it."""
        return support(self.engine, self.version)

    @property
    def untold(self) -> bool:
        """Whether the engine's versions run out, and no fact says when this one does."""
        return self.engine in supports() and self.support is None and not newer(self.engine, self.version)


def _database(database: Setting) -> Version | None:
    copied = database
    for _ in range(16):  # a replica runs what it copies; RDS allows three levels
        if not copied.resource.values.get("replicate_source_db"):
            break
        source = copied.follow("replicate_source_db", "aws_db_instance")
        if source is None:
            return None
        copied = copied.of(source)
    version = database.text("engine_version") or copied.text("engine_version")
    enrolled = (database.text("engine_lifecycle_support") or copied.text("engine_lifecycle_support")) != DISABLED
    return _rds(database.text("engine") or copied.text("engine"), version, enrolled)


def _rds(engine: str, version: str, enrolled: bool) -> Version | None:
    name = ENGINES.get(engine, engine)
    if not version or not name:
        return None
    if name == "aurora-mysql":
        major = ".".join(version.split(".")[:2])
        _, marked, own = version.partition("mysql_aurora.")
        version = own if marked else _AURORA_MYSQL.get(major, version)
    return Version(name, version, enrolled)


def _cluster(cluster: Setting) -> Version | None:
    enrolled = cluster.text("engine_lifecycle_support") != DISABLED
    return _rds(cluster.text("engine"), cluster.text("engine_version"), enrolled)


def _cluster_instance(instance: Setting) -> Version | None:
    found = instance.follow("cluster_identifier", "aws_rds_cluster")
    if found is not None:
        return _cluster(instance.of(found))
    return _rds(instance.text("engine"), instance.text("engine_version"), True)


def _cache(cache: Setting) -> Version | None:
    version = cache.text("engine_version")
    return Version(f"elasticache-{cache.text('engine', 'redis')}", version) if version else None


def _kubernetes(cluster: Setting) -> Version | None:
    version = cluster.text("version")
    policy = cluster.block("upgrade_policy").get("support_type")
    return Version("eks", version, cluster.known(policy, "support_type") != "STANDARD") if version else None


def _search(domain: Setting) -> Version | None:
    version = domain.text("engine_version").replace("_", " ")
    old = domain.text("elasticsearch_version")
    if not version and domain.resource.type == "aws_elasticsearch_domain":
        version = f"Elasticsearch {old or '1.5'}"  # the provider's default
    return Version("opensearch", version) if version else None


def _documents(cluster: Setting) -> Version | None:
    version = cluster.text("engine_version")
    return Version("documentdb", version) if version else None


def _function(function: Setting) -> Version | None:
    runtime = function.text("runtime")
    return Version("lambda", runtime, False) if runtime else None


VERSIONS: Mapping[str, Callable[[Setting], Version | None]] = {
    "aws_db_instance": _database,
    "aws_rds_cluster": _cluster,
    "aws_rds_cluster_instance": _cluster_instance,
    "aws_elasticache_replication_group": _cache,
    "aws_elasticache_cluster": _cache,
    "aws_eks_cluster": _kubernetes,
    "aws_opensearch_domain": _search,
    "aws_elasticsearch_domain": _search,
    "aws_docdb_cluster": _documents,
    "aws_lambda_function": _function,
}
"""How the version of each type of resource is read."""


def version(setting: Setting) -> Version | None:
    """The version that a resource runs; None where it does not say, or has none. Raises NotPriced where it is not known yet."""
    read = VERSIONS.get(setting.resource.type)
    return read(setting) if read else None


def year(setting: Setting) -> int:
    """The year of extended support that is charged on the day of the bill: 0, 1 (years 1 and 2) or 3.

    Raises NotPriced where no fact says until when the version is supported.
    """
    found = version(setting)
    if found is None or not found.enrolled:
        return 0
    if found.untold:
        raise NotPriced(f"no fact says until when {found.engine} {found.version} is supported")
    return found.support.charged(setting.day) if found.support else 0


def in_year(number: int, applies: Applies = lambda _: True) -> Applies:
    """Whether that year of extended support is charged."""
    return lambda setting: applies(setting) and year(setting) == number
