"""EXPOSE: whether anything private is public, in clear or without bounds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from analysis.architecture import Resource, Unknown, Value
from analysis.facts import without_resource
from analysis.proofs.restore import restored
from analysis.proofs.rule import Requirement, Rule, Verdict, attribute_verdict, judged, requires, true
from analysis.proofs.start import STORES
from analysis.proofs.view import View
from analysis.wiring.names import DISTRIBUTION
from analysis.wiring.network import EVERYWHERE
from analysis.wiring.policies import statements
from analysis.wiring.values import blocks, items

SECRET_NAME = re.compile(r"(^|_)(PASS|PASSWORD|PASSWD|SECRET|SECRET_KEY|TOKEN|API_?KEY|PRIVATE_KEY|AUTH)$")
NO_CREDENTIAL = re.compile(r"^(|true|false|\d+)$", re.IGNORECASE)

ENCRYPTED: tuple[tuple[str, str, Requirement, str], ...] = (
    ("aws_db_instance", "storage_encrypted", true, "true"),
    ("aws_rds_cluster", "storage_encrypted", true, "true"),
    ("aws_elasticache_replication_group", "at_rest_encryption_enabled", true, "true"),
    ("aws_elasticache_replication_group", "transit_encryption_enabled", true, "true"),
    ("aws_efs_file_system", "encrypted", true, "true"),
    ("aws_ebs_volume", "encrypted", true, "true"),
    ("aws_kinesis_stream", "encryption_type", lambda v: v == "KMS", "KMS"),
    ("aws_redshift_cluster", "encrypted", true, "true"),
    ("aws_docdb_cluster", "storage_encrypted", true, "true"),
    ("aws_neptune_cluster", "storage_encrypted", true, "true"),
)
"""Type, argument, requirement: what lies in clear without it. Queues, "
"tables, buckets and topics are encrypted by AWS's default keys."""

# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
WITHOUT_RESOURCE = re.compile(
    r"^(ec2:Describe.*|ecs:(Describe|List)TaskDefinition.*|xray:.*|ssmmessages:.*|ec2:(Create|Delete|Assign|Unassign).*NetworkInterface.*"
    r"|ec2:(Unassign|Assign)PrivateIpAddresses)$",
    re.IGNORECASE,
)
"""What is allowed on every resource by custom beside the actions that cannot be bound: groups of actions by a pattern, and those
on network interfaces, which Lambda wants on every resource before it puts a function into a network."""

POLICIES = {  # a policy that stands on a resource, and the argument that holds it
    "aws_s3_bucket_policy": "policy",
    "aws_sns_topic_policy": "policy",
    "aws_sqs_queue_policy": "policy",
    "aws_ecr_repository_policy": "policy",
    "aws_secretsmanager_secret_policy": "policy",
    "aws_kms_key": "policy",
    "aws_iam_role": "assume_role_policy",
}


def stores_private(view: View) -> Iterator[Verdict]:
    """No database has a public address or stands in a public subnet."""
    for store in view.model.of_type(*STORES):
        if store.type == "aws_db_instance":
            yield attribute_verdict(store, "publicly_accessible", lambda v: not true(v), "false")
        groups = view.references.linked(
            store, STORES[store.type][1], "aws_db_subnet_group", "aws_elasticache_subnet_group"
        )
        for subnet in (s for g in groups for s in view.network.subnets_of(g.values.get("subnet_ids"))):
            public = view.network.is_public(subnet)
            yield judged(
                store,
                STORES[store.type][1],
                not public,
                f"{subnet.address} " + ("leads" if public else "does not lead") + " to an Internet gateway",
            )


def _used_by(view: View, group: Resource) -> list[Resource]:
    """The resources that a security group is attached to."""
    kinds = ("security_groups", "security_group_ids", "vpc_security_group_ids", "network_configuration", "vpc_config")
    return [
        r
        for r in view.model.referring_to(group.address)
        if any(ref.address == group.address and ref.via.split(".")[0].split("[")[0] in kinds for ref in r.references)
        and not r.type.startswith(("aws_security_group", "aws_vpc_security_group"))
    ]


