variable "name" {
  description = "Name of the system; prefix of everything in it."
  type        = string
  default     = "olympics"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,15}$", var.name))
    error_message = "name must begin with a letter and have up to 16 lower-case letters, digits and hyphens."
  }
}

variable "environment" {
  description = "Environment: dev, staging or prod. It is part of every name, so that all three fit into one account."
  type        = string

  validation {
    condition     = contains(["dev", "staging", "prod"], var.environment)
    error_message = "environment must be dev, staging or prod."
  }
}

variable "region" {
  description = "AWS region of everything; the certificate and the firewall of CloudFront can only live in us-east-1."
  type        = string
  default     = "us-east-1"

  validation {
    condition     = var.region == "us-east-1"
    error_message = "region must be us-east-1: the certificate and the firewall of the edge are read from there, and the prefix list below is that region's."
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

variable "zones" {
  description = "Availability zones: with three, the loss of one takes a third of the instances."
  type        = list(string)
  default     = ["us-east-1a", "us-east-1b", "us-east-1c"]
}

variable "domain" {
  description = "Public domain of the site."
  type        = string
}

variable "edge_prefix_list_id" {
  description = "Managed prefix list com.amazonaws.global.cloudfront.origin-facing of the region."
  type        = string
  default     = "pl-3b927c52"
}

variable "nat" {
  description = "Way out of the private subnets: `one` NAT gateway or one `per_zone`."
  type        = string
  default     = "per_zone"

  validation {
    condition     = contains(["one", "per_zone"], var.nat)
    error_message = "nat must be one or per_zone: the instances fetch updates and reach AWS through it."
  }
}

# How fresh

variable "lifetimes_s" {
  description = "Seconds for which the edge keeps an answer about an event, a leaderboard, an athlete and a static file."
  type = object({
    events       = optional(number, 5)
    leaderboards = optional(number, 10)
    athletes     = optional(number, 30)
    static       = optional(number, 86400)
    front        = optional(number, 30)
  })
  default = {}
}

variable "cache_lifetimes_s" {
  description = "Seconds for which Redis keeps an event that is on or still to come, an event that is over, an athlete's page, and a leaderboard."
  type = object({
    live_event  = optional(number, 5)
    past_event  = optional(number, 300)
    athlete     = optional(number, 300)
    leaderboard = optional(number, 10)
  })
  default = {}

  validation {
    condition     = alltrue([for seconds in values(var.cache_lifetimes_s) : seconds >= 1 && seconds <= 3600 && floor(seconds) == seconds])
    error_message = "Each of cache_lifetimes_s must be a whole number of seconds within 1 and 3600: without an end a lost write would stay."
  }

  validation {
    condition     = var.cache_lifetimes_s.live_event <= var.cache_lifetimes_s.past_event
    error_message = "cache_lifetimes_s.live_event must not be longer than past_event: what changes by the second may not be kept longest."
  }
}

variable "staleness_s" {
  description = "Seconds by which the edge may delay each of them at most."
  type = object({
    events       = optional(number, 5)
    leaderboards = optional(number, 10)
    athletes     = optional(number, 60)
    front        = optional(number, 60)
  })
  default = {}
}

# What runs

variable "image_id" {
  description = "Machine image of the API and of the administration, with the program and the CloudWatch agent."
  type        = string
}

variable "instance_type" {
  description = "Type of the API's instances; the brief's t3.medium earns credits for a fifth of each processor and is billed beyond them."
  type        = string
  default     = "c7g.large"

  validation {
    condition     = !startswith(var.instance_type, "t")
    error_message = "instance_type must not be burstable: scaling holds 60 % of the processor, above the baseline of every T type."
  }
}

variable "instances" {
  description = "Fewest and most instances of the API; at the brief's 300 requests/s, five serve the 1,250 that pass the CDN on average."
  type = object({
    min = number
    max = number
  })
  default = { min = 5, max = 50 }
}

variable "pool_size" {
  description = "Connections to the databases that one instance may hold."
  type        = number
  default     = 10
}

variable "sessions" {
  description = "Windows in which more instances wait for a crowd: start and end in UTC, fewest instances, and the moment until which the window comes back every day."
  type = map(object({
    from = string
    to   = string
    min  = number
    last = optional(string)
  }))
}

variable "shards" {
  description = "Shards of the stream. One carries the ingest; the second keeps a hot event from holding up the others."
  type        = number
  default     = 2

  validation {
    condition     = var.shards >= 1
    error_message = "shards must be at least 1."
  }
}

variable "functions_package" {
  description = "Bucket, keys and version of the functions' packages, as delivery puts them there."
  type = object({
    bucket         = string
    processor      = string
    rotation       = string
    object_version = optional(string)
  })
}

# Data

variable "database" {
  description = "Class of primary and replicas with its memory, storage, and the connections that the parameter group allows."
  type = object({
    class           = string
    memory_gib      = number
    allocated_gb    = number
    max_gb          = number
    max_connections = number
  })
  default = { class = "db.r7g.large", memory_gib = 16, allocated_gb = 500, max_gb = 1000, max_connections = 1000 }
}

variable "cache" {
  description = "Type and number of the cache's nodes: one primary, the others replicas in other zones."
  type = object({
    node_type = string
    nodes     = number
  })
  default = { node_type = "cache.r7g.large", nodes = 3 }
}

variable "deletion_protection" {
  description = "Whether database, load balancers and buckets refuse to be deleted; off only where a stack is thrown away after a test."
  type        = bool
  default     = true
}

# People and money

variable "page_emails" {
  description = "Addresses of the platform on-call."
  type        = list(string)
}

variable "pager_endpoints" {
  description = "HTTPS addresses of a paging service that rings a telephone. None: a page is an e-mail, which wakes nobody; so only where nobody is on call."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.pager_endpoints : startswith(address, "https://")])
    error_message = "pager_endpoints must begin with https://: the topic signs its messages, and the receiver has to be the right one."
  }
}

variable "ticket_emails" {
  description = "Addresses that turn a message into a ticket."
  type        = list(string)
}

variable "runbook_site" {
  description = "Address below which the runbooks lie, so that the text of an alarm leads to them."
  type        = string
}

# The bill of a planned month is above the brief's 10,000 and that of a planned day above its 300: budgets there would ring on every
# day of the Games, and nobody would read the mail that matters. Both lie above what `gameday cost` says, tests/stacks/olympics holds
# them to it, and a tenth more is the margin.
variable "budget_usd" {
  description = "US dollars a month beyond which someone must be told: the computed bill of a month with 8.5 days of the Games and as many of the Paralympics, and a tenth."
  type        = number
  default     = 23000
}

variable "daily_budget_usd" {
  description = "US dollars a day beyond which someone must be told: the computed bill of a day of the Games, and a tenth."
  type        = number
  default     = 1700
}

variable "requests_per_address" {
  description = "Requests from one address in five minutes beyond which it is blocked; a carrier's address stands for thousands of people."
  type        = number
  default     = 100000
}

variable "github_repository" {
  description = "GitHub repository whose workflows deploy, as owner/name."
  type        = string
}
