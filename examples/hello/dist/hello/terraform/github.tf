# Written by releasec 0.1.0 from examples/hello/hello.release; changes belong there.
# Plan 2413e0ed05e25492b30d4980267a5e3ded16c7ed1fba6339b635bb88f9216e7a
# Where the workflow deploys, and where it asks people.

data "github_team" "acme_leads" {
  slug = "leads"
}

# examples/hello/hello.release:10
resource "github_repository_environment" "production" {
  repository          = var.github_repository
  environment         = "production"
  prevent_self_review = false
  can_admins_bypass   = false

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "production" {
  repository     = var.github_repository
  environment    = github_repository_environment.production.environment
  branch_pattern = var.github_branch
}

resource "github_repository_environment" "hello_messages" {
  repository          = var.github_repository
  environment         = "hello-messages"
  prevent_self_review = false
  can_admins_bypass   = false

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "hello_messages" {
  repository     = var.github_repository
  environment    = github_repository_environment.hello_messages.environment
  branch_pattern = var.github_branch
}

# examples/hello/hello.release:20
resource "github_repository_environment" "hello_approve_go" {
  repository          = var.github_repository
  environment         = "hello-approve-go"
  prevent_self_review = true
  can_admins_bypass   = false

  reviewers {
    teams = [data.github_team.acme_leads.id]
  }

  lifecycle {
    precondition {
      condition     = lower(var.github_owner) == "acme"
      error_message = "A team that is asked belongs to another organisation."
    }
  }

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "hello_approve_go" {
  repository     = var.github_repository
  environment    = github_repository_environment.hello_approve_go.environment
  branch_pattern = var.github_branch
}