def open_groups(view: View) -> Iterator[Verdict]:
    """Only what stands before the public lets the whole Internet in, and only at the ports of the web."""
    for group in view.model.of_type("aws_security_group"):
        users = _used_by(view, group)
        public = bool(users) and all(u.type == "aws_lb" and u.values.get("internal") is not True for u in users)
        for peer in view.network.peers(group, "ingress"):
            where = (
                f"{peer.first_port:g}"
                if peer.first_port == peer.last_port
                else f"{peer.first_port:g} to {peer.last_port:g}"
            )
            if any(isinstance(c, Unknown) for c in peer.cidrs):
                yield judged(peer.resource, "cidr_ipv4", None, "its address range is known only after apply")
                continue
            if not peer.everywhere:
                yield judged(
                    peer.resource,
                    "cidr_ipv4",
                    True,
                    f"{group.address} lets in "
                    f"{', '.join(str(c) for c in peer.cidrs) or ', '.join(peer.groups) or 'a prefix list'} at {where}",
                )
                continue
            web = peer.first_port == peer.last_port and peer.first_port in {80, 443}
            used = ", ".join(u.address for u in users) or "nothing of this stack"
            yield judged(
                peer.resource,
                "cidr_ipv4",
                None
                if web and not users
                else public and web,  # a controller or another stack may give it to a balancer
                f"{group.address} ({used}) lets {' and '.join(str(c) for c in peer.cidrs if c in EVERYWHERE)} in at {where}",
            )


def behind_edge(view: View) -> Iterator[Verdict]:
    """A public balancer behind a CDN lets nobody walk past it."""
    behind = {
        balancer.address: (balancer, distribution.address)
        for distribution in view.model.of_type(DISTRIBUTION)
        for origin in blocks(distribution.values.get("origin"))
        for balancer in view.names.balancers_of(origin.get("domain_name"))
        if balancer.values.get("internal") is not True
    }
    for balancer, edge in behind.values():
        for group in view.network.groups_of(balancer.values.get("security_groups")):
            wide = [p for p in view.network.peers(group, "ingress") if p.everywhere]
            said = (
                f"{', '.join(p.resource.address for p in wide)} lets everyone reach {balancer.address} past {edge}"
                if wide
                else f"{group.address} lets in prefix lists and groups only"
            )
            yield judged(balancer, "security_groups", not wide, said)


def encrypted(view: View) -> Iterator[Verdict]:
    """What is stored and what travels inside is encrypted."""
    for kind, path, test, says in ENCRYPTED:
        for resource in view.model.of_type(kind):
            if resource.values.get(path) is None and resource.values.get("replicate_source_db") is not None:
                continue
            if resource.values.get(path) is None and restored(resource):
                yield judged(resource, path, None, f"{path} is that of the copy it is restored from")
                continue
            yield attribute_verdict(resource, path, test, says)


def listeners(view: View) -> Iterator[Verdict]:
    """A listener speaks TLS, or sends its clients to one that does."""
    for listener in view.model.of_type("aws_lb_listener"):
        protocol = listener.values.get("protocol")
        actions = [*blocks(listener.values.get("default_action"))]
        redirected = bool(actions) and all(
            a.get("type") == "redirect" and any(r.get("protocol") == "HTTPS" for r in blocks(a.get("redirect")))
            for a in actions
        )
        if protocol in {"HTTPS", "TLS"}:
            policy = str(listener.values.get("ssl_policy") or "ELBSecurityPolicy-2016-08 (default)")
            modern = any(mark in policy for mark in ("TLS13", "TLS-1-2", "FS-1-2"))
            yield judged(
                listener,
                "ssl_policy",
                modern,
                f"{protocol} with {policy}" + ("" if modern else ", which speaks TLS 1.0"),
            )
        elif isinstance(protocol, Unknown):
            yield judged(listener, "protocol", None, "its protocol is known only after apply")
        else:
            yield judged(
                listener,
                "protocol",
                redirected,
                f"{protocol or 'HTTP'} on port {listener.values.get('port')} "
                + ("redirects to HTTPS" if redirected else "answers in clear"),
            )


def edge_tls(view: View) -> Iterator[Verdict]:
    """The edge speaks TLS on both sides, 1.2 or newer."""
    for edge in view.model.of_type("aws_cloudfront_distribution"):
        for attribute in ("default_cache_behavior", "ordered_cache_behavior"):
            for block in blocks(edge.values.get(attribute)):
                policy = block.get("viewer_protocol_policy")
                yield judged(
                    edge,
                    attribute,
                    policy in {"redirect-to-https", "https-only"},
                    f"behaviour {block.get('path_pattern') or '*'}: viewer_protocol_policy is {policy}",
                )
        for origin in blocks(edge.values.get("origin")):
            for config in blocks(origin.get("custom_origin_config")):
                policy = config.get("origin_protocol_policy")
                yield judged(
                    edge,
                    "origin",
                    policy == "https-only",
                    f"origin {origin.get('origin_id')}: origin_protocol_policy is {policy}",
                )
        for certificate in blocks(edge.values.get("viewer_certificate")):
            version = certificate.get("minimum_protocol_version")
            if certificate.get("cloudfront_default_certificate") is True:
                yield judged(
                    edge, "viewer_certificate", False, "CloudFront's own certificate: no name of yours, and TLS 1.0"
                )
            else:
                yield judged(
                    edge,
                    "viewer_certificate",
                    str(version).startswith(("TLSv1.2", "TLSv1.3")),
                    f"minimum_protocol_version is {version}",
                )


