# Written by releasec 0.1.0 from examples/bioage/bioage.release; changes belong there.
# Plan 39ce33b6c327b7b4003a03a2cc618f5dbcff80425b9eed5f179401f8f4fcdb30
# What the plan does not know.

variable "administrator_098765432109_arn" {
  description = "ARN of the role that Terraform takes on in account 098765432109."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/", var.administrator_098765432109_arn))
    error_message = "This is the ARN of a role."
  }
}

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

variable "connection_statuspage_header" {
  description = "The header that carries the credentials of connection statuspage."
  type        = string
  default     = "Authorization"
}

variable "connection_statuspage_value" {
  description = "What that header says for connection statuspage, as `Bearer …`; it is kept in the state of Terraform."
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

variable "principal_alice_arn" {
  description = "ARN of the user or role with which Alice Ng answers at AWS."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:", var.principal_alice_arn))
    error_message = "This is the ARN of a user or role."
  }
}

variable "principal_bruno_arn" {
  description = "ARN of the user or role with which Bruno Costa answers at AWS."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:", var.principal_bruno_arn))
    error_message = "This is the ARN of a user or role."
  }
}

variable "principal_chen_arn" {
  description = "ARN of the user or role with which Chen Wei answers at AWS."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:", var.principal_chen_arn))
    error_message = "This is the ARN of a user or role."
  }
}

variable "principal_dana_arn" {
  description = "ARN of the user or role with which Dana Levy answers at AWS."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:", var.principal_dana_arn))
    error_message = "This is the ARN of a user or role."
  }
}

variable "principal_emeka_arn" {
  description = "ARN of the user or role with which Emeka Obi answers at AWS."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:", var.principal_emeka_arn))
    error_message = "This is the ARN of a user or role."
  }
}

variable "principal_fumi_arn" {
  description = "ARN of the user or role with which Fumi Sato answers at AWS."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:", var.principal_fumi_arn))
    error_message = "This is the ARN of a user or role."
  }
}

variable "principal_gita_arn" {
  description = "ARN of the user or role with which Gita Rao answers at AWS."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:", var.principal_gita_arn))
    error_message = "This is the ARN of a user or role."
  }
}

variable "principal_hugo_arn" {
  description = "ARN of the user or role with which Hugo Lind answers at AWS."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:", var.principal_hugo_arn))
    error_message = "This is the ARN of a user or role."
  }
}

variable "principal_ines_arn" {
  description = "ARN of the user or role with which Ines Prat answers at AWS."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:", var.principal_ines_arn))
    error_message = "This is the ARN of a user or role."
  }
}

variable "principal_jonas_arn" {
  description = "ARN of the user or role with which Jonas Beck answers at AWS."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:", var.principal_jonas_arn))
    error_message = "This is the ARN of a user or role."
  }
}

variable "principal_kemi_arn" {
  description = "ARN of the user or role with which Kemi Ade answers at AWS."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:", var.principal_kemi_arn))
    error_message = "This is the ARN of a user or role."
  }
}

variable "principal_luis_arn" {
  description = "ARN of the user or role with which Luis Ferro answers at AWS."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:", var.principal_luis_arn))
    error_message = "This is the ARN of a user or role."
  }
}

variable "principal_mona_arn" {
  description = "ARN of the user or role with which Mona Haddad answers at AWS."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:", var.principal_mona_arn))
    error_message = "This is the ARN of a user or role."
  }
}

variable "tags" {
  description = "Tags that everything at AWS carries."
  type        = map(string)
  default     = {}
}
