# Written by releasec 0.1.0 from examples/multi-region/regions.release; changes belong there.
# Plan 1c6dbdf9078de68a8a77337e0d56a0274c9f7b5b7c535ecb3c2a0cfaf3688c68
# Who may do what: one role for each duty, with the least rights.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

data "aws_iam_openid_connect_provider" "github" {
  url = "https://token.actions.githubusercontent.com"
}

data "aws_iam_policy_document" "machine_trust" {
  # the service, on behalf of this account only
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["states.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

resource "aws_iam_role" "machine" {
  name               = "checkout-machine"
  assume_role_policy = data.aws_iam_policy_document.machine_trust.json
}

data "aws_iam_policy_document" "machine" {
  #checkov:skip=CKV_AWS_111:the plan and the service name no narrower resource for these actions
  #checkov:skip=CKV_AWS_356:the plan and the service name no narrower resource for these actions

  # ask people
  statement {
    actions = ["ssm:StartAutomationExecution"]
    resources = [
      "arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:document/checkout-ask",
      "arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:automation-definition/checkout-ask:*",
    ]
  }

  # see their answers, and withdraw questions
  statement {
    actions   = ["ssm:GetAutomationExecution", "ssm:StopAutomationExecution"]
    resources = ["arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:automation-execution/*"]
  }

  # see the answers of questions with several options
  statement {
    actions   = ["ssm:DescribeAutomationExecutions"]
    resources = ["*"]
  }

  # let the document tell people
  statement {
    actions   = ["iam:PassRole"]
    resources = ["arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/checkout-approvals"]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ssm.amazonaws.com"]
    }
  }

  # keep the flags and answers of a run
  statement {
    actions   = ["ssm:DeleteParameters", "ssm:GetParameter", "ssm:GetParameters", "ssm:PutParameter"]
    resources = ["arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:parameter/releasec/checkout/runs/*"]
  }

  # keep the evidence
  statement {
    actions   = ["s3:PutObject"]
    resources = ["arn:${data.aws_partition.current.partition}:s3:::checkout-evidence-*/runs/*"]
  }

  # hold the locks
  statement {
    actions = ["ssm:DeleteParameter", "ssm:GetParameter", "ssm:PutParameter"]
    resources = [
      "arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:parameter/releasec/locks/europe",
      "arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:parameter/releasec/locks/europe/after/*",
      "arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:parameter/releasec/locks/america",
      "arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:parameter/releasec/locks/america/after/*",
      "arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:parameter/releasec/locks/asia",
      "arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:parameter/releasec/locks/asia/after/*",
    ]
  }

  # see whether the holder of a lock has ended
  statement {
    actions   = ["states:DescribeExecution"]
    resources = ["arn:${data.aws_partition.current.partition}:states:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:execution:*:*"]
  }

  # read what the infrastructure says
  statement {
    actions   = ["ssm:GetParameter"]
    resources = ["arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:parameter/releasec/checkout/principals"]
  }

  # work with the rights of a stage
  statement {
    actions = ["sts:AssumeRole"]
    resources = [
      "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/checkout-eu-shift",
      "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/checkout-rollback",
    ]
  }

  # run commands
  statement {
    actions   = ["codebuild:BatchGetBuilds", "codebuild:StartBuild", "codebuild:StopBuild"]
    resources = ["arn:${data.aws_partition.current.partition}:codebuild:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:project/checkout-steps"]
  }

  # see when a build has ended
  statement {
    actions   = ["events:DescribeRule", "events:PutRule", "events:PutTargets"]
    resources = ["arn:${data.aws_partition.current.partition}:events:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:rule/StepFunctionsGetEventForCodeBuildStartBuildRule"]
  }

  # run commands with the rights of a stage
  statement {
    actions = ["iam:PassRole"]
    resources = [
      "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/checkout-eu-shift",
      "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/checkout-us-shift",
      "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/checkout-ap-shift",
      "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/checkout-together",
      "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/checkout-rollback",
    ]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["codebuild.amazonaws.com"]
    }
  }

  # make HTTP requests
  statement {
    actions   = ["states:InvokeHTTPEndpoint"]
    resources = ["arn:${data.aws_partition.current.partition}:states:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:stateMachine:checkout-release"]

    condition {
      test     = "StringLike"
      variable = "states:HTTPEndpoint"
      values   = ["https://slack.com/api/chat.postMessage"]
    }

    condition {
      test     = "StringEquals"
      variable = "states:HTTPMethod"
      values   = ["POST"]
    }
  }

  # make HTTP requests
  statement {
    actions   = ["states:InvokeHTTPEndpoint"]
    resources = ["arn:${data.aws_partition.current.partition}:states:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:stateMachine:checkout-release"]

    condition {
      test     = "StringLike"
      variable = "states:HTTPEndpoint"
      values   = ["https://events.pagerduty.com/v2/enqueue"]
    }

    condition {
      test     = "StringEquals"
      variable = "states:HTTPMethod"
      values   = ["POST"]
    }
  }

  # use the connections
  statement {
    actions   = ["events:DescribeConnection", "events:RetrieveConnectionCredentials"]
    resources = ["arn:${data.aws_partition.current.partition}:events:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:connection/*"]
  }

  # read the credentials behind the connections
  statement {
    actions   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    resources = ["arn:${data.aws_partition.current.partition}:secretsmanager:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:secret:events!connection/*"]
  }

  # tell roles
  statement {
    actions   = ["sns:Publish"]
    resources = ["arn:${data.aws_partition.current.partition}:sns:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:checkout-platform"]
  }

  # write the log of executions; the service knows no resource for these
  statement {
    actions = [
      "logs:CreateLogDelivery",
      "logs:DeleteLogDelivery",
      "logs:DescribeLogGroups",
      "logs:DescribeResourcePolicies",
      "logs:GetLogDelivery",
      "logs:ListLogDeliveries",
      "logs:PutResourcePolicy",
      "logs:UpdateLogDelivery",
    ]
    resources = ["*"]
  }

  # write traces; the service knows no resource for these
  statement {
    actions   = ["xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    resources = ["*"]
  }

  # read and write what is encrypted
  statement {
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.release.arn]
  }
}

