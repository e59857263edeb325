# Written by releasec 0.1.0 from examples/bioage/bioage.release; changes belong there.
# Plan 39ce33b6c327b7b4003a03a2cc618f5dbcff80425b9eed5f179401f8f4fcdb30
# Who is told, and what requests are made with.

# Tells people that they are asked.
resource "aws_sns_topic" "ask" {
  name              = "Automation-bioage-ask"
  kms_master_key_id = aws_kms_key.release.id
}

resource "aws_sns_topic_subscription" "ask_bruno" {
  topic_arn = aws_sns_topic.ask.arn
  protocol  = "email"
  endpoint  = "bruno@bioage.example"
}

resource "aws_sns_topic_subscription" "ask_chen" {
  topic_arn = aws_sns_topic.ask.arn
  protocol  = "email"
  endpoint  = "chen@bioage.example"
}

resource "aws_sns_topic_subscription" "ask_gita" {
  topic_arn = aws_sns_topic.ask.arn
  protocol  = "email"
  endpoint  = "gita@bioage.example"
}

resource "aws_sns_topic_subscription" "ask_hugo" {
  topic_arn = aws_sns_topic.ask.arn
  protocol  = "email"
  endpoint  = "hugo@bioage.example"
}

resource "aws_sns_topic_subscription" "ask_ines" {
  topic_arn = aws_sns_topic.ask.arn
  protocol  = "email"
  endpoint  = "ines@bioage.example"
}

resource "aws_sns_topic_subscription" "ask_emeka" {
  topic_arn = aws_sns_topic.ask.arn
  protocol  = "email"
  endpoint  = "emeka@bioage.example"
}

resource "aws_sns_topic_subscription" "ask_fumi" {
  topic_arn = aws_sns_topic.ask.arn
  protocol  = "email"
  endpoint  = "fumi@bioage.example"
}

resource "aws_sns_topic_subscription" "ask_luis" {
  topic_arn = aws_sns_topic.ask.arn
  protocol  = "email"
  endpoint  = "luis@bioage.example"
}

resource "aws_sns_topic_subscription" "ask_mona" {
  topic_arn = aws_sns_topic.ask.arn
  protocol  = "email"
  endpoint  = "mona@bioage.example"
}

resource "aws_sns_topic_subscription" "ask_jonas" {
  topic_arn = aws_sns_topic.ask.arn
  protocol  = "email"
  endpoint  = "jonas@bioage.example"
}

resource "aws_sns_topic_subscription" "ask_kemi" {
  topic_arn = aws_sns_topic.ask.arn
  protocol  = "email"
  endpoint  = "kemi@bioage.example"
}

resource "aws_sns_topic_subscription" "ask_dana" {
  topic_arn = aws_sns_topic.ask.arn
  protocol  = "email"
  endpoint  = "dana@bioage.example"
}

# examples/bioage/people.release:17
resource "aws_sns_topic" "role_release_manager" {
  name              = "bioage-release-manager"
  kms_master_key_id = aws_kms_key.release.id
}

resource "aws_sns_topic_subscription" "role_release_manager_bruno" {
  topic_arn = aws_sns_topic.role_release_manager.arn
  protocol  = "email"
  endpoint  = "bruno@bioage.example"
}

resource "aws_sns_topic_subscription" "role_release_manager_chen" {
  topic_arn = aws_sns_topic.role_release_manager.arn
  protocol  = "email"
  endpoint  = "chen@bioage.example"
}

data "aws_iam_policy_document" "role_release_manager_topic" {
  # the rule about aborted executions
  statement {
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.role_release_manager.arn]

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

resource "aws_sns_topic_policy" "role_release_manager" {
  arn    = aws_sns_topic.role_release_manager.arn
  policy = data.aws_iam_policy_document.role_release_manager_topic.json
}

# examples/bioage/people.release:18
resource "aws_sns_topic" "role_devsecops" {
  name              = "bioage-devsecops"
  kms_master_key_id = aws_kms_key.release.id
}

resource "aws_sns_topic_subscription" "role_devsecops_bruno" {
  topic_arn = aws_sns_topic.role_devsecops.arn
  protocol  = "email"
  endpoint  = "bruno@bioage.example"
}

resource "aws_sns_topic_subscription" "role_devsecops_chen" {
  topic_arn = aws_sns_topic.role_devsecops.arn
  protocol  = "email"
  endpoint  = "chen@bioage.example"
}

# examples/bioage/people.release:22
resource "aws_sns_topic" "role_product" {
  name              = "bioage-product"
  kms_master_key_id = aws_kms_key.release.id
}

resource "aws_sns_topic_subscription" "role_product_ines" {
  topic_arn = aws_sns_topic.role_product.arn
  protocol  = "email"
  endpoint  = "ines@bioage.example"
}

resource "aws_sns_topic_subscription" "role_product_emeka" {
  topic_arn = aws_sns_topic.role_product.arn
  protocol  = "email"
  endpoint  = "emeka@bioage.example"
}

# examples/bioage/people.release:19
resource "aws_sns_topic" "role_mobile" {
  name              = "bioage-mobile"
  kms_master_key_id = aws_kms_key.release.id
}

resource "aws_sns_topic_subscription" "role_mobile_chen" {
  topic_arn = aws_sns_topic.role_mobile.arn
  protocol  = "email"
  endpoint  = "chen@bioage.example"
}

resource "aws_sns_topic_subscription" "role_mobile_dana" {
  topic_arn = aws_sns_topic.role_mobile.arn
  protocol  = "email"
  endpoint  = "dana@bioage.example"
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

# For https://api.statuspage.io/v1/pages/bioage/incidents
resource "aws_cloudwatch_event_connection" "statuspage" {
  name               = "statuspage"
  authorization_type = "API_KEY"
  kms_key_identifier = aws_kms_key.release.arn

  auth_parameters {
    api_key {
      key   = var.connection_statuspage_header
      value = var.connection_statuspage_value
    }
  }
}
