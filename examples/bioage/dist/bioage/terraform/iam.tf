# Written by releasec 0.1.0 from examples/bioage/bioage.release; changes belong there.
# Plan 39ce33b6c327b7b4003a03a2cc618f5dbcff80425b9eed5f179401f8f4fcdb30
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
  name               = "bioage-machine"
  assume_role_policy = data.aws_iam_policy_document.machine_trust.json
}

data "aws_iam_policy_document" "machine" {
  #checkov:skip=CKV_AWS_111:the plan and the service name no narrower resource for these actions
  #checkov:skip=CKV_AWS_356:the plan and the service name no narrower resource for these actions

  # ask people
  statement {
    actions = ["ssm:StartAutomationExecution"]
    resources = [
      "arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:document/bioage-ask",
      "arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:automation-definition/bioage-ask:*",
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
    resources = ["arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/bioage-approvals"]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ssm.amazonaws.com"]
    }
  }

  # keep the flags and answers of a run
  statement {
    actions   = ["ssm:DeleteParameters", "ssm:GetParameter", "ssm:GetParameters", "ssm:PutParameter"]
    resources = ["arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:parameter/releasec/bioage/runs/*"]
  }

  # keep the evidence
  statement {
    actions   = ["s3:PutObject"]
    resources = ["arn:${data.aws_partition.current.partition}:s3:::bioage-evidence-*/runs/*"]
  }

  # hold the locks
  statement {
    actions = ["ssm:DeleteParameter", "ssm:GetParameter", "ssm:PutParameter"]
    resources = [
      "arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:parameter/releasec/locks/production",
      "arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:parameter/releasec/locks/production/after/*",
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
    resources = ["arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:parameter/releasec/bioage/principals"]
  }

  # work with the rights of a stage
  statement {
    actions = ["sts:AssumeRole"]
    resources = [
      "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/bioage-model",
      "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/bioage-api",
      "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/bioage-app",
      "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/bioage-rollback",
      "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/bioage-messages",
    ]
  }

  # run commands
  statement {
    actions   = ["codebuild:BatchGetBuilds", "codebuild:StartBuild", "codebuild:StopBuild"]
    resources = ["arn:${data.aws_partition.current.partition}:codebuild:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:project/bioage-steps"]
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
      "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/bioage-candidate",
      "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/bioage-infrastructure",
      "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/bioage-model",
      "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/bioage-api",
      "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/bioage-app",
      "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/bioage-rollback",
      "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/bioage-around",
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
    resources = ["arn:${data.aws_partition.current.partition}:states:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:stateMachine:bioage-release"]

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
    resources = ["arn:${data.aws_partition.current.partition}:states:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:stateMachine:bioage-release"]

    condition {
      test     = "StringLike"
      variable = "states:HTTPEndpoint"
      values   = ["https://api.statuspage.io/v1/pages/bioage/incidents"]
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
    resources = ["arn:${data.aws_partition.current.partition}:states:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:stateMachine:bioage-release"]

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
    actions = ["sns:Publish"]
    resources = [
      "arn:${data.aws_partition.current.partition}:sns:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:bioage-product",
      "arn:${data.aws_partition.current.partition}:sns:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:bioage-devsecops",
      "arn:${data.aws_partition.current.partition}:sns:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:bioage-mobile",
    ]
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
  name               = "bioage-approvals"
  assume_role_policy = data.aws_iam_policy_document.approvals_trust.json
}

data "aws_iam_policy_document" "approvals" {
  # tell people that they are asked
  statement {
    actions   = ["sns:Publish"]
    resources = ["arn:${data.aws_partition.current.partition}:sns:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:Automation-bioage-ask"]
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

data "aws_iam_policy_document" "stage_candidate_trust" {
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
}

# examples/bioage/bioage.release:146
resource "aws_iam_role" "stage_candidate" {
  name               = "bioage-candidate"
  assume_role_policy = data.aws_iam_policy_document.stage_candidate_trust.json
}

data "aws_iam_policy_document" "stage_candidate" {
  # write what builds print
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/codebuild/bioage-steps:*"]
  }

  # work in another account
  statement {
    actions   = ["sts:AssumeRole"]
    resources = ["arn:${data.aws_partition.current.partition}:iam::098765432109:role/bioage-candidate"]
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

resource "aws_iam_role_policy" "stage_candidate" {
  name   = "release"
  role   = aws_iam_role.stage_candidate.id
  policy = data.aws_iam_policy_document.stage_candidate.json
}

data "aws_iam_policy_document" "stage_infrastructure_trust" {
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
      values   = ["repo:${var.github_owner}/${var.github_repository}:environment:production"]
    }
  }
}

# examples/bioage/bioage.release:154
resource "aws_iam_role" "stage_infrastructure" {
  name               = "bioage-infrastructure"
  assume_role_policy = data.aws_iam_policy_document.stage_infrastructure_trust.json
}

data "aws_iam_policy_document" "stage_infrastructure" {
  # write what builds print
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/codebuild/bioage-steps:*"]
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

resource "aws_iam_role_policy" "stage_infrastructure" {
  name   = "release"
  role   = aws_iam_role.stage_infrastructure.id
  policy = data.aws_iam_policy_document.stage_infrastructure.json
}

data "aws_iam_policy_document" "stage_model_trust" {
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
      values   = ["repo:${var.github_owner}/${var.github_repository}:environment:production"]
    }
  }
}

# examples/bioage/bioage.release:167
resource "aws_iam_role" "stage_model" {
  name               = "bioage-model"
  assume_role_policy = data.aws_iam_policy_document.stage_model_trust.json
}

data "aws_iam_policy_document" "stage_model" {
  #checkov:skip=CKV_AWS_111:the plan and the service name no narrower resource for these actions
  #checkov:skip=CKV_AWS_356:the plan and the service name no narrower resource for these actions

  # what the plan does
  statement {
    actions   = ["lambda:UpdateAlias"]
    resources = ["arn:aws:lambda:us-east-1:123456789012:function:bioage-prod"]
  }

  # what the plan does
  statement {
    actions   = ["cloudwatch:GetMetricData"]
    resources = ["*"]
  }

  # write what builds print
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/codebuild/bioage-steps:*"]
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

resource "aws_iam_role_policy" "stage_model" {
  name   = "release"
  role   = aws_iam_role.stage_model.id
  policy = data.aws_iam_policy_document.stage_model.json
}

data "aws_iam_policy_document" "stage_api_trust" {
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
      values   = ["repo:${var.github_owner}/${var.github_repository}:environment:production"]
    }
  }
}

# examples/bioage/bioage.release:181
resource "aws_iam_role" "stage_api" {
  name               = "bioage-api"
  assume_role_policy = data.aws_iam_policy_document.stage_api_trust.json
}

data "aws_iam_policy_document" "stage_api" {
  #checkov:skip=CKV_AWS_111:the plan and the service name no narrower resource for these actions
  #checkov:skip=CKV_AWS_356:the plan and the service name no narrower resource for these actions

  # what the plan does
  statement {
    actions   = ["apigateway:GET", "apigateway:PATCH"]
    resources = ["arn:aws:apigateway:us-east-1::/restapis/bioage/stages/prod"]
  }

  # what the plan does
  statement {
    actions   = ["cloudwatch:GetMetricData"]
    resources = ["*"]
  }

  # write what builds print
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/codebuild/bioage-steps:*"]
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

resource "aws_iam_role_policy" "stage_api" {
  name   = "release"
  role   = aws_iam_role.stage_api.id
  policy = data.aws_iam_policy_document.stage_api.json
}

data "aws_iam_policy_document" "stage_app_trust" {
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
      values   = ["repo:${var.github_owner}/${var.github_repository}:environment:production"]
    }
  }
}

# examples/bioage/bioage.release:190
resource "aws_iam_role" "stage_app" {
  name               = "bioage-app"
  assume_role_policy = data.aws_iam_policy_document.stage_app_trust.json
}

data "aws_iam_policy_document" "stage_app" {
  # what the plan does
  statement {
    actions   = ["lambda:InvokeFunction"]
    resources = ["arn:aws:lambda:us-east-1:123456789012:function:app-store-connect"]
  }

  # write what builds print
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/codebuild/bioage-steps:*"]
  }

  # read the secrets its commands are given
  statement {
    actions = ["secretsmanager:GetSecretValue"]
    resources = [
      "arn:${data.aws_partition.current.partition}:secretsmanager:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:secret:releasec/bioage/SENTRY_ORG-*",
      "arn:${data.aws_partition.current.partition}:secretsmanager:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:secret:releasec/bioage/SENTRY_AUTH_TOKEN-*",
    ]
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

resource "aws_iam_role_policy" "stage_app" {
  name   = "release"
  role   = aws_iam_role.stage_app.id
  policy = data.aws_iam_policy_document.stage_app.json
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
      values   = ["repo:${var.github_owner}/${var.github_repository}:environment:production"]
    }
  }
}

