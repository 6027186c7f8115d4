# ruff: noqa: E501 (a row of a table is one line)
"""What the shell, the command line or the service would refuse in a command is said, with its place; what is sound is not blamed."""

import resource
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import runbooks
from analysis.architecture import Architecture, Location, Resource
from analysis.runbooks import cli

SHOP = Architecture(
    "shop",
    tuple(
        Resource(f"{kind}.x{number}", kind, f"x{number}", values, Location("main.tf", number + 1))
        for number, (kind, values) in enumerate(
            [
                ("aws_ecs_cluster", {"name": "shop"}),
                ("aws_ecs_service", {"name": "shop-web"}),
                ("aws_db_instance", {"identifier": "shop-db", "parameter_group_name": "shop-mysql8"}),
                ("aws_cloudwatch_metric_alarm", {"alarm_name": "shop-cpu", "threshold": 70.0}),
                ("aws_cloudwatch_metric_alarm", {"alarm_name": "shop-errors", "threshold": 1.0}),
                ("aws_cloudwatch_composite_alarm", {"alarm_name": "shop-surge"}),
                ("aws_s3_bucket", {"bucket": "shop-assets-123456789012"}),
                ("aws_cloudwatch_log_group", {"name": "/ecs/shop-web"}),
            ]
        )
    ),
)
SHOP_NAMES = runbooks.vocabulary([SHOP])


def found(text, stacks=()):
    return [str(finding) for finding in runbooks.check(runbooks.parse(text, "p.md"), stacks).findings]


def console(*commands, title="Act"):
    return f'```console title="{title}"\n' + "\n".join(f"$ {command}" for command in commands) + "\n```\n"


def faults(*commands, stacks=(), title="Act"):
    return found(console(*commands, title=title), stacks)


