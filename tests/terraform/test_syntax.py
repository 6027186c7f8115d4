import subprocess
import time

import hcl2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis.architecture import Location
from analysis.files import MAX_BYTES
from analysis.terraform import tree
from analysis.terraform.lexer import MAX_DEPTH
from analysis.terraform.syntax import parse, parse_expression, parse_template
from analysis.validation import terraform_cli


def expression(text):
    node, diagnostics = parse_expression(text, "x.tf")
    assert not diagnostics, diagnostics
    return node


def shape(node):
    """The node as text in brackets, without places."""
    match node:
        case tree.Literal(value):
            return repr(value)
        case tree.Name(name):
            return name
        case tree.SplatItem():
            return "@"
        case tree.Attribute(target, name):
            return f"{shape(target)}.{name}"
        case tree.Index(target, key):
            return f"{shape(target)}[{shape(key)}]"
        case tree.Splat(target, each):
            return f"splat({shape(target)}, {shape(each)})"
        case tree.Unary(operator, operand):
            return f"({operator}{shape(operand)})"
        case tree.Binary(operator, left, right):
            return f"({shape(left)} {operator} {shape(right)})"
        case tree.Conditional(condition, then, otherwise):
            return f"({shape(condition)} ? {shape(then)} : {shape(otherwise)})"
        case tree.Call(function, arguments, expand):
            return f"{function}({', '.join(map(shape, arguments))}{'...' if expand else ''})"
        case tree.TupleNode(items):
            return f"[{', '.join(map(shape, items))}]"
        case tree.ObjectNode(items):
            return "{" + ", ".join(f"{shape(key)} = {shape(value)}" for key, value in items) + "}"
        case tree.ForTuple(key, value, collection, result, condition):
            return f"[for {key}, {value} in {shape(collection)} : {shape(result)} if {condition and shape(condition)}]"
        case tree.ForObject(key, value, collection, result_key, result, grouped, condition):
            head = f"for {key}, {value} in {shape(collection)} : {shape(result_key)} => {shape(result)}"
            return "{" + head + f"{'...' if grouped else ''} if {condition and shape(condition)}" + "}"
        case tree.Template(parts):
            return "<" + "|".join(map(shape, parts)) + ">"
        case tree.TemplateIf(condition, then, otherwise):
            return f"if {shape(condition)} <{'|'.join(map(shape, then))}> else <{'|'.join(map(shape, otherwise))}>"
        case tree.TemplateFor(key, value, collection, body):
            return f"for {key}, {value} in {shape(collection)} <{'|'.join(map(shape, body))}>"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1 + 2 * 3 - 4", "((1 + (2 * 3)) - 4)"),
        ("a || b && c == d < e + f * !g", "(a || (b && (c == (d < (e + (f * (!g)))))))"),
        ("a ? b : c ? d : e", "(a ? b : (c ? d : e))"),
        ("!!x", "(!(!x))"),
        ("!-1", "(!(-1))"),
        ("- -1", "(-(-1))"),
        ("10 -12", "(10 - 12)"),
        ("var.n -12", "(var.n - 12)"),
        ("a-b", "a-b"),
        ("(1\n - 2)", "(1 - 2)"),
        ("(var.x\n .y)", "var.x.y"),
        ("true\n # c\n && false", "(True && False)"),
        ("/* c */ 1 // d", "1"),
        ("core::max(1, 2)", "max(1, 2)"),
        ("provider::a::b(1)", "provider::a::b(1)"),
        ("f(x...)", "f(x...)"),
        ("f(\n  a,\n  b,\n)", "f(a, b)"),
        ("a[*].b[*].c", "splat(a, splat(@.b, @.c))"),
        ("(a[*].b)[*].c", "splat(splat(a, @.b), @.c)"),
        ("a[*][0]", "splat(a, @[0])"),
        ("a.*.b[0].c", "splat(a, @.b)[0].c"),
        ("a.*.0.b", "splat(a, @[0].b)"),
        ("a[*].b.*.c[0]", "splat(a, splat(@.b, @.c)[0])"),
        ("a[*].b[*].c[*]", "splat(a, splat(@.b, splat(@.c, @)))"),
        ("a[x[*].y][*]", "splat(a[splat(x, @.y)], @)"),
        ("a.0.b", "a[0].b"),
        ('a["k"].for.in', "a['k'].for.in"),
        ("[for x in y : x if x]", "[for None, x in y : x if x]"),
        ("[for k, v in y :\n v\n]", "[for k, v in y : v if None]"),
        ("{for k, v in y : k => v... if v}", "{for k, v in y : k => v... if v}"),
        ("{a = 1, b : 2\n c = 3}", "{'a' = 1, 'b' = 2, 'c' = 3}"),
        ('{(a) = 1, "b" = 2, true = 3, 4 = 5, null = 6}', "{a = 1, 'b' = 2, 'true' = 3, 4 = 5, 'null' = 6}"),
        ("{(a.b) = 1}", "{a.b = 1}"),
        ("{}", "{}"),
        ("[\n]", "[]"),
        ('"a${b}c"', "<'a'|b|'c'>"),
        ('"${b}"', "<b>"),
        ('"${"x"}"', "'x'"),
        ('"${~ x ~}"', "<x>"),
        ('" a ${~ x ~} b "', "<' a'|x|'b '>"),
        ('"${\n  x\n}"', "<x>"),
        ('"$${FOO:-${var.foo}}"', "<'${FOO:-'|var.foo|'}'>"),
        ('"%%{x} $ % $$ 100%"', "'%{x} $ % $$ 100%'"),
        (r'"\n\t\"\\\u00e9\U0001F600"', repr('\n\t"\\é😀')),
        ('"%{ if a }b%{ else }c%{ endif }"', "<if a <'b'> else <'c'>>"),
        ('"%{ for k, v in m }${k}%{ endfor }"', "<for k, v in m <k>>"),
        ('"%{ if a }%{ if b }c%{ endif }%{ endif }"', "<if a <if b <'c'> else <>> else <>>"),
        ('""', "''"),
        ("1e3", "1000"),
        ("1.5e-3", "0.0015"),
        ("1e30", str(10**30)),
        ("<<EOT\n  a ${b}\nEOT\n", "<'  a '|b|'\\n'>"),
        ("<<-EOT\n    a\n      b\n\n    EOT\n", "'a\\n  b\\n\\n'"),
        ("<<-EOT\n    a ${b}\n  c\n  EOT\n", "<'  a '|b|'\\nc\\n'>"),
        ("<<EOT\n${a ~}\nEOT\n", "<a|''>"),
        ("<<EOT\nEOT\n", "''"),
        ("<<E\na\\n$${b}\nE\n", "'a\\\\n${b}\\n'"),
        ("[<<A\nx\nA\n, <<B\ny\nB\n]", "['x\\n', 'y\\n']"),
        ("<<EOT\r\na\r\nEOT\r\n", "'a\\r\\n'"),
    ],
)
def test_an_expression_has_the_shape_that_terraform_gives_it(text, wanted):
    assert shape(expression(text)) == wanted


