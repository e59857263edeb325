# Written by releasec 0.1.0 from examples/multi-region/regions.release; changes belong there.
# Plan 1c6dbdf9078de68a8a77337e0d56a0274c9f7b5b7c535ecb3c2a0cfaf3688c68
# How the state machine asks people.

# Whoever answers is known to Systems Manager by their principal; the state machine names who may.
resource "aws_ssm_document" "ask" {
  name            = "checkout-ask"
  document_type   = "Automation"
  document_format = "JSON"
  content = jsonencode({
    schemaVersion = "0.3"
    description   = "Asks named people, and says who answered."
    assumeRole    = aws_iam_role.approvals.arn
    parameters = {
      Approvers = {
        type        = "StringList"
        description = "Principals that may answer"
      }
      MinimumApprovals = {
        type        = "Integer"
        description = "How many must say yes"
      }
      Message = {
        type        = "String"
        description = "What is asked"
      }
    }
    mainSteps = [{
      name           = "ask"
      action         = "aws:approve"
      timeoutSeconds = 2592000
      onFailure      = "Abort"
      inputs = {
        NotificationArn      = aws_sns_topic.ask.arn
        Message              = "{{ Message }}"
        MinRequiredApprovals = "{{ MinimumApprovals }}"
        Approvers            = "{{ Approvers }}"
      }
    }]
    outputs = ["ask.ApprovalStatus", "ask.ApproverDecisions"]
  })
}

# Who is who at AWS, for those of whom the plan does not say it.
resource "aws_ssm_parameter" "principals" {
  #checkov:skip=CKV2_AWS_34:these are names of principals and no secret; the machine reads them as they are
  name = "/releasec/checkout/principals"
  type = "String"
  value = jsonencode({
    abel = var.principal_abel_arn
    ulla = var.principal_ulla_arn
    vito = var.principal_vito_arn
    wren = var.principal_wren_arn
    xian = var.principal_xian_arn
    yara = var.principal_yara_arn
    zeno = var.principal_zeno_arn
  })
}
