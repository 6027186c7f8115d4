"""What somebody types during an incident does on the emulator what AWS documents, and is refused where AWS refuses it."""

from asking import client, refused

from analysis.emulator import incident
from analysis.facts import limit


def test_a_replica_takes_over_from_the_primary(emulator):
    cache = client(emulator, "elasticache")
    cache.create_replication_group(
        ReplicationGroupId="c", ReplicationGroupDescription="x", Engine="redis", CacheNodeType="cache.t4g.micro",
        NumCacheClusters=2, AutomaticFailoverEnabled=True,
    )  # fmt: skip

    def primary():
        (group,) = cache.describe_replication_groups(ReplicationGroupId="c")["ReplicationGroups"]
        members = group["NodeGroups"][0]["NodeGroupMembers"]
        return [member["CacheClusterId"] for member in members if member["CurrentRole"] == "primary"]

    (before,) = primary()
    told = cache.test_failover(ReplicationGroupId="c", NodeGroupId="0001")
    assert told["ReplicationGroup"]["Status"] == "modifying"
    (after,) = primary()
    assert after != before
    refused("NodeGroupNotFoundFault", cache.test_failover, ReplicationGroupId="c", NodeGroupId="0009")
    refused("ReplicationGroupNotFoundFault", cache.test_failover, ReplicationGroupId="d", NodeGroupId="0001")


def test_a_refresh_goes_on_until_the_second_look_and_is_taken_back_only_while_it_does(emulator):
    scaling = client(emulator, "autoscaling")
    client(emulator, "ec2").create_launch_template(
        LaunchTemplateName="web", LaunchTemplateData={"ImageId": "ami-0123456789abcdef0", "InstanceType": "t3.micro"}
    )
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="g", MinSize=0, MaxSize=0, AvailabilityZones=["us-east-1a"],
        LaunchTemplate={"LaunchTemplateName": "web"},
    )  # fmt: skip

    def status():
        found = scaling.describe_instance_refreshes(AutoScalingGroupName="g", MaxRecords=1)["InstanceRefreshes"]
        return [refresh["Status"] for refresh in found]

    assert status() == []
    refused("ValidationError", scaling.start_instance_refresh, AutoScalingGroupName="nowhere")
    refused("ActiveInstanceRefreshNotFound", scaling.rollback_instance_refresh, AutoScalingGroupName="g")
    scaling.start_instance_refresh(AutoScalingGroupName="g")
    refused("InstanceRefreshInProgress", scaling.start_instance_refresh, AutoScalingGroupName="g")
    refused("IrreversibleInstanceRefresh", scaling.rollback_instance_refresh, AutoScalingGroupName="g")
    assert (status(), status()) == (["InProgress"], ["Successful"])
    wanted = {"LaunchTemplate": {"LaunchTemplateName": "web", "Version": "2"}}
    begun = scaling.start_instance_refresh(AutoScalingGroupName="g", DesiredConfiguration=wanted)
    back = scaling.rollback_instance_refresh(AutoScalingGroupName="g")
    assert back["InstanceRefreshId"] == begun["InstanceRefreshId"]
    assert (status(), status()) == (["RollbackInProgress"], ["RollbackSuccessful"])


def test_a_deployment_of_a_function_is_stopped_once(emulator):
    deploy = client(emulator, "codedeploy")
    deploy.create_application(applicationName="a", computePlatform="Lambda")
    deploy.create_deployment_group(
        applicationName="a", deploymentGroupName="live", serviceRoleArn="arn:aws:iam::123456789012:role/d"
    )
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": "{}"}}
    name = deploy.create_deployment(applicationName="a", deploymentGroupName="live", revision=revision)["deploymentId"]
    assert deploy.get_deployment(deploymentId=name)["deploymentInfo"]["status"] == "InProgress"
    assert deploy.stop_deployment(deploymentId=name, autoRollbackEnabled=True)["status"] == "Pending"
    assert deploy.get_deployment(deploymentId=name)["deploymentInfo"]["status"] == "Stopped"
    refused("DeploymentAlreadyCompletedException", deploy.stop_deployment, deploymentId=name)
    refused("DeploymentDoesNotExistException", deploy.stop_deployment, deploymentId="d-NOWHERE00")


def test_what_functions_reserve_is_taken_off_what_the_account_may(emulator):
    functions, iam, s3 = (client(emulator, name) for name in ("lambda", "iam", "s3"))
    policy = '{"Version": "2012-10-17", "Statement": []}'
    role = iam.create_role(RoleName="f", AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    s3.create_bucket(Bucket="packages")
    s3.put_object(Bucket="packages", Key="f.zip", Body=b"a package")
    code = {"S3Bucket": "packages", "S3Key": "f.zip"}
    functions.create_function(FunctionName="f", Role=role, Runtime="python3.13", Handler="f.handler", Code=code)
    functions.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=300)
    limits = functions.get_account_settings()["AccountLimit"]
    most = int(limit("lambda.concurrency").at())
    assert limits == {"ConcurrentExecutions": most, "UnreservedConcurrentExecutions": most - 300}


def test_every_row_of_this_table_was_asked_for(emulator):
    asked = {(call.service, call.operation) for call in emulator.calls() if call.answered == "front"}
    assert {(row.service, row.operation) for row in incident.ABSENT} <= asked
