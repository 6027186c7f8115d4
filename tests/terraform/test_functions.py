import ipaddress
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.architecture import Unknown
from analysis.terraform.functions import FUNCTIONS, MAX_ITEMS, Context
from analysis.terraform.values import SetValue, ValueProblem, number_text, set_of

U = Unknown("aws_vpc.main.id")


@pytest.fixture
def context(tmp_path):
    stack = tmp_path / "stack"
    (stack / "files").mkdir(parents=True)
    (stack / "files" / "a.txt").write_text("inside")
    (tmp_path / "secret.txt").write_text("outside")
    return Context(base=stack)


HERE = Context(base=Path())
LAUGHS = "a0: &a0 x\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))


def call(name, *arguments, context=HERE):
    return FUNCTIONS[name](arguments, context)


# The functions of the AWS modules on the public registry, and of application stacks, by how often they are called.
IN_USE = """
concat lookup compact distinct sort coalesce merge cidrsubnet length element base64decode slice basename one jsonencode
flatten format contains join split replace tolist lower toset regexall keys title max tobool jsondecode coalescelist
file base64encode tostring timestamp zipmap startswith min yamlencode range upper cidrsubnets md5 bcrypt substr cidrhost
formatlist abspath setunion fileset formatdate values plantimestamp anytrue fileexists regex chomp trimspace trimprefix
setsubtract sha1 filesha1 filebase64sha256 tomap sha256 uuid pathexpand filesha256 timeadd tonumber sum ceil floor abs
alltrue setproduct yamldecode csvdecode trimsuffix endswith strcontains parseint index matchkeys chunklist reverse
transpose indent trim dirname filemd5 urlencode
""".split()  # noqa: SIM905 - a hundred names read better without their quotes


def test_every_function_in_common_use_is_there():
    assert not set(IN_USE) - set(FUNCTIONS)
    assert len(FUNCTIONS) >= 105


@pytest.mark.parametrize(
    ("name", "arguments", "wanted"),
    [
        ("concat", ((U,), (1,)), (U, 1)),
        ("merge", ({"a": U}, {"b": 1}), {"a": U, "b": 1}),
        ("lookup", ({"a": U, "b": 1}, "b"), 1),
        ("keys", ({"b": U, "a": 1},), ("a", "b")),
        ("values", ({"b": U, "a": 1},), (1, U)),
        ("length", ((U, U),), 2),
        ("element", ((1, U), 0), 1),
        ("one", ((U,),), U),
        ("slice", ((U, 1), 0, 1), (U,)),
        ("flatten", (((U,), (1,)),), (U, 1)),
        ("zipmap", (("a",), (U,)), {"a": U}),
        ("contains", ((U, "x"), "x"), True),
        ("contains", ((U,), "x"), U),
        ("coalesce", (None, "a", U), "a"),
        ("coalesce", (None, U), U),
        ("anytrue", ((U, True),), True),
        ("anytrue", ((U, False),), U),
        ("alltrue", ((False, U),), False),
        ("upper", (U,), U),
        ("sort", (("b", U),), U),
        ("join", (",", ("b", U)), U),
        ("compact", (("b", U),), U),
        ("length", (set_of((U, "x")),), U),
        ("cidrsubnet", (U, 8, 1), U),
        ("tolist", ((U, 1),), (U, 1)),
    ],
)
def test_the_unknown_spreads_no_further_than_it_must(name, arguments, wanted):
    assert call(name, *arguments) == wanted


def test_json_of_a_partly_unknown_value_is_unknown_but_keeps_the_rest():
    result = call("jsonencode", ({"cpu": 256, "id": U},))
    assert result == Unknown(U.reference, partial=({"cpu": 256, "id": U},), prefix="[")
    assert call("jsonencode", {"a": SetValue(("x", U))}).partial == {"a": ("x", U)}


def test_an_unknown_format_keeps_the_text_before_its_first_value():
    assert call("format", "web-%s", U) == Unknown(U.reference, prefix="web-")


