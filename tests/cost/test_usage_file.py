"""A usage file in Infracost's format becomes the use of a month, and what is wrong with it is said with its line."""

from decimal import Decimal

import pytest
from cost_makers import made

from analysis.cost.usage_file import UsageFileError, parse_usage, read_usage_file, type_of
from analysis.cost.usage_patterns import patterns, use_of

EXAMPLE = """\
version: 0.1
resource_type_default_usage:
  aws_lambda_function:
    monthly_requests: 100_000
    request_duration_ms: 500
resource_usage:
  aws_nat_gateway.main:
    monthly_data_processed_gb: 10
  aws_s3_bucket.assets:
    standard:
      storage_gb: 12.5
  aws_lambda_function.f[*]:
    monthly_requests: 7
  aws_instance.web:
    operating_system: linux
    monthly_hrs: 450
"""


def test_numbers_nested_keys_wildcards_and_type_defaults_are_read():
    usage, warnings = parse_usage(EXAMPLE, "usage.yml")
    assert not warnings
    assert usage.origin == "usage.yml"
    assert usage.quantities["aws_s3_bucket.assets"] == {"standard.storage_gb": Decimal("12.5")}
    assert usage.quantities["aws_instance.web"] == {"monthly_hrs": 450}
    assert usage.defaults["aws_lambda_function"]["monthly_requests"] == 100_000


def test_the_most_exact_entry_wins_key_by_key():
    usage, _ = parse_usage(EXAMPLE, "usage.yml")
    quantities, _ = use_of(usage, "aws_lambda_function.f[2]", "aws_lambda_function")
    assert quantities == {"monthly_requests": 7, "request_duration_ms": 500}
    text = "resource_usage:\n  aws_eip.a[0]: {x: 1}\n  aws_eip.a[*]: {x: 2, y: 3}\n"
    assert use_of(parse_usage(text, "u.yml")[0], "aws_eip.a[0]", "aws_eip")[0] == {"x": 1, "y": 3}
    assert patterns('module.a["x.y"].aws_eip.b[0]') == (
        'module.a["x.y"].aws_eip.b[*]',
        "module.a[*].aws_eip.b[0]",
        "module.a[*].aws_eip.b[*]",
    )


def test_a_usage_file_prices_a_stack(bill, tmp_path):
    path = tmp_path / "usage.yml"
    path.write_text(EXAMPLE)
    cost = bill(made("aws_nat_gateway.main", connectivity_type="private"), usage=read_usage_file(path)[0])
    # 730 h x 0.045 + 10 GB x 0.045 = 32.85 + 0.45
    assert cost.of("aws_nat_gateway.main").usd == Decimal("33.30")


def test_an_unknown_key_is_a_warning_with_the_nearest_name():
    _, (warning,) = parse_usage("resource_usage:\n  aws_nat_gateway.a:\n    monthly_data_procesed_gb: 1\n", "u.yml")
    assert str(warning) == (
        "u.yml:3:5: warning: no price of aws_nat_gateway reads the usage key monthly_data_procesed_gb; "
        "did you mean monthly_data_processed_gb?"
    )


def test_commitments_change_nothing_and_that_is_said():
    _, (warning,) = parse_usage("resource_usage:\n  aws_instance.a:\n    reserved_instance_term: 1_year\n", "u.yml")
    assert "prices are on demand" in warning.message


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("resource_usage: [", 1, "is not YAML"),
        ("a: b: c", 1, "is not YAML: mapping values are not allowed here"),
        ("resource_use: {}\n", 1, "resource_use is no section"),
        ("version: 2.0\n", 1, "only 0.1 is known"),
        ("resource_usage:\n  - aws_eip.a\n", 2, "must be a mapping"),
        ("resource_usage:\n  aws_instance.a:\n    operating_system: windows\n", 3, "'windows'; it must be a number"),
        ("resource_usage:\n  aws_instance.a:\n    monthly_hrs: -1\n", 3, "must not be negative"),
        ("resource_usage:\n  aws_instance.a:\n    monthly_hrs: [1]\n", 3, "must be a number"),
        ("resource_usage:\n  aws_instance.a:\n    monthly_hrs: 1\n    monthly_hrs: 2\n", 4, "stands twice"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(text, line, sentence):
    with pytest.raises(UsageFileError) as caught:
        parse_usage(text, "u.yml")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.location.line == line
    assert sentence in diagnostic.message


def test_aliases_of_aliases_do_not_unfold_without_end():
    wide = [f"a{i}: &a{i} {{{', '.join(f'k{j}: *a{i - 1}' for j in range(200))}}}" for i in range(1, 4)]
    text = "\n".join(["version: &a0 {x: 1}", *wide, "resource_usage: {aws_eip.a: *a3}"])
    with pytest.raises(UsageFileError, match="unfolds to more than 100000 entries"):
        parse_usage(text, "u.yml")


@pytest.mark.parametrize(("content", "sentence"), [(None, "cannot be read"), (b"\xff\xfe\x00", "not text in UTF-8")])
def test_a_file_that_is_missing_or_binary_is_refused(tmp_path, content, sentence):
    path = tmp_path / "u.yml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageFileError, match=sentence):
        read_usage_file(path)


def test_the_type_is_found_in_any_address():
    assert type_of("aws_eip.a") == "aws_eip"
    assert type_of('module.net["a.b"].aws_eip.a[*]') == "aws_eip"


def test_an_empty_file_is_an_empty_usage():
    usage, _ = parse_usage("", "u.yml")
    assert not usage.quantities
