"""Who may serve a crowd: what a public entry leads to. The stacks are in the style of public ones."""

import pytest

from analysis.facts import FactError, stack
from analysis.terraform import load
from analysis.wiring import PathError, request_path
from analysis.wiring.entries import entered
from analysis.wiring.names import Names
from analysis.wiring.references import References

SERVICE = """
resource "aws_ecs_task_definition" "NAME" {
  family                = "NAME"
  cpu                   = 256
  memory                = 512
  container_definitions = jsonencode([{ name = "NAME", image = "NAME" }])
}

resource "aws_ecs_service" "NAME" {
  name            = "NAME"
  task_definition = aws_ecs_task_definition.NAME.arn
  desired_count   = 2
BALANCED
}
"""
BALANCED = """
  load_balancer {
    target_group_arn = aws_lb_target_group.NAME.arn
    container_name   = "NAME"
    container_port   = 80
  }
"""
GROUP = """
resource "aws_lb_target_group" "NAME" {
  name = "NAME"
}
"""
BALANCER = """
resource "aws_lb" "NAME" {
  name     = "NAME"
  internal = INTERNAL
}

resource "aws_lb_listener" "NAME" {
  load_balancer_arn = aws_lb.NAME.arn
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.NAME.arn
  }
}
"""
RULE = """
resource "aws_lb_listener_rule" "NAME" {
  listener_arn = aws_lb_listener.web.arn
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.NAME.arn
  }
}
"""
CDN = """
resource "aws_cloudfront_distribution" "NAME" {
  enabled = true
  origin {
    origin_id   = "back"
    domain_name = aws_lb.TARGET.dns_name
  }
  default_cache_behavior {
    target_origin_id = "back"
    cache_policy_id  = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
  }
}
"""
FUNCTION = """
resource "aws_lambda_function" "api" {
  function_name = "api"
  role          = "arn:aws:iam::123456789012:role/api"
}

resource "aws_apigatewayv2_api" "public" {
  name          = "public"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_integration" "api" {
  api_id           = aws_apigatewayv2_api.public.id
  integration_type = "AWS_PROXY"
  integration_uri  = aws_lambda_function.api.invoke_arn
}
"""
FLEET = """
resource "aws_launch_template" "web" {
  image_id      = "ami-12345678"
  instance_type = "m7g.large"
}

resource "aws_autoscaling_group" "web" {
  min_size          = 2
  max_size          = 8
  target_group_arns = [aws_lb_target_group.web.arn]
  launch_template {
    id = aws_launch_template.web.id
  }
}
"""


def service(name, *, internal=None, rule=False):
    """A service; behind a balancer of its own where `internal` says of which kind, by a rule of `web`'s listener with `rule`."""
    alone = internal is None and not rule
    text = SERVICE.replace("BALANCED", "" if alone else BALANCED) + ("" if alone else GROUP)
    text += RULE if rule else "" if alone else BALANCER.replace("INTERNAL", str(internal).lower())
    return text.replace("NAME", name)


PUBLIC = service("web", internal=False)
ADMIN = service("admin", internal=True)
POLLER = service("poller")
EXPRESS = CDN.replace("NAME", "cdn").replace("TARGET", "web")


@pytest.fixture
def path_of(tmp_path):
    def path_of(text, enters=None):
        (tmp_path / "main.tf").write_text(text)
        if enters is None:
            return request_path(load(tmp_path))
        (tmp_path / "gameday.toml").write_text(f'title = "A stack"\nsummary = "For a test."\n\n[enters]\n{enters}\n')
        return request_path(load(tmp_path), stack(tmp_path))

    return path_of


@pytest.fixture
def refusal_of(path_of):
    def refusal_of(text, enters=None):
        with pytest.raises(PathError) as refusal:
            path_of(text, enters)
        return str(refusal.value)

    return refusal_of


def test_an_internal_service_beside_a_public_one_carries_nothing_of_the_crowd_and_that_is_said(path_of):
    path = path_of(ADMIN + PUBLIC)
    assert path.hops == ("aws_lb.web", "aws_ecs_service.web")
    (other,) = path.unreached
    assert str(other) == (
        "aws_ecs_service.admin carries nothing of the crowd: it stands behind the internal balancer aws_lb.admin (main.tf:26)"
    )
    assert any(d.message == str(other) and d.location.line == 9 for d in path.diagnostics)


def test_an_internal_service_alone_never_serves_the_crowd(refusal_of):
    refusal = refusal_of(ADMIN)
    assert (
        "aws_ecs_service.admin (main.tf:9): it stands behind the internal balancer aws_lb.admin (main.tf:26)" in refusal
    )
    assert "write in gameday.toml under [enters] service = 'aws_ecs_service.admin'" in refusal


