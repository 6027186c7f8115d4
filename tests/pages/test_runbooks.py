"""Runbooks agree with the alarms they answer, with the names of the stack, and with what the AWS command line accepts.

A command is run by a shell in which `aws` only writes down its arguments, so that quotes, substitutions and line breaks count as
they would at a prompt. The arguments are then held to the models of botocore, from which the command line itself is made.
"""

import json
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import jmespath
import pytest
from botocore import xform_name
from botocore.exceptions import UnknownServiceError
from botocore.session import get_session
from mkdocs.utils.meta import get_data

from analysis import terraform
from analysis.architecture import Unknown
from analysis.pages import infrastructure
from analysis.pages import model as pages_model

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
BOOKS = DOCS / "buzzer" / "runbooks"
PAGES = sorted(path for path in DOCS.rglob("*.md") if "_templates" not in path.parts)


# --- what a page types


@dataclass(frozen=True)
class Command:
    """What is typed at one prompt, the answer printed below it, and the line of the page."""

    line: int
    typed: str
    answer: str


def commands(text):
    """The commands of a page's console blocks, and those in its sentences that carry options; a macro counts as the number 7."""
    text = re.sub(r"\{\{.*?\}\}", "7", text)
    found, fence, indent = [], False, 0
    for number, raw in enumerate(text.splitlines(), 1):
        mark = re.match(r"( *)```(\w*)", raw)
        if mark:
            fence, indent = (not fence and mark[2] == "console"), len(mark[1])
        elif fence and raw[indent:].startswith("$ "):
            found.append([number, raw[indent + 2 :], []])
        elif fence and found and found[-1][1].endswith("\\") and not found[-1][2]:
            found[-1][1] += "\n" + raw
        elif fence and found:
            found[-1][2].append(raw[indent:])
        else:
            found += [[number, typed, []] for typed in re.findall(r"`(aws [^`]* --[^`]*)`", raw)]
    return [Command(number, typed, "\n".join(answer)) for number, typed, answer in found]


RECORDER = r"""
aws() { printf '%s\0' "$@" '<end>' >&3; echo answer; }
date() { case "$*" in *%s*) echo 1796000000000;; *%FT*) echo 2026-11-28T20:45:00Z;; *) echo 2026-11-28;; esac; }
jq() { echo answer; }
command_not_found_handle() { :; }
"""


def aws_calls(typed, directory):
    """The arguments of every call of `aws` that a shell would make. Raises ValueError where the shell cannot read the command."""
    record = directory / "calls"
    record.write_text("")
    variables = "".join(f": ${{{name}:=answer}}\n" for name in sorted(set(re.findall(r"\$\{?([A-Za-z_]\w*)", typed))))
    script = f"exec 3>>{record}\n{RECORDER}\n{variables}\n{typed}\n"
    read = subprocess.run(["/bin/bash", "-n", "-c", typed], capture_output=True, text=True, check=False)
    if read.returncode:
        raise ValueError(read.stderr.strip())
    # Without a PATH nothing outside the shell can be started.
    environment = {"PATH": ""}
    subprocess.run(
        ["/bin/bash", "-c", script], cwd=directory, env=environment, capture_output=True, timeout=20, check=False
    )
    calls, arguments = [], []
    for argument in record.read_text().split("\0")[:-1]:
        if argument == "<end>":
            calls.append(arguments)
            arguments = []
        else:
            arguments.append(argument)
    return calls


# --- what the command line accepts

SESSION = get_session()
RENAMED = {"s3api": "s3", "deploy": "codedeploy", "configservice": "config"}
GLOBALS = {  # option -> whether it takes a value: https://docs.aws.amazon.com/cli/latest/reference/
    "--output": True, "--query": True, "--profile": True, "--region": True, "--endpoint-url": True, "--color": True,
    "--ca-bundle": True, "--cli-read-timeout": True, "--cli-connect-timeout": True, "--cli-input-json": True,
    "--cli-binary-format": True, "--generate-cli-skeleton": True, "--no-cli-pager": False, "--no-paginate": False,
    "--no-sign-request": False, "--no-verify-ssl": False, "--debug": False,
}  # fmt: skip
OUTPUTS = {"json", "text", "table", "yaml", "yaml-stream"}
PAGING = {"--max-items", "--page-size", "--starting-token"}
S3_COPY = {"--dryrun", "--only-show-errors", "--cache-control", "--content-type", "--exclude", "--include", "--sse"}
S3 = {  # high-level command -> least and most positional arguments, options
    "ls": (0, 1, {"--recursive", "--human-readable", "--summarize"}),
    "cp": (2, 2, S3_COPY | {"--recursive"}),
    "sync": (2, 2, S3_COPY | {"--delete"}),
    "rm": (1, 1, {"--recursive", "--dryrun", "--only-show-errors", "--exclude", "--include"}),
}  # fmt: skip
BESIDE_THE_MODEL = {  # (service, operation) -> options the command line adds, each standing in for a required one
    ("cloudfront", "create-invalidation"): {"--paths": "--invalidation-batch"},
}


