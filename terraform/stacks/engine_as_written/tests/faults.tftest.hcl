# The faults of the brief, as sentences that hold. A change that mends one here hides what the site explains.

mock_provider "aws" {}

run "the_faults_are_there" {
  command = plan

  assert {
    condition     = alltrue([for function in aws_lambda_function.this : function.runtime == "nodejs18.x"])
    error_message = "The runtime is another one."
  }

  assert {
    condition     = sum([for function in aws_lambda_function.this : function.reserved_concurrent_executions]) == 3000
    error_message = "The functions reserve another number."
  }

  assert {
    condition     = aws_dynamodb_table.events.billing_mode == "PAY_PER_REQUEST" && aws_appautoscaling_target.writes.scalable_dimension == "dynamodb:table:WriteCapacityUnits"
    error_message = "The table is no longer both."
  }

  assert {
    condition     = alltrue([for method in aws_api_gateway_method.this : method.authorization == "NONE"])
    error_message = "A token is asked for."
  }

  assert {
    condition     = aws_api_gateway_method_settings.all.settings[0].throttling_rate_limit == 10000
    error_message = "The API leaves something of the quota."
  }
}
