# Written by releasec 0.1.0 from examples/bioage/bioage.release; changes belong there.
# Plan 39ce33b6c327b7b4003a03a2cc618f5dbcff80425b9eed5f179401f8f4fcdb30
# Where the workflow deploys, and where it asks people.

data "github_user" "login_bcosta" {
  username = "bcosta"
}

data "github_user" "login_chenwei" {
  username = "chenwei"
}

data "github_user" "login_danal" {
  username = "danal"
}

data "github_user" "login_emeka_o" {
  username = "emeka-o"
}

data "github_user" "login_fumisato" {
  username = "fumisato"
}

data "github_user" "login_gitarao" {
  username = "gitarao"
}

data "github_user" "login_hlind" {
  username = "hlind"
}

data "github_user" "login_iprat" {
  username = "iprat"
}

data "github_user" "login_jbeck" {
  username = "jbeck"
}

data "github_user" "login_kemia" {
  username = "kemia"
}

data "github_user" "login_lferro" {
  username = "lferro"
}

data "github_user" "login_mhaddad" {
  username = "mhaddad"
}

# examples/bioage/bioage.release:46
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

# examples/bioage/bioage.release:37
resource "github_repository_environment" "staging" {
  repository          = var.github_repository
  environment         = "staging"
  prevent_self_review = false
  can_admins_bypass   = false

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "staging" {
  repository     = var.github_repository
  environment    = github_repository_environment.staging.environment
  branch_pattern = var.github_branch
}

resource "github_repository_environment" "bioage_messages" {
  repository          = var.github_repository
  environment         = "bioage-messages"
  prevent_self_review = false
  can_admins_bypass   = false

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "bioage_messages" {
  repository     = var.github_repository
  environment    = github_repository_environment.bioage_messages.environment
  branch_pattern = var.github_branch
}

# examples/bioage/bioage.release:135
resource "github_repository_environment" "bioage_approve_change_board" {
  repository          = var.github_repository
  environment         = "bioage-approve-change_board"
  prevent_self_review = true
  can_admins_bypass   = false

  reviewers {
    users = [
      data.github_user.login_gitarao.id,
      data.github_user.login_hlind.id,
      data.github_user.login_iprat.id,
      data.github_user.login_emeka_o.id,
    ]
  }

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "bioage_approve_change_board" {
  repository     = var.github_repository
  environment    = github_repository_environment.bioage_approve_change_board.environment
  branch_pattern = var.github_branch
}

# examples/bioage/bioage.release:136
resource "github_repository_environment" "bioage_approve_security_review" {
  repository          = var.github_repository
  environment         = "bioage-approve-security_review"
  prevent_self_review = true
  can_admins_bypass   = false

  reviewers {
    users = [data.github_user.login_fumisato.id, data.github_user.login_hlind.id]
  }

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "bioage_approve_security_review" {
  repository     = var.github_repository
  environment    = github_repository_environment.bioage_approve_security_review.environment
  branch_pattern = var.github_branch
}

# examples/bioage/bioage.release:122
resource "github_repository_environment" "bioage_ready_preflight_qa" {
  repository          = var.github_repository
  environment         = "bioage-ready-preflight-qa"
  prevent_self_review = false
  can_admins_bypass   = false

  reviewers {
    users = [data.github_user.login_jbeck.id, data.github_user.login_kemia.id]
  }

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "bioage_ready_preflight_qa" {
  repository     = var.github_repository
  environment    = github_repository_environment.bioage_ready_preflight_qa.environment
  branch_pattern = var.github_branch
}

# examples/bioage/bioage.release:122
resource "github_repository_environment" "bioage_ready_preflight_devsecops" {
  repository          = var.github_repository
  environment         = "bioage-ready-preflight-devsecops"
  prevent_self_review = false
  can_admins_bypass   = false

  reviewers {
    users = [data.github_user.login_bcosta.id, data.github_user.login_chenwei.id]
  }

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "bioage_ready_preflight_devsecops" {
  repository     = var.github_repository
  environment    = github_repository_environment.bioage_ready_preflight_devsecops.environment
  branch_pattern = var.github_branch
}

# examples/bioage/bioage.release:122
resource "github_repository_environment" "bioage_ready_preflight_on_call" {
  repository          = var.github_repository
  environment         = "bioage-ready-preflight-on_call"
  prevent_self_review = false
  can_admins_bypass   = false

  reviewers {
    users = [data.github_user.login_lferro.id, data.github_user.login_mhaddad.id]
  }

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "bioage_ready_preflight_on_call" {
  repository     = var.github_repository
  environment    = github_repository_environment.bioage_ready_preflight_on_call.environment
  branch_pattern = var.github_branch
}

# examples/bioage/bioage.release:122
resource "github_repository_environment" "bioage_ready_preflight_security" {
  repository          = var.github_repository
  environment         = "bioage-ready-preflight-security"
  prevent_self_review = false
  can_admins_bypass   = false

  reviewers {
    users = [data.github_user.login_fumisato.id, data.github_user.login_hlind.id]
  }

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "bioage_ready_preflight_security" {
  repository     = var.github_repository
  environment    = github_repository_environment.bioage_ready_preflight_security.environment
  branch_pattern = var.github_branch
}

# examples/bioage/bioage.release:122
resource "github_repository_environment" "bioage_ready_preflight_product" {
  repository          = var.github_repository
  environment         = "bioage-ready-preflight-product"
  prevent_self_review = false
  can_admins_bypass   = false

  reviewers {
    users = [data.github_user.login_emeka_o.id, data.github_user.login_iprat.id]
  }

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "bioage_ready_preflight_product" {
  repository     = var.github_repository
  environment    = github_repository_environment.bioage_ready_preflight_product.environment
  branch_pattern = var.github_branch
}

# examples/bioage/bioage.release:122
resource "github_repository_environment" "bioage_ready_preflight_release_manager" {
  repository          = var.github_repository
  environment         = "bioage-ready-preflight-release_manager"
  prevent_self_review = false
  can_admins_bypass   = false

  reviewers {
    users = [data.github_user.login_bcosta.id, data.github_user.login_chenwei.id]
  }

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "bioage_ready_preflight_release_manager" {
  repository     = var.github_repository
  environment    = github_repository_environment.bioage_ready_preflight_release_manager.environment
  branch_pattern = var.github_branch
}

# examples/bioage/bioage.release:154
resource "github_repository_environment" "bioage_pause_infrastructure" {
  repository          = var.github_repository
  environment         = "bioage-pause-infrastructure"
  prevent_self_review = false
  can_admins_bypass   = false

  reviewers {
    users = [data.github_user.login_bcosta.id, data.github_user.login_chenwei.id]
  }

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "bioage_pause_infrastructure" {
  repository     = var.github_repository
  environment    = github_repository_environment.bioage_pause_infrastructure.environment
  branch_pattern = var.github_branch
}

# examples/bioage/bioage.release:167
resource "github_repository_environment" "bioage_pause_model" {
  repository          = var.github_repository
  environment         = "bioage-pause-model"
  prevent_self_review = false
  can_admins_bypass   = false

  reviewers {
    users = [data.github_user.login_bcosta.id, data.github_user.login_chenwei.id]
  }

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "bioage_pause_model" {
  repository     = var.github_repository
  environment    = github_repository_environment.bioage_pause_model.environment
  branch_pattern = var.github_branch
}

# examples/bioage/bioage.release:181
resource "github_repository_environment" "bioage_pause_api" {
  repository          = var.github_repository
  environment         = "bioage-pause-api"
  prevent_self_review = false
  can_admins_bypass   = false

  reviewers {
    users = [data.github_user.login_bcosta.id, data.github_user.login_chenwei.id]
  }

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "bioage_pause_api" {
  repository     = var.github_repository
  environment    = github_repository_environment.bioage_pause_api.environment
  branch_pattern = var.github_branch
}

resource "github_repository_environment" "bioage_wait_1440m" {
  repository          = var.github_repository
  environment         = "bioage-wait-1440m"
  prevent_self_review = false
  can_admins_bypass   = false
  wait_timer          = 1440

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "bioage_wait_1440m" {
  repository     = var.github_repository
  environment    = github_repository_environment.bioage_wait_1440m.environment
  branch_pattern = var.github_branch
}

# examples/bioage/bioage.release:190
resource "github_repository_environment" "bioage_step_app_b2" {
  repository          = var.github_repository
  environment         = "bioage-step-app-b2"
  prevent_self_review = false
  can_admins_bypass   = false

  reviewers {
    users = [data.github_user.login_danal.id, data.github_user.login_chenwei.id]
  }

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "bioage_step_app_b2" {
  repository     = var.github_repository
  environment    = github_repository_environment.bioage_step_app_b2.environment
  branch_pattern = var.github_branch
}

# examples/bioage/bioage.release:138
resource "github_repository_environment" "bioage_hold_main_frozen" {
  repository          = var.github_repository
  environment         = "bioage-hold-main_frozen"
  prevent_self_review = false
  can_admins_bypass   = false

  reviewers {
    users = [data.github_user.login_bcosta.id, data.github_user.login_chenwei.id]
  }

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "bioage_hold_main_frozen" {
  repository     = var.github_repository
  environment    = github_repository_environment.bioage_hold_main_frozen.environment
  branch_pattern = var.github_branch
}