@pytest.mark.parametrize("name", ["timestamp", "plantimestamp", "uuid"])
def test_what_only_an_apply_can_tell_is_unknown(name):
    assert isinstance(call(name), Unknown)


@pytest.mark.parametrize("name", ["rsadecrypt"])
def test_what_is_not_computed_is_refused_by_name(name):
    with pytest.raises(ValueProblem, match=name):
        call(name, "x")


@pytest.mark.parametrize(
    ("name", "arguments", "part"),
    [
        ("upper", (), "1 argument expected, 0 given"),
        ("substr", ("a", 1), "3 arguments expected, 2 given"),
        ("lookup", ({},), "2 to 3 arguments"),
        ("upper", (None,), "argument 1 must not be null"),
        ("upper", ((1,),), "argument 1: a string is required, not a list"),
        ("element", ((1,), 0.5), "argument 2: a whole number is required"),
        ("keys", ("x",), "argument 1: a map is required, not a string"),
        ("sum", ((1, None),), "must not be null"),
    ],
)
def test_a_wrong_argument_is_named(name, arguments, part):
    with pytest.raises(ValueProblem, match=part):
        call(name, *arguments)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("range", (10**9,)),
        ("range", (0, 1, 1e-9)),
        ("setproduct", tuple((0, 1) for _ in range(60))),
        ("cidrsubnets", ("::/0", *[8] * 10_000)),
        ("format", ("%999999999d", 1)),
        ("format", ("%.999999999f", 1)),
        ("indent", (10**9, "a\nb")),
        ("pow", (10, 10**9)),
        ("parseint", ("9" * 100_000, 10)),
        ("replace", ("a" * 10_000, "a", "b" * 10_000)),
        ("join", ("x" * 10_000, ("a",) * 10_000)),
        ("jsondecode", ("[" * 100_000,)),
        ("yamldecode", ("[" * 10_000,)),
        ("yamldecode", (LAUGHS,)),
        ("fileset", (".", "*a" * 30)),
    ],
)
def test_what_would_take_for_ever_or_fill_the_memory_is_refused_at_once(name, arguments, context):
    started = time.process_time()
    with pytest.raises(ValueProblem):
        call(name, *arguments, context=context)
    assert time.process_time() - started < 3


def test_a_hostile_regular_expression_takes_linear_time():
    started = time.process_time()
    with pytest.raises(ValueProblem, match="matches no part"):
        call("regex", "^(a+)+$", "a" * 50_000 + "b")
    assert time.process_time() - started < 2


@pytest.mark.parametrize("name", ["file", "filebase64", "filemd5", "filesha256", "fileexists"])
@pytest.mark.parametrize(
    "path", ["../secret.txt", "files/../../secret.txt", "link.txt", "linked/secret.txt", "/etc/passwd"]
)
def test_no_file_outside_the_stack_is_read(name, path, context):
    (context.base / "link.txt").symlink_to(context.base.parent / "secret.txt")
    (context.base / "linked").symlink_to(context.base.parent)
    with pytest.raises(ValueProblem, match="leads out of the stack"):
        call(name, path, context=context)


def test_files_inside_the_stack_are_read_by_any_path_that_stays_inside(context):
    (context.base / "link.txt").symlink_to(context.base / "files" / "a.txt")
    for path in ("files/a.txt", "./files/../files/a.txt", str(context.base / "files" / "a.txt"), "link.txt"):
        assert call("file", path, context=context) == "inside"


def test_a_set_of_files_leaves_out_links_that_lead_outside(context):
    (context.base / "files" / "out.txt").symlink_to(context.base.parent / "secret.txt")
    assert call("fileset", ".", "**/*.txt", context=context) == ("files/a.txt",)
    with pytest.raises(ValueProblem, match="leads out of the stack"):
        call("fileset", "..", "*", context=context)