@cache
def model(service):
    return SESSION.get_service_model(RENAMED.get(service, service))


def split(arguments):
    """The words before the first option, and each option with its values."""
    words, options = [], []
    for argument in arguments:
        if argument.startswith("--"):
            options.append((argument, []))
        elif options and GLOBALS.get(options[-1][0], True) and not (options[-1][0] in GLOBALS and options[-1][1]):
            options[-1][1].append(argument)
        else:
            words.append(argument)
    return words, options


def faults(arguments):
    """What the command line would refuse in a call, or would answer with nothing, as sentences."""
    words, options = split(arguments)
    if len(words) < 2:
        return ["an aws command names a service and an operation"]
    service, name = words[:2]
    if service == "s3":
        return s3_faults(name, words[2:], options)
    try:
        operations = {xform_name(operation, "-"): operation for operation in model(service).operation_names}
    except UnknownServiceError:
        return [f"there is no service {service}"]
    if name == "wait":
        waiters = SESSION.get_waiter_model(RENAMED.get(service, service))
        known = {xform_name(waiter, "-"): waiter for waiter in waiters.waiter_names}
        if len(words) != 3 or words[2] not in known:
            return [f"{service} has no waiter {' '.join(words[2:])}"]
        operation = model(service).operation_model(waiters.get_waiter(known[words[2]]).operation)
    elif name not in operations:
        return [f"{service} has no operation {name}"]
    elif words[2:]:
        return [f"{service} {name} takes no word {words[2]!r}"]
    else:
        operation = model(service).operation_model(operations[name])
    return option_faults(service, name, operation, options)


def option_faults(service, name, operation, options):
    found = []
    shape = operation.input_shape
    members = {f"--{xform_name(member, '-')}": kind for member, kind in shape.members.items()} if shape else {}
    required = {f"--{xform_name(member, '-')}" for member in shape.required_members} if shape else set()
    added = BESIDE_THE_MODEL.get((service, name), {})
    pages = SESSION.get_component("data_loader").list_available_services("paginators-1")
    source = RENAMED.get(service, service)
    paged = source in pages and operation.name in SESSION.get_paginator_model(source)._paginator_config
    for option, values in options:
        plain = "--" + option.removeprefix("--no-")
        if option in members and members[option].type_name == "boolean":
            found += [f"{option} takes no value"] if values else []
        elif option in members:
            found += value_faults(option, members[option], values)
        elif plain in members and members[plain].type_name == "boolean":
            found += [f"{option} takes no value"] if values else []
        elif option in GLOBALS:
            found += global_faults(option, values, operation)
        elif option not in added and not (option in PAGING and paged):
            found.append(f"{service} {name} has no option {option}")
    given = {option for option, _ in options} | {"--" + option.removeprefix("--no-") for option, _ in options}
    given |= {added[option] for option, _ in options if option in added}
    if "--cli-input-json" not in given and "--generate-cli-skeleton" not in given:
        found += [f"{service} {name} needs {option}" for option in sorted(required - given)]
    return found


def global_faults(option, values, operation):
    if GLOBALS[option] != bool(values):
        return [f"{option} takes {'a' if GLOBALS[option] else 'no'} value"]
    if option == "--output" and values[0] not in OUTPUTS:
        return [f"--output is {values[0]!r}; it must be one of {', '.join(sorted(OUTPUTS))}"]
    if option == "--query":
        return query_faults(values[0], operation.output_shape)
    return []


def value_faults(option, shape, values):
    if not values:
        return [f"{option} takes a value"]
    if shape.type_name == "list" and not values[0].startswith(("[", "file://")):
        return [fault for value in values for fault in scalar_faults(option, shape.member, value)]
    return scalar_faults(option, shape, values[0]) if len(values) == 1 else [f"{option} takes one value"]