def test_a_poller_alone_never_serves_the_crowd(refusal_of):
    assert "there is no request path: aws_ecs_service.poller (main.tf:9): no public entry leads to it" in refusal_of(
        POLLER
    )


def test_a_poller_beside_a_public_service_is_listed(path_of):
    assert [other.address for other in path_of(POLLER + PUBLIC).unreached] == ["aws_ecs_service.poller"]


def test_a_stack_in_which_nothing_answers_requests_says_so(refusal_of):
    refusal = refusal_of('resource "aws_s3_bucket" "b" {\n  bucket = "b"\n}\n')
    assert refusal.endswith("there is no request path: nothing here answers requests")


def test_of_two_services_behind_one_balancer_none_is_guessed_and_one_sentence_says_what_answers(refusal_of):
    refusal = refusal_of(PUBLIC + service("shop", rule=True))
    assert refusal.endswith(
        "aws_lb.web (main.tf:26) leads to aws_ecs_service.web (main.tf:9) and aws_ecs_service.shop (main.tf:46); the simulated "
        "night knows one service (`gameday capacity`, `premortem` and `cost` split the crowd by paths): write in gameday.toml "
        "under [enters] service = 'aws_ecs_service.web' or service = 'aws_ecs_service.shop'"
    )


def test_one_line_says_which_of_two_services_serves(path_of):
    path = path_of(PUBLIC + service("shop", rule=True), 'service = "aws_ecs_service.shop"')
    assert path.hops == ("aws_lb.web", "aws_ecs_service.shop")
    (other,) = path.unreached
    assert str(other).endswith(
        "nothing of the crowd: aws_lb.web (main.tf:26) leads to it, and gameday.toml names another"
    )


def test_of_two_balancers_the_one_that_is_named_is_the_entry(path_of, refusal_of):
    both = PUBLIC + service("shop", internal=False)
    assert "write in gameday.toml under [enters] crowd = 'aws_lb.shop' or crowd = 'aws_lb.web'" in refusal_of(both)
    assert path_of(both, "crowd = 'aws_lb.shop'").hops == ("aws_lb.shop", "aws_ecs_service.shop")


def test_a_balancer_behind_a_distribution_is_no_second_entry(path_of):
    assert path_of(PUBLIC + EXPRESS).hops == ("aws_cloudfront_distribution.cdn", "aws_lb.web", "aws_ecs_service.web")


def test_a_crowd_that_is_said_to_pass_the_distribution_by_does(path_of):
    assert path_of(PUBLIC + EXPRESS, "crowd = 'aws_lb.web'").hops == ("aws_lb.web", "aws_ecs_service.web")


NAME = """
resource "aws_route53_record" "api" {
  zone_id = "Z1"
  name    = "api.shop.example"
  type    = "CNAME"
  ttl     = 60
  records = [TARGET]
}
"""
TO_BALANCER = NAME.replace("TARGET", "aws_lb.web.dns_name")
ALIASED = EXPRESS.replace("  enabled = true", '  enabled = true\n  aliases = ["www.shop.example"]')


def test_a_name_that_leads_past_the_distribution_takes_it_out_of_the_way_and_that_is_said(path_of):
    path = path_of(PUBLIC + EXPRESS + TO_BALANCER)
    assert path.edge is None
    assert path.hops == ("aws_lb.web", "aws_ecs_service.web")
    (passed,) = path.unreached
    assert str(passed) == (
        "aws_cloudfront_distribution.cdn carries nothing of the crowd: api.shop.example (main.tf:51) leads to aws_lb.web "
        "behind it"
    )


def test_a_name_that_leads_to_the_distribution_leaves_it_in_the_way(path_of):
    path = path_of(PUBLIC + EXPRESS + NAME.replace("TARGET", "aws_cloudfront_distribution.cdn.domain_name"))
    assert path.hops[0] == "aws_cloudfront_distribution.cdn"


@pytest.mark.parametrize(
    "record",
    [
        TO_BALANCER
        + '\nresource "aws_route53_zone" "inside" {\n  name = "shop.example"\n  vpc {\n    vpc_id = "vpc-1"\n  }\n}\n',
        TO_BALANCER.replace(
            "  ttl ", '  failover_routing_policy {\n    type = "SECONDARY"\n  }\n  set_identifier = "b"\n  ttl '
        ),
    ],
    ids=["a private zone", "only after a failover"],
)
def test_a_name_by_which_no_crowd_comes_leads_past_nothing(path_of, record):
    inside = record.replace('"Z1"', "aws_route53_zone.inside.zone_id") if "inside" in record else record
    assert path_of(PUBLIC + EXPRESS + inside).hops[0] == "aws_cloudfront_distribution.cdn"


