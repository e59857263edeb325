# Written by releasec 0.1.0 from examples/multi-region/regions.release; changes belong there.
# Plan 1c6dbdf9078de68a8a77337e0d56a0274c9f7b5b7c535ecb3c2a0cfaf3688c68
# Where the workflow deploys, and where it asks people.

data "github_user" "login_atesfay" {
  username = "atesfay"
}

data "github_user" "login_vserra" {
  username = "vserra"
}

data "github_user" "login_woakes" {
  username = "woakes"
}

data "github_user" "login_xianlu" {
  username = "xianlu"
}

data "github_user" "login_ynunes" {
  username = "ynunes"
}

data "github_user" "login_zpapas" {
  username = "zpapas"
}

# examples/multi-region/regions.release:27
resource "github_repository_environment" "europe" {
  repository          = var.github_repository
  environment         = "europe"
  prevent_self_review = false
  can_admins_bypass   = false

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "europe" {
  repository     = var.github_repository
  environment    = github_repository_environment.europe.environment
  branch_pattern = var.github_branch
}

# examples/multi-region/regions.release:28
resource "github_repository_environment" "america" {
  repository          = var.github_repository
  environment         = "america"
  prevent_self_review = false
  can_admins_bypass   = false

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "america" {
  repository     = var.github_repository
  environment    = github_repository_environment.america.environment
  branch_pattern = var.github_branch
}

# examples/multi-region/regions.release:29
resource "github_repository_environment" "asia" {
  repository          = var.github_repository
  environment         = "asia"
  prevent_self_review = false
  can_admins_bypass   = false

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "asia" {
  repository     = var.github_repository
  environment    = github_repository_environment.asia.environment
  branch_pattern = var.github_branch
}

resource "github_repository_environment" "checkout_messages" {
  repository          = var.github_repository
  environment         = "checkout-messages"
  prevent_self_review = false
  can_admins_bypass   = false

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "checkout_messages" {
  repository     = var.github_repository
  environment    = github_repository_environment.checkout_messages.environment
  branch_pattern = var.github_branch
}

# examples/multi-region/regions.release:90
resource "github_repository_environment" "checkout_approve_go" {
  repository          = var.github_repository
  environment         = "checkout-approve-go"
  prevent_self_review = true
  can_admins_bypass   = false

  reviewers {
    users = [data.github_user.login_xianlu.id, data.github_user.login_ynunes.id]
  }

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "checkout_approve_go" {
  repository     = var.github_repository
  environment    = github_repository_environment.checkout_approve_go.environment
  branch_pattern = var.github_branch
}

# examples/multi-region/regions.release:94
resource "github_repository_environment" "checkout_decide_go_on" {
  repository          = var.github_repository
  environment         = "checkout-decide-go_on"
  prevent_self_review = false
  can_admins_bypass   = false

  reviewers {
    users = [data.github_user.login_zpapas.id, data.github_user.login_atesfay.id]
  }

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "checkout_decide_go_on" {
  repository     = var.github_repository
  environment    = github_repository_environment.checkout_decide_go_on.environment
  branch_pattern = var.github_branch
}

resource "github_repository_environment" "checkout_pause" {
  repository          = var.github_repository
  environment         = "checkout-pause"
  prevent_self_review = false
  can_admins_bypass   = false

  reviewers {
    users = [data.github_user.login_vserra.id, data.github_user.login_woakes.id]
  }

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "checkout_pause" {
  repository     = var.github_repository
  environment    = github_repository_environment.checkout_pause.environment
  branch_pattern = var.github_branch
}
