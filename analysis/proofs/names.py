"""NAME: whether clients, and the CDN itself, arrive by the names that the stack gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analysis.architecture import Resource
from analysis.proofs.rule import Rule, Verdict, judged
from analysis.proofs.view import View
from analysis.wiring.names import API_NAMES, BALANCERS, DISTRIBUTION, covers
from analysis.wiring.values import blocks, first_block, items, known


def _covered(name: str, names: Iterable[str] | None) -> bool | None:
    return None if names is None else any(covers(pattern, name) for pattern in names)


def _listed(names: Iterable[str] | None) -> str:
    return "names that are not known here" if names is None else ", ".join(names) or "no name"


def at_the_cdn(view: View) -> Iterator[Verdict]:
    """A name that leads to a distribution is among its aliases, and each alias is in its certificate.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
    """
    for distribution in view.model.of_type(DISTRIBUTION):
        aliases = [alias for alias in items(distribution.values.get("aliases")) if alias]
        texts = None if any(not isinstance(alias, str) for alias in aliases) else tuple(map(str, aliases))
        for name in sorted({named.name for named in view.names.leading_to(distribution)}):
            yield judged(
                distribution, "aliases", _covered(name, texts), f"{name} leads to it; its aliases are {_listed(texts)}"
            )
        certificate = first_block(distribution.values.get("viewer_certificate"))
        own = certificate.get("cloudfront_default_certificate") is True
        names = () if own else view.names.certificate_names(certificate.get("acm_certificate_arn"))
        for alias in texts or ():
            yield judged(
                distribution,
                "viewer_certificate",
                _covered(alias, names),
                f"its alias {alias}; "
                + ("CloudFront's own certificate" if own else f"its certificate holds {_listed(names)}"),
            )


def at_a_listener(view: View) -> Iterator[Verdict]:
    """A name that leads to a balancer's TLS is in one of the listener's certificates; an API's name is in its own.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/https-listener-certificates.html
    """
    for balancer in view.model.of_type(*BALANCERS):
        names = sorted({named.name for named in view.names.leading_to(balancer)})
        for listener in view.names.tls_listeners(balancer) if names else ():
            held = view.names.listener_names(listener)
            for name in names:
                yield judged(
                    listener, "certificate_arn", _covered(name, held), f"{name} leads to it; it shows {_listed(held)}"
                )
    for api in view.model.of_type(*API_NAMES):
        name, held = known(api.values, "domain_name"), view.names.api_names(api)
        if isinstance(name, str):
            yield judged(api, "domain_name", _covered(name, held), f"{name}; its certificate holds {_listed(held)}")


def at_the_origin(view: View) -> Iterator[Verdict]:
    """An origin that is reached by TLS shows a certificate with the origin's name, or with the viewer's where Host is handed on.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/http-502-bad-gateway.html
    """
    for distribution in view.model.of_type(DISTRIBUTION):
        aliases = [str(alias) for alias in items(distribution.values.get("aliases")) if isinstance(alias, str)]
        for origin in blocks(distribution.values.get("origin")):
            policy = first_block(origin.get("custom_origin_config")).get("origin_protocol_policy")
            if policy not in {"https-only", "match-viewer"}:
                continue
            name = view.names.origin_name(origin.get("domain_name"))
            hosts = aliases if view.names.hands_host_on(distribution, origin.get("origin_id")) else []
            for balancer in view.names.balancers_of(origin.get("domain_name")):
                for listener in view.names.tls_listeners(balancer):
                    held = view.names.listener_names(listener)
                    by_host = bool(hosts) and all(_covered(host, held) for host in hosts)
                    shown = name or f"a name of AWS's for {balancer.address}"
                    fits = None if held is None else by_host or bool(name and _covered(name, held))
                    because = f"origin {origin.get('origin_id')} is {shown}; {listener.address} shows {_listed(held)}"
                    yield judged(distribution, "origin", fits, because)


def no_circle(view: View) -> Iterator[Verdict]:
    """No origin of a distribution leads back to it."""
    for distribution in view.model.of_type(DISTRIBUTION):
        aliases = [str(alias) for alias in items(distribution.values.get("aliases")) if isinstance(alias, str)]
        back = {named.name for named in view.names.records if named.target is distribution}
        for origin in blocks(distribution.values.get("origin")):
            name = view.names.origin_name(origin.get("domain_name"))
            behind = view.references.behind(origin.get("domain_name"))
            circle = distribution in behind or bool(name and (name in back or _covered(name, aliases)))
            leads = f"origin {origin.get('origin_id')}, {name or 'a name of its target'}, "
            yield judged(distribution, "origin", not circle, leads + ("leads back" if circle else "does not lead back"))


def through_the_cdn(view: View) -> Iterator[Verdict]:
    """Clients' names lead to the distribution and not past it to the balancer that is its origin."""
    for distribution in view.model.of_type(DISTRIBUTION):
        for balancer in _origins(view, distribution):
            past = view.names.leading_to(balancer)
            for name in sorted({named.name for named in past}):
                record = next(named.record for named in past if named.name == name)
                yield judged(
                    record, "alias", False, f"{name} leads to {balancer.address}, past {distribution.address} before it"
                )
            if not past:
                yield judged(distribution, "origin", True, f"no name of clients leads past it to {balancer.address}")


def _origins(view: View, distribution: Resource) -> list[Resource]:
    origins = blocks(distribution.values.get("origin"))
    return list({r.address: r for o in origins for r in view.names.balancers_of(o.get("domain_name"))}.values())


RULES = (
    Rule(
        "NAME-01",
        "error",
        "The CDN answers to the names that lead to it",
        "Add the name to the distribution's aliases, and to its certificate.",
        at_the_cdn,
    ),
    Rule(
        "NAME-02",
        "error",
        "Balancers and APIs show a certificate with the names that lead to them",
        "Add the name to the certificate, or another certificate to the listener.",
        at_a_listener,
    ),
    Rule(
        "NAME-03",
        "error",
        "An origin shows a certificate that the CDN accepts",
        "Give the origin a name of its own in the listener's certificate, and use it as domain_name.",
        at_the_origin,
    ),
    Rule(
        "NAME-04", "error", "No origin leads back to the CDN", "Let the origin's name lead to the balancer.", no_circle
    ),
    Rule(
        "NAME-05",
        "warning",
        "Clients' names lead to the CDN, not past it",
        "Let the record lead to the distribution, and give the balancer a name that only the CDN uses.",
        through_the_cdn,
    ),
)
