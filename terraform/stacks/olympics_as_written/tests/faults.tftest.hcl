mock_provider "aws" {}

run "the_design_is_as_the_brief_wrote_it" {
  command = plan

  assert {
    condition     = aws_autoscaling_group.api.min_size == 3 && aws_autoscaling_group.api.max_size == 20 && aws_launch_template.api.instance_type == "t3.medium"
    error_message = "The group is not the brief's."
  }

  assert {
    condition     = aws_elasticache_replication_group.this.num_node_groups == 3 && aws_elasticache_replication_group.this.replicas_per_node_group == 2
    error_message = "Redis is not the brief's."
  }

  assert {
    condition     = !aws_db_instance.primary.multi_az && length(aws_db_instance.replica) == 2 && aws_db_instance.primary.allocated_storage == 500
    error_message = "The database is not the brief's."
  }
}
