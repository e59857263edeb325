# Written by releasec 0.1.0 from examples/hello/hello.release; changes belong there.
# Plan 60202255f43bd067659acb1bfce9dc6b0379c6406ad942eaa2af7c8d6246bf65
# What the plan assumes.

# examples/hello/hello.release:10
check "account" {
  assert {
    condition     = data.aws_caller_identity.current.account_id == "123456789012"
    error_message = "The plan was written for another account."
  }
}

# examples/hello/hello.release:10
check "region" {
  assert {
    condition     = data.aws_region.current.region == "eu-west-1"
    error_message = "The plan was written for another region."
  }
}

# The state machine and this configuration are of the same plan.
check "plan" {
  assert {
    condition     = strcontains(aws_sfn_state_machine.release.definition, "60202255f43bd067659acb1bfce9dc6b0379c6406ad942eaa2af7c8d6246bf65")
    error_message = "The state machine was written from another plan."
  }
}