def test_every_node_knows_its_line_and_column():
    body, _ = parse('a = 1\n\nresource "x" "y" {\n  b = "p${c}"\n  d {\n  }\n}\n', "x.tf")
    assert body.arguments[0] == tree.Argument("a", tree.Literal(1, 1, 5), 1, 1)
    (block,) = body.blocks
    assert (block.type, block.labels, block.line, block.column, block.end_line) == ("resource", ("x", "y"), 3, 1, 7)
    (argument,) = block.body.arguments
    assert argument.expression.parts == (tree.Literal("p", 4, 8), tree.Name("c", 4, 11))
    assert block.body.blocks[0].end_line == 6


def test_an_expression_can_stand_anywhere_in_a_larger_text():
    node, _ = parse_expression("a +\nb", "x.tf", line=7, column=9)
    assert (node.left.line, node.left.column, node.right.line, node.right.column) == (7, 9, 8, 1)


def test_a_template_file_is_one_template():
    node, diagnostics = parse_template('server ${name} {\n  "%{ for p in ports ~}\n${p}\n%{ endfor ~}\n"\n}', "t.tftpl")
    assert not diagnostics
    assert shape(node) == "<'server '|name|' {\\n  \"'|for None, p in ports <p|'\\n'>|'\"\\n}'>"
    assert parse_template("", "t")[0] == tree.Literal("", 1, 1)


def test_a_template_that_cannot_be_read_says_so_and_yields_an_empty_text():
    node, (diagnostic,) = parse_template("a\n${", "t.tftpl")
    assert node == tree.Literal("", 1, 1)
    assert diagnostic.location == Location("t.tftpl", 2, 1)


def test_a_keyword_is_only_a_keyword_where_it_can_be_one():
    body, diagnostics = parse("for = in\nin {\n  if = for_each\n}\nfor_each = {in = 1, if = 2}\n", "x.tf")
    assert not diagnostics
    assert [argument.name for argument in body.arguments] == ["for", "for_each"]
    assert body.blocks[0].type == "in"


