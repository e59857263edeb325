# Written by releasec 0.1.0 from examples/database-migration/migration.release; changes belong there.
# Plan 7df96ff1b70eeb8f52ff4af8783acd35dacad64a1316baab9ecfa6608509b68a
# What the plan assumes.

# examples/database-migration/migration.release:29
check "account" {
  assert {
    condition     = data.aws_caller_identity.current.account_id == "123456789012"
    error_message = "The plan was written for another account."
  }
}

# examples/database-migration/migration.release:29
check "region" {
  assert {
    condition     = data.aws_region.current.region == "eu-central-1"
    error_message = "The plan was written for another region."
  }
}

# The state machine and this configuration are of the same plan.
check "plan" {
  assert {
    condition     = strcontains(aws_sfn_state_machine.release.definition, "7df96ff1b70eeb8f52ff4af8783acd35dacad64a1316baab9ecfa6608509b68a")
    error_message = "The state machine was written from another plan."
  }
}
