# Written by releasec 0.1.0 from examples/multi-region/regions.release; changes belong there.
# Plan 1c6dbdf9078de68a8a77337e0d56a0274c9f7b5b7c535ecb3c2a0cfaf3688c68
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

# examples/multi-region/regions.release:27
provider "aws" {
  allowed_account_ids = ["123456789012"]
  region              = "eu-west-1"

  default_tags {
    tags = merge({
      release    = "checkout"
      written_by = "releasec"
    }, var.tags)
  }
}

provider "github" {
  owner = var.github_owner
}
