"""A service on the emulator does of itself what ECS does: tasks run, deployments end or stand, and there is a way back."""

import boto3
import pytest

from analysis.emulator import running
from analysis.emulator.services import NO_IMAGE

GOOD = "shop@sha256:" + "a" * 64


@pytest.fixture(scope="module")
def original():
    with running() as emulator:
        client = boto3.client("ecs", **emulator.client_arguments())
        client.create_cluster(clusterName="shop")
        register(client, GOOD)
        client.create_service(
            cluster="shop", serviceName="web", taskDefinition="web", desiredCount=3, launchType="FARGATE"
        )
        yield emulator


@pytest.fixture
def emulator(original):
    with original.copy() as copy:
        yield copy


@pytest.fixture
def ecs(emulator):
    return boto3.client("ecs", **emulator.client_arguments())


def register(ecs, image):
    made = ecs.register_task_definition(
        family="web", containerDefinitions=[{"name": "app", "image": image, "memory": 512}]
    )
    return made["taskDefinition"]["taskDefinitionArn"]


def service(ecs):
    return ecs.describe_services(cluster="shop", services=["web"])["services"][0]


def rollouts(found):
    return [
        (item["status"], item["rolloutState"], item["taskDefinition"][-1], item["runningCount"])
        for item in found["deployments"]
    ]


def tasks(ecs, **given):
    return ecs.list_tasks(cluster="shop", serviceName="web", **given)["taskArns"]


def deployments(ecs, **given):
    return ecs.list_service_deployments(cluster="shop", service="web", **given)["serviceDeployments"]


def test_the_wanted_tasks_run_and_say_since_when(ecs):
    assert service(ecs)["runningCount"] == 3
    found = ecs.describe_tasks(cluster="shop", tasks=tasks(ecs))["tasks"]
    assert [task["lastStatus"] for task in found] == ["RUNNING"] * 3
    assert all(task["startedAt"] and task["group"] == "service:web" for task in found)


def test_a_stopped_task_says_why_and_another_takes_its_place(ecs):
    service(ecs)
    first = tasks(ecs)[0]
    assert (
        ecs.stop_task(cluster="shop", task=first.rsplit("/", 1)[1], reason="rehearsed")["task"]["desiredStatus"]
        == "STOPPED"
    )
    assert len(tasks(ecs)) == 2
    service(ecs)
    assert len(tasks(ecs)) == 3
    assert first not in tasks(ecs)
    (gone,) = ecs.describe_tasks(cluster="shop", tasks=tasks(ecs, desiredStatus="STOPPED"))["tasks"]
    assert (gone["stopCode"], gone["stoppedReason"]) == ("UserInitiated", "rehearsed")


def test_another_revision_begins_a_deployment_that_two_looks_later_has_ended(ecs):
    before = tasks(ecs)
    register(ecs, GOOD)
    changed = ecs.update_service(cluster="shop", service="web", taskDefinition="web:2")["service"]
    assert rollouts(changed)[0][:3] == ("PRIMARY", "IN_PROGRESS", "2")
    assert [row[0] for row in rollouts(service(ecs))] == ["PRIMARY", "ACTIVE"]
    assert rollouts(service(ecs)) == [("PRIMARY", "COMPLETED", "2", 3)]
    assert not set(before) & set(tasks(ecs))
    assert [row["status"] for row in deployments(ecs)] == ["SUCCESSFUL", "SUCCESSFUL"]


def test_the_revisions_that_served_can_be_told_newest_first(ecs):
    register(ecs, GOOD)
    third = register(ecs, GOOD)
    ecs.update_service(cluster="shop", service="web", taskDefinition=third)
    service(ecs), service(ecs)
    arns = [row["targetServiceRevisionArn"] for row in deployments(ecs, status=["SUCCESSFUL"])]
    found = ecs.describe_service_revisions(serviceRevisionArns=arns)["serviceRevisions"]
    assert sorted(row["taskDefinition"][-1] for row in found) == ["1", "3"]
    assert {row["containerImages"][0]["imageDigest"] for row in found} == {"sha256:" + "a" * 64}


