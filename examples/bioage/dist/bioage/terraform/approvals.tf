# Written by releasec 0.1.0 from examples/bioage/bioage.release; changes belong there.
# Plan 39ce33b6c327b7b4003a03a2cc618f5dbcff80425b9eed5f179401f8f4fcdb30
# How the state machine asks people.

# Whoever answers is known to Systems Manager by their principal; the state machine names who may.
resource "aws_ssm_document" "ask" {
  name            = "bioage-ask"
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
  name = "/releasec/bioage/principals"
  type = "String"
  value = jsonencode({
    alice = var.principal_alice_arn
    bruno = var.principal_bruno_arn
    chen  = var.principal_chen_arn
    dana  = var.principal_dana_arn
    emeka = var.principal_emeka_arn
    fumi  = var.principal_fumi_arn
    gita  = var.principal_gita_arn
    hugo  = var.principal_hugo_arn
    ines  = var.principal_ines_arn
    jonas = var.principal_jonas_arn
    kemi  = var.principal_kemi_arn
    luis  = var.principal_luis_arn
    mona  = var.principal_mona_arn
  })
}