PUT = (
    "aws application-autoscaling put-scheduled-action --service-namespace ecs --resource-id a "
    "--scalable-dimension ecs:service:DesiredCount --scheduled-action-name b --scalable-target-action "
)
COSTS = "aws ce get-cost-and-usage --metrics c --granularity DAILY --time-period "
STATISTICS = "aws cloudwatch get-metric-statistics --namespace a --metric-name b --statistics Average --period "
RESTORE = (
    "aws rds restore-db-instance-to-point-in-time --source-db-instance-identifier a --target-db-instance-identifier b"
)
REVISION = "aws ecs register-task-definition --family a --container-definitions "
DESCRIBE = "aws ecs describe-services --services b --cluster c --output text --query "


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        # names
        ("aws ecz list-clusters", "no service ecz; perhaps ecs"),
        ("aws ecs list-task --cluster a", "no operation list-task; perhaps list-tasks"),
        ("aws ecs", "ecs wants an operation"),
        ("aws", "names a service and an operation"),
        ("aws ecs describe-services --cluster a --service b", "no option --service; perhaps --services"),
        ("aws ecs stop-task --cluster c --task a --task-arn b", "no option --task-arn"),
        ("aws ecs wait service-stable --services b", "no waiter service-stable; perhaps services-stable"),
        ("aws ecr get-login --no-include-email", "version 2 of the command line has no ecr get-login"),
        ("aws deploy list-application-revisions --application-name a --s-3-bucket b", "no option --s-3-bucket; perhaps --s3-bucket"),
        # what is needed
        ("aws ecs describe-services --cluster a", "needs --services"),
        ("aws ecs wait services-stable --cluster a", "needs --services"),
        ("aws cloudfront create-invalidation --distribution-id a", "none of --paths, --invalidation-batch is given"),
        ("aws rds delete-db-instance --db-instance-identifier a", "none of --skip-final-snapshot"),
        (RESTORE, "none of --restore-time, --use-latest-restorable-time"),
        (f"{RESTORE} --restore-time 2026-11-28T20:31:00Z --use-latest-restorable-time", "exclude each other"),
        (COSTS + "Start=a", "lacks End"),
        # kinds and enumerations
        ("aws ecs list-tasks --cluster a --desired-status GONE", "is 'GONE'; write one of RUNNING"),
        ("aws ecs list-tasks --cluster a --desired-status running", "is 'running'; write RUNNING"),
        ("aws ecs list-clusters --output yml", "--output is 'yml'"),
        ("aws rds modify-db-instance --db-instance-identifier a --multi-az true", "--multi-az takes no value"),
        ("aws rds modify-db-instance --db-instance-identifier a --allocated-storage big", "is 'big'; write a whole number"),
        (COSTS + "Start=a,End=b --group-by Type=SERVICE,Key=d", "Type is 'SERVICE'; write one of DIMENSION"),
        (PUT + "Minimum=3", "no member Minimum; leave it out; there are MinCapacity, MaxCapacity"),
        (PUT + "MinCapacity=x", "holds 'x' where a number belongs; write a whole number"),
        (PUT + "'{\"MinCapacity\": \"3\"}'", "MinCapacity is a text; write a whole number"),
        (PUT + "MinCapacity=9,MaxCapacity=3", "the fewest (9) are more than the most (3)"),
        (PUT + "MinCapacity", "is no shorthand"),
        (PUT + "'{\"MinCapacity\": 3'", "is no JSON"),
        ("aws ecs run-task --cluster a --task-definition b --capacity-provider-strategy weight=1", "lacks capacityProvider"),
        (REVISION + '\'[{"name": "a", "memmory": 1}]\'', "no member memmory; perhaps memory"),
        ("aws kms schedule-key-deletion --key-id a --pending-window-in-days 400", "is 400; it must be from 1 to 365"),
        (("aws cloudwatch get-metric-statistics --namespace a --metric-name b --statistics Average,Maximum --period 60 "
         "--start-time 2026-11-28T20:00:00Z --end-time 2026-11-28T20:30:00Z"), "is 'Average,Maximum'"),
        (STATISTICS + "60 --start-time gestern --end-time 2026-11-28T20:30:00Z", "is 'gestern'; write a time"),
        ("aws ecs update-service --cluster a --service b c", "'c' is a second one"),
        ("aws ecs list-tasks --cluster", "--cluster takes a value"),
        ("aws ecs list-tasks --cluster a --cluster b", "stands twice"),
        ("aws kinesis put-record --stream-name a --partition-key b --data hello", "taken for base64"),
        ("aws ecs register-task-definition --family a --container-definitions file://x --revision 3", "no option --revision"),
        # queries
        ("aws ecs list-clusters --query 'clusterArn[0]'", "asks for clusterArn, which the answer does not have there; perhaps clusterArns"),
        ("aws ecs list-clusters --query 'clusterArns[0'", "cannot be read"),
        ("aws ecs list-clusters --query 'clusterArns[].name'", "asks for name of a string"),
        (DESCRIBE + "'sort_by(services,&begun)[0]'", "asks for begun"),
        (DESCRIBE + "\"services[?state=='x'].status\"", "asks for state"),
        (DESCRIBE + "'services.status'", "asks for status of a list; add []"),
        (DESCRIBE + "\"services[0].deployments[?rolloutState=='DONE'].id\"", "compares with 'DONE', which is never there"),
        ("aws rds reboot-db-instance --db-instance-identifier a --query DBInstance.State", "asks for State"),
        ("aws ecs list-clusters | jq '.clusterArns['", "jq cannot read its program"),
        ("aws ecs list-clusters | jq -r '.clusters[].name'", "jq asks for clusters, name"),
        ("aws ecs list-clusters | jq", "jq without a program"),
        (DESCRIBE + "'services[0].[status,serviceName]' | jq .", "jq reads JSON, and the command before it prints text"),
        # s3
        ("aws s3 copy a s3://b", "no operation copy"),
        ("aws s3 cp a", "takes 2 words"),
        ("aws s3 sync a b --delete", "names no bucket"),
        ("aws s3 sync --purge a s3://b", "no option --purge"),
        ("aws s3 rm s3://a/b --include '*.svg'", "--include has no effect without --recursive"),
        # the shell
        ("x=$(aws ecs list-cluster)", "no operation list-cluster"),
        ("for a in b; do aws ecs list-cluster; done | sort", "no operation list-cluster"),
        ("if true; then echo; else aws ecs list-cluster; fi", "no operation list-cluster"),
        ("f() { aws ecs list-cluster; }", "no operation list-cluster"),
        ("timeout 9 sudo -u me aws ecs list-cluster", "no operation list-cluster"),
        ("eval 'aws ecs list-cluster'", "no operation list-cluster"),
        ("echo a | xargs aws ecs list-cluster", "no operation list-cluster"),
        ("aws ecs list-clusters --query 'clusterArns", "the shell cannot read"),
        ("if true; then aws ecs list-clusters", "the shell"),
        ("false && aws ecs list-clusters", "never comes"),
        ("date -v-1H", "an option of the date of a Mac"),
    ],
)  # fmt: skip
def test_a_fault_of_one_command_is_said(planted, said):
    assert any(said in fault for fault in faults(planted)), faults(planted)


