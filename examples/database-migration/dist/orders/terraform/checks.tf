# Written by releasec 0.1.0 from examples/database-migration/migration.release; changes belong there.
# Plan 2f814e3b046da46f04325e7983992733a09912200fcaf8d869b7008c9a6ad3c9
# What the plan assumes.

# examples/database-migration/migration.release:28
check "account" {
  assert {
    condition     = data.aws_caller_identity.current.account_id == "123456789012"
    error_message = "The plan was written for another account."
  }
}

# examples/database-migration/migration.release:28
check "region" {
  assert {
    condition     = data.aws_region.current.region == "eu-central-1"
    error_message = "The plan was written for another region."
  }
}

# The state machine and this configuration are of the same plan.
check "plan" {
  assert {
    condition     = strcontains(aws_sfn_state_machine.release.definition, "2f814e3b046da46f04325e7983992733a09912200fcaf8d869b7008c9a6ad3c9")
    error_message = "The state machine was written from another plan."
  }
}