def scalar_faults(option, shape, value):
    """What is wrong with one value: its kind, its enumeration, or the members of a structure in JSON or shorthand."""
    if value.startswith("file://") or value == "answer":
        return []
    if shape.type_name in {"structure", "list", "map"} and value.startswith(("{", "[")):
        try:
            given = json.loads(value)
        except ValueError:
            return [f"{option} is no JSON"]
        unknown = sorted(given.keys() - shape.members.keys()) if shape.type_name == "structure" else []
        return [f"{option} has no member {key}" for key in unknown]
    if shape.type_name == "structure":
        pairs = re.findall(r"(?:^|,)([A-Za-z0-9]+)=([^,]*)", value)
        found = [f"{option} has no member {key}" for key, _ in pairs if key not in shape.members]
        found += [f"{option} needs {key}" for key in shape.required_members if key not in dict(pairs)]
        return found + [
            fault
            for key, given in pairs
            if key in shape.members and shape.members[key].type_name not in {"list", "map", "structure"}
            for fault in scalar_faults(f"{option} {key}", shape.members[key], given)
        ]
    if shape.type_name in {"integer", "long"} and not re.fullmatch(r"-?\d+", value):
        return [f"{option} is {value!r}; it must be a whole number"]
    if shape.type_name == "boolean" and value not in {"true", "false"}:
        return [f"{option} is {value!r}; it must be true or false"]
    enumeration = getattr(shape, "enum", None)
    if enumeration and value not in enumeration:
        return [f"{option} is {value!r}; it must be one of {', '.join(enumeration)}"]
    return []


def s3_faults(name, words, options):
    if name not in S3:
        return [f"s3 has no command {name} that this test knows"]
    least, most, known = S3[name]
    # What follows a flag is a word: `sync --dryrun a b`.
    flags = {"--recursive", "--dryrun", "--only-show-errors", "--delete", "--human-readable", "--summarize"}
    kept = {"--cache-control", "--content-type", "--exclude", "--include", "--sse"}
    for option, values in options:
        words = words + (values if option in flags else values[1:] if option in kept else [])
    found = [
        f"s3 {name} has no option {option}" for option, _ in options if option not in known and option not in GLOBALS
    ]
    if not least <= len(words) <= most:
        found.append(f"s3 {name} takes {least} to {most} places, not {len(words)}")
    elif name != "ls" and not any(word.startswith("s3://") for word in words):
        found.append(f"s3 {name} names no bucket")
    return found


# --- whether a query asks for what the answer holds


def query_faults(query, shape):
    """Fields that a JMESPath expression asks for and an answer of this shape cannot hold."""
    try:
        tree = jmespath.compile(query).parsed
    except jmespath.exceptions.JMESPathError as error:
        return [f"--query cannot be read: {str(error).splitlines()[0]}"]
    found = []
    follow(tree, shape, found)
    return found


def many(shape):
    return SimpleNamespace(type_name="list", member=shape)


def member(shape):
    return shape.member if shape is not None and shape.type_name == "list" else None


def follow(node, shape, found):
    """The shape to which a node of an expression leads, None where it is not known; unknown fields go to `found`."""
    kind, children = node["type"], node.get("children", [])
    if kind == "field":
        return field(node["value"], shape, found)
    if kind in {"subexpression", "index_expression", "pipe"}:
        for child in children:
            shape = follow(child, shape, found)
        return shape
    if kind in {"projection", "filter_projection"}:
        element = member(follow(children[0], shape, found))
        for condition in children[2:]:
            follow(condition, element, found)
        return many(follow(children[1], element, found))
    if kind == "flatten":
        inner = follow(children[0], shape, found)
        return member(inner) if getattr(member(inner), "type_name", "") == "list" else inner
    if kind == "index":
        return member(shape)
    if kind in {"identity", "current", "slice"}:
        return shape
    if kind == "function_expression":
        first = follow(children[0], shape, found) if children else None
        for child in children[1:]:
            by = child["type"] == "expref"
            follow(child["children"][0] if by else child, member(first) if by else shape, found)
        return {"sort_by": first, "reverse": first, "max_by": member(first), "min_by": member(first)}.get(node["value"])
    if kind == "literal":
        return None
    shapes = [follow(child, shape, found) for child in children]
    return many(shapes[0]) if kind == "multi_select_list" else None


def field(name, shape, found):
    if shape is None:
        return None
    if shape.type_name == "structure":
        if name not in shape.members:
            found.append(f"--query asks for {name}; there are {', '.join(shape.members)}")
        return shape.members.get(name)
    if shape.type_name == "map":
        return shape.value
    found.append(f"--query asks for {name} of a {shape.type_name}")
    return None