@pytest.mark.parametrize(
    "sound",
    [
        "aws ecs wait services-stable --cluster a --services b",
        "aws ecs list-tasks --cluster a --max-items 3 --no-cli-pager",
        "aws --region us-east-1 ecs list-clusters --output yaml --cli-read-timeout 5",
        "aws ecs describe-tasks --cluster a --tasks $AWS_TASKS --query 'tasks[].{task: taskArn, from: startedAt}'",
        "aws s3 sync --dryrun --cache-control max-age=1 a s3://b",
        "aws s3 cp s3://b/c - | zcat",
        "aws s3 ls",
        "aws configure && aws configure set region us-east-1 && aws sso login && aws --version && aws ecs help",
        "aws logs tail /ecs/a --follow --since 1h --format short",
        "aws cloudfront create-invalidation --distribution-id a --paths '/a/*' /b",
        "aws rds modify-db-instance --db-instance-identifier a --no-multi-az --apply-immediately",
        "aws lambda invoke --function-name a --cli-binary-format raw-in-base64-out --payload '{}' out.json",
        "aws kinesis put-record --stream-name a --partition-key b --data aGVsbG8=",
        "aws ecs run-task --cluster a --task-definition b --overrides '{\"containerOverrides\":[{\"name\":\"c\",\"command\":[\"d\"]}]}'",
        ("aws ecs run-task --cluster a --task-definition b --network-configuration \"awsvpcConfiguration={\n subnets=[s-1,s-2],\n"
        " securityGroups=[g],\n assignPublicIp=DISABLED\n }\""),
        "aws ec2 describe-instances --filters Name=tag:Name,Values=a,b Name=x,Values=c --query 'Reservations[].Instances[].[InstanceId,Tags]'",
        ("aws cloudwatch get-metric-statistics --namespace a --metric-name b --period 60 --statistics Average Maximum "
         "--dimensions Name=c,Value=d Name=e,Value=f --start-time \"$(date -u -d '1 hour ago' +%FT%TZ)\" --end-time \"$(date -u +%FT%TZ)\""),
        'aws ecs stop-task --cluster a --task "$(aws ecs list-tasks --cluster a --query "taskArns[0]" --output text)"',
        "aws ecs list-clusters | jq -r '.clusterArns[3] | select(test(\"a\")) | split(\"/\") | last'",
        "aws ecs describe-services --cluster a --services b | jq '.services[] | {status, n: .runningCount} | select(.n < 3)'",
        "aws ecs describe-services --cluster a --services b | jq '.services[0].gone // \"none\"'",
        "aws kinesis get-records --shard-iterator a --query 'Records[0].Data' --output json | jq -r '@base64d'",
        ("cat > f.json <<EOF\n[{\"name\": \"a\", \"image\": \"$AWS_IMAGE\"}]\nEOF\naws ecs register-task-definition --family a "
        "--container-definitions file://f.json"),
        "while read -r task; do aws ecs stop-task --cluster a --task \"$task\"; done < <(aws ecs list-tasks --cluster a --output text)",
        "ARN=$(aws ecs list-clusters --query 'clusterArns[0]' --output text); aws ecs list-tasks --cluster \"${ARN##*/}\"",
    ],
)  # fmt: skip
def test_a_sound_command_passes(sound):
    assert not found(f"```bash\n{sound}\n```\n")


