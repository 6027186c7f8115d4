# What the guide's own values come to; the same statements hold of the stack `scoreboard`, the other way round.

mock_provider "aws" {}

run "the_guide_asks_for_twice_the_connections_it_allows" {
  command = plan

  assert {
    condition     = output.connections_needed == 2 * tonumber({ for parameter in aws_db_parameter_group.this.parameter : parameter.name => parameter.value }["max_connections"])
    error_message = "The guide has changed its pools or its limit."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.dimensions == null])
    error_message = "An alarm of the guide has a dimension."
  }
}
