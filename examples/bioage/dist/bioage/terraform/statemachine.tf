# Written by releasec 0.1.0 from examples/bioage/bioage.release; changes belong there.
# Plan 39ce33b6c327b7b4003a03a2cc618f5dbcff80425b9eed5f179401f8f4fcdb30
# The state machine.

resource "aws_cloudwatch_log_group" "machine" {
  name              = "/aws/vendedlogs/states/bioage-release"
  retention_in_days = 400
  kms_key_id        = aws_kms_key.release.arn
}

# examples/bioage/bioage.release:82
resource "aws_sfn_state_machine" "release" {
  name       = "bioage-release"
  role_arn   = aws_iam_role.machine.arn
  definition = file("${path.module}/../stepfunctions/bioage.asl.json")
  publish    = true

  logging_configuration {
    log_destination        = "${aws_cloudwatch_log_group.machine.arn}:*"
    include_execution_data = true
    level                  = "ALL"
  }

  tracing_configuration {
    enabled = true
  }

  encryption_configuration {
    type                              = "CUSTOMER_MANAGED_KMS_KEY"
    kms_key_id                        = aws_kms_key.release.arn
    kms_data_key_reuse_period_seconds = 300
  }

  depends_on = [aws_iam_role_policy.machine]
}

# What schedules and people start: the version that was applied last.
resource "aws_sfn_alias" "live" {
  name = "live"

  routing_configuration {
    state_machine_version_arn = aws_sfn_state_machine.release.state_machine_version_arn
    weight                    = 100
  }
}

# An execution that is aborted runs no more states, so neither exits nor the end: its owner is told.
resource "aws_cloudwatch_event_rule" "aborted" {
  name = "bioage-release-aborted"
  event_pattern = jsonencode({
    source        = ["aws.states"]
    "detail-type" = ["Step Functions Execution Status Change"]
    detail = {
      status          = ["ABORTED", "TIMED_OUT"]
      stateMachineArn = [aws_sfn_state_machine.release.arn]
    }
  })
}

resource "aws_cloudwatch_event_target" "aborted" {
  rule = aws_cloudwatch_event_rule.aborted.name
  arn  = aws_sns_topic.role_release_manager.arn
}
