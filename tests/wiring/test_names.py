"""Names lead where DNS leads, and a certificate covers what a client would accept."""

import pytest

from analysis import terraform
from analysis.proofs import names as rules
from analysis.proofs.view import View
from analysis.wiring.names import Names, covers
from analysis.wiring.references import References

STACK = """
resource "aws_route53_zone" "z" {
  name = "Shop.example."
}

resource "aws_lb" "front" {
  name = "front"
}

resource "aws_acm_certificate" "c" {
  domain_name               = "shop.example"
  subject_alternative_names = ["*.shop.example"]
}

resource "aws_lb_listener" "tls" {
  load_balancer_arn = aws_lb.front.arn
  protocol          = "HTTPS"
  port              = 443
  certificate_arn   = aws_acm_certificate.c.arn

  default_action {
    type = "fixed-response"
  }
}
"""

RECORD = """
resource "aws_route53_record" "%s" {
  zone_id = aws_route53_zone.z.zone_id
  name    = "%s"
  type    = "%s"
  ttl     = 60
  records = [%s]
}
"""


@pytest.mark.parametrize(
    ("pattern", "name", "does"),
    [
        ("api.shop.example", "API.shop.example.", True),
        ("*.shop.example", "api.shop.example", True),
        ("*.shop.example", "shop.example", False),
        ("*.shop.example", "a.b.shop.example", False),
        ("shop.example", "api.shop.example", False),
    ],
)
def test_a_star_stands_for_one_label(pattern, name, does):
    assert covers(pattern, name) is does


def view(tmp_path, text):
    (tmp_path / "main.tf").write_text(text)
    return View(terraform.load(tmp_path))


def verdicts(check, seen):
    return [(verdict.state, verdict.address) for verdict in check(seen)]


def test_a_relative_name_ends_in_that_of_its_zone_and_a_chain_of_names_leads_to_its_end(tmp_path):
    chain = (
        RECORD % ("a", "api", "CNAME", "aws_lb.front.dns_name")
        + RECORD % ("b", "www.shop.example", "CNAME", '"API.shop.example."')
        + RECORD % ("c", "old", "CNAME", "aws_route53_record.b.fqdn")
        + RECORD % ("t", "note", "TXT", '"api.shop.example"')
    )
    names = Names(References(terraform.load(write(tmp_path, STACK + chain))))
    assert [(n.name, n.target.address) for n in names.records] == [
        ("api.shop.example", "aws_lb.front"),
        ("www.shop.example", "aws_lb.front"),
        ("old.shop.example", "aws_lb.front"),
    ]


def write(tmp_path, text):
    (tmp_path / "main.tf").write_text(text)
    return tmp_path


def test_names_that_name_each_other_lead_nowhere_and_end(tmp_path):
    circle = RECORD % ("a", "a", "CNAME", '"b.shop.example"') + RECORD % ("b", "b", "CNAME", '"a.shop.example"')
    assert Names(References(terraform.load(write(tmp_path, STACK + circle)))).records == ()


FURTHER = """
resource "aws_acm_certificate" "d" {
  domain_name = "a.b.shop.example"
}

resource "aws_lb_listener_certificate" "d" {
  listener_arn    = aws_lb_listener.tls.arn
  certificate_arn = %s
}
"""
ELSEWHERE = '"arn:aws:acm:us-east-1:123456789012:certificate/elsewhere"'


@pytest.mark.parametrize(
    ("name", "extra", "state"),
    [
        ("api", "", "holds"),
        ("a.b", "", "fails"),
        ("a.b", FURTHER % "aws_acm_certificate.d.arn", "holds"),
        ("a.b", FURTHER % ELSEWHERE, "undecidable"),
    ],
    ids=["the star", "two labels below the star", "a further certificate", "a certificate of another stack"],
)
def test_a_name_is_in_one_of_the_certificates_of_the_listener_that_it_leads_to(tmp_path, name, extra, state):
    seen = view(tmp_path, STACK + RECORD % ("a", name, "CNAME", "aws_lb.front.dns_name") + extra)
    assert verdicts(rules.at_a_listener, seen) == [(state, "aws_lb_listener.tls")]


CDN = """
resource "aws_cloudfront_distribution" "cdn" {
  enabled = true
  aliases = ["www.shop.example"]

  origin {
    origin_id   = "app"
    domain_name = %s
    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "%s"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }

  default_cache_behavior {
    target_origin_id         = "app"
    viewer_protocol_policy   = "https-only"
    allowed_methods          = ["GET", "HEAD"]
    cached_methods           = ["GET", "HEAD"]
    cache_policy_id          = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    origin_request_policy_id = %s
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn = aws_acm_certificate.c.arn
    ssl_support_method  = "sni-only"
  }
}
"""

OWN, ALL = "aws_lb.front.dns_name", '"216adef6-5c7f-47e4-b989-5492eafa07d3"'


@pytest.mark.parametrize(
    ("domain", "protocol", "policy", "states"),
    [
        (OWN, "https-only", "null", ["fails"]),  # nobody can have a certificate for a name of AWS's
        (OWN, "https-only", ALL, ["holds"]),  # the balancer is asked for the viewer's name
        (OWN, "http-only", "null", []),
        ('"origin.shop.example"', "https-only", "null", ["holds"]),
    ],
)
def test_the_cdn_accepts_an_origin_by_its_name_or_by_the_host_that_it_hands_on(
    tmp_path, domain, protocol, policy, states
):
    text = STACK + CDN % (domain, protocol, policy) + RECORD % ("o", "origin", "CNAME", "aws_lb.front.dns_name")
    assert [state for state, _ in verdicts(rules.at_the_origin, view(tmp_path, text))] == states


def test_an_origin_behind_an_alias_of_its_own_cdn_leads_back(tmp_path):
    text = STACK + CDN % ('"www.shop.example"', "https-only", "null")
    assert verdicts(rules.no_circle, view(tmp_path, text)) == [("fails", "aws_cloudfront_distribution.cdn")]


def test_a_name_past_the_cdn_is_said_at_its_record_and_the_origins_name_is_none(tmp_path):
    text = STACK + CDN % ('"origin.shop.example"', "https-only", "null") + RECORD % ("o", "origin", "CNAME", OWN)
    assert verdicts(rules.through_the_cdn, view(tmp_path, text)) == [("holds", "aws_cloudfront_distribution.cdn")]
    past = view(tmp_path, text + RECORD % ("p", "api", "CNAME", OWN))
    assert verdicts(rules.through_the_cdn, past) == [("fails", "aws_route53_record.p")]