def page_faults(text, directory):
    """Every fault of the aws commands of a page, each with its line."""
    found = []
    for command in commands(text):
        try:
            calls = aws_calls(command.typed, directory)
        except ValueError as error:
            found.append(f"line {command.line}: {error}")
            continue
        if re.search(r"(?<![\w/])aws ", command.typed) and not calls:
            found.append(f"line {command.line}: the shell never comes to the aws command")
        found += [f"line {command.line}: {fault}" for call in calls for fault in faults(call)]
    return found


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(DOCS).as_posix())
def test_every_aws_command_of_a_page_exists_and_takes_its_options(path, tmp_path):
    assert not page_faults(path.read_text(encoding="utf-8"), tmp_path)


def test_the_runbooks_hold_commands_to_check():
    found = {
        path.stem: len(commands(path.read_text(encoding="utf-8")))
        for path in BOOKS.glob("*.md")
        if path.stem != "index"
    }
    assert len(found) >= 22
    assert min(found.values()) >= 3


WAIT = "aws ecs wait services-stable --cluster a --services b"


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        ("aws ecz list-clusters", "no service ecz"),
        ("aws ecs list-task --cluster a", "no operation list-task"),
        ("aws ecs describe-services --cluster a", "needs --services"),
        ("aws ecs describe-services --cluster a --service b", "has no option --service"),
        ("aws ecs stop-task --task a --task-arn b", "has no option --task-arn"),
        ("aws ecs list-tasks --sort NONE", "has no option --sort"),
        ("aws ecs list-tasks --desired-status GONE", "must be one of RUNNING"),
        ("aws ecs wait service-stable --services b", "no waiter service-stable"),
        ("aws ecs wait services-stable --cluster a", "needs --services"),
        ("aws ecs register-task-definition --family a --container-definitions file://x --revision 3", "no option --revision"),
        ("aws ecs list-clusters --output yml", "--output is 'yml'"),
        ("aws ecs list-clusters --query 'clusterArn[0]'", "asks for clusterArn"),
        ("aws ecs list-clusters --query 'clusterArns[0'", "cannot be read"),
        ("aws ecs list-clusters --query 'clusterArns[].name'", "asks for name of a string"),
        ("aws ecs describe-services --services b --query 'sort_by(services,&begun)[0]'", "asks for begun"),
        ("aws ecs describe-services --services b --query \"services[?state=='x'].status\"", "asks for state"),
        ("aws rds modify-db-instance --db-instance-identifier a --multi-az true", "--multi-az takes no value"),
        ("aws rds modify-db-instance --db-instance-identifier a --allocated-storage big", "must be a whole number"),
        (("aws application-autoscaling put-scheduled-action --service-namespace ecs --resource-id a "
         "--scalable-dimension ecs:service:DesiredCount --scheduled-action-name b "
         "--scalable-target-action Minimum=3"), "no member Minimum"),
        (("aws ce get-cost-and-usage --time-period Start=a,End=b --metrics c --granularity DAILY "
         "--group-by Type=SERVICE,Key=d"), "must be one of DIMENSION"),
        ("aws ce get-cost-and-usage --time-period Start=a --metrics c --granularity DAILY", "needs End"),
        ("aws cloudfront create-invalidation --distribution-id a", "needs --invalidation-batch"),
        ("aws s3 copy a s3://b", "no command copy"),
        ("aws s3 cp a", "takes 2 to 2 places"),
        ("aws s3 sync a b --delete", "names no bucket"),
        ("aws s3 sync --purge a s3://b", "no option --purge"),
        ("x=$(aws ecs list-cluster)", "no operation list-cluster"),
        ("for a in b; do aws ecs list-cluster; done | sort", "no operation list-cluster"),
        ("aws ecs list-clusters --query 'clusterArns", "line 4"),
        ("false && aws ecs list-clusters", "never comes"),
    ],
)  # fmt: skip
def test_a_planted_fault_in_a_command_is_found(planted, said, tmp_path):
    page = f"text\n\n    ```console\n    $ {planted}\n    answer\n    ```\n"
    assert any(said in fault for fault in page_faults(page, tmp_path)), page_faults(page, tmp_path)


