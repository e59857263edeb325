# Written by releasec 0.1.0 from examples/database-migration/migration.release; changes belong there.
# Plan 96c1197b1103e6323527d8fdd09a6e6a60dc34e4e6d4ee86396143b6fe676e41
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