def test_a_fault_has_the_place_of_its_option():
    text = "text\n\n1. x\n\n    ```console\n    $ aws ecs list-tasks --cluster a \\\n          --desired-status GONE\n    ```\n"
    assert found(text)[0].startswith("p.md:7:11: --desired-status is 'GONE'")
    assert found("Type `aws ecs list-tasks --sort NONE` now.\n")[0].startswith("p.md:1:26:")


# --- values that go from one command to the next


def test_a_variable_that_nothing_sets_is_said_in_a_runbook():
    runbook = "---\nseverity: page\n---\n" + console("aws ecs list-tasks --cluster $CLUSTER")
    assert any("nothing on the page sets $CLUSTER" in fault for fault in found(runbook))
    assert not any("$CLUSTER" in fault for fault in found(runbook.replace("$ aws", "$ CLUSTER=a\n$ aws")))
    assert not faults("aws ecs list-tasks --cluster $CLUSTER", "aws ecs list-tasks --cluster <your-cluster>")


@pytest.mark.parametrize(
    ("commands", "said"),
    [
        (("R=$(aws ecs list-task-definitions --query 'taskDefinitionArns[-2]' --output text)",
          "aws ecs update-service --cluster c --service s --task-definition $R"), "one that was registered need not ever have run"),
        (("N=$(aws ecs describe-task-definition --task-definition a --query taskDefinition.revision)",
          "aws ecs update-service --cluster c --service s --task-definition a:$((M - 1))"), "counted back from another"),
        (("aws ecs describe-task-definition --task-definition a --query taskDefinition > t.json",
          "aws ecs register-task-definition --cli-input-json file://t.json"),
         "no members taskDefinitionArn, revision, status, requiresAttributes, compatibilities, registeredAt, registeredBy"),
        (("aws ecs describe-task-definition --task-definition a > t.json",
          "aws ecs register-task-definition --cli-input-json file://t.json"), "no member taskDefinition"),
        (("T=$(aws ecs describe-task-definition --task-definition a | jq .taskDefinition)",
          'aws ecs register-task-definition --family a --container-definitions "$T"'), "--container-definitions has no members taskDefinitionArn"),
        (("S=$(aws ecs list-services --cluster c --query 'serviceArns[0]')",
          'aws ecs describe-services --cluster c --services "$S"'), "keeps the quotes of JSON"),
        (("C=$(aws ecs describe-services --cluster c --services s --query 'services[0].clusterArn' --output text)",
          'aws ecs stop-task --cluster c --task "$C"'), "--task is given the cluster"),
        (("aws ecs list-tasks --cluster c | xargs -I {} aws ecs stop-task --cluster c --task {}",), "xargs takes apart JSON"),
        (("for t in $(aws ecs list-tasks --cluster c); do aws ecs stop-task --cluster c --task $t; done",), "takes apart JSON at its blanks"),
        (("aws ecs list-tasks --cluster c", "aws ecs describe-services --services s"), "without --cluster looks at the cluster named default"),
        (("S=$(date -d '1 hour ago' +%s)", "aws logs filter-log-events --log-group-name g --start-time $S"), "counts milliseconds"),
        (("aws logs start-query --log-group-name g --query-string q --start-time $(date -d '1 hour ago' +%s)000 --end-time $(date +%s)000",),
         "counts seconds since 1970, and this is milliseconds"),
        ((STATISTICS + "60 --start-time $(date -u +%FT%TZ) --end-time $(date -u -d '1 hour ago' +%FT%TZ)",), "ends before it begins"),
        ((STATISTICS + "60 --start-time $(date -u -d '3 days ago' +%FT%TZ) --end-time $(date -u +%FT%TZ)",), "asks for 4,320 datapoints"),
        ((STATISTICS + "90 --start-time $(date -u -d '1 hour ago' +%FT%TZ) --end-time $(date -u +%FT%TZ)",), "write a multiple of 60"),
        ((STATISTICS.replace("-name b", "-name CPUUtilization").replace("namespace a", "namespace AWS/ECS")
          + "60 --start-time $(date -u -d '1 hour ago' +%FT%TZ) --end-time $(date -u +%FT%TZ)",), "not published with the dimensions none"),
        ((STATISTICS.replace("-name b", "-name ConnectionCount").replace("namespace a", "namespace AWS/ElastiCache")
          + "60 --start-time $(date -u -d '1 hour ago' +%FT%TZ) --end-time $(date -u +%FT%TZ)",), "publishes no ConnectionCount"),
        (("aws sns publish --message m --topic-arn arn:aws:sns:us-east-1:12345678901:t",), "write its twelve digits"),
        (("aws sns publish --message m --topic-arn arn:aws:sqs:us-east-1:123456789012:t",), "is given an ARN of sqs; it takes one of sns"),
        (("aws ecs list-tasks --cluster shop-prod",) * 4 + ("aws ecs list-tasks --cluster shop-prd",), "perhaps shop-prod"),
    ],
)  # fmt: skip
def test_a_fault_between_commands_is_said(commands, said):
    assert any(said in fault for fault in faults(*commands)), faults(*commands)


