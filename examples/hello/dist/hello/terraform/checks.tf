# Written by releasec 0.1.0 from examples/hello/hello.release; changes belong there.
# Plan 2413e0ed05e25492b30d4980267a5e3ded16c7ed1fba6339b635bb88f9216e7a
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
    condition     = strcontains(aws_sfn_state_machine.release.definition, "2413e0ed05e25492b30d4980267a5e3ded16c7ed1fba6339b635bb88f9216e7a")
    error_message = "The state machine was written from another plan."
  }
}
