# Written by releasec 0.1.0 from examples/hello/hello.release; changes belong there.
# Plan 2413e0ed05e25492b30d4980267a5e3ded16c7ed1fba6339b635bb88f9216e7a
# How the state machine asks people.

# Whoever answers is known to Systems Manager by their principal; the state machine names who may.
resource "aws_ssm_document" "ask" {
  name            = "hello-ask"
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
  name = "/releasec/hello/principals"
  type = "String"
  value = jsonencode({
    ana        = var.principal_ana_arn
    role_leads = var.principal_role_leads_arn
  })
}