resource "aws_iam_role_policy" "machine" {
  name   = "release"
  role   = aws_iam_role.machine.id
  policy = data.aws_iam_policy_document.machine.json
}

data "aws_iam_policy_document" "approvals_trust" {
  # the service, on behalf of this account only
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ssm.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

resource "aws_iam_role" "approvals" {
  name               = "checkout-approvals"
  assume_role_policy = data.aws_iam_policy_document.approvals_trust.json
}

data "aws_iam_policy_document" "approvals" {
  # tell people that they are asked
  statement {
    actions   = ["sns:Publish"]
    resources = ["arn:${data.aws_partition.current.partition}:sns:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:Automation-checkout-ask"]
  }

  # publish to the encrypted topic
  statement {
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.release.arn]
  }
}

resource "aws_iam_role_policy" "approvals" {
  name   = "release"
  role   = aws_iam_role.approvals.id
  policy = data.aws_iam_policy_document.approvals.json
}

data "aws_iam_policy_document" "stage_eu_shift_trust" {
  # the state machine
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.machine.arn]
    }
  }

  # the service, on behalf of this account only
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["codebuild.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }

  # jobs of the workflow, in the environment they deploy to
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [data.aws_iam_openid_connect_provider.github.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["repo:${var.github_owner}/${var.github_repository}:environment:europe"]
    }
  }
}

# examples/multi-region/regions.release:53
resource "aws_iam_role" "stage_eu_shift" {
  name               = "checkout-eu-shift"
  assume_role_policy = data.aws_iam_policy_document.stage_eu_shift_trust.json
}

data "aws_iam_policy_document" "stage_eu_shift" {
  #checkov:skip=CKV_AWS_111:the plan and the service name no narrower resource for these actions
  #checkov:skip=CKV_AWS_356:the plan and the service name no narrower resource for these actions

  # what the plan does
  statement {
    actions   = ["lambda:UpdateAlias"]
    resources = ["arn:aws:lambda:eu-west-1:123456789012:function:checkout"]
  }

  # what the plan does
  statement {
    actions   = ["cloudwatch:GetMetricData"]
    resources = ["*"]
  }

  # write what builds print
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/codebuild/checkout-steps:*"]
  }

  # read the repository
  statement {
    actions   = ["codeconnections:GetConnection", "codeconnections:GetConnectionToken"]
    resources = [var.code_connection_arn]
  }

  # read and write what builds keep
  statement {
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.release.arn]
  }
}