BLOCKS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")


def _blocks(view: View, bucket: Resource) -> list[Resource]:
    return [*view.references.about(bucket, "bucket", "aws_s3_bucket_public_access_block")]


def private_buckets(view: View) -> Iterator[Verdict]:
    """No block on public access to a bucket is lifted: S3 sets all four on a new bucket, and what is written replaces them."""
    for bucket in view.model.of_type("aws_s3_bucket"):
        found = _blocks(view, bucket)
        missing = [key for key in BLOCKS if found and not any(true(one.values.get(key)) for one in found)]
        hidden = [key for key in missing if any(isinstance(one.values.get(key), Unknown) for one in found)]
        verb = "is" if len(missing) == 1 else "are"
        said = "all four are set" if found else "none is written, and S3 sets all four on a new bucket"
        yield judged(
            bucket,
            "bucket",
            None if missing and missing == hidden else not missing,
            f"{', '.join(missing)} {verb} {'known only after apply' if missing == hidden else 'not true'}"
            if missing
            else said,
        )


def written_blocks(view: View) -> Iterator[Verdict]:
    """The block on public access is part of the stack, so that an apply puts it back."""
    for bucket in view.model.of_type("aws_s3_bucket"):
        found = _blocks(view, bucket)
        yield judged(
            bucket,
            "bucket",
            bool(found),
            found[0].address if found else "no block is written: where S3's own is lifted by hand, no plan shows it",
        )


def bucket_tls(view: View) -> Iterator[Verdict]:
    """A bucket answers over TLS only."""
    for bucket in view.model.of_type("aws_s3_bucket"):
        policies = [
            statements(p.values.get("policy")) for p in view.references.about(bucket, "bucket", "aws_s3_bucket_policy")
        ]
        if None in policies:
            yield judged(bucket, "bucket", None, "its policy cannot be read")
            continue
        denied = any(
            s.get("Effect") == "Deny" and "aws:SecureTransport" in str(s.get("Condition"))
            for p in policies
            for s in p or ()
        )
        yield judged(
            bucket,
            "bucket",
            denied,
            "its policy " + ("denies" if denied else "does not deny") + " requests without TLS",
        )


def open_policies(view: View) -> Iterator[Verdict]:
    """No policy on a resource lets everyone in."""
    for kind, attribute in POLICIES.items():
        for resource in view.model.of_type(kind):
            value = resource.values.get(attribute)
            if value is None:
                continue
            found = statements(value)
            if found is None:
                yield judged(resource, attribute, None, f"{attribute} cannot be read before apply")
                continue
            wide = [
                s
                for s in found
                if s.get("Effect") == "Allow" and _everyone(s.get("Principal")) and not s.get("Condition")
            ]
            said = f"{attribute}: " + (
                f"statement {wide[0].get('Sid') or ''} allows everyone {', '.join(str(a) for a in items(wide[0].get('Action')))}"
                if wide
                else f"{len(found)} statements, none for everyone"
            )
            yield judged(resource, attribute, not wide, said)


def _everyone(principal: Value) -> bool:
    if isinstance(principal, Mapping):
        return any("*" in items(v) for v in principal.values())
    return bool(principal == "*")


IDENTITY_POOL = "cognito-identity.amazonaws.com:aud"
"""Names the one identity pool whose users take a role on: Cognito has no subject that could be known before they sign in."""


BINDING = re.compile(r"(ForAnyValue:|ForAllValues:)?String(Equals|Like)(IgnoreCase)?")
"""The operators of a condition that name what is let in; the others name what is kept out."""