def test_a_task_definition_without_the_fields_that_only_an_answer_has_can_be_registered_again():
    taken = "jq '.taskDefinition | del(.taskDefinitionArn,.revision,.status,.requiresAttributes,.compatibilities,.registeredAt,.registeredBy)'"
    assert not faults(
        f"aws ecs describe-task-definition --task-definition a | {taken} > t.json",
        "aws ecs register-task-definition --cli-input-json file://t.json",
    )


def test_a_document_of_the_page_is_the_file_that_a_command_names():
    page = "{}\n## The file `{}`\n\n```json\n{}\n```\n"
    command = console("aws ecs register-task-definition --family a --container-definitions file://my-task.json")
    assert "is an object" in found(page.format(command, "my-task.json", '{"family": "a"}'))[0]
    assert "is no JSON" in found(page.format(command, "my-task.json", '[{"name": ]'))[0]
    assert not found(page.format(command, "my-task.json", '[{"name": "a", "image": "b"}]'))


# --- against a stack


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        (
            "aws ecs list-tasks --cluster shop-prod",
            "no cluster in the stack or in an earlier command is named shop-prod",
        ),
        ("aws ecs list-tasks --cluster shop --service-name shop", None),
        ("aws ecs describe-services --cluster shop-web --services shop", "no cluster"),
        ("aws ecs describe-services --cluster shop --services shop", "no service"),
        (
            "aws rds describe-db-instances --db-instance-identifier shop",
            "no database instance in the stack or in an earlier command is named shop",
        ),
        ("aws cloudwatch describe-alarms --alarm-names shop-cpus", "is named shop-cpus"),
        ("aws cloudwatch describe-alarms --alarm-name-prefix shops-", "no name of the stack begins with shops-"),
        (
            "aws cloudwatch describe-alarms --alarm-names shop-surge",
            "is a composite alarm, which the command leaves out",
        ),
        ("aws cloudwatch describe-alarms --alarm-names shop-surge --alarm-types CompositeAlarm", None),
        ("aws s3 ls s3://shop-asset-123456789012", "has no bucket shop-asset-123456789012"),
        ("aws logs tail /ecs/shop-web", None),
        ("aws logs filter-log-events --log-group-name /ecs/shop", "is named /ecs/shop"),
        ("aws sns publish --message m --topic-arn arn:aws:sns:eu-west-1:123456789012:t", "the region of"),
        ("aws rds modify-db-instance --db-instance-identifier shop-db --new-db-instance-identifier shop-old", None),
    ],
)
def test_a_name_comes_from_the_stack(planted, said):
    said_of = faults(planted, stacks=SHOP_NAMES)
    assert any(said in fault for fault in said_of) if said else not said_of, said_of


