# Written by releasec 0.1.0 from examples/database-migration/migration.release; changes belong there.
# Plan 2f814e3b046da46f04325e7983992733a09912200fcaf8d869b7008c9a6ad3c9
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

# examples/database-migration/migration.release:28
provider "aws" {
  allowed_account_ids = ["123456789012"]
  region              = "eu-central-1"

  default_tags {
    tags = merge({
      release    = "orders"
      written_by = "releasec"
    }, var.tags)
  }
}

provider "github" {
  owner = var.github_owner
}
