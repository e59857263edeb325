# Written by releasec 0.1.0 from examples/bioage/bioage.release; changes belong there.
# Plan 4a44415cb43edd6a13954a1611e6dacef0689768a80f2eec0d06e99080f2f925
# What the plan assumes.

# examples/bioage/bioage.release:45
check "account" {
  assert {
    condition     = data.aws_caller_identity.current.account_id == "123456789012"
    error_message = "The plan was written for another account."
  }
}

# examples/bioage/bioage.release:45
check "region" {
  assert {
    condition     = data.aws_region.current.region == "us-east-1"
    error_message = "The plan was written for another region."
  }
}

# The state machine and this configuration are of the same plan.
check "plan" {
  assert {
    condition     = strcontains(aws_sfn_state_machine.release.definition, "4a44415cb43edd6a13954a1611e6dacef0689768a80f2eec0d06e99080f2f925")
    error_message = "The state machine was written from another plan."
  }
}
