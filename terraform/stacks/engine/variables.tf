variable "name" {
  description = "Name of the system and beginning of every other name; changing it replaces everything."
  type        = string
  default     = "engine"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,15}$", var.name))
    error_message = "name must have 2 to 16 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "environment" {
  description = "Which of the system's environments this is; a part of every name."
  type        = string
  default     = "prod"

  validation {
    condition     = contains(["dev", "staging", "prod"], var.environment)
    error_message = "environment must be dev, staging or prod."
  }
}

variable "region" {
  description = "AWS region."
  type        = string
  default     = "us-east-1"
}

variable "zones" {
  description = "Availability zones of the pollers."
  type        = list(string)
  default     = ["us-east-1a", "us-east-1b"]
}

variable "account_id" {
  description = "AWS account, for the ARNs in policies and the names of buckets."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must have twelve digits."
  }
}

variable "domain" {
  description = "Domain of the service; api. and live. are put before it."
  type        = string
}

variable "release" {
  description = "Release of the functions as first deployed; later ones are the pipeline's."
  type        = string
  default     = "1.0.0"
}

variable "code_bucket" {
  description = "Bucket with the functions' packages, FUNCTION/RELEASE.zip, in the same region."
  type        = string
}

variable "poller_image" {
  description = "Image of the pollers by digest, as first deployed."
  type        = string
}

variable "live" {
  description = "Who keeps the clients' connections: tier (tasks of our own behind a balancer) or gateway (API Gateway's WebSocket API, a function and a table)."
  type        = string
  default     = "tier"

  validation {
    condition     = contains(["tier", "gateway"], var.live)
    error_message = "live must be tier or gateway."
  }
}

variable "live_image" {
  description = "Image of the tasks that keep connections by digest, as first deployed."
  type        = string
}

variable "live_tasks" {
  description = "Fewest and most tasks that keep connections."
  type        = object({ min = number, max = number })
  default     = { min = 4, max = 80 }
}

variable "live_task_size" {
  description = "CPU units and memory in MiB of such a task. A second virtual CPU would stand idle: the program has one thread."
  type        = object({ cpu = number, memory = number })
  default     = { cpu = 1024, memory = 2048 }
}

variable "connections_per_task" {
  description = "Most connections that a task accepts."
  type        = number
  default     = 2500

  validation {
    condition     = var.connections_per_task >= 100
    error_message = "connections_per_task must be at least 100."
  }
}

variable "send_interval_ms" {
  description = "Milliseconds for which updates to one client are collected and then sent as one message, none left out; 0 sends each by itself."
  type        = number
  default     = 50

  validation {
    condition     = var.send_interval_ms >= 0
    error_message = "send_interval_ms must be 0 or more."
  }
}

variable "timeouts_s" {
  description = "Seconds: between two heartbeats of a connection, for which the balancer keeps an idle one; over which a stopping task closes its connections, one by one, before it is killed, and for which the balancer lets a leaving target finish."
  type = object({
    heartbeat      = number
    balancer_idle  = number
    shutdown_grace = number
    stop           = number
    deregistration = number
  })
  default = { heartbeat = 25, balancer_idle = 120, shutdown_grace = 90, stop = 110, deregistration = 120 }
}

variable "channel" {
  description = "Type and number of the nodes of Redis through which the tasks learn of changes."
  type        = object({ node_type = string, nodes = number })
  default     = { node_type = "cache.m7g.large", nodes = 2 }
}

variable "throughput" {
  description = "Units a second that the tables of events and of update keys are provisioned with: fewest, most, and the fewest writes, and reads of events, while a Saturday or Sunday is played. null bills each request, and a new table then takes 4,000 writes a second."
  type        = object({ min = number, max = number, match_day_writes = number, match_day_reads = number })
  default     = { min = 100, max = 15000, match_day_writes = 7500, match_day_reads = 5000 }

  validation {
    condition     = var.throughput == null || try(alltrue([for units in [var.throughput.match_day_writes, var.throughput.match_day_reads] : var.throughput.min <= units && units <= var.throughput.max]), false)
    error_message = "throughput needs match_day_writes and match_day_reads within min and max."
  }
}

variable "log_level" {
  description = "Least severity that functions and pollers write."
  type        = string
  default     = "info"

  validation {
    condition     = contains(["debug", "info", "warn", "error"], var.log_level)
    error_message = "log_level must be debug, info, warn or error."
  }
}

variable "functions" {
  description = "Memory, time limit and concurrency of each function. Memory decides the processor as well."
  type = map(object({
    memory_mib  = number
    timeout_s   = number
    reserved    = number
    provisioned = optional(number, 0)
  }))
  default = {
    ingest    = { memory_mib = 512, timeout_s = 10, reserved = 300, provisioned = 20 }
    fanout    = { memory_mib = 1024, timeout_s = 30, reserved = 200, provisioned = 20 }
    query     = { memory_mib = 512, timeout_s = 5, reserved = 200 }
    authorize = { memory_mib = 256, timeout_s = 3, reserved = 50 }
    socket    = { memory_mib = 256, timeout_s = 5, reserved = 150 } # where API Gateway keeps the connections
  }

  validation {
    condition     = toset(keys(var.functions)) == toset(["ingest", "socket", "fanout", "query", "authorize"])
    error_message = "functions must hold ingest, socket, fanout, query and authorize."
  }
}