resource "aws_iam_role_policy" "stage_eu_shift" {
  name   = "release"
  role   = aws_iam_role.stage_eu_shift.id
  policy = data.aws_iam_policy_document.stage_eu_shift.json
}

data "aws_iam_policy_document" "stage_us_shift_trust" {
  # the service, on behalf of this account only
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["codebuild.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }

  # jobs of the workflow, in the environment they deploy to
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [data.aws_iam_openid_connect_provider.github.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["repo:${var.github_owner}/${var.github_repository}:environment:america"]
    }
  }
}

# examples/multi-region/regions.release:53
resource "aws_iam_role" "stage_us_shift" {
  name               = "checkout-us-shift"
  assume_role_policy = data.aws_iam_policy_document.stage_us_shift_trust.json
}

data "aws_iam_policy_document" "stage_us_shift" {
  #checkov:skip=CKV_AWS_111:the plan and the service name no narrower resource for these actions
  #checkov:skip=CKV_AWS_356:the plan and the service name no narrower resource for these actions

  # what the plan does
  statement {
    actions   = ["lambda:UpdateAlias"]
    resources = ["arn:aws:lambda:us-east-1:123456789012:function:checkout"]
  }

  # what the plan does
  statement {
    actions   = ["cloudwatch:GetMetricData"]
    resources = ["*"]
  }

  # write what builds print
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/codebuild/checkout-steps:*"]
  }

  # read the repository
  statement {
    actions   = ["codeconnections:GetConnection", "codeconnections:GetConnectionToken"]
    resources = [var.code_connection_arn]
  }

  # read and write what builds keep
  statement {
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.release.arn]
  }
}

resource "aws_iam_role_policy" "stage_us_shift" {
  name   = "release"
  role   = aws_iam_role.stage_us_shift.id
  policy = data.aws_iam_policy_document.stage_us_shift.json
}

data "aws_iam_policy_document" "stage_ap_shift_trust" {
  # the service, on behalf of this account only
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["codebuild.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }

  # jobs of the workflow, in the environment they deploy to
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [data.aws_iam_openid_connect_provider.github.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["repo:${var.github_owner}/${var.github_repository}:environment:asia"]
    }
  }
}

# examples/multi-region/regions.release:53
resource "aws_iam_role" "stage_ap_shift" {
  name               = "checkout-ap-shift"
  assume_role_policy = data.aws_iam_policy_document.stage_ap_shift_trust.json
}

data "aws_iam_policy_document" "stage_ap_shift" {
  #checkov:skip=CKV_AWS_111:the plan and the service name no narrower resource for these actions
  #checkov:skip=CKV_AWS_356:the plan and the service name no narrower resource for these actions

  # what the plan does
  statement {
    actions   = ["lambda:UpdateAlias"]
    resources = ["arn:aws:lambda:ap-southeast-1:123456789012:function:checkout"]
  }

  # what the plan does
  statement {
    actions   = ["cloudwatch:GetMetricData"]
    resources = ["*"]
  }

  # write what builds print
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/codebuild/checkout-steps:*"]
  }

  # read the repository
  statement {
    actions   = ["codeconnections:GetConnection", "codeconnections:GetConnectionToken"]
    resources = [var.code_connection_arn]
  }

  # read and write what builds keep
  statement {
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.release.arn]
  }
}

resource "aws_iam_role_policy" "stage_ap_shift" {
  name   = "release"
  role   = aws_iam_role.stage_ap_shift.id
  policy = data.aws_iam_policy_document.stage_ap_shift.json
}

data "aws_iam_policy_document" "stage_together_trust" {
  # the service, on behalf of this account only
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["codebuild.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }

  # jobs of the workflow, in the environment they deploy to
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [data.aws_iam_openid_connect_provider.github.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["repo:${var.github_owner}/${var.github_repository}:environment:europe"]
    }
  }
}

# examples/multi-region/regions.release:109
resource "aws_iam_role" "stage_together" {
  name               = "checkout-together"
  assume_role_policy = data.aws_iam_policy_document.stage_together_trust.json
}

