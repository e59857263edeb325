# Written by releasec 0.1.0 from examples/database-migration/migration.release; changes belong there.
# Plan 7df96ff1b70eeb8f52ff4af8783acd35dacad64a1316baab9ecfa6608509b68a
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
  name               = "orders-machine"
  assume_role_policy = data.aws_iam_policy_document.machine_trust.json
}

data "aws_iam_policy_document" "machine" {
  #checkov:skip=CKV_AWS_111:the plan and the service name no narrower resource for these actions
  #checkov:skip=CKV_AWS_356:the plan and the service name no narrower resource for these actions

  # ask people
  statement {
    actions = ["ssm:StartAutomationExecution"]
    resources = [
      "arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:document/orders-ask",
      "arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:automation-definition/orders-ask:*",
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
    resources = ["arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/orders-approvals"]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ssm.amazonaws.com"]
    }
  }

  # keep the flags and answers of a run
  statement {
    actions   = ["ssm:DeleteParameters", "ssm:GetParameter", "ssm:GetParameters", "ssm:PutParameter"]
    resources = ["arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:parameter/releasec/orders/runs/*"]
  }

  # keep the evidence
  statement {
    actions   = ["s3:PutObject"]
    resources = ["arn:${data.aws_partition.current.partition}:s3:::orders-evidence-*/runs/*"]
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
    resources = ["arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:parameter/releasec/orders/principals"]
  }

  # run commands
  statement {
    actions   = ["codebuild:BatchGetBuilds", "codebuild:StartBuild", "codebuild:StopBuild"]
    resources = ["arn:${data.aws_partition.current.partition}:codebuild:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:project/orders-steps"]
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
      "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/orders-copy",
      "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/orders-expand",
      "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/orders-service",
      "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/orders-contract",
      "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/orders-rollback",
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
    resources = ["arn:${data.aws_partition.current.partition}:states:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:stateMachine:orders-release"]

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
    resources = ["arn:${data.aws_partition.current.partition}:states:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:stateMachine:orders-release"]

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
      "arn:${data.aws_partition.current.partition}:sns:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:orders-database-team",
      "arn:${data.aws_partition.current.partition}:sns:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:orders-service-team",
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
  name               = "orders-approvals"
  assume_role_policy = data.aws_iam_policy_document.approvals_trust.json
}

data "aws_iam_policy_document" "approvals" {
  # tell people that they are asked
  statement {
    actions   = ["sns:Publish"]
    resources = ["arn:${data.aws_partition.current.partition}:sns:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:Automation-orders-ask"]
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

data "aws_iam_policy_document" "stage_copy_trust" {
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

# examples/database-migration/migration.release:84
resource "aws_iam_role" "stage_copy" {
  name               = "orders-copy"
  assume_role_policy = data.aws_iam_policy_document.stage_copy_trust.json
}

data "aws_iam_policy_document" "stage_copy" {
  # what the plan does
  statement {
    actions   = ["rds:CreateDBSnapshot", "rds:DescribeDBInstances"]
    resources = ["arn:aws:rds:eu-central-1:123456789012:db:orders"]
  }

  # what the plan does
  statement {
    actions   = ["rds:AddTagsToResource", "rds:CreateDBSnapshot", "rds:DescribeDBSnapshots"]
    resources = ["arn:aws:rds:eu-central-1:123456789012:snapshot:orders-before-4-0"]
  }

  # write what builds print
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/codebuild/orders-steps:*"]
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

resource "aws_iam_role_policy" "stage_copy" {
  name   = "release"
  role   = aws_iam_role.stage_copy.id
  policy = data.aws_iam_policy_document.stage_copy.json
}

data "aws_iam_policy_document" "stage_expand_trust" {
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

# examples/database-migration/migration.release:92
resource "aws_iam_role" "stage_expand" {
  name               = "orders-expand"
  assume_role_policy = data.aws_iam_policy_document.stage_expand_trust.json
}

data "aws_iam_policy_document" "stage_expand" {
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
    resources = ["arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/codebuild/orders-steps:*"]
  }

  # read the secrets its commands are given
  statement {
    actions   = ["secretsmanager:GetSecretValue"]
    resources = ["arn:${data.aws_partition.current.partition}:secretsmanager:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:secret:releasec/orders/PGPASSWORD-*"]
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

resource "aws_iam_role_policy" "stage_expand" {
  name   = "release"
  role   = aws_iam_role.stage_expand.id
  policy = data.aws_iam_policy_document.stage_expand.json
}

data "aws_iam_policy_document" "stage_service_trust" {
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

# examples/database-migration/migration.release:100
resource "aws_iam_role" "stage_service" {
  name               = "orders-service"
  assume_role_policy = data.aws_iam_policy_document.stage_service_trust.json
}

data "aws_iam_policy_document" "stage_service" {
  #checkov:skip=CKV_AWS_111:the plan and the service name no narrower resource for these actions
  #checkov:skip=CKV_AWS_356:the plan and the service name no narrower resource for these actions

  # what the plan does
  statement {
    actions   = ["ecs:DescribeServices", "ecs:UpdateService"]
    resources = ["arn:aws:ecs:eu-central-1:123456789012:service/shop/orders"]
  }

  # what the plan does
  statement {
    actions   = ["iam:PassRole"]
    resources = ["arn:aws:iam::123456789012:role/orders"]
  }

  # what the plan does
  statement {
    actions   = ["iam:PassRole"]
    resources = ["arn:aws:iam::123456789012:role/orders-execution"]
  }

  # what the plan does
  statement {
    actions   = ["cloudwatch:GetMetricData"]
    resources = ["*"]
  }

  # write what builds print
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/codebuild/orders-steps:*"]
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

resource "aws_iam_role_policy" "stage_service" {
  name   = "release"
  role   = aws_iam_role.stage_service.id
  policy = data.aws_iam_policy_document.stage_service.json
}

data "aws_iam_policy_document" "stage_contract_trust" {
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

# examples/database-migration/migration.release:110
resource "aws_iam_role" "stage_contract" {
  name               = "orders-contract"
  assume_role_policy = data.aws_iam_policy_document.stage_contract_trust.json
}

data "aws_iam_policy_document" "stage_contract" {
  # what the plan does
  statement {
    actions   = ["rds:DescribeDBInstances"]
    resources = ["arn:aws:rds:eu-central-1:123456789012:db:orders"]
  }

  # write what builds print
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/codebuild/orders-steps:*"]
  }

  # read the secrets its commands are given
  statement {
    actions   = ["secretsmanager:GetSecretValue"]
    resources = ["arn:${data.aws_partition.current.partition}:secretsmanager:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:secret:releasec/orders/PGPASSWORD-*"]
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

resource "aws_iam_role_policy" "stage_contract" {
  name   = "release"
  role   = aws_iam_role.stage_contract.id
  policy = data.aws_iam_policy_document.stage_contract.json
}

data "aws_iam_policy_document" "rollback_trust" {
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
  name               = "orders-rollback"
  assume_role_policy = data.aws_iam_policy_document.rollback_trust.json
}

data "aws_iam_policy_document" "rollback" {
  # what the plan does
  statement {
    actions   = ["ecs:DescribeServices", "ecs:UpdateService"]
    resources = ["arn:aws:ecs:eu-central-1:123456789012:service/shop/orders"]
  }

  # what the plan does
  statement {
    actions   = ["iam:PassRole"]
    resources = ["arn:aws:iam::123456789012:role/orders"]
  }

  # what the plan does
  statement {
    actions   = ["iam:PassRole"]
    resources = ["arn:aws:iam::123456789012:role/orders-execution"]
  }

  # write what builds print
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/codebuild/orders-steps:*"]
  }

  # read the secrets its commands are given
  statement {
    actions   = ["secretsmanager:GetSecretValue"]
    resources = ["arn:${data.aws_partition.current.partition}:secretsmanager:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:secret:releasec/orders/PGPASSWORD-*"]
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
  name               = "orders-around"
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
    resources = ["arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/codebuild/orders-steps:*"]
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
      values   = ["repo:${var.github_owner}/${var.github_repository}:environment:orders-messages"]
    }
  }
}

resource "aws_iam_role" "messages" {
  name               = "orders-messages"
  assume_role_policy = data.aws_iam_policy_document.messages_trust.json
}

data "aws_iam_policy_document" "messages" {
  # read the secrets its commands are given
  statement {
    actions = ["secretsmanager:GetSecretValue"]
    resources = [
      "arn:${data.aws_partition.current.partition}:secretsmanager:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:secret:releasec/orders/SLACK_BOT_TOKEN-*",
      "arn:${data.aws_partition.current.partition}:secretsmanager:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:secret:releasec/orders/PAGERDUTY_ROUTING_KEY-*",
    ]
  }
}

resource "aws_iam_role_policy" "messages" {
  name   = "release"
  role   = aws_iam_role.messages.id
  policy = data.aws_iam_policy_document.messages.json
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
  name               = "orders-watch"
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