def test_a_revision_whose_image_does_not_exist_never_ends_and_can_be_taken_back(ecs):
    ecs.update_service(cluster="shop", service="web", taskDefinition=register(ecs, "shop" + NO_IMAGE))
    for _ in range(4):
        assert len(service(ecs)["deployments"]) == 2
    (under_way,) = deployments(ecs, status=["IN_PROGRESS"])
    ecs.stop_service_deployment(serviceDeploymentArn=under_way["serviceDeploymentArn"], stopType="ROLLBACK")
    assert rollouts(service(ecs)) == [("PRIMARY", "COMPLETED", "1", 3)]
    assert service(ecs)["taskDefinition"].endswith("web:1")
    assert [row["status"] for row in deployments(ecs)] == ["ROLLBACK_SUCCESSFUL", "SUCCESSFUL"]
    with pytest.raises(ecs.exceptions.ClientError, match="cannot be stopped"):
        ecs.stop_service_deployment(serviceDeploymentArn=under_way["serviceDeploymentArn"])


def test_a_target_keeps_the_service_within_its_bounds(emulator, ecs):
    scaling = boto3.client("application-autoscaling", **emulator.client_arguments())
    target = {
        "ServiceNamespace": "ecs",
        "ResourceId": "service/shop/web",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    for least, most, wanted in ((1, 9, 3), (6, 9, 6), (1, 9, 6), (1, 4, 4)):
        scaling.register_scalable_target(**target, MinCapacity=least, MaxCapacity=most)
        assert service(ecs)["desiredCount"] == wanted
    assert service(ecs)["runningCount"] == 4


def test_what_is_not_there_is_refused_as_aws_does(ecs):
    with pytest.raises(ecs.exceptions.ServiceNotFoundException):
        ecs.list_service_deployments(cluster="shop", service="none")
    with pytest.raises(ecs.exceptions.ClientError, match="was not found"):
        ecs.stop_service_deployment(serviceDeploymentArn="arn:aws:ecs:us-east-1:123456789012:service-deployment/a/b/c")


def test_a_job_whose_containers_name_no_memory_is_run_on_fargate(emulator, ecs):
    ec2 = boto3.client("ec2", **emulator.client_arguments())
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    ecs.register_task_definition(
        family="job", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
        containerDefinitions=[{"name": "app", "image": GOOD}],
    )  # fmt: skip
    network = {"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": []}}
    asked = {"taskDefinition": "job", "launchType": "FARGATE", "networkConfiguration": network}
    (task,) = ecs.run_task(cluster="shop", **asked)["tasks"]
    assert "/shop/" in task["taskArn"]


def test_a_record_stays_in_a_stream_that_a_function_reads(emulator):
    made = {name: boto3.client(name, **emulator.client_arguments()) for name in ("iam", "kinesis", "lambda", "s3")}
    policy = '{"Version": "2012-10-17", "Statement": []}'
    role = made["iam"].create_role(RoleName="f", AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    made["s3"].create_bucket(Bucket="packages")
    made["s3"].put_object(Bucket="packages", Key="f.zip", Body=b"a package")
    made["lambda"].create_function(
        FunctionName="f",
        Role=role,
        Runtime="python3.13",
        Handler="f.handler",
        Code={"S3Bucket": "packages", "S3Key": "f.zip"},
    )
    made["kinesis"].create_stream(StreamName="s", ShardCount=1)
    (stream,) = made["kinesis"].list_streams()["StreamSummaries"]
    made["lambda"].create_event_source_mapping(
        EventSourceArn=stream["StreamARN"], FunctionName="f", StartingPosition="LATEST"
    )
    sent = made["kinesis"].put_record(StreamName="s", PartitionKey="a", Data=b"1")
    at = made["kinesis"].get_shard_iterator(StreamName="s", ShardId=sent["ShardId"], ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    assert [record["Data"] for record in made["kinesis"].get_records(ShardIterator=at)["Records"]] == [b"1"]