@pytest.mark.parametrize(
    "sound",
    [
        WAIT,
        "aws ecs list-tasks --cluster a --max-items 3 --no-cli-pager",
        "aws ecs describe-tasks --tasks $TASKS --query 'tasks[].{task: taskArn, from: startedAt}'",
        "aws s3 sync --dryrun --cache-control max-age=1 a s3://b",
        "aws s3 cp s3://b/c - | zcat",
        "aws cloudfront create-invalidation --distribution-id a --paths '/a/*' /b",
        "aws rds modify-db-instance --db-instance-identifier a --no-multi-az --apply-immediately",
        ("aws cloudwatch get-metric-statistics --namespace a --metric-name b --period 60 --statistics Average Maximum "
        "--dimensions Name=c,Value=d Name=e,Value=f --start-time \"$(date -u +%FT%TZ)\" --end-time \"$(date -u +%FT%TZ)\""),
        'aws ecs stop-task --cluster a --task "$(aws ecs list-tasks --cluster a --query "taskArns[0]" --output text)"',
    ],
)  # fmt: skip
def test_a_sound_command_passes(sound, tmp_path):
    assert not page_faults(f"```console\n$ {sound}\n```\n", tmp_path)


def test_a_command_in_a_sentence_is_checked_too(tmp_path):
    assert page_faults("Type `aws ecs list-tasks --sort NONE` now.\n", tmp_path)
    assert not page_faults("Type `aws ecs list-tasks --cluster a` or `aws ecs stop-task` now.\n", tmp_path)


# --- alarms and runbooks, both ways


@cache
def architecture():
    return terraform.load(ROOT / "terraform" / "stacks" / "buzzer", cache=ROOT / ".cache" / "parsed")


def stack_alarms():
    return {
        alarm.values["alarm_name"]: alarm
        for alarm in architecture().of_type("aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm")
    }


def books():
    return {
        path.stem: get_data(path.read_text(encoding="utf-8"))[1] for path in BOOKS.glob("*.md") if path.stem != "index"
    }


def disagreements(named, listed):
    """Where alarms and runbooks differ: `named` maps an alarm to its runbook, `listed` a runbook to the alarms it answers."""
    found = []
    for alarm, slug in sorted(named.items()):
        if slug not in listed:
            found.append(f"{alarm} names the runbook {slug}, which does not exist")
        elif alarm not in listed[slug]:
            found.append(f"{alarm} names the runbook {slug}, which does not list it")
    for slug, alarms in sorted(listed.items()):
        found += [f"{slug} lists the alarm {alarm}, which does not exist" for alarm in alarms if alarm not in named]
        found += [f"{slug} lists {alarm} twice" for alarm in sorted(set(alarms)) if alarms.count(alarm) > 1]
        found += [
            f"{slug} lists {alarm}, which names {named[alarm]}" for alarm in alarms if named.get(alarm, slug) != slug
        ]
    return found


def test_every_alarm_has_its_runbook_and_every_runbook_answers_alarms_that_exist():
    named = {name: alarm.values["tags"]["runbook"] for name, alarm in stack_alarms().items()}
    assert len(named) >= 40
    assert not disagreements(named, {slug: meta["alarms"] for slug, meta in books().items()})


@pytest.mark.parametrize(
    ("named", "listed", "said"),
    [
        ({"a": "x"}, {}, "does not exist"),
        ({"a": "x"}, {"x": []}, "does not list it"),
        ({"a": "x"}, {"x": ["a", "b"]}, "x lists the alarm b"),
        ({"a": "x"}, {"x": ["a"], "y": ["a"]}, "which names x"),
        ({"a": "x"}, {"x": ["a", "a"]}, "twice"),
    ],
)
def test_an_alarm_and_a_runbook_that_disagree_are_noticed(named, listed, said):
    assert any(said in fault for fault in disagreements(named, listed))
    assert not disagreements({"a": "x"}, {"x": ["a"], "planned": []})


def test_the_severity_of_a_runbook_is_that_of_its_most_urgent_alarm():
    alarms = stack_alarms()
    for slug, meta in books().items():
        urgent = {alarms[name].values["tags"]["severity"] for name in meta["alarms"]}
        if urgent:
            assert meta["severity"] == ("page" if "page" in urgent else "ticket"), slug


# --- names and thresholds on a page are those of the stack


@cache
def names():
    """Every text in the stack, whole and cut at what separates the parts of an address or an ARN."""
    found = set()

    def gather(value):
        if isinstance(value, str):
            found.update({value, *re.split(r"[/:]", value)})
        elif isinstance(value, dict):
            for key, item in value.items():
                gather(key)
                gather(item)
        elif isinstance(value, tuple):
            for item in value:
                gather(item)
        elif isinstance(value, Unknown):
            gather(value.partial)

    for resource in architecture().resources:
        gather(dict(resource.values))
    return found