def test_a_distribution_with_aliases_and_a_named_balancer_behind_it_are_two_entries(refusal_of, path_of):
    both = PUBLIC + ALIASED + TO_BALANCER
    assert refusal_of(both).endswith("crowd = 'aws_cloudfront_distribution.cdn' or crowd = 'aws_lb.web'")
    assert path_of(both, "crowd = 'aws_cloudfront_distribution.cdn'").edge is not None
    assert path_of(both, "crowd = 'aws_lb.web'").edge is None


def test_the_file_has_the_last_word_on_a_distribution_that_a_name_leads_past(path_of):
    path = path_of(PUBLIC + EXPRESS + TO_BALANCER, "crowd = 'aws_cloudfront_distribution.cdn'")
    assert path.edge is not None
    assert path.unreached == ()


def test_an_api_is_named_by_the_domain_name_that_is_mapped_to_it(tmp_path):
    before = """
resource "aws_cloudfront_distribution" "cdn" {
  enabled = true
  origin {
    origin_id   = "back"
    domain_name = aws_apigatewayv2_api.public.id
  }
}

resource "aws_apigatewayv2_domain_name" "api" {
  domain_name = "api.shop.example"
  domain_name_configuration {
    certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
    endpoint_type   = "REGIONAL"
    security_policy = "TLS_1_2"
  }
}

resource "aws_apigatewayv2_api_mapping" "api" {
  api_id      = aws_apigatewayv2_api.public.id
  domain_name = aws_apigatewayv2_domain_name.api.id
  stage       = "$default"
}
"""
    to_api = NAME.replace("TARGET", "aws_apigatewayv2_domain_name.api.domain_name_configuration[0].target_domain_name")
    for record, entry in (("", "aws_cloudfront_distribution.cdn"), (to_api, "aws_apigatewayv2_api.public")):
        (tmp_path / "main.tf").write_text(FUNCTION + before + record)
        found = entered(Names(References(load(tmp_path))))
        assert [way.entry.address for way in found.ways] == [entry]
    assert [past.address for past in found.past] == ["aws_cloudfront_distribution.cdn"]


def test_an_origin_may_be_reached_by_a_name_that_a_record_leads_to_the_balancer(path_of):
    record = """
resource "aws_route53_record" "origin" {
  zone_id = "Z1"
  name    = "origin.shop.example"
  type    = "CNAME"
  ttl     = 60
  records = [aws_lb.web.dns_name]
}
"""
    text = EXPRESS.replace("aws_lb.web.dns_name", '"origin.shop.example"') + record
    assert path_of(PUBLIC + text).hops[0] == "aws_cloudfront_distribution.cdn"


def test_of_two_distributions_before_one_balancer_none_is_guessed(path_of, refusal_of):
    two = PUBLIC + EXPRESS + CDN.replace("NAME", "www").replace("TARGET", "web")
    assert refusal_of(two).endswith(
        "crowd = 'aws_cloudfront_distribution.cdn' or crowd = 'aws_cloudfront_distribution.www'"
    )
    assert path_of(two, "crowd = 'aws_cloudfront_distribution.www'").edge.address == "aws_cloudfront_distribution.www"


def test_a_distribution_reaches_an_internal_balancer_by_a_vpc_origin_only(path_of, refusal_of):
    private = service("web", internal=True)
    assert "it stands behind the internal balancer aws_lb.web" in refusal_of(private + EXPRESS)
    joined = EXPRESS.replace(
        "domain_name = aws_lb.web.dns_name",
        "domain_name = aws_lb.web.dns_name\n    vpc_origin_config {\n      "
        "vpc_origin_id = aws_cloudfront_vpc_origin.web.id\n    }",
    )
    origin = """
resource "aws_cloudfront_vpc_origin" "web" {
  vpc_origin_endpoint_config {
    name = "web"
    arn  = aws_lb.web.arn
  }
}
"""
    assert path_of(private + joined + origin).hops == (
        "aws_cloudfront_distribution.cdn",
        "aws_lb.web",
        "aws_ecs_service.web",
    )


def test_instances_behind_a_public_balancer_are_refused_by_name(refusal_of):
    refusal = refusal_of(FLEET + (GROUP + BALANCER.replace("INTERNAL", "false")).replace("NAME", "web") + ADMIN)
    assert "the crowd would be served by aws_autoscaling_group.web (main.tf:7); the simulated night does not" in refusal
    assert "the requests that an instance of a group answers" in refusal


