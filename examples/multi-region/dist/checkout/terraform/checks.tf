# Written by releasec 0.1.0 from examples/multi-region/regions.release; changes belong there.
# Plan 1c6dbdf9078de68a8a77337e0d56a0274c9f7b5b7c535ecb3c2a0cfaf3688c68
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
    condition     = strcontains(aws_sfn_state_machine.release.definition, "1c6dbdf9078de68a8a77337e0d56a0274c9f7b5b7c535ecb3c2a0cfaf3688c68")
    error_message = "The state machine was written from another plan."
  }
}
