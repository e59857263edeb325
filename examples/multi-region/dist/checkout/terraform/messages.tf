# Written by releasec 0.1.0 from examples/multi-region/regions.release; changes belong there.
# Plan 1c6dbdf9078de68a8a77337e0d56a0274c9f7b5b7c535ecb3c2a0cfaf3688c68
# Who is told, and what requests are made with.

# Tells people that they are asked.
resource "aws_sns_topic" "ask" {
  name              = "Automation-checkout-ask"
  kms_master_key_id = aws_kms_key.release.id
}

# examples/multi-region/regions.release:22
resource "aws_sns_topic" "role_platform" {
  name              = "checkout-platform"
  kms_master_key_id = aws_kms_key.release.id
}

data "aws_iam_policy_document" "role_platform_topic" {
  # the rule about aborted executions
  statement {
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.role_platform.arn]

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

resource "aws_sns_topic_policy" "role_platform" {
  arn    = aws_sns_topic.role_platform.arn
  policy = data.aws_iam_policy_document.role_platform_topic.json
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
