# Written by releasec 0.1.0 from examples/database-migration/migration.release; changes belong there.
# Plan 7df96ff1b70eeb8f52ff4af8783acd35dacad64a1316baab9ecfa6608509b68a
# How the state machine asks people.

# Whoever answers is known to Systems Manager by their principal; the state machine names who may.
resource "aws_ssm_document" "ask" {
  name            = "orders-ask"
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
  name = "/releasec/orders/principals"
  type = "String"
  value = jsonencode({
    nora = var.principal_nora_arn
    omar = var.principal_omar_arn
    pia  = var.principal_pia_arn
    quin = var.principal_quin_arn
    rosa = var.principal_rosa_arn
    sven = var.principal_sven_arn
    tara = var.principal_tara_arn
  })
}
