variable "region" {
  description = "AWS region of everything; the certificate and the firewall of CloudFront can only live in us-east-1."
  type        = string
  default     = "us-east-1"

  validation {
    condition     = var.region == "us-east-1"
    error_message = "region must be us-east-1: the certificate and the firewall of the CDN are read from there, and the prefix list below is that region's."
  }
}

variable "environment" {
  description = "Which of the environments this is; part of every name, so that several stand in one account."
  type        = string

  validation {
    condition     = contains(["dev", "staging", "prod"], var.environment)
    error_message = "environment must be dev, staging or prod."
  }
}

variable "account_id" {
  description = "AWS account, twelve digits; part of the buckets' names and of policies."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must have twelve digits."
  }
}

variable "cidr_block" {
  description = "IPv4 range of the network."
  type        = string
  default     = "10.30.0.0/16"
}

variable "zones" {
  description = "Availability zones: the primary of the database and one replica stand in one, the standby and the other replica in the other."
  type        = list(string)
  default     = ["us-east-1a", "us-east-1b"]
}

variable "domain" {
  description = "Public domain; the user interface answers at app.DOMAIN, the API at api.DOMAIN."
  type        = string
}

variable "edge_prefix_list_id" {
  description = "Managed prefix list com.amazonaws.global.cloudfront.origin-facing of the region."
  type        = string
  default     = "pl-3b927c52"
}

# What runs

variable "container_image" {
  description = "Image of the first deployment, by digest. From then on the delivery pipeline writes the digest into the parameter app/image, and an apply leaves it alone."
  type        = string
}

variable "traces_image" {
  description = "Image of the collector of traces, copied into the account's own registry because the private subnets reach no public one, by digest."
  type        = string
}

variable "app_version" {
  description = "Version of the application, for the parameter of the same name."
  type        = string
  default     = "1.0.0"
}

variable "task_size" {
  description = "CPU units and memory in MiB of a task."
  type        = object({ cpu = number, memory = number })
  default     = { cpu = 512, memory = 1024 }
}

variable "tasks" {
  description = "Fewest and most tasks."
  type        = object({ min = number, max = number })
  default     = { min = 2, max = 10 }
}

variable "streams_per_task" {
  description = "Most server-sent event streams that a task accepts. Nobody has measured it: at 4,000 half a virtual CPU has 125 us a second for each."
  type        = number
  default     = 4000

  validation {
    condition     = var.streams_per_task >= 100
    error_message = "streams_per_task must be at least 100."
  }
}

variable "request_target_per_minute" {
  description = "Requests a task and minute that scaling holds. A stream counts once however long it lives, so the streams have a target of their own."
  type        = number
  default     = 1000
}

# The chain of timeouts, from the inside out

variable "timeouts_s" {
  description = "Seconds: between two heartbeats of a stream, for which the CDN waits for a byte, for which the balancer keeps an idle connection; for which a stopping task hands its streams over, before it is killed, and for which the balancer lets a leaving target finish."
  type = object({
    heartbeat      = number
    cdn_read       = number
    balancer_idle  = number
    shutdown_grace = number
    stop           = number
    deregistration = number
  })
  default = { heartbeat = 15, cdn_read = 60, balancer_idle = 120, shutdown_grace = 45, stop = 60, deregistration = 75 }
}

# Data

variable "database" {
  description = "Class of primary and replicas with its memory, storage, and the connections that the parameter group allows."
  type = object({
    instance_class  = string
    memory_gib      = number
    allocated_gb    = number
    max_gb          = number
    max_connections = number
    multi_az        = optional(bool, true)
  })
  default = { instance_class = "db.t4g.large", memory_gib = 8, allocated_gb = 100, max_gb = 500, max_connections = 200 }
}

variable "pool_size" {
  description = "Connections to the primary, and as many to the replicas, that one task may hold."
  type        = number
  default     = 8

  validation {
    condition     = var.pool_size >= 1
    error_message = "pool_size must be at least 1."
  }
}

variable "cache" {
  description = "Type and number of the nodes of Redis, the connections that one task may hold to it, and days for which snapshots are kept."
  type        = object({ node_type = string, nodes = number, pool_size = number, snapshot_days = number })
  default     = { node_type = "cache.r7g.large", nodes = 3, pool_size = 50, snapshot_days = 30 }
}

variable "backup_retention_days" {
  description = "Days to which the database can be restored, to the second."
  type        = number
  default     = 30
}

variable "rotation_days" {
  description = "Days after which passwords and keys are rotated."
  type        = number
  default     = 30
}

variable "rotation_package" {
  description = "Package of the two rotation functions: a bucket of the account and a key in it. apps/package.py builds it from apps/rotation: one function renews a password with the URL that holds it, the other draws a key and keeps the one before it."
  type        = object({ bucket = string, key = string })
}

variable "deletion_protection" {
  description = "Whether database, load balancer and buckets refuse to be deleted; off only where a stack is thrown away after a test."
  type        = bool
  default     = true
}

# People and money

variable "page_emails" {
  description = "Addresses of the platform on-call."
  type        = list(string)
}

variable "pager_endpoints" {
  description = "HTTPS addresses of a paging service that rings a telephone. None: a page is an e-mail, which wakes nobody."
  type        = list(string)
  default     = []
}

variable "runbook_site" {
  description = "Address below which the runbooks lie, so that the text of an alarm leads to them."
  type        = string
}

variable "ticket_emails" {
  description = "Addresses that turn a message into a ticket."
  type        = list(string)
}

variable "budget_usd" {
  description = "US dollars a month beyond which someone must be told; the first notice goes out at four fifths of it."
  type        = number
  default     = 2500
}

variable "requests_per_address" {
  description = "Requests from one address in five minutes beyond which it is blocked."
  type        = number
  default     = 20000
}

variable "github_repository" {
  description = "GitHub repository whose workflows deploy, as owner/name."
  type        = string
}
