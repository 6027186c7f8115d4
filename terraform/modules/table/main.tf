locals {
  # What scales where capacity is provisioned: the table and each index, which is written with it and throttles it.
  # https://docs.aws.amazon.com/autoscaling/application/userguide/services-that-can-integrate-dynamodb.html
  scaled = var.capacity == null ? {} : merge(
    { for kind in ["read", "write"] : kind => { kind = kind, of = "table", path = "" } },
    merge([for name in keys(var.indexes) : { for kind in ["read", "write"] : "${name}-${kind}" => { kind = kind, of = "index", path = "/index/${name}" } }]...),
  )
}

resource "aws_dynamodb_table" "this" {
  name                        = var.name
  billing_mode                = var.capacity == null ? "PAY_PER_REQUEST" : "PROVISIONED"
  read_capacity               = var.capacity == null ? null : var.capacity.read.min
  write_capacity              = var.capacity == null ? null : var.capacity.write.min
  hash_key                    = var.hash_key
  range_key                   = var.range_key
  stream_enabled              = var.stream_view != null
  stream_view_type            = var.stream_view
  deletion_protection_enabled = var.deletion_protection
  tags                        = var.tags

  dynamic "attribute" {
    for_each = var.attributes

    content {
      name = attribute.key
      type = attribute.value
    }
  }

  dynamic "global_secondary_index" {
    for_each = var.indexes

    content {
      name               = global_secondary_index.key
      hash_key           = global_secondary_index.value.hash_key
      range_key          = global_secondary_index.value.range_key
      projection_type    = global_secondary_index.value.projection
      non_key_attributes = global_secondary_index.value.attributes
      read_capacity      = var.capacity == null ? null : var.capacity.read.min
      write_capacity     = var.capacity == null ? null : var.capacity.write.min
    }
  }

  dynamic "ttl" {
    for_each = var.ttl_attribute[*]

    content {
      attribute_name = ttl.value
      enabled        = true
    }
  }

  point_in_time_recovery {
    enabled                 = var.recovery_days > 0
    recovery_period_in_days = var.recovery_days > 0 ? var.recovery_days : null
  }

  server_side_encryption {
    enabled     = var.key_arn != null
    kms_key_arn = var.key_arn
  }

  dynamic "replica" {
    for_each = var.replica_regions

    content {
      region_name            = replica.value
      point_in_time_recovery = var.recovery_days > 0
    }
  }

  dynamic "on_demand_throughput" {
    for_each = var.on_demand_limits[*]

    content {
      max_read_request_units  = on_demand_throughput.value.reads_per_s
      max_write_request_units = on_demand_throughput.value.writes_per_s
    }
  }

  lifecycle {
    # Scaling owns the capacity from the first hour on; on demand there is none. The capacity of an index cannot be left out by itself, so
    # a change of the indexes is applied with this line taken away: https://github.com/hashicorp/terraform-provider-aws/issues/671
    ignore_changes = [read_capacity, write_capacity, global_secondary_index]

    precondition {
      condition = toset(keys(var.attributes)) == toset(compact(concat(
        [var.hash_key, var.range_key],
        flatten([for index in var.indexes : [index.hash_key, index.range_key]]),
      )))
      error_message = "attributes must hold exactly the keys of the table and its indexes: DynamoDB refuses others."
    }

    precondition {
      condition     = length(var.replica_regions) == 0 || var.stream_view == "NEW_AND_OLD_IMAGES"
      error_message = "A table with replicas must have stream_view NEW_AND_OLD_IMAGES."
    }
  }
}

module "scaling" {
  source   = "../scaling"
  for_each = local.scaled

  name               = "${var.name}-${each.key}"
  service_namespace  = "dynamodb"
  scalable_dimension = "dynamodb:${each.value.of}:${title(each.value.kind)}CapacityUnits"
  resource_id        = "table/${aws_dynamodb_table.this.name}${each.value.path}"
  capacity           = { min = var.capacity[each.value.kind].min, max = var.capacity[each.value.kind].max }
  targets = {
    use = { value = var.capacity[each.value.kind].target_percent, predefined = { type = "DynamoDB${title(each.value.kind)}CapacityUtilization" } }
  }
  schedules = {
    for name, action in var.capacity.schedules : name => {
      schedule = action.schedule
      timezone = action.timezone
      min      = action["${each.value.kind}_min"]
      max      = var.capacity[each.value.kind].max
    }
  }
  tags = var.tags
}
