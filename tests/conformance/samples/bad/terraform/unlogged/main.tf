resource "aws_sfn_state_machine" "release" {
  name       = "release-shop"
  role_arn   = "arn:aws:iam::123456789012:role/release"
  definition = "{}"
}