def federated(view: View) -> Iterator[Verdict]:
    """A role for an outside identity provider names the one subject that may take it on."""
    for role in view.model.of_type("aws_iam_role"):
        for statement in statements(role.values.get("assume_role_policy")) or ():
            if "sts:AssumeRoleWithWebIdentity" not in items(statement.get("Action")):
                continue
            condition = statement.get("Condition")
            if isinstance(condition, Unknown):
                yield judged(
                    role,
                    "assume_role_policy",
                    None,
                    f"what it asks for is known only after apply: {condition.reference}",
                )
                continue
            named = [
                item
                for operator, test in (condition.items() if isinstance(condition, Mapping) else ())
                if isinstance(test, Mapping) and BINDING.fullmatch(str(operator))
                for key, value in test.items()
                if str(key).endswith(":sub") or key == IDENTITY_POOL
                for item in items(value)
            ]
            wide = [item for item in named if isinstance(item, str) and (item == "*" or item.endswith(":*"))]
            hidden = not wide and any(isinstance(item, Unknown) for item in named)
            said = ", ".join(item.reference if isinstance(item, Unknown) else str(item) for item in named)
            bound = bool(named) and not wide
            yield judged(role, "assume_role_policy", None if hidden else bound, f"subject {said or 'not named'}")


def secrets(view: View) -> Iterator[Verdict]:
    """No credential stands in a plain environment variable."""
    for task in view.tasks:
        if task.containers is None:
            yield judged(task.place, "container_definitions", None, "its containers cannot be read")
            continue
        if task.hides("environment"):
            yield judged(task.place, "container_definitions", None, "its environment is known only after apply")
            continue
        yield from _plain(view, task.place, "container_definitions", task.environment)
    for function in view.model.of_type("aws_lambda_function"):
        for block in blocks(function.values.get("environment")):
            variables = block.get("variables")
            if isinstance(variables, Mapping):
                yield from _plain(view, function, "environment", variables)


POINTED_AT = frozenset({"aws_secretsmanager_secret", "aws_ssm_parameter"})
"""What a program is given the name or the ARN of, and reads by itself."""


def _plain(view: View, place: Resource, attribute: str, variables: Mapping[str, Value]) -> Iterator[Verdict]:
    bad = []
    names = {r.values.get("name") for kind in POINTED_AT for r in view.model.of_type(kind)}
    for name, value in sorted(variables.items()):
        kinds = {r.type for r in view.references.behind(value)}
        named = SECRET_NAME.search(name) is not None and not (isinstance(value, str) and NO_CREDENTIAL.match(value))
        # The ARN or the name of a secret is no secret; what holds the value itself is.
        pointer = (isinstance(value, str) and (value.startswith("arn:") or value in names)) or (
            bool(kinds) and kinds <= POINTED_AT and not str(getattr(value, "reference", "")).endswith(".value")
        )
        if (named and not pointer) or kinds & {"random_password", "aws_secretsmanager_secret_version"}:
            bad.append(name)
    yield judged(
        place,
        attribute,
        not bad,
        f"{', '.join(bad)} holds a credential in clear"
        if bad
        else f"{len(variables)} plain variables, none of them a credential",
    )


def _role_statements(view: View) -> Iterator[tuple[Resource, Resource, tuple[Mapping[str, Value], ...] | None]]:
    for role in view.model.of_type("aws_iam_role"):
        for place, found in view.policies.of(role):
            yield role, place, found


def _where(place: Resource) -> str:
    return "policy" if "policy" in place.values else "policy_arn" if "policy_arn" in place.values else "inline_policy"


def actions(view: View) -> Iterator[Verdict]:
    """No role may do everything, or everything with a service."""
    for role, place, found in _role_statements(view):
        if found is None:
            yield judged(place, _where(place), None, f"a policy of {role.address} cannot be read before apply")
            continue
        wide = sorted(
            {
                str(a)
                for s in found
                if s.get("Effect") == "Allow"
                for a in items(s.get("Action"))
                if a == "*" or str(a).endswith(":*")
            }
        )
        wide += ["NotAction" for s in found if s.get("Effect") == "Allow" and "NotAction" in s]
        yield judged(
            place,
            _where(place),
            not wide,
            f"{role.address} is allowed {', '.join(wide)}"
            if wide
            else f"{sum(len(items(s.get('Action'))) for s in found)} actions of {role.address}, all named",
        )


def resources(view: View) -> Iterator[Verdict]:
    """An action that can be bound to a resource is bound to one."""
    for role, place, found in _role_statements(view):
        if found is None or place.type == "aws_iam_role_policy_attachment":
            continue  # AWS's own policies are wide by nature; the rule on actions judges them
        loose = sorted(
            str(a)
            for s in found
            if s.get("Effect") == "Allow" and "*" in items(s.get("Resource")) and not s.get("Condition")
            for a in items(s.get("Action"))
            if not without_resource(str(a)) and not WITHOUT_RESOURCE.match(str(a))
        )
        yield judged(
            place,
            _where(place),
            not loose,
            f"{role.address} is allowed {', '.join(loose)} on every resource"
            if loose
            else f"{role.address}: what can name a resource names one",
        )