def test_a_byte_order_mark_and_unicode_names_are_read():
    body, diagnostics = parse("\ufeffπ = 3\n", "x.tf")
    assert not diagnostics
    assert body.arguments[0].name == "π"


MISTAKES = [
    ('a = "x', 1, 5, "not closed"),
    ('a = "x\ny"\n', 1, 5, "not closed on its line"),
    (r'a = "\d"', 1, 6, r"`\d` is no escape"),
    (r'a = "\ud800"', 1, 6, "is no escape"),
    ("a = 1 b = 2", 1, 7, "new line"),
    ("a = 1\na = 2", 2, 1, "already set on line 1"),
    ("b {\n  a = 1\n  a = 2\n}", 3, 3, "already set on line 2"),
    ("a = 1 +\n  2\n", 1, 8, "parentheses"),
    ("a = true\n  && false\n", 2, 3, "parentheses"),
    ("a =\n1", 1, 4, "parentheses"),
    ("a = [1,,2]", 1, 8, "a value is missing between `,` and `,`"),
    ("a = [1 2]", 1, 8, "a comma or `]` is missing"),
    ("a = {b = 1 c = 2}", 1, 12, "comma or a new line"),
    ("a = (1", 1, 5, "`)` is missing"),
    ("a = (1]", 1, 7, "`]` does not close the `(` of line 1"),
    ("}", 1, 1, "`}` closes nothing"),
    ("a = ]", 1, 5, "`]` closes nothing"),
    ("b {", 1, 3, "`}` is missing"),
    ("b { a = 1, c = 2 }", 1, 10, "cannot stand here"),
    ("b { a = 1\n}", 1, 10, "on one line"),
    ("b {\n a = 1 }", 2, 8, "new line"),
    ("b { c {} }", 1, 10, "line of its own"),
    ("b {} c {}", 1, 6, "new line"),
    ('b "${c}" {}', 1, 3, "plain text"),
    ('"a" = 1', 1, 1, "begin with a name"),
    ("a : 1", 1, 3, "needs `=`"),
    ("a", 1, 1, "middle"),
    ("a\n", 1, 2, "needs `=`"),
    ("a = 1;", 1, 6, "semicolon"),
    ("a = 'x'", 1, 5, "double quotes"),
    ("a = b & c", 1, 7, "did you mean `&&`"),
    ("a = <<EOT\nx\n", 1, 5, "no end"),
    ("a = <<EOT\nx\nEOT", 3, 1, "followed by a new line"),
    ("a = <<EOT x\nEOT\n", 1, 5, "last thing on its line"),
    ("a = /* x", 1, 5, "not closed with `*/`"),
    ('a = "${b"', 1, 9, "an operator or `}` is missing"),
    ('a = "${b c}"', 1, 10, "is missing before this"),
    ('a = "%{ if b }c"', 1, 6, "not closed with `%{ endif }`"),
    ('a = "%{ endif }"', 1, 6, "belongs to no open"),
    ('a = "%{ while }"', 1, 6, "must be followed by if"),
    ("a = x.y.0.1", 1, 10, "`[…]`"),
    ("a = [*]", 1, 5, "`[*]` must follow"),
    ("a = \x01", 1, 5, "U+0001"),
    ("a = \x00", 1, 1, "binary"),
    ("a = 1e9999", 1, 5, "may not have more than 1000 digits"),
    ("a = " + "9" * 1001, 1, 5, "more than 1000 digits"),
    ("a = [for x in]", 1, 14, "a value is missing"),
    ("a = f(,)", 1, 7, "a value is missing"),
]


@pytest.mark.parametrize(("text", "line", "column", "part"), MISTAKES)
def test_a_mistake_is_named_at_its_place(text, line, column, part):
    _, (diagnostic, *_) = parse(text, "m.tf")
    assert part in diagnostic.message
    assert diagnostic.location == Location("m.tf", line, column)
    assert diagnostic.severity == "error"


def test_a_block_with_a_mistake_does_not_hide_the_others():
    text = 'resource "a" "b" {\n  x = 1 +\n}\n\nresource "c" "d" {\n  y = 2\n}\n\nresource "e" "f" {\n  z = \'1\'\n}\n'
    body, diagnostics = parse(text, "m.tf")
    assert [(block.labels, block.line) for block in body.blocks] == [(("c", "d"), 5)]
    assert [diagnostic.location.line for diagnostic in diagnostics] == [2, 10]


