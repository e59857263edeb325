# Written by releasec 0.1.0 from examples/database-migration/migration.release; changes belong there.
# Plan 7df96ff1b70eeb8f52ff4af8783acd35dacad64a1316baab9ecfa6608509b68a
# Where the workflow deploys, and where it asks people.

data "github_user" "login_omars" {
  username = "omars"
}

data "github_user" "login_pkern" {
  username = "pkern"
}

data "github_user" "login_qdale" {
  username = "qdale"
}

data "github_user" "login_rvidal" {
  username = "rvidal"
}

data "github_user" "login_sholt" {
  username = "sholt"
}

data "github_user" "login_tbose" {
  username = "tbose"
}

# examples/database-migration/migration.release:29
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

resource "github_repository_environment" "orders_messages" {
  repository          = var.github_repository
  environment         = "orders-messages"
  prevent_self_review = false
  can_admins_bypass   = false

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "orders_messages" {
  repository     = var.github_repository
  environment    = github_repository_environment.orders_messages.environment
  branch_pattern = var.github_branch
}

# examples/database-migration/migration.release:81
resource "github_repository_environment" "orders_approve_go" {
  repository          = var.github_repository
  environment         = "orders-approve-go"
  prevent_self_review = true
  can_admins_bypass   = false

  reviewers {
    users = [data.github_user.login_sholt.id, data.github_user.login_tbose.id]
  }

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "orders_approve_go" {
  repository     = var.github_repository
  environment    = github_repository_environment.orders_approve_go.environment
  branch_pattern = var.github_branch
}

# examples/database-migration/migration.release:82
resource "github_repository_environment" "orders_approve_contract" {
  repository          = var.github_repository
  environment         = "orders-approve-contract"
  prevent_self_review = true
  can_admins_bypass   = false

  reviewers {
    users = [data.github_user.login_sholt.id, data.github_user.login_tbose.id]
  }

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "orders_approve_contract" {
  repository     = var.github_repository
  environment    = github_repository_environment.orders_approve_contract.environment
  branch_pattern = var.github_branch
}

# examples/database-migration/migration.release:84
resource "github_repository_environment" "orders_pause_copy" {
  repository          = var.github_repository
  environment         = "orders-pause-copy"
  prevent_self_review = false
  can_admins_bypass   = false

  reviewers {
    users = [data.github_user.login_omars.id, data.github_user.login_pkern.id]
  }

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "orders_pause_copy" {
  repository     = var.github_repository
  environment    = github_repository_environment.orders_pause_copy.environment
  branch_pattern = var.github_branch
}

# examples/database-migration/migration.release:92
resource "github_repository_environment" "orders_pause_expand" {
  repository          = var.github_repository
  environment         = "orders-pause-expand"
  prevent_self_review = false
  can_admins_bypass   = false

  reviewers {
    users = [data.github_user.login_omars.id, data.github_user.login_pkern.id]
  }

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "orders_pause_expand" {
  repository     = var.github_repository
  environment    = github_repository_environment.orders_pause_expand.environment
  branch_pattern = var.github_branch
}

# examples/database-migration/migration.release:100
resource "github_repository_environment" "orders_pause_service" {
  repository          = var.github_repository
  environment         = "orders-pause-service"
  prevent_self_review = false
  can_admins_bypass   = false

  reviewers {
    users = [data.github_user.login_qdale.id, data.github_user.login_rvidal.id]
  }

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "orders_pause_service" {
  repository     = var.github_repository
  environment    = github_repository_environment.orders_pause_service.environment
  branch_pattern = var.github_branch
}

# examples/database-migration/migration.release:110
resource "github_repository_environment" "orders_pause_contract" {
  repository          = var.github_repository
  environment         = "orders-pause-contract"
  prevent_self_review = false
  can_admins_bypass   = false

  reviewers {
    users = [data.github_user.login_omars.id, data.github_user.login_pkern.id]
  }

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "orders_pause_contract" {
  repository     = var.github_repository
  environment    = github_repository_environment.orders_pause_contract.environment
  branch_pattern = var.github_branch
}
