# Written by releasec 0.1.0 from examples/database-migration/migration.release; changes belong there.
# Plan 7df96ff1b70eeb8f52ff4af8783acd35dacad64a1316baab9ecfa6608509b68a
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

variable "principal_nora_arn" {
  description = "ARN of the user or role with which Nora Quist answers at AWS."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:", var.principal_nora_arn))
    error_message = "This is the ARN of a user or role."
  }
}

variable "principal_omar_arn" {
  description = "ARN of the user or role with which Omar Said answers at AWS."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:", var.principal_omar_arn))
    error_message = "This is the ARN of a user or role."
  }
}

variable "principal_pia_arn" {
  description = "ARN of the user or role with which Pia Kern answers at AWS."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:", var.principal_pia_arn))
    error_message = "This is the ARN of a user or role."
  }
}

variable "principal_quin_arn" {
  description = "ARN of the user or role with which Quin Dale answers at AWS."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:", var.principal_quin_arn))
    error_message = "This is the ARN of a user or role."
  }
}

variable "principal_rosa_arn" {
  description = "ARN of the user or role with which Rosa Vidal answers at AWS."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:", var.principal_rosa_arn))
    error_message = "This is the ARN of a user or role."
  }
}

variable "principal_sven_arn" {
  description = "ARN of the user or role with which Sven Holt answers at AWS."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:", var.principal_sven_arn))
    error_message = "This is the ARN of a user or role."
  }
}

variable "principal_tara_arn" {
  description = "ARN of the user or role with which Tara Bose answers at AWS."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:", var.principal_tara_arn))
    error_message = "This is the ARN of a user or role."
  }
}

variable "tags" {
  description = "Tags that everything at AWS carries."
  type        = map(string)
  default     = {}
}
