# What the release of the shop needs around it, by hand, in the shape that the compiler writes.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
    github = {
      source  = "integrations/github"
      version = "~> 6.0"
    }
  }
}

variable "account" {
  description = "The account that the release may change"
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account))
    error_message = "An account has twelve digits."
  }
}

variable "reviewer_ids" {
  description = "The people of the board, as GitHub numbers them"
  type        = list(number)
}

provider "aws" {
  region              = "eu-west-1"
  allowed_account_ids = [var.account]
}

data "aws_caller_identity" "current" {}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["states.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "deploy" {
  statement {
    actions   = ["lambda:GetAlias", "lambda:UpdateAlias"]
    resources = ["arn:aws:lambda:eu-west-1:${data.aws_caller_identity.current.account_id}:function:shop"]
  }
}

resource "aws_iam_role" "deploy" {
  name               = "release-shop-deploy"
  assume_role_policy = data.aws_iam_policy_document.trust.json

  lifecycle {
    precondition {
      condition     = data.aws_caller_identity.current.account_id == var.account
      error_message = "The plan was written for another account."
    }
  }
}

resource "aws_iam_role_policy" "deploy" {
  name   = "deploy"
  role   = aws_iam_role.deploy.id
  policy = data.aws_iam_policy_document.deploy.json
}

resource "aws_cloudwatch_log_group" "release" {
  #checkov:skip=CKV_AWS_158:the history of a release names versions and people, no secrets
  name              = "/release/shop"
  retention_in_days = 400
}

resource "aws_sfn_state_machine" "release" {
  name       = "release-shop"
  role_arn   = aws_iam_role.deploy.arn
  definition = file("${path.module}/../stepfunctions/shop.asl.json")

  logging_configuration {
    log_destination        = "${aws_cloudwatch_log_group.release.arn}:*"
    include_execution_data = true
    level                  = "ALL"
  }

  tracing_configuration {
    enabled = true
  }
}

resource "github_repository_environment" "approval" {
  repository          = "shop"
  environment         = "shop-approval"
  prevent_self_review = true
  can_admins_bypass   = false

  reviewers {
    users = var.reviewer_ids
  }
}