def test_a_name_may_come_from_an_earlier_command_or_an_answer():
    made = console("aws rds create-db-snapshot --db-instance-identifier shop-db --db-snapshot-identifier shop-before")
    assert not found(made + console("aws rds describe-db-snapshots --db-snapshot-identifier shop-before"), SHOP_NAMES)
    shown = "```console\n$ aws ecs list-services --cluster shop --output text\nSERVICEARNS\tshop-other\n```\n"
    assert not found(shown + console("aws ecs describe-services --cluster shop --services shop-other"), SHOP_NAMES)


def test_names_in_a_text_are_those_of_the_stack():
    text = "`shop-web` and shop-cpus, shop-assets-123456789012, shop-2026-11-28-05-00"
    assert [name for name, _ in runbooks.strange(text, [SHOP])] == ["shop-cpus"]


# --- steps and answers


def test_a_step_that_only_looks_changes_nothing():
    change = "aws ecs update-service --cluster a --service b --desired-count 3"
    for title in ("Check", "Verify", "Abort if"):
        assert any("changes something in a step that only looks" in fault for fault in faults(change, title=title))
    assert not faults(change)
    assert not faults("aws s3 sync --dryrun a s3://b", "aws s3 cp s3://a/b -", "aws logs start-query --log-group-name g "
                      "--query-string q --start-time 1796000000 --end-time 1796000001", title="Check")  # fmt: skip


@pytest.mark.parametrize(
    ("query", "answer", "said"),
    [
        ("services[0].[status,runningCount]", "ACTIVE\t3", None),
        ("services[0].[status,runningCount]", "ACTIVE\t3\t3", "3 columns, and the query asks for 2"),
        (
            "services[0].[status,runningCount]",
            "ACTIVE\tthree",
            "shows 'three', which cannot stand there; it is a integer",
        ),
        (
            "services[0].deployments[].[rolloutState]",
            "COMPLETE",
            "'COMPLETE', which cannot stand there; it is one of COMPLETED",
        ),
        ("services[0].deployments[].[rolloutState]", "COMPLETED\nIN_PROGRESS", None),
        ("services[0].runningCount", "3\n4", "2 lines, and the query gives one value"),
        ("services[].runningCount", "3\t4", None),
        ("services[0].[status]", "ACTIVE\n…", None),
    ],
)
def test_an_answer_shows_what_the_query_asks_for(query, answer, said):
    page = f'```console\n$ aws ecs describe-services --cluster a --services b --output text --query "{query}"\n{answer}\n```\n'
    assert any(said in fault for fault in found(page)) if said else not found(page), found(page)


def test_an_answer_in_json_shows_only_what_the_command_prints():
    page = "```console\n$ aws ecs list-clusters\n{}\n```\n"
    assert not found(page.format('{"clusterArns": ["a"]}'))
    assert "shows clusters, which the command does not print" in found(page.format('{"clusters": []}'))[0]
    assert "the answer below it is none" in found(page.format("a  b"))[0]
    assert (
        "prints nothing, and the page shows an answer"
        in found("```console\n$ aws logs delete-log-group --log-group-name g\ndone\n```\n")[0]
    )


def test_an_answer_shows_the_threshold_of_the_alarm():
    page = ('```console\n$ aws cloudwatch describe-alarms --alarm-names shop-cpu --output text '
            '--query "MetricAlarms[0].[StateValue,StateReason]"\nALARM\tit was above the threshold ({}).\n```\n')  # fmt: skip
    assert not found(page.format("70.0"), SHOP_NAMES)
    assert "with the threshold 80.0; the stack says 70.0" in found(page.format("80.0"), SHOP_NAMES)[0]


# --- a page that means harm, or is very long


HOSTILE = {
    "a path of its own": "/bin/touch {0}/seen; touch {0}/seen; > {0}/seen; cp x {0}/seen",
    "a substitution": "x=$(touch {0}/seen) y=`touch {0}/seen` <(touch {0}/seen)",
    "a value in a file": "aws ecs register-task-definition --cli-input-json file://{0}/secret --family a --container-definitions file://{0}/secret",
    "a value in shorthand": "aws ecs run-task --cluster a --task-definition b --overrides cpu@=file://{0}/secret",
    "a redirection": "cat < {0}/secret | jq . ; x=$(<{0}/secret)",
    "a jq program that reads": "jq -n 'import \"{0}/secret\" as $x; $x'; jq -n env; jq -n input_filename",
    "an alias of the command line": "aws whoami; aws configure set plugins.x {0}",
    "a kill": "kill -9 -1; exec rm -rf {0}; trap 'x' EXIT; ulimit -n 0",
}