AGREEMENT = [
    *(text for text, *_ in MISTAKES if "\x00" not in text and "9999" not in text and r"\ud800" not in text),
    "a = !!x\n",
    "a = - -1\n",
    "a = 10 -12\n",
    'a = "${~ x ~}"\n',
    'a = "${\n x\n}"\n',
    "a = (1\n - 2)\n",
    "a = (x\n .y)\n",
    "a = /* c */ 1\n",
    "π = 3\n",
    "a = {for = 1}\n",
    "a = {in = 1}\n",
    "a = [for]\n",
    "for = 1\n",
    "b { c = 1 }\n",
    "b {}\n",
    "b {\n}\nc {\n}\n",
    "b c d {\n}\n",
    "a = x ?\n 1 : 2\n",
    "a = x ? 1 :\n 2\n",
    "a = (x ?\n 1 : 2)\n",
    "a = f(\n1\n,\n2\n)\n",
    "a = [\n1\n,\n2\n]\n",
    "a = {\nb = 1\n, c = 2\n}\n",
    "a = {\nb = 1,\n\nc = 2,\n}\n",
    "a = {\nb =\n1\n}\n",
    "a = {b = (1\n)}\n",
    "a = x[*].y[0]\n",
    "a = x.*.y\n",
    "a = x.*.*\n",
    "a = x.0\n",
    'a = "$${x"\nb = 2\n',
    'a = "a $ b % c"\n',
    'a = "%{if x}${y}%{else}z%{endif}"\n',
    'a = "%{ if x }"\n',
    "a = <<EOT\n${x}\nEOT\n",
    "a = <<-EOT\n  %{ for y in z ~}\n  ${y}\n  %{ endfor ~}\n  EOT\n",
    "a = <<EOT\n EOT2\n EOT \n",
    "a = <<E\nE\n",
    "a = << EOT\nEOT\n",
    "a = [<<A\nx\nA\n, 1]\n",
    'a = "x" "y"\n',
    "a = x y\n",
    "a = 1.\n",
    "a = .5\n",
    "a = 1e5\n",
    "a = 0x10\n",
    "a = x..y\n",
    "a = f(x...)\n",
    "a = f(x..., y)\n",
    "a = f(x,)\n",
    "a = [x,]\n",
    "a = [,]\n",
    "a = {,}\n",
    "a = x == y == z\n",
    "a = !x == y\n",
    "a = x ? y\n",
    "a = (x)\n(b) = 2\n",
    "\ta = 1\r\nb = 2\r\n",
    "# only a comment",
    "a = 1 # c",
    "a = 1 // c\nb = 2 /* d */\n",
    "/* x */ a = 1\n",
    "a = b::c::d(1)\n",
    "a-b = 1\n",
    "_a = 1\n",
    "1a = 1\n",
    "a.b = 1\n",
    "a[0] = 1\n",
    "a = [for x in y : x if x if x]\n",
    "a = {for x in y : x}\n",
    "a = {for x in y : x => x...}\n",
    "a = [for x in y : x => x]\n",
    "a = [for x, y, z in w : x]\n",
    "a = [\nfor x in y :\nx\nif x\n]\n",
]


@pytest.mark.terraform
@pytest.mark.parametrize("text", AGREEMENT)
def test_terraform_accepts_what_is_accepted_here_and_refuses_what_is_refused(text, tmp_path):
    terraform = terraform_cli.find()
    if terraform is None:
        pytest.skip("the Terraform binary is not found")
    completed = subprocess.run(
        [str(terraform.binary), "fmt", "-"],
        input=text.encode(),
        capture_output=True,
        cwd=tmp_path,
        check=False,
    )
    # Terraform refuses a key with a dot only when it evaluates it.
    accepted = not [d for d in parse(text, "m.tf")[1] if "key with a dot" not in d.message]
    assert accepted == (completed.returncode == 0), completed.stderr.decode()


