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
  description = "Availability zones. Two: a third would add a third of a service that may lose one zone, and four more endpoints to pay for."
  type        = list(string)
  default     = ["us-east-1a", "us-east-1b"]
}

variable "domain" {
  description = "Public domain of the service."
  type        = string
}

# CloudFront's addresses that face origins, in us-east-1. A variable, so that a plan needs no account:
# aws ec2 describe-managed-prefix-lists --filters Name=prefix-list-name,Values=com.amazonaws.global.cloudfront.origin-facing
variable "edge_prefix_list_id" {
  description = "Managed prefix list com.amazonaws.global.cloudfront.origin-facing of the region."
  type        = string
  default     = "pl-3b927c52"
}

# What runs

variable "container_image" {
  description = "Image of the first deployment, by digest; from then on the pipeline notes what serves, and an apply keeps to that."
  type        = string
}

variable "container_port" {
  description = "Port on which the container listens; changing it replaces the target group."
  type        = number
  default     = 5000
}

variable "health_path" {
  description = "Path that answers 200 while the process lives; it must not ask the database, or a slow database kills healthy tasks."
  type        = string
  default     = "/health"
}

# With curl or wget absent from slim images, the runtime itself asks. For Node: ["CMD", "node", "-e",
# "fetch('http://127.0.0.1:3000/health').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"].
variable "container_health_command" {
  description = "Command inside the container that exits with 0 while the process lives."
  type        = list(string)
  default     = ["CMD", "python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:5000/health', timeout=8)"]
}

variable "task_size" {
  description = "CPU units, memory in MiB and processor of a task. Without memory it has the least that Fargate offers for its CPU units."
  type = object({
    cpu          = number
    memory       = optional(number)
    architecture = optional(string, "X86_64")
  })
  default = { cpu = 512 }

  validation {
    condition     = var.task_size.cpu >= 512
    error_message = "task_size.cpu must be at least 512: at 256 one slow request fills the task."
  }
}

variable "workers" {
  description = "Worker processes of a task, for runtimes that need more than one."
  type        = number
  default     = 2

  validation {
    condition     = var.workers >= 1 && var.workers <= 8
    error_message = "workers must lie within 1 and 8: more processes than that only share the same processor."
  }
}

# How many

variable "tasks" {
  description = "Fewest and most tasks: the fewest survive the loss of one, the most stay within the database's connections."
  type = object({
    min = number
    max = number
  })
  default = { min = 3, max = 30 }

  validation {
    condition     = var.tasks.min >= 2 && var.tasks.min < var.tasks.max
    error_message = "tasks.min must be at least 2 and tasks.max larger than tasks.min."
  }
}

variable "requests_per_task_per_minute" {
  description = "Requests per task and minute that scaling holds: half of what half a virtual CPU serves at 5 ms a request."
  type        = number
  default     = 3000
}

variable "prescale" {
  description = "Tasks of a game day, minutes before kick-off at which they start, minutes after it until which they stay."
  type = object({
    tasks        = number
    lead_minutes = optional(number, 60)
    hold_minutes = optional(number, 180)
  })
  default = { tasks = 12 }
}

variable "fixtures" {
  description = "Games to come: name, kick-off in UTC, and the tasks if the game needs more or fewer than usual."
  type = list(object({
    name     = string
    kick_off = string
    tasks    = optional(number)
  }))
}

variable "now" {
  description = "Time of the plan in UTC, as the pipeline gives it: games that are over get no schedules. Null keeps every fixture's."
  type        = string
  default     = null
}

# How fresh

variable "freshness_target_s" {
  description = "Oldest that an update may be on a fan's screen, in seconds."
  type        = number
  default     = 3
}

variable "poll_interval_s" {
  description = "Seconds between two polls, as the service tells its clients."
  type        = number
  default     = 1.2

  validation {
    condition     = var.poll_interval_s >= 0.5
    error_message = "poll_interval_s must be at least 0.5: faster polls cost requests and batteries, and the caches hide them."
  }
}

variable "edge_ttl_s" {
  description = "Seconds for which the edge keeps a live answer."
  type        = number
  default     = 1
}

variable "cache_ttl_s" {
  description = "Seconds for which the shared cache keeps a query's result."
  type        = number
  default     = 0.2

  validation {
    condition     = var.cache_ttl_s > 0
    error_message = "cache_ttl_s must be more than 0, or every miss of the edge becomes a query."
  }
}

