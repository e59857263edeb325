# Written by releasec 0.1.0 from examples/hello/hello.release; changes belong there.
# Plan 2413e0ed05e25492b30d4980267a5e3ded16c7ed1fba6339b635bb88f9216e7a
# What the plan does not know.

variable "code_connection_arn" {
  description = "ARN of the connection through which builds read the repository."
  type        = string

  validation {
    condition     = can(regex("^arn:", var.code_connection_arn))
    error_message = "This is the ARN of a connection."
  }
}

variable "connection_pagerduty_header" {
  description = "The header that carries the credentials of connection pagerduty."
  type        = string
  default     = "Authorization"
}

variable "connection_pagerduty_value" {
  description = "What that header says for connection pagerduty, as `Bearer …`; it is kept in the state of Terraform."
  type        = string
  sensitive   = true
}

variable "connection_slack_header" {
  description = "The header that carries the credentials of connection slack."
  type        = string
  default     = "Authorization"
}

variable "connection_slack_value" {
  description = "What that header says for connection slack, as `Bearer …`; it is kept in the state of Terraform."
  type        = string
  sensitive   = true
}

variable "evidence_days" {
  description = "For how many days nobody can delete or change the evidence of a run."
  type        = number
  default     = 400
}

variable "github_branch" {
  description = "The branch that releases run from; nothing else may deploy."
  type        = string
  default     = "main"
}

variable "github_owner" {
  description = "The organisation or person at GitHub that owns the repository of the release."
  type        = string
  default     = "acme"

  validation {
    condition     = length(var.github_owner) > 0
    error_message = "Somebody owns the repository."
  }
}

variable "github_repository" {
  description = "The name of the repository whose workflows run the release, without its owner."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]+$", var.github_repository))
    error_message = "This is a name without the owner before it."
  }
}

variable "principal_ana_arn" {
  description = "ARN of the user or role with which Ana Ruiz answers at AWS."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:", var.principal_ana_arn))
    error_message = "This is the ARN of a user or role."
  }
}

variable "principal_role_leads_arn" {
  description = "ARN of the user or role with which Leads answers at AWS."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:", var.principal_role_leads_arn))
    error_message = "This is the ARN of a user or role."
  }
}

variable "tags" {
  description = "Tags that everything at AWS carries."
  type        = map(string)
  default     = {}
}
