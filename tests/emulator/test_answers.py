"""What is read during an incident is answered by the emulator as AWS answers it."""

import time

import pytest
from asking import client


@pytest.fixture(scope="module")
def alarms(emulator):
    cloudwatch = client(emulator, "cloudwatch")
    for name in ("shop-slow", "shop-busy", "bank-busy"):
        cloudwatch.put_metric_alarm(
            AlarmName=name, MetricName="Load", Namespace="Shop", Statistic="Average", Period=60, EvaluationPeriods=1,
            Threshold=1, ComparisonOperator="GreaterThanThreshold",
        )  # fmt: skip
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK" if name == "shop-slow" else "ALARM", StateReason="x")
    cloudwatch.put_composite_alarm(AlarmName="shop-both", AlarmRule='ALARM("shop-busy")')
    return cloudwatch


def names(found):
    return [alarm["AlarmName"] for alarm in (*found["MetricAlarms"], *found["CompositeAlarms"])]


def test_alarms_come_by_name_with_the_state_and_beginning_asked_for(alarms):
    assert names(alarms.describe_alarms(AlarmNamePrefix="shop-")) == ["shop-busy", "shop-slow"]
    assert names(alarms.describe_alarms(AlarmNamePrefix="shop-", StateValue="ALARM")) == ["shop-busy"]
    assert names(alarms.describe_alarms(StateValue="OK")) == ["shop-slow"]


def test_composite_alarms_come_only_when_asked_for(alarms):
    assert names(alarms.describe_alarms(AlarmTypes=["CompositeAlarm"])) == ["shop-both"]
    assert names(alarms.describe_alarms(AlarmNames=["shop-both"])) == []


def test_an_instance_is_rebooting_when_it_is_told_to_and_available_at_the_next_look(emulator):
    rds = client(emulator, "rds")
    rds.create_db_instance(
        DBInstanceIdentifier="a",
        DBInstanceClass="db.t4g.micro",
        Engine="mysql",
        AllocatedStorage=20,
        MasterUsername="x",
        MasterUserPassword="password1",
    )
    assert rds.reboot_db_instance(DBInstanceIdentifier="a")["DBInstance"]["DBInstanceStatus"] == "rebooting"
    assert rds.describe_db_instances()["DBInstances"][0]["DBInstanceStatus"] == "available"
    zone = rds.describe_db_instances()["DBInstances"][0]["AvailabilityZone"]
    rds.reboot_db_instance(DBInstanceIdentifier="a", ForceFailover=True)
    assert rds.describe_db_instances()["DBInstances"][0]["AvailabilityZone"] != zone
    made = rds.restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier="a", TargetDBInstanceIdentifier="b", UseLatestRestorableTime=True
    )
    assert made["DBInstance"]["DBInstanceStatus"] == "creating"
    begun = rds.create_db_snapshot(DBInstanceIdentifier="a", DBSnapshotIdentifier="s")
    assert begun["DBSnapshot"]["Status"] == "creating"
    assert rds.describe_db_snapshots(DBSnapshotIdentifier="s")["DBSnapshots"][0]["Status"] == "available"
    rds.modify_db_instance(DBInstanceIdentifier="a", DeletionProtection=True, ApplyImmediately=True)
    made = rds.restore_db_instance_from_db_snapshot(DBInstanceIdentifier="d", DBSnapshotIdentifier="s")
    assert (made["DBInstance"]["DBInstanceStatus"], made["DBInstance"]["DeletionProtection"]) == ("creating", False)
    rds.delete_db_instance(DBInstanceIdentifier="d", SkipFinalSnapshot=True)
    assert rds.delete_db_snapshot(DBSnapshotIdentifier="s")["DBSnapshot"]["Status"] == "deleted"
    renamed = rds.modify_db_instance(DBInstanceIdentifier="b", NewDBInstanceIdentifier="c", ApplyImmediately=True)
    assert renamed["DBInstance"]["PendingModifiedValues"]["DBInstanceIdentifier"] == "c"


def test_a_replica_says_how_it_follows_and_a_primary_does_not(emulator):
    rds = client(emulator, "rds")
    rds.create_db_instance(
        DBInstanceIdentifier="p",
        DBInstanceClass="db.t4g.micro",
        Engine="mysql",
        AllocatedStorage=20,
        MasterUsername="x",
        MasterUserPassword="password1",
    )
    rds.create_db_instance_read_replica(DBInstanceIdentifier="r", SourceDBInstanceIdentifier="p")
    found = {
        row["DBInstanceIdentifier"]: row.get("StatusInfos", []) for row in rds.describe_db_instances()["DBInstances"]
    }
    assert found["r"][0]["Status"] == "replicating"
    assert not found["p"]


def test_an_update_that_names_a_part_of_how_a_service_deploys_leaves_the_rest_as_it_was(emulator):
    ecs = client(emulator, "ecs")
    ecs.create_cluster(clusterName="c")
    ecs.register_task_definition(family="f", containerDefinitions=[{"name": "a", "image": "a", "memory": 128}])
    breaker = {"enable": True, "rollback": True}
    ecs.create_service(
        cluster="c", serviceName="s", taskDefinition="f", desiredCount=0,
        deploymentConfiguration={"minimumHealthyPercent": 100, "maximumPercent": 200},
    )  # fmt: skip
    ecs.update_service(cluster="c", service="s", deploymentConfiguration={"deploymentCircuitBreaker": breaker})
    (found,) = ecs.describe_services(cluster="c", services=["s"])["services"]
    assert found["deploymentConfiguration"]["maximumPercent"] == 200
    assert found["deploymentConfiguration"]["deploymentCircuitBreaker"] == breaker


def test_a_pattern_about_one_field_of_json_finds_the_lines_that_have_it(emulator):
    logs = client(emulator, "logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    lines = ['{"level": "error", "code": 1006}', '{"level": "info", "code": 1000}', "no JSON"]
    events = [{"timestamp": int(time.time() * 1000) - 9 + number, "message": line} for number, line in enumerate(lines)]
    logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=events)

    def found(pattern):
        answer = logs.filter_log_events(logGroupName="g", filterPattern=pattern)
        return [lines.index(event["message"]) for event in answer["events"]]

    assert found('{ $.level = "error" }') == [0]
    assert found("{ $.code != 1000 }") == [0]
    assert found("{ $.code = 1000 }") == [1]
    assert found("") == [0, 1, 2]


def test_an_invalidation_is_under_way_when_it_is_asked_for_and_completed_at_the_next_look(emulator):
    cloudfront = client(emulator, "cloudfront")
    origins = {
        "Quantity": 1,
        "Items": [
            {"Id": "o", "DomainName": "o.s3.us-east-1.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
        ],
    }
    behaviour = {"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only", "MinTTL": 0}
    made = cloudfront.create_distribution(
        DistributionConfig={
            "CallerReference": "a", "Comment": "", "Enabled": True, "Origins": origins, "DefaultCacheBehavior": behaviour,
        }
    )["Distribution"]["Id"]  # fmt: skip
    batch = {"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": "b"}
    begun = cloudfront.create_invalidation(DistributionId=made, InvalidationBatch=batch)["Invalidation"]
    assert begun["Status"] == "InProgress"
    assert cloudfront.get_invalidation(DistributionId=made, Id=begun["Id"])["Invalidation"]["Status"] == "Completed"