@pytest.mark.parametrize("command", HOSTILE.values(), ids=HOSTILE)
def test_nothing_of_a_page_is_executed_written_or_read(command, tmp_path):
    (tmp_path / "secret").write_text('{"family": "SECRET"}')
    before = sorted(tmp_path.iterdir())
    text = "\n".join(found(f"```bash\n{command.replace('{0}', str(tmp_path))}\n```\n"))
    assert sorted(tmp_path.iterdir()) == before
    assert "SECRET" not in text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("jq -n '[range(1e12)] | length'", None),
        ("jq -n 'def f: f; f'", None),
        ("while true; do while true; do while true; do aws ecs list-clusters; done; done; done", None),
        ("f() { f; f; }; f; f", None),
        ("x=a; " + "x=$x$x$x$x; " * 40, "characters"),
        ("x=a; " + "x=$x$x; " * 20 + "echo " + '"$x$x" ' * 20_000, "characters"),
        ("x=a; " + "x=$x$x; " * 20 + " ".join(f"y{n}=$x;" for n in range(3_000)), "characters"),
        ("x=a; " + "x=$x$x; " * 20 + 'aws sns publish --topic-arn t --message "$x"; ' * 3_000, "characters"),
        ("x=a; " + "x=$x$x; " * 20 + 'aws sns publish --message "' + "$x" * 9_000 + '"', "characters"),
        ("$(" * 300 + "date" + ")" * 300, "nests deeper"),
        ("for a in 1 2 3; do " * 14 + "aws ecs list-clusters; " + "done; " * 14, "calls of aws"),
        ("aws ecs list-clusters --query '" + "[" * 3000 + "'", "--query"),
        ("aws ecs register-task-definition --family a --container-definitions '" + "[" * 5000 + "'", "no JSON"),
    ],
    ids=range(13),
)  # fmt: skip
def test_the_work_for_a_page_is_bounded(typed, said):
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    text = "\n".join(found(f"```bash\n{typed}\n```\n"))
    assert time.monotonic() - began < 30
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 600_000  # KiB
    assert said is None or said in text


@pytest.mark.slow
def test_a_page_with_ten_thousand_commands_is_checked_in_time():
    page = (
        "```console\n"
        + "$ aws ecs describe-services --cluster a --services b --query 'services[0].status'\n" * 9_999
        + "$ aws ecs list-task\n```\n"
    )
    began = time.monotonic()
    assert len(found(page)) == 1
    assert time.monotonic() - began < 60


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="aws ecs-$(){}[]|&;<>'\"`\\\n=*?!#~%:.,/x1", max_size=120))
def test_no_text_stops_the_checker(text):
    found(f"```bash\naws {text}\n```\n")


# --- version 2


def test_every_difference_of_version_2_has_a_source_and_the_added_commands_are_new():
    assert all(difference.source.startswith("https://docs.aws.amazon.com/cli/") for difference in cli.DIFFERENCES)
    assert all(cli.usage(words)[0].name == " ".join(words) for words in cli.ADDED)
    with pytest.raises(cli.UsageError, match="version 2"):
        cli.usage(("ecr", "get-login"))


def test_the_rules_have_reasons_and_sources():
    assert len({(rule.id, rule.why) for rule in runbooks.RULES}) == len(runbooks.RULES)
    assert all(rule.why and rule.source for rule in runbooks.RULES)


def test_checking_does_not_read_the_configuration_of_whoever_runs_it(tmp_path, monkeypatch):
    config = tmp_path / "config"
    config.write_text("[plugins]\nx = no_such_module\n[default]\noutput = nonsense\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    cli._services.cache_clear()
    cli.usage.cache_clear()
    assert not faults("aws ecs list-clusters")