variable "live_paths" {
  description = "Paths whose answers are the same for everyone."
  type        = list(string)
  default     = ["/api/commentary*", "/api/score*"]
}

variable "live_query_strings" {
  description = "Query strings that select a live answer; others are dropped at the edge."
  type        = list(string)
  default     = ["game"]
}

# Data

variable "database" {
  description = "Class of primary and replica with the memory of the primary, storage, the connections that the parameter group allows, the standby, and the version of MySQL."
  type = object({
    instance_class         = string
    replica_instance_class = string
    memory_gib             = number
    allocated_gb           = number
    max_gb                 = number
    max_connections        = number
    standby                = optional(bool, true)
    engine_version         = optional(string, "8.4")
  })

  # RDS derives 341 connections from 4 GiB, of which the operating system takes a part (312 were seen on such a class); 300 is a round
  # number below both. https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.MaxConnections
  default = {
    instance_class         = "db.t4g.medium"
    replica_instance_class = "db.t4g.medium"
    memory_gib             = 4
    allocated_gb           = 50
    max_gb                 = 200
    max_connections        = 300
  }

  # RDS gives a connection for each 12,582,880 bytes of memory:
  # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.MaxConnections
  validation {
    condition     = var.database.max_connections <= floor(var.database.memory_gib * 1073741824 / 12582880)
    error_message = "database.max_connections is more than RDS derives from memory_gib: a class that small cannot bear them."
  }

  # A smaller class lacks Performance Insights and the memory for a growing crowd; it is for the hours until a larger one is there.
  validation {
    condition     = !can(regex("[.](micro|small)$", var.database.instance_class)) || var.tasks.max <= 8
    error_message = "database's class must be medium or larger where more than eight tasks may run: the smaller ones lack connections and memory."
  }
}

variable "pool_size" {
  description = "Connections to the database that one task may hold, over all its workers."
  type        = number
  default     = 4

  validation {
    condition     = var.pool_size >= 1
    error_message = "pool_size must be at least 1."
  }
}

variable "cache_node_type" {
  description = "Type of each cache node."
  type        = string
  default     = "cache.t4g.small"
}

variable "cache_nodes" {
  description = "Cache nodes; with one alone nothing takes over when it fails, and what it kept is asked of the database."
  type        = number
  default     = 2
}

variable "deletion_protection" {
  description = "Whether database, load balancer and buckets refuse to be deleted; off only where a stack is thrown away after a test."
  type        = bool
  default     = true
}

# Who watches

variable "alarms" {
  description = "Short names of the alarms that are made, composites among them; null makes all of them. A composite needs those that it is made of."
  type        = set(string)
  default     = null

  # A deployment is rolled back by these two.
  validation {
    condition     = var.alarms == null || length(setsubtract(["errors-page", "unhealthy-tasks"], coalesce(var.alarms, []))) == 0
    error_message = "alarms must hold errors-page and unhealthy-tasks, by which a deployment is rolled back."
  }
}

variable "firewall" {
  description = "Whether the firewall looks at the requests of the edge; if not, it stands ready, and one apply brings it in."
  type        = bool
  default     = true
}

# People and money

variable "page_emails" {
  description = "Addresses of the platform on-call."
  type        = list(string)
}

variable "pager_endpoints" {
  description = "HTTPS addresses of a paging service that rings a telephone, such as an integration of PagerDuty or Opsgenie. None: a page is an e-mail, which wakes nobody."
  type        = list(string)
  default     = []
}

variable "runbook_site" {
  description = "Address below which the runbooks lie, so that the text of an alarm holds a link."
  type        = string
}

variable "ticket_emails" {
  description = "Addresses that turn a message into a ticket."
  type        = list(string)
}

variable "budget_usd" {
  description = "US dollars a month beyond which someone must be told; the first notice goes out at four fifths of it."
  type        = number
  default     = 1000 # four fifths lie just above a month with twelve games, so that an ordinary month tells nobody
}

variable "requests_per_address" {
  description = "Requests from one address in five minutes beyond which it is blocked: two thousand fans behind one address, as of a stadium's Wi-Fi or a mobile network, each with a poll every 1.2 s."
  type        = number
  default     = 500000
}

variable "github_repository" {
  description = "GitHub repository whose workflows deploy, as owner/name."
  type        = string
}
