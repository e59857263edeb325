# Written by releasec 0.1.0 from examples/database-migration/migration.release; changes belong there.
# Plan 7df96ff1b70eeb8f52ff4af8783acd35dacad64a1316baab9ecfa6608509b68a
# Who is told, and what requests are made with.

# Tells people that they are asked.
resource "aws_sns_topic" "ask" {
  name              = "Automation-orders-ask"
  kms_master_key_id = aws_kms_key.release.id
}

# examples/database-migration/migration.release:25
resource "aws_sns_topic" "role_service_team" {
  name              = "orders-service-team"
  kms_master_key_id = aws_kms_key.release.id
}

data "aws_iam_policy_document" "role_service_team_topic" {
  # the rule about aborted executions
  statement {
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.role_service_team.arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = ["arn:${data.aws_partition.current.partition}:events:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:rule/*"]
    }
  }
}

resource "aws_sns_topic_policy" "role_service_team" {
  arn    = aws_sns_topic.role_service_team.arn
  policy = data.aws_iam_policy_document.role_service_team_topic.json
}

# examples/database-migration/migration.release:24
resource "aws_sns_topic" "role_database_team" {
  name              = "orders-database-team"
  kms_master_key_id = aws_kms_key.release.id
}

# For https://events.pagerduty.com/v2/enqueue
resource "aws_cloudwatch_event_connection" "pagerduty" {
  name               = "pagerduty"
  authorization_type = "API_KEY"
  kms_key_identifier = aws_kms_key.release.arn

  auth_parameters {
    api_key {
      key   = var.connection_pagerduty_header
      value = var.connection_pagerduty_value
    }
  }
}

# For https://slack.com/api/chat.postMessage
resource "aws_cloudwatch_event_connection" "slack" {
  name               = "slack"
  authorization_type = "API_KEY"
  kms_key_identifier = aws_kms_key.release.arn

  auth_parameters {
    api_key {
      key   = var.connection_slack_header
      value = var.connection_slack_value
    }
  }
}
