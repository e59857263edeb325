# Written by releasec 0.1.0 from examples/hello/hello.release; changes belong there.
# Plan 2413e0ed05e25492b30d4980267a5e3ded16c7ed1fba6339b635bb88f9216e7a
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

# examples/hello/hello.release:10
provider "aws" {
  allowed_account_ids = ["123456789012"]
  region              = "eu-west-1"

  default_tags {
    tags = merge({
      release    = "hello"
      written_by = "releasec"
    }, var.tags)
  }
}

provider "github" {
  owner = var.github_owner
}
