# Written by releasec 0.1.0 from examples/database-migration/migration.release; changes belong there.
# Plan 7df96ff1b70eeb8f52ff4af8783acd35dacad64a1316baab9ecfa6608509b68a
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

# examples/database-migration/migration.release:29
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
