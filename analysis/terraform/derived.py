"""Attributes that the provider works out from other arguments while it plans, before anything exists.

A plan shows them known, or known in part, although nobody configured them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from analysis.architecture import Unknown, Value
from analysis.terraform.values import SetValue, set_of

Get = Callable[[str], Value]
"""The configured value of an argument of the same resource, None where it is not set."""


def _certificate_names(get: Get, address: str) -> Value:
    """A certificate's domain name is one of its alternative names."""
    domain, others = get("domain_name"), get("subject_alternative_names")
    if domain is None or isinstance(others, Unknown):
        return Unknown(f"{address}.subject_alternative_names")
    return set_of((domain, *(others or ())))


def _certificate_validations(get: Get, address: str) -> Value:
    """One validation record for each name; what the record holds, ACM says later."""
    names = _certificate_names(get, address)
    if not isinstance(names, tuple) or get("validation_method") is None:
        return Unknown(f"{address}.domain_validation_options")
    return SetValue(
        {
            "domain_name": name,
            **{
                field: Unknown(f"{address}.domain_validation_options[{index}].{field}")
                for field in ("resource_record_name", "resource_record_type", "resource_record_value")
            },
        }
        for index, name in enumerate(names)
    )


def _key_reuse(get: Get, address: str) -> Value:
    """Seconds for which a queue uses a data key again: a queue under SQS's own keys has none, and the plan says 0."""
    if get("sqs_managed_sse_enabled") is True:
        return 0
    configured = get("kms_data_key_reuse_period_seconds")
    return Unknown(f"{address}.kms_data_key_reuse_period_seconds") if configured is None else configured


def only(argument: str, default: str, *values: str) -> Callable[[Get], bool]:
    """Whether an attribute applies: the argument, or its default, is one of the values."""
    return lambda get: (get(argument) or default) in values


# https://github.com/hashicorp/terraform-provider-aws/blob/v5.100.0/internal/service/elbv2/load_balancer.go (DiffSuppressFunc)
OF_APPLICATION_BALANCERS = (
    "client_keep_alive",
    "desync_mitigation_mode",
    "drop_invalid_header_fields",
    "enable_http2",
    "enable_tls_version_and_cipher_suite_headers",
    "enable_waf_fail_open",
    "enable_xff_client_port",
    "idle_timeout",
    "preserve_host_header",
    "xff_header_processing_mode",
)
APPLIES: Mapping[tuple[str, str], Callable[[Get], bool]] = {
    (kind, name): only("load_balancer_type", "application", "application")
    for kind in ("aws_lb", "aws_alb")
    for name in OF_APPLICATION_BALANCERS
} | {
    (kind, "dns_record_client_routing_policy"): only("load_balancer_type", "application", "network")
    for kind in ("aws_lb", "aws_alb")
}
"""When an attribute is planned at all, by resource type and attribute; one that is not here always is."""


def _kept_input(get: Get, address: str) -> Value:
    """What `terraform_data` gives back: what it is given, once that is applied."""
    return None if get("input") is None else Unknown(f"{address}.output")


DERIVED: Mapping[tuple[str, str], Callable[[Get, str], Value]] = {
    # https://github.com/hashicorp/terraform-provider-aws/blob/v5.100.0/internal/service/acm/certificate.go (CustomizeDiff)
    ("aws_acm_certificate", "subject_alternative_names"): _certificate_names,
    ("aws_acm_certificate", "domain_validation_options"): _certificate_validations,
    ("terraform_data", "output"): _kept_input,
    # The provider suppresses the difference; seen in the plan of version 5.100.0.
    ("aws_sqs_queue", "kms_data_key_reuse_period_seconds"): _key_reuse,
}
"""By resource type and attribute."""


def derived_names(resource_type: str) -> tuple[str, ...]:
    """The attributes of a type that are worked out."""
    return tuple(name for kind, name in DERIVED if kind == resource_type)
