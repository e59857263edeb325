# Written by releasec 0.1.0 from examples/database-migration/migration.release; changes belong there.
# Plan a64c8e7c78ba19d7deca92f80adcd01c204ce43bcc586f8dd735d538b7ddc331
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
    condition     = strcontains(aws_sfn_state_machine.release.definition, "a64c8e7c78ba19d7deca92f80adcd01c204ce43bcc586f8dd735d538b7ddc331")
    error_message = "The state machine was written from another plan."
  }
}