resource "aws_iam_role" "rollback" {
  name               = "bioage-rollback"
  assume_role_policy = data.aws_iam_policy_document.rollback_trust.json
}

data "aws_iam_policy_document" "rollback" {
  # what the plan does
  statement {
    actions   = ["lambda:UpdateAlias"]
    resources = ["arn:aws:lambda:us-east-1:123456789012:function:bioage-prod"]
  }

  # what the plan does
  statement {
    actions   = ["apigateway:PATCH"]
    resources = ["arn:aws:apigateway:us-east-1::/restapis/bioage/stages/prod"]
  }

  # what the plan does
  statement {
    actions   = ["lambda:InvokeFunction"]
    resources = ["arn:aws:lambda:us-east-1:123456789012:function:app-store-connect"]
  }

  # write what builds print
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/codebuild/bioage-steps:*"]
  }

  # work in another account
  statement {
    actions   = ["sts:AssumeRole"]
    resources = ["arn:${data.aws_partition.current.partition}:iam::098765432109:role/bioage-rollback"]
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
      values   = ["repo:${var.github_owner}/${var.github_repository}:environment:production"]
    }
  }
}

resource "aws_iam_role" "around" {
  name               = "bioage-around"
  assume_role_policy = data.aws_iam_policy_document.around_trust.json
}

