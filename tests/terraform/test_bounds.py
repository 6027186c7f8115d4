"""No input of less than a megabyte takes more than ten processor seconds or 500 MB: each row is one that would, without a bound.

A row is evaluated in a child of its own, whose processor time and memory the system reports.
"""

import gc
import os
import resource
from pathlib import Path

import pytest

from analysis import terraform

MAX_CPU_S, MAX_BYTES = 10, 500_000_000


def chain(first, step, count, result="length([local.a{n}])", more=""):
    """Locals of which each is made of the one before, `@`."""
    lines = [f"  a0 = {first}", *(f"  a{i} = {step.replace('@', f'local.a{i - 1}')}" for i in range(1, count + 1))]
    return "locals {\n" + "\n".join(lines) + "\n}\n" + output(result.replace("{n}", str(count))) + more


def repeated(first, expression, count):
    """One value, and an expression over it again and again."""
    return f"locals {{\n  a = {first}\n" + "".join(f"  b{i} = {expression}\n" for i in range(count)) + "}\n"


def output(expression):
    return f'output "o" {{\n  value = {expression}\n}}\n'


def looped(expression, depth=2, more=""):
    loops = "".join(f"[for i{level} in range(1000) : " for level in range(depth))
    return more + output(loops + expression + "]" * depth)


def long_text(expression, count):
    """A text of two million characters, and an expression over it again and again."""
    return (
        chain('"xx"', '"${@}${@}"', 20, "1")
        + f"locals {{\n{''.join(f'  b{i} = {expression}{chr(10)}' for i in range(count))}}}\n"
    )


def fan(levels, *, read):
    """Modules that each call the next one twice."""
    two = "".join(f'module "{name}" {{\n  source = "../m{{}}"\n}}\n' for name in "ab")
    result = output("[module.a.o, module.b.o]") if read else ""
    files = {"main.tf": 'module "a" {\n  source = "./m0"\n}\n' + (output("module.a.o") if read else "")}
    for level in range(levels):
        files[f"m{level}/main.tf"] = two.replace("{}", str(level + 1)) + result
    return {**files, f"m{levels}/main.tf": output("1")}


OBJECT = 'locals {\n  o = {for i in range(1000) : "key_nr_${i}" => i}\n  l = [for i in range(1000) : {a = i, b = [i, i]}]\n}\n'
BOMBS = {
    "lists that double by concat": chain("[1]", "concat(@, @)", 40),
    "lists that double by flatten": chain("[1]", "flatten([@, @])", 40),
    "lists that double by for": chain("[1]", "flatten([for x in @ : [x, x]])", 40),
    "lists that square by setproduct": chain("[1, 2, 3, 4]", "setproduct(@, @)", 10),
    "maps that double by merge": chain(
        "{a = 1}", 'merge({for k, v in @ : "${k}x" => v}, {for k, v in @ : "${k}y" => v})', 30
    ),
    "objects that hold one twice": chain("{a = 1}", "{a = @, b = @}", 60, "jsonencode(local.a{n})"),
    "tuples that hold one twice": chain("[1]", "[@, @]", 60, "jsonencode(local.a{n})"),
    "strings that double": chain('"x"', '"${@}${@}"', 60),
    "strings that double by join": chain('"xx"', "join(@, [@, @, @])", 40),
    "strings that double by format": chain('"xx"', 'format("%s%s", @, @)', 40),
    "strings that double by replace": chain('"xx"', 'replace(@, "x", "xx")', 40),
    "strings that double by a regular expression": chain('"xx"', 'replace(@, "/x/", "xx")', 40),
    "lines that are indented again and again": chain('"a\\nb"', 'indent(9000, "${@}${@}")', 40),
    "base64 of base64": chain('"xx"', 'base64encode("${@}${@}")', 60),
    "widths of format": repeated('"x"', 'format("%10000s%10000s%10000s", local.a, local.a, local.a)', 9000),
    "a text compressed often": long_text("base64gzip(local.a20)", 9000),
    "a text hashed often": long_text("sha512(local.a20)", 9000),
    "a text encoded often": long_text("base64encode(local.a20)", 9000),
    "a text in capitals often": long_text("title(local.a20)", 9000),
    "a text split often": long_text('split("x", local.a20)', 900),
    "a text searched by a large pattern": long_text('regexall("((a|b){1,30}){1,30}(a|b){900}", local.a20)', 90),
    "exponents that double": chain("0.1", "@ * @", 40),
    "fractions that grow": chain("1.0000001", "@ * @ / 3", 40),
    "whole numbers that double": chain("3", "@ * @", 40),
    "modules that call two": fan(25, read=False),
    "modules that call and read two": fan(25, read=True),
    "a large module of many instances": {
        "main.tf": 'module "a" {\n  source = "./m"\n  count = 2000\n}\n',
        "m/main.tf": "".join(f'locals {{\n  a{i} = upper("a")\n}}\n' for i in range(9000)),
    },
    "instances read by a thousand outputs": 'resource "aws_sqs_queue" "q" {\n  name = "q${count.index}"\n  count = 2000\n}\n'
    + "".join(f'output "o{i}" {{\n  value = aws_sqs_queue.q\n}}\n' for i in range(1000)),
    "numbers of many digits read often": repeated(
        '"[${join(",", [for i in range(1000) : "0.1e-999"])}]"', "jsondecode(local.a)", 9000
    ),
    "a sum of exact fractions": repeated("[for i in range(1000) : 1 / (i + 3)]", "sum(local.a)", 3000),
    "a text matched everywhere": repeated(
        'join("", [for i in range(1000) : join("", range(300))])', 'regexall("[0-9]", local.a)', 200
    ),
    "a regular expression of 400 KB": output(f'regex("{"a?" * 200_000}", "aaaa")'),
    "a list of objects with many defaults": 'variable "v" {\n  type = list(object({'
    + ", ".join(f"a{i} = optional(list(string), [])" for i in range(2000))
    + "}))\n  default = ["
    + "{}, " * 20_000
    + "]\n}\n"
    + output("length(var.v)"),
    "modules that convert a list each": {
        "main.tf": "locals {\n  a = flatten([for i in range(100) : range(1000)])\n}\n"
        'module "a" {\n  source = "./m"\n  count = 1000\n  v = local.a\n}\n',
        "m/main.tf": 'variable "v" {\n  type = list(string)\n}\n' + output("var.v"),
    },
    "a file hashed in a loop": {"main.tf": looped('filemd5("x.txt")'), "x.txt": "x" * 900_000},
    "a directory listed often": {
        "main.tf": repeated("1", 'fileset(path.module, "**")', 9000),
        **{f"f{i}.txt": "" for i in range(300)},
    },
    "loops in loops": looped("1", 4),
    "a long tuple in a loop": looped("[" + "1, " * 100_000 + "]"),
    "comparisons in a loop": looped("local.l == [for x in local.l : x]", 2, OBJECT),
    "contains in a loop": looped("contains(local.l, {a = -1, b = [1]})", 2, OBJECT),
}