def public_tasks(view: View) -> Iterator[Verdict]:
    """Tasks have no public address."""
    for task in view.tasks:
        given = any(true(b.get("assign_public_ip")) for b in blocks(task.service.values.get("network_configuration")))
        yield judged(task.service, "network_configuration", not given, f"assign_public_ip is {str(given).lower()}")


def firewalls(view: View) -> Iterator[Verdict]:
    """A firewall stands before what the public reaches first."""
    for edge in view.model.of_type("aws_cloudfront_distribution"):
        acl = edge.values.get("web_acl_id")
        yield judged(
            edge,
            "web_acl_id",
            isinstance(acl, Unknown) or bool(acl),
            "a web ACL is attached" if acl else "no web ACL is attached",
        )


def key_rotation(view: View) -> Iterator[Verdict]:
    """Keys of the stack are rotated."""
    for key in view.model.of_type("aws_kms_key"):
        if (
            key.values.get("key_usage") in {None, "ENCRYPT_DECRYPT"}
            and str(key.values.get("customer_master_key_spec") or "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT"
        ):
            yield attribute_verdict(key, "enable_key_rotation", true, "true")


RULES = (
    Rule(
        "EXPOSE-01",
        "error",
        "Databases and caches are private",
        "Set publicly_accessible = false and use subnets without a route to an Internet gateway.",
        stores_private,
    ),
    Rule(
        "EXPOSE-02",
        "error",
        "Only public balancers let the Internet in, at the ports of the web",
        "Name the security group of who may come in.",
        open_groups,
    ),
    Rule(
        "EXPOSE-03",
        "warning",
        "Nobody walks past the edge",
        "Let in the prefix list com.amazonaws.global.cloudfront.origin-facing only.",
        behind_edge,
    ),
    Rule(
        "EXPOSE-04",
        "error",
        "What is stored and what travels inside is encrypted",
        "Turn the encryption on.",
        encrypted,
    ),
    Rule(
        "EXPOSE-05",
        "error",
        "Listeners speak TLS",
        "Use HTTPS with a TLS 1.2 or 1.3 policy, and redirect HTTP to it.",
        listeners,
    ),
    Rule(
        "EXPOSE-06",
        "error",
        "The edge speaks TLS on both sides",
        'Set viewer_protocol_policy = "redirect-to-https", origin_protocol_policy = "https-only" '
        "and a certificate with TLSv1.2_2021.",
        edge_tls,
    ),
    Rule(
        "EXPOSE-07",
        "error",
        "Buckets block public access",
        "Set all four in aws_s3_bucket_public_access_block.",
        private_buckets,
    ),
    Rule(
        "EXPOSE-08",
        "warning",
        "Buckets answer over TLS only",
        "Deny s3:* where aws:SecureTransport is false.",
        bucket_tls,
    ),
    Rule(
        "EXPOSE-09",
        "error",
        "No policy lets everyone in",
        "Name the principal, or add a condition on the source.",
        open_policies,
    ),
    Rule(
        "EXPOSE-10",
        "error",
        "An outside identity is bound to one subject",
        "Add a condition on the provider's `sub` without a wildcard at its end.",
        federated,
    ),
    Rule(
        "EXPOSE-11",
        "error",
        "No credential stands in a plain environment variable",
        "Put it into Secrets Manager and name it under `secrets`.",
        secrets,
    ),
    Rule("EXPOSE-12", "error", "No role may do everything", "Name the actions.", actions),
    Rule(
        "EXPOSE-13",
        "warning",
        "What can be bound to a resource is bound",
        "Name the resource's ARN in the statement.",
        resources,
    ),
    Rule(
        "EXPOSE-14",
        "warning",
        "Tasks have no public address",
        "Set assign_public_ip = false, and give the subnets a NAT gateway or endpoints.",
        public_tasks,
    ),
    Rule("EXPOSE-15", "warning", "A firewall stands before the public edge", "Attach a web ACL.", firewalls),
    Rule("EXPOSE-16", "warning", "Keys are rotated", "Set enable_key_rotation = true.", key_rotation),
    Rule(
        "EXPOSE-17",
        "warning",
        "Requests with broken headers are dropped",
        "Set drop_invalid_header_fields = true.",
        requires(("aws_lb",), "drop_invalid_header_fields", true, "true"),
    ),
    Rule(
        "EXPOSE-18",
        "warning",
        "The block on public access to a bucket is written down",
        "Add aws_s3_bucket_public_access_block with all four set.",
        written_blocks,
    ),
)
