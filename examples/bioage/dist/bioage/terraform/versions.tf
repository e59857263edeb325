# Written by releasec 0.1.0 from examples/bioage/bioage.release; changes belong there.
# Plan 39ce33b6c327b7b4003a03a2cc618f5dbcff80425b9eed5f179401f8f4fcdb30
# What reads this configuration, and where it applies.

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

# examples/bioage/bioage.release:46
provider "aws" {
  allowed_account_ids = ["123456789012"]
  region              = "us-east-1"

  default_tags {
    tags = merge({
      release    = "bioage"
      written_by = "releasec"
    }, var.tags)
  }
}

# examples/bioage/bioage.release:37
provider "aws" {
  alias               = "account_098765432109"
  allowed_account_ids = ["098765432109"]
  region              = "us-east-1"

  assume_role {
    role_arn = var.administrator_098765432109_arn
  }

  default_tags {
    tags = merge({
      release    = "bioage"
      written_by = "releasec"
    }, var.tags)
  }
}

provider "github" {
  owner = var.github_owner
}