def test_a_function_behind_an_api_is_refused_by_name(refusal_of):
    refusal = refusal_of(FUNCTION)
    assert (
        "aws_apigatewayv2_api.public (main.tf:7), aws_lambda_function.api (main.tf:2); the simulated night does not"
        in refusal
    )
    assert "a function's duration, concurrency and cold starts" in refusal


def test_an_api_before_an_internal_balancer_is_refused_for_the_api(refusal_of):
    joined = """
resource "aws_apigatewayv2_api" "public" {
  name          = "public"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_integration" "admin" {
  api_id           = aws_apigatewayv2_api.public.id
  integration_type = "HTTP_PROXY"
  integration_uri  = aws_lb_listener.admin.arn
}
"""
    assert "the crowd would be served by aws_apigatewayv2_api.public (main.tf:" in refusal_of(ADMIN + joined)


def test_a_function_beside_a_public_service_asks_which_is_meant(refusal_of, path_of):
    assert "2 ways lead" in refusal_of(PUBLIC + FUNCTION)
    path = path_of(PUBLIC + FUNCTION, "crowd = 'aws_lb.web'")
    assert path.service.address == "aws_ecs_service.web"
    assert [other.address for other in path.unreached] == ["aws_lambda_function.api"]


def test_a_service_whose_entry_is_in_another_stack_serves_where_the_file_says_so(path_of):
    path = path_of(POLLER, "service = 'aws_ecs_service.poller'")
    assert path.hops == ("aws_ecs_service.poller",)
    assert any("serves the crowd by gameday.toml alone" in d.message for d in path.diagnostics)


@pytest.mark.parametrize(
    ("enters", "sentence"),
    [
        ("crowd = 'aws_lb.nobody'", "enters.crowd names aws_lb.nobody, and this stack has no such resource"),
        ("crowd = 'aws_lb.admin'", "enters.crowd names aws_lb.admin (main.tf:26), which is no public entry"),
        ("crowd = 'aws_ecs_service.web'", "which is no public entry"),
        ("\nservice = 'aws_lb.web'", "which does not compute"),
        ("crowd = 'aws_lb.web'\nservice = 'aws_ecs_service.admin'", "to which aws_lb.web does not lead"),
    ],
)
def test_what_the_file_says_wrongly_is_refused_with_its_line(refusal_of, enters, sentence):
    refusal = refusal_of(ADMIN + PUBLIC, enters)
    assert sentence in refusal
    assert f"gameday.toml:{4 + len(enters.splitlines())}:" in refusal


@pytest.mark.parametrize(
    ("enters", "sentence"),
    [
        ("\nfans = 'aws_lb.web'", "enters.fans: (line 6) is not known; the keys are crowd and service"),
        ("crowd = 3", "enters.crowd: must be a text, not 3"),
    ],
)
def test_what_cannot_be_read_of_the_file_is_refused(path_of, enters, sentence):
    with pytest.raises(FactError) as refusal:
        path_of(PUBLIC, enters)
    assert sentence in str(refusal.value)


HOST = """
resource "aws_subnet" "s" {
  vpc_id                  = "vpc-0a1b2c3d"
  cidr_block              = "10.9.0.0/24"
  map_public_ip_on_launch = MAPPED
}

resource "aws_security_group" "g" {
  name = "g"
  ingress {
    from_port   = PORT
    to_port     = PORT
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_instance" "h" {
  ami                         = "ami-0a1b2c3d"
  instance_type               = "t3.small"
  subnet_id                   = aws_subnet.s.id
  vpc_security_group_ids      = [aws_security_group.g.id]
  associate_public_ip_address = ADDRESS
}
"""


@pytest.mark.parametrize(
    ("port", "mapped", "address", "lets_in"),
    [
        (80, "false", "true", True),
        (22, "false", "true", False),  # a bastion: who comes in there administers
        (3389, "true", "null", False),
        (80, "true", "null", True),  # the subnet gives it an address
        (80, "true", "false", False),
        (80, "false", "null", False),
    ],
)
def test_an_instance_is_an_entry_where_it_has_an_address_and_lets_more_than_its_keepers_in(
    tmp_path, port, mapped, address, lets_in
):
    text = HOST.replace("PORT", str(port)).replace("MAPPED", mapped).replace("ADDRESS", address)
    (tmp_path / "main.tf").write_text(text)
    found = entered(Names(References(load(tmp_path))))
    assert [way.entry.address for way in found.ways] == (["aws_instance.h"] if lets_in else [])
