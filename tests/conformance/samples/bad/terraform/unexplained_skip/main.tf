resource "aws_cloudwatch_log_group" "release" {
  #checkov:skip=CKV_AWS_158
  name              = "/release/shop"
  retention_in_days = 400
}