data "aws_iam_policy_document" "around" {
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
    resources = ["arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/codebuild/bioage-steps:*"]
  }

  # read the secrets its commands are given
  statement {
    actions   = ["secretsmanager:GetSecretValue"]
    resources = ["arn:${data.aws_partition.current.partition}:secretsmanager:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:secret:releasec/bioage/GH_TOKEN-*"]
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

resource "aws_iam_role_policy" "around" {
  name   = "release"
  role   = aws_iam_role.around.id
  policy = data.aws_iam_policy_document.around.json
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
      values   = ["repo:${var.github_owner}/${var.github_repository}:environment:bioage-messages"]
    }
  }
}

resource "aws_iam_role" "messages" {
  name               = "bioage-messages"
  assume_role_policy = data.aws_iam_policy_document.messages_trust.json
}

data "aws_iam_policy_document" "messages" {
  # what the plan does
  statement {
    actions   = ["ses:SendEmail"]
    resources = ["arn:aws:ses:us-east-1:123456789012:identity/bioage.example"]
  }

  # read the secrets its commands are given
  statement {
    actions = ["secretsmanager:GetSecretValue"]
    resources = [
      "arn:${data.aws_partition.current.partition}:secretsmanager:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:secret:releasec/bioage/SLACK_BOT_TOKEN-*",
      "arn:${data.aws_partition.current.partition}:secretsmanager:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:secret:releasec/bioage/STATUSPAGE_API_KEY-*",
      "arn:${data.aws_partition.current.partition}:secretsmanager:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:secret:releasec/bioage/PAGERDUTY_ROUTING_KEY-*",
    ]
  }
}

resource "aws_iam_role_policy" "messages" {
  name   = "release"
  role   = aws_iam_role.messages.id
  policy = data.aws_iam_policy_document.messages.json
}

data "aws_iam_policy_document" "hold_main_frozen_trust" {
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
      values   = ["repo:${var.github_owner}/${var.github_repository}:environment:production"]
    }
  }
}

resource "aws_iam_role" "hold_main_frozen" {
  name               = "bioage-hold-main-frozen"
  assume_role_policy = data.aws_iam_policy_document.hold_main_frozen_trust.json
}

data "aws_iam_policy_document" "hold_main_frozen" {
  # read the secrets its commands are given
  statement {
    actions   = ["secretsmanager:GetSecretValue"]
    resources = ["arn:${data.aws_partition.current.partition}:secretsmanager:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:secret:releasec/bioage/GH_TOKEN-*"]
  }
}

