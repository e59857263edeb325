# Written by releasec 0.1.0 from examples/bioage/bioage.release; changes belong there.
# Plan 2f6b6f23891cf39976382ec92409187fd09e789bef1d61318b31bac5086d14c1
# What the plan assumes.

# examples/bioage/bioage.release:46
check "account" {
  assert {
    condition     = data.aws_caller_identity.current.account_id == "123456789012"
    error_message = "The plan was written for another account."
  }
}

# examples/bioage/bioage.release:46
check "region" {
  assert {
    condition     = data.aws_region.current.region == "us-east-1"
    error_message = "The plan was written for another region."
  }
}

# The state machine and this configuration are of the same plan.
check "plan" {
  assert {
    condition     = strcontains(aws_sfn_state_machine.release.definition, "2f6b6f23891cf39976382ec92409187fd09e789bef1d61318b31bac5086d14c1")
    error_message = "The state machine was written from another plan."
  }
}
