# Written by releasec 0.1.0 from examples/multi-region/regions.release; changes belong there.
# Plan 2acafced6b6c095ebdde821a0b2e5aaa03fd90c389933d62ea75913d9ba13460
# What the plan assumes.

# examples/multi-region/regions.release:26
check "account" {
  assert {
    condition     = data.aws_caller_identity.current.account_id == "123456789012"
    error_message = "The plan was written for another account."
  }
}

# examples/multi-region/regions.release:26
check "region" {
  assert {
    condition     = data.aws_region.current.region == "eu-west-1"
    error_message = "The plan was written for another region."
  }
}

# The state machine and this configuration are of the same plan.
check "plan" {
  assert {
    condition     = strcontains(aws_sfn_state_machine.release.definition, "2acafced6b6c095ebdde821a0b2e5aaa03fd90c389933d62ea75913d9ba13460")
    error_message = "The state machine was written from another plan."
  }
}
