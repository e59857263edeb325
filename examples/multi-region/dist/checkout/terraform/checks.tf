# Written by releasec 0.1.0 from examples/multi-region/regions.release; changes belong there.
# Plan 5bbdd51ba219a810aa369ab380b5633bc380f7894faf218e7ec935931269c6c8
# What the plan assumes.

# examples/multi-region/regions.release:27
check "account" {
  assert {
    condition     = data.aws_caller_identity.current.account_id == "123456789012"
    error_message = "The plan was written for another account."
  }
}

# examples/multi-region/regions.release:27
check "region" {
  assert {
    condition     = data.aws_region.current.region == "eu-west-1"
    error_message = "The plan was written for another region."
  }
}

# The state machine and this configuration are of the same plan.
check "plan" {
  assert {
    condition     = strcontains(aws_sfn_state_machine.release.definition, "5bbdd51ba219a810aa369ab380b5633bc380f7894faf218e7ec935931269c6c8")
    error_message = "The state machine was written from another plan."
  }
}