resource "aws_iam_role_policy" "hold_main_frozen" {
  name   = "release"
  role   = aws_iam_role.hold_main_frozen.id
  policy = data.aws_iam_policy_document.hold_main_frozen.json
}

data "aws_iam_policy_document" "watch_trust" {
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
      values   = ["repo:${var.github_owner}/${var.github_repository}:environment:production"]
    }
  }
}

resource "aws_iam_role" "watch" {
  name               = "bioage-watch"
  assume_role_policy = data.aws_iam_policy_document.watch_trust.json
}

data "aws_iam_policy_document" "watch" {
  #checkov:skip=CKV_AWS_111:the plan and the service name no narrower resource for these actions
  #checkov:skip=CKV_AWS_356:the plan and the service name no narrower resource for these actions

  # what the plan does
  statement {
    actions   = ["cloudwatch:GetMetricData"]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "watch" {
  name   = "release"
  role   = aws_iam_role.watch.id
  policy = data.aws_iam_policy_document.watch.json
}

data "aws_iam_openid_connect_provider" "github_098765432109" {
  provider = aws.account_098765432109
  url      = "https://token.actions.githubusercontent.com"
}

data "aws_iam_policy_document" "stage_candidate_098765432109_trust" {
  # the state machine, and builds that do the same duty
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type = "AWS"
      identifiers = [
        "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/bioage-machine",
        "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/bioage-candidate",
      ]
    }
  }

  # jobs of the workflow, in the environment they deploy to
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [data.aws_iam_openid_connect_provider.github_098765432109.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["repo:${var.github_owner}/${var.github_repository}:environment:staging"]
    }
  }
}

# examples/bioage/bioage.release:146
resource "aws_iam_role" "stage_candidate_098765432109" {
  provider           = aws.account_098765432109
  name               = "bioage-candidate"
  assume_role_policy = data.aws_iam_policy_document.stage_candidate_098765432109_trust.json
}

data "aws_iam_policy_document" "stage_candidate_098765432109" {
  # what the plan does
  statement {
    actions   = ["lambda:InvokeFunction"]
    resources = ["arn:aws:lambda:us-east-1:098765432109:function:bioage-stg"]
  }

  # what the plan does
  statement {
    actions   = ["lambda:InvokeFunction"]
    resources = ["arn:aws:lambda:us-east-1:098765432109:function:bioage-stg:*"]
  }
}

resource "aws_iam_role_policy" "stage_candidate_098765432109" {
  provider = aws.account_098765432109
  name     = "release"
  role     = aws_iam_role.stage_candidate_098765432109.id
  policy   = data.aws_iam_policy_document.stage_candidate_098765432109.json
}

data "aws_iam_policy_document" "rollback_098765432109_trust" {
  # the state machine, and builds that do the same duty
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type = "AWS"
      identifiers = [
        "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/bioage-machine",
        "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/bioage-rollback",
      ]
    }
  }

  # jobs of the workflow, in the environment they deploy to
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [data.aws_iam_openid_connect_provider.github_098765432109.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["repo:${var.github_owner}/${var.github_repository}:environment:staging"]
    }
  }
}

resource "aws_iam_role" "rollback_098765432109" {
  provider           = aws.account_098765432109
  name               = "bioage-rollback"
  assume_role_policy = data.aws_iam_policy_document.rollback_098765432109_trust.json
}

data "aws_iam_policy_document" "rollback_098765432109" {
  # what the plan does
  statement {
    actions   = ["lambda:UpdateAlias"]
    resources = ["arn:aws:lambda:us-east-1:123456789012:function:bioage-prod"]
  }

  # what the plan does
  statement {
    actions   = ["apigateway:PATCH"]
    resources = ["arn:aws:apigateway:us-east-1::/restapis/bioage/stages/prod"]
  }

  # what the plan does
  statement {
    actions   = ["lambda:InvokeFunction"]
    resources = ["arn:aws:lambda:us-east-1:123456789012:function:app-store-connect"]
  }
}

resource "aws_iam_role_policy" "rollback_098765432109" {
  provider = aws.account_098765432109
  name     = "release"
  role     = aws_iam_role.rollback_098765432109.id
  policy   = data.aws_iam_policy_document.rollback_098765432109.json
}