def spent(directory):
    """The processor seconds and the bytes of memory that the evaluation takes in a child of its own, and what it says.

    The child begins with the memory of the tests that ran before it, which is not the evaluation's, and nor is its collection.
    """
    read_end, write_end = os.pipe()
    child = os.fork()
    if not child:
        gc.freeze()
        inherited = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        resource.setrlimit(resource.RLIMIT_CPU, (3 * MAX_CPU_S, 3 * MAX_CPU_S))
        said = "nothing"
        try:
            model = terraform.load(directory, cache=directory / "cache")
            said = "; ".join(str(diagnostic) for diagnostic in model.errors[:3]) or "no error"
        except terraform.InputError as error:
            said = str(error)
        except BaseException as error:  # noqa: BLE001 - the child must not go on into the tests
            said = f"traceback of {type(error).__name__}"
        os.write(write_end, f"{inherited} {said}".encode()[:2000])
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as answer:
        inherited, _, said = answer.read().decode(errors="replace").partition(" ")
    _, _, used = os.wait4(child, 0)
    return used.ru_utime + used.ru_stime, 1024 * (used.ru_maxrss - int(inherited or 0)), said


@pytest.mark.parametrize("name", BOMBS)
def test_what_would_grow_without_end_is_given_up_with_a_sentence(name, tmp_path):
    files = BOMBS[name] if isinstance(BOMBS[name], dict) else {"main.tf": BOMBS[name]}
    assert sum(map(len, files.values())) < 1_000_000
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    cpu_s, size, said = spent(tmp_path)
    assert said.count(".tf:") >= 1, said
    assert "error: " in said
    assert "traceback" not in said
    assert cpu_s < MAX_CPU_S
    assert size < MAX_BYTES


def test_the_measure_sees_time_and_memory(tmp_path, monkeypatch):
    (tmp_path / "main.tf").write_text(output("1"))

    def greedy(directory: Path, **_: object):
        held = [bytearray(1_000_000) for _ in range(600)]
        total = 0
        for i in range(3_000_000):
            total += i
        raise terraform.InputError(()) if held and total else AssertionError

    monkeypatch.setattr(terraform, "load", greedy)
    cpu_s, size, _ = spent(tmp_path)
    assert cpu_s > 0.05
    assert size > MAX_BYTES


def test_whole_numbers_keep_as_many_bits_as_in_terraform(tmp_path):
    (tmp_path / "main.tf").write_text(output('"${pow(2, 300) * pow(2, 300) + 1 - pow(2, 300) * pow(2, 300)}"'))
    assert terraform.load(tmp_path).outputs["o"].value == 0


def test_a_linked_module_and_a_listed_one_read_no_files_of_their_own_and_a_plain_one_does(tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.txt").write_text("SECRET")
    (tmp_path / "outside" / "x.tf").write_text(output('file("${path.module}/secret.txt")'))
    stack = tmp_path / "stack"
    (stack / ".terraform" / "modules").mkdir(parents=True)
    (stack / ".terraform" / "modules" / "modules.json").write_text('{"Modules": [{"Key": "c", "Dir": "../outside"}]}')
    (stack / "link").symlink_to(tmp_path / "outside")
    calls = {"a": "./link", "b": "../outside", "c": "some/module/aws"}

    def told(name):
        text = f'module "{name}" {{\n  source = "{calls[name]}"\n}}\n'
        (stack / "main.tf").write_text(text + output(f"module.{name}.o"))
        return terraform.load(stack)

    assert told("b").outputs["o"].value == "SECRET"
    for name in "ac":
        model = told(name)
        assert "SECRET" not in str(model.outputs["o"].value)
        assert any("leads out of the stack's directory" in diagnostic.message for diagnostic in model.errors)