@pytest.mark.parametrize(
    ("pattern", "matched"),
    [("**/b/c", "a/b/c b/c"), ("**/c", "a/b/c b/c c"), ("a/**", "a/b/c"), ("*/c", "b/c"), ("{b,x}/?", "b/c")],
)
def test_two_stars_stand_for_any_number_of_directories(pattern, matched, tmp_path):
    for name in ("a/b/c", "b/c", "c", "d\udcff"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = call("fileset", ".", pattern, context=Context(base=tmp_path))
    assert set(found) == set(matched.split())


def test_a_link_to_itself_and_a_null_character_are_refused(context):
    (context.base / "loop").symlink_to(context.base / "loop")
    for path in ("loop", "a\0b"):
        with pytest.raises(ValueProblem):
            call("file", path, context=context)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4).map(tuple) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(JSON)
def test_json_comes_back_as_it_was_encoded(value):
    assert call("jsondecode", call("jsonencode", value)) == value


@given(st.lists(st.lists(st.integers(), max_size=4).map(tuple), max_size=5))
def test_flatten_loses_nothing_and_keeps_the_order(lists):
    assert call("flatten", tuple(lists)) == tuple(value for values in lists for value in values)


@given(st.lists(st.text("ab", max_size=2)))
def test_distinct_keeps_the_first_of_each(values):
    assert call("distinct", tuple(values)) == tuple(dict.fromkeys(values))


@given(st.text(max_size=20), st.text(min_size=1, max_size=3))
def test_split_and_join_are_each_others_inverse(text, separator):
    assert call("join", separator, call("split", separator, text)) == text


@given(st.integers(8, 24), st.integers(1, 8), st.data())
def test_a_subnet_lies_inside_its_network_and_subnets_do_not_overlap(length, bits, data):
    first, second = data.draw(st.tuples(*[st.integers(0, 2**bits - 1)] * 2).filter(lambda pair: pair[0] != pair[1]))
    network = ipaddress.ip_network((int(ipaddress.ip_address("10.0.0.0")), length))
    a, b = (ipaddress.ip_network(call("cidrsubnet", str(network), bits, number)) for number in (first, second))
    assert a.subnet_of(network)
    assert not a.overlaps(b)


@given(st.sampled_from(sorted(set(FUNCTIONS) - {"file", "fileset"})), st.lists(JSON | st.just(U), max_size=4))
def test_a_function_yields_a_value_or_a_problem_and_nothing_else(name, arguments):
    try:
        result = call(name, *arguments)
    except ValueProblem:
        return
    if isinstance(result, tuple):
        assert len(result) <= MAX_ITEMS


def test_keys_of_a_yaml_document_are_text_as_terraform_writes_them():
    assert call("yamldecode", "on: 1\n5: 2\n1.50: 3\n") == {"true": 1, "5": 2, "1.5": 3}
    with pytest.raises(ValueProblem, match="null"):
        call("yamldecode", "null: 1")


def test_the_providers_own_functions_build_and_part_arns():
    arn = call("provider::aws::arn_build", "aws", "iam", "", "123456789012", "role/deploy/web")
    assert arn == "arn:aws:iam::123456789012:role/deploy/web"
    assert call("provider::aws::arn_parse", arn)["resource"] == "role/deploy/web"
    assert call("provider::aws::trim_iam_role_path", arn) == "arn:aws:iam::123456789012:role/web"
    with pytest.raises(ValueProblem, match="not an ARN"):
        call("provider::aws::arn_parse", "x")


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("log", (3, 255), "0.19826024871673922"),
        ("log", (5, 3), "1.4649735207179273"),
        ("pow", (2, 0.5), "1.4142135623730951"),
        ("pow", (10, 20), "100000000000000000000"),
        ("pow", (2, 600), "4149515568880993" + 165 * "0"),
    ],
)
def test_what_is_computed_as_a_float_agrees_with_terraform_to_the_last_digit(name, arguments, text):
    assert number_text(call(name, *arguments)) == text
