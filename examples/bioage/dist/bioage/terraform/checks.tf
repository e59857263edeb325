# Written by releasec 0.1.0 from examples/bioage/bioage.release; changes belong there.
# Plan 3805cb9a2ad34e7684cf75663addb61481f464d8e7c6d03dc08d177d1a5bc3e2
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
    condition     = strcontains(aws_sfn_state_machine.release.definition, "3805cb9a2ad34e7684cf75663addb61481f464d8e7c6d03dc08d177d1a5bc3e2")
    error_message = "The state machine was written from another plan."
  }
}