HOSTILE = {
    "brackets": "a = " + "[" * 100_000,
    "parentheses": "a = " + "(" * 50_000 + "1" + ")" * 50_000,
    "braces": "a " + "{\na " * 50_000,
    "sum": "a = " + "1 + " * 100_000 + "1",
    "signs": "a = " + "-" * 100_000 + "1",
    "traversal": "a = b" + ".c" * 100_000,
    "index": "a = b" + "[0]" * 100_000,
    "conditions": "a = " + "b ? c : " * 50_000 + "d",
    "templates": 'a = "' + '${"' * 50_000,
    "directives": 'a = "' + "%{ if b }" * 50_000 + '"',
    "escapes": 'a = "' + "\\n" * 500_000 + '"',
    "bad escapes": 'a = "' + "\\d" * 500_000 + '"',
    "dollars": 'a = "' + "$" * 1_000_000 + '"',
    "heredoc": "a = <<EOT\n" + "x\n" * 400_000,
    "comment": "/*" * 400_000,
    "blank lines": "\n" * 1_000_000,
    "quotes": '"' * 1_000_000,
    "broken blocks": "b {\n  a = \n}\n" * 20_000,
    "long name": "a" * 1_000_000,
    "spaces": " " * 1_000_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_text_costs_seconds_at_most(kind):
    started = time.process_time()
    parse(HOSTILE[kind], "m.tf")
    assert time.process_time() - started < 10


def test_an_expression_may_be_deep_but_not_bottomless():
    deep = MAX_DEPTH - 10
    assert expression("(" * deep + "1" + ")" * deep) == tree.Literal(1, 1, deep + 1)
    _, (diagnostic,) = parse_expression("(" * 2 * MAX_DEPTH + "1" + ")" * 2 * MAX_DEPTH, "x.tf")
    assert "nested deeper" in diagnostic.message


def test_a_long_list_is_not_deep():
    items = expression("[" + "a + 1," * 3 * MAX_DEPTH + "]").items
    assert len(items) == 3 * MAX_DEPTH


def test_a_file_that_is_too_large_is_refused_in_one_sentence():
    body, (diagnostic,) = parse("a" * (MAX_BYTES + 1), "m.tf")
    assert body == tree.Body((), ())
    assert "2,000,001" in diagnostic.message


def places(node):
    if isinstance(node, tuple):
        if hasattr(node, "line"):
            yield node.line, node.column
        for part in node:
            yield from places(part)


WORDS = (
    'a b = { } [ ] ( ) " ${ } %{ ~ } if else endif for in endfor : ? , . .. ... * [*] .* + - ! == => && || < \\ \n \t '
    "<<EOT <<-EOT EOT # // /* */ \\n \\u00e9 1 2.5 1e3 true null $ % $${ %%{ é resource x.y f( for_each"
)
FRAGMENTS = st.sampled_from(WORDS.split(" "))


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(FRAGMENTS, max_size=40).map(" ".join),
        st.lists(FRAGMENTS, max_size=40).map("".join),
    )
)
@example("a = <<EOT\n${")
@example('b "" {')
def test_no_text_raises_and_every_place_lies_inside_the_text(text):
    lines = text.removeprefix("\ufeff").split("\n")
    results = [parse(text, "m.tf"), parse_expression(text, "m.tf"), parse_template(text, "m.tf")]
    for result, diagnostics in results:
        found = [*places(result), *((d.location.line, d.location.column) for d in diagnostics)]
        for line, column in found:
            assert 1 <= line <= len(lines)
            assert 1 <= column <= len(lines[line - 1]) + 1


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(0, 10**20)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc- ", min_size=1, max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


def quoted(text):
    for plain, escaped in (
        ("\\", "\\\\"),
        ('"', '\\"'),
        ("\n", "\\n"),
        ("\r", "\\r"),
        ("\t", "\\t"),
        ("${", "$${"),
        ("%{", "%%{"),
    ):
        text = text.replace(plain, escaped)
    return f'"{text}"'


def written(value):
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return quoted(value)
        case list():
            return "[" + ",\n".join(map(written, value)) + "]"
        case dict():
            return "{\n" + "\n".join(f"{quoted(key)} = {written(item)}" for key, item in value.items()) + "\n}"


def read_back(node):
    match node:
        case tree.Literal(value):
            return value
        case tree.TupleNode(items):
            return [read_back(item) for item in items]
        case tree.ObjectNode(items):
            return {read_back(key): read_back(value) for key, value in items}


@settings(deadline=None)
@given(VALUES)
def test_a_literal_value_comes_back_as_it_was_written(value):
    body, diagnostics = parse(f"x = {written(value)}\n", "m.tf")
    assert not diagnostics
    assert read_back(body.arguments[0].expression) == value


def test_the_grammar_is_the_librarys_own():
    """A newer python-hcl2 may rename its terminals: then this fails, not some page."""
    text = 'a = [for k, v in b : "${k}" if v]\nc { d = e ? f(g...) : h[0].i[*].j }\n'
    assert hcl2.parses_to_tree(text).data == "start"
    assert not parse(text, "m.tf")[1]
