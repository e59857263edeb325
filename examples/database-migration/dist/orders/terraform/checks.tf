# Written by releasec 0.1.0 from examples/database-migration/migration.release; changes belong there.
# Plan 96c1197b1103e6323527d8fdd09a6e6a60dc34e4e6d4ee86396143b6fe676e41
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
    condition     = strcontains(aws_sfn_state_machine.release.definition, "96c1197b1103e6323527d8fdd09a6e6a60dc34e4e6d4ee86396143b6fe676e41")
    error_message = "The state machine was written from another plan."
  }
}