data "aws_iam_policy_document" "stage_together" {
  #checkov:skip=CKV_AWS_111:the plan and the service name no narrower resource for these actions
  #checkov:skip=CKV_AWS_356:the plan and the service name no narrower resource for these actions

  # what the plan does
  statement {
    actions   = ["cloudwatch:GetMetricData"]
    resources = ["*"]
  }

  # write what builds print
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/codebuild/checkout-steps:*"]
  }

  # read the repository
  statement {
    actions   = ["codeconnections:GetConnection", "codeconnections:GetConnectionToken"]
    resources = [var.code_connection_arn]
  }

  # read and write what builds keep
  statement {
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.release.arn]
  }
}

resource "aws_iam_role_policy" "stage_together" {
  name   = "release"
  role   = aws_iam_role.stage_together.id
  policy = data.aws_iam_policy_document.stage_together.json
}

data "aws_iam_policy_document" "rollback_trust" {
  # the state machine
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.machine.arn]
    }
  }

  # the service, on behalf of this account only
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["codebuild.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }

  # jobs of the workflow, in the environment they deploy to
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [data.aws_iam_openid_connect_provider.github.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values = [
        "repo:${var.github_owner}/${var.github_repository}:environment:america",
        "repo:${var.github_owner}/${var.github_repository}:environment:asia",
        "repo:${var.github_owner}/${var.github_repository}:environment:europe",
      ]
    }
  }
}

resource "aws_iam_role" "rollback" {
  name               = "checkout-rollback"
  assume_role_policy = data.aws_iam_policy_document.rollback_trust.json
}

data "aws_iam_policy_document" "rollback" {
  # what the plan does
  statement {
    actions   = ["lambda:UpdateAlias"]
    resources = ["arn:aws:lambda:eu-west-1:123456789012:function:checkout"]
  }

  # what the plan does
  statement {
    actions   = ["lambda:UpdateAlias"]
    resources = ["arn:aws:lambda:us-east-1:123456789012:function:checkout"]
  }

  # what the plan does
  statement {
    actions   = ["lambda:UpdateAlias"]
    resources = ["arn:aws:lambda:ap-southeast-1:123456789012:function:checkout"]
  }

  # write what builds print
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/codebuild/checkout-steps:*"]
  }

  # read the repository
  statement {
    actions   = ["codeconnections:GetConnection", "codeconnections:GetConnectionToken"]
    resources = [var.code_connection_arn]
  }

  # read and write what builds keep
  statement {
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.release.arn]
  }
}

resource "aws_iam_role_policy" "rollback" {
  name   = "release"
  role   = aws_iam_role.rollback.id
  policy = data.aws_iam_policy_document.rollback.json
}

data "aws_iam_policy_document" "around_trust" {
  # the state machine
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.machine.arn]
    }
  }

  # jobs of the workflow, in the environment they deploy to
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [data.aws_iam_openid_connect_provider.github.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["repo:${var.github_owner}/${var.github_repository}:environment:europe"]
    }
  }
}

resource "aws_iam_role" "around" {
  name               = "checkout-around"
  assume_role_policy = data.aws_iam_policy_document.around_trust.json
}

data "aws_iam_policy_document" "messages_trust" {
  # the state machine
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.machine.arn]
    }
  }

  # jobs of the workflow, in the environment they deploy to
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [data.aws_iam_openid_connect_provider.github.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["repo:${var.github_owner}/${var.github_repository}:environment:checkout-messages"]
    }
  }
}

resource "aws_iam_role" "messages" {
  name               = "checkout-messages"
  assume_role_policy = data.aws_iam_policy_document.messages_trust.json
}

data "aws_iam_policy_document" "messages" {
  # read the secrets its commands are given
  statement {
    actions = ["secretsmanager:GetSecretValue"]
    resources = [
      "arn:${data.aws_partition.current.partition}:secretsmanager:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:secret:releasec/checkout/SLACK_BOT_TOKEN-*",
      "arn:${data.aws_partition.current.partition}:secretsmanager:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:secret:releasec/checkout/PAGERDUTY_ROUTING_KEY-*",
    ]
  }
}

resource "aws_iam_role_policy" "messages" {
  name   = "release"
  role   = aws_iam_role.messages.id
  policy = data.aws_iam_policy_document.messages.json
}