MADE = re.compile(r"--(?:target|new)-db-instance-identifier (\S+)|--scheduled-action-name (\S+)")
NAMED = re.compile(r"(?<![\w.@$/-])buzzer-[A-Za-z0-9-]*[A-Za-z0-9](?![\w/-]|\.(?:json|html|md|example))")
EXAMPLE = re.compile(r"buzzer-(?:\d{4}-\d\d-\d\d-\d\d-\d\d|[0-9a-f]{4,8}(?:-[0-9a-f]{4,12})*)")


def strange_names(text):
    """Names on a page that look like names of the stack and are none; names that its own commands make are no strangers."""
    made = {name for pair in MADE.findall(text) for name in pair if name}
    return sorted(
        {found for found in NAMED.findall(text) if found not in names() | made and not EXAMPLE.fullmatch(found)}
    )


OWN_PAGES = [*sorted(BOOKS.glob("*.md")), DOCS / "buzzer" / "troubleshooting.md"]


@pytest.mark.parametrize("path", OWN_PAGES, ids=lambda path: path.stem)
def test_a_name_on_a_runbook_is_a_name_of_the_stack(path):
    assert not strange_names(path.read_text(encoding="utf-8"))


def test_a_name_that_the_stack_does_not_bear_is_noticed():
    text = "--services buzzer-api --replication-group-id buzzer-redis, `buzzer-cpu-hot`, --new-db-instance-identifier buzzer-lost"
    assert strange_names(text) == ["buzzer-cpu-hot", "buzzer-redis"]


def wrong_thresholds(text):
    """Answers that show an alarm with another threshold than the stack gives it."""
    found = []
    for command in commands(text):
        if "describe-alarms" not in command.typed:
            continue
        asked = [name for name in stack_alarms() if re.search(rf"{re.escape(name)}(?![\w-])", command.typed)]
        for line in command.answer.splitlines():
            shown = re.search(r"threshold \(([\d.]+)\)", line)
            about = next((name for name in stack_alarms() if line.startswith(f"{name}\t")), asked[0] if asked else None)
            if shown and about and float(shown[1]) != float(stack_alarms()[about].values["threshold"]):
                found.append(
                    f"line {command.line}: {about} has {stack_alarms()[about].values['threshold']}, not {shown[1]}"
                )
    return found


@pytest.mark.parametrize("path", OWN_PAGES, ids=lambda path: path.stem)
def test_a_threshold_in_an_answer_is_that_of_the_alarm(path):
    assert not wrong_thresholds(path.read_text(encoding="utf-8"))


def test_another_threshold_is_noticed():
    page = "```console\n$ aws cloudwatch describe-alarms --alarm-names buzzer-db-cpu\nALARM\twas above the threshold ({}).\n```\n"
    true = float(stack_alarms()["buzzer-db-cpu"].values["threshold"])
    assert not wrong_thresholds(page.format(true))
    assert wrong_thresholds(page.format(true + 1))


# --- what the macros of a runbook give


def buzzer():
    return pages_model.Model(ROOT, ROOT / "terraform" / "stacks" / "buzzer")


def test_a_runbooks_alarms_are_shown_with_their_condition_and_the_line_that_writes_them():
    shown = infrastructure.alarms_named(buzzer(), "buzzer/runbooks/x.md", ["buzzer-db-cpu", "buzzer-errors-page"])
    assert "CPUUtilization Average above 60 in 2 of 3 periods of 60 s" in shown
    assert "failed requests, % " in shown
    assert shown.count("alarms.tf:") == 2
    assert "null" not in shown
    with pytest.raises(LookupError, match="no alarm buzzer-none"):
        infrastructure.alarms_named(buzzer(), "x.md", ["buzzer-none"])


def test_a_value_is_given_as_it_is_typed():
    assert infrastructure.plain(buzzer(), "var.tasks", "max") == "30"
    assert (
        infrastructure.plain(
            buzzer(), 'module.alarms.aws_cloudwatch_metric_alarm.this["requests-per-task"]', "threshold"
        )
        == "4500"
    )
    for address, argument in (("var.none", ""), ("var.tasks", ""), ("var.tasks", "mean"), ("module.none.x.y", "z")):
        with pytest.raises(LookupError):
            infrastructure.plain(buzzer(), address, argument)