variable "concurrency_quota" {
  description = "Calls of Lambda at the same time that the account may have in the region; AWS grants 1,000 and raises it on request."
  type        = number
  default     = 1000

  validation {
    condition     = var.concurrency_quota >= 1000
    error_message = "concurrency_quota must be at least 1000: AWS does not lower it."
  }

  # Lambda refuses a reservation that leaves fewer than 100 for the functions without one.
  validation {
    condition     = sum([for function in var.functions : function.reserved]) <= var.concurrency_quota - 100
    error_message = "The functions reserve more than concurrency_quota less 100, which Lambda keeps for functions without a reservation: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"
  }
}

variable "rest_throttle" {
  description = "Requests a second that the REST API takes, and how many at once."
  type        = object({ requests_per_s = number, burst = number })
  default     = { requests_per_s = 2000, burst = 1000 }
}

variable "socket_throttle" {
  description = "Messages a second that the WebSocket API takes from clients, and how many at once."
  type        = object({ requests_per_s = number, burst = number })
  default     = { requests_per_s = 2000, burst = 1000 }

  # One quota of the account for every API in the region, and for the messages that the fan-out sends to clients.
  validation {
    condition     = var.socket_throttle.requests_per_s + var.rest_throttle.requests_per_s <= 5000
    error_message = "rest_throttle and socket_throttle must leave half of the account's 10,000 requests a second to the messages sent to clients."
  }
}

variable "shards" {
  description = "Shards of the stream of updates, each for 1,000 records and 1 MB a second; null lets Kinesis choose."
  type        = number
  default     = 6
}

variable "feeds" {
  description = "Who delivers: whether it is asked, how often, how late it is by contract, how old 95 of 100 of its events may be when they are pushed, and whom it stands in for. freshness_s is what the pre-mortem of the Saturday computes from lag_s, poll_s and the push, with a margin: about as much again, or one poll of a provider that is late by minutes."
  type = map(object({
    enabled     = optional(bool, true)
    kind        = string
    poll_s      = optional(number)
    lag_s       = optional(number)
    freshness_s = optional(number)
    backup_of   = optional(string)
    most_tasks  = optional(number, 1)
  }))

  validation {
    condition     = alltrue([for provider in var.feeds : contains(["scores", "races", "odds", "statistics", "unassigned"], provider.kind)])
    error_message = "Each provider's kind must be scores, races, odds, statistics or unassigned."
  }

  validation {
    condition     = alltrue([for provider in var.feeds : !provider.enabled || (provider.poll_s != null && provider.lag_s != null && provider.freshness_s != null)])
    error_message = "Each provider that is asked needs poll_s, lag_s and freshness_s."
  }

  # What a provider delivers late by contract cannot be fresher than that.
  validation {
    condition     = alltrue([for provider in var.feeds : !provider.enabled || coalesce(provider.freshness_s, 0) > coalesce(provider.lag_s, 0) + coalesce(provider.poll_s, 0)])
    error_message = "Each provider's freshness_s must be more than its lag_s and poll_s together, or it is never met."
  }

  validation {
    condition     = alltrue([for provider in var.feeds : provider.backup_of == null || contains(keys(var.feeds), coalesce(provider.backup_of, "-"))])
    error_message = "backup_of must name another provider."
  }
}

variable "push_ms" {
  description = "Milliseconds from the ingestion of an update to its push that 99 of 100 updates stay below: the promise of decision 8. The pre-mortem computes 2.65 s for the slowest minute of the Saturday; half of that is the margin."
  type        = number
  default     = 4000
}

variable "availability_objective_percent" {
  description = "Share of requests that must succeed over a month."
  type        = number
  default     = 99.9

  validation {
    condition     = var.availability_objective_percent < 99.95
    error_message = "availability_objective_percent must be less than 99.95: API Gateway, Lambda and DynamoDB of one region promise less together."
  }
}

variable "event_days" {
  description = "Days after its end for which an event stays in the table; the archive keeps it longer."
  type        = number
  default     = 14
}

variable "archive_days" {
  description = "Days for which the archive keeps updates."
  type        = number
  default     = 1095
}

variable "replica_regions" {
  description = "Regions in which the table of events is replicated."
  type        = list(string)
  default     = []
}

variable "nat" {
  description = "Way out for the pollers, who must reach their providers: one gateway, or one per_zone."
  type        = string
  default     = "per_zone"

  validation {
    condition     = contains(["one", "per_zone"], var.nat)
    error_message = "nat must be one or per_zone: without a gateway no provider is reached."
  }
}

variable "deletion_protection" {
  description = "Whether tables, and buckets with something in them, are protected from deletion."
  type        = bool
  default     = true
}

variable "requests_per_address" {
  description = "Requests in five minutes after which an address is blocked at the REST API."
  type        = number
  default     = 10000
}

variable "runbook_site" {
  description = "Where the runbooks are published; alarms lead there."
  type        = string
}

variable "page_emails" {
  description = "Addresses that are written to when a human must act now."
  type        = list(string)
}

variable "pager_endpoints" {
  description = "HTTPS addresses of a paging service that rings a telephone. None: a page is an e-mail, which wakes nobody."
  type        = list(string)
  default     = []
}

variable "ticket_emails" {
  description = "Addresses that are written to when the morning is soon enough."
  type        = list(string)
}

variable "budget_usd" {
  description = "US dollars a month, AWS only: the providers' own bills are not in it."
  type        = number
  default     = 1500
}
