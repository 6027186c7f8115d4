variable "name" {
  description = "Name of the function, its role, its log group and its deployment application; changing it replaces them."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9-_]{1,53}$", var.name))
    error_message = "name must have 1 to 53 letters, digits, hyphens and underscores: 64 are allowed for a role, and -deployment is added."
  }
}

variable "description" {
  description = "What the function does."
  type        = string

  validation {
    condition     = length(var.description) <= 256
    error_message = "description must have at most 256 characters."
  }
}

variable "package" {
  description = "The zip file with the code as first deployed: bucket in the function's region, and key. Later releases are the pipeline's."
  type = object({
    bucket = string
    key    = string
  })
}

variable "handler" {
  description = "File and function that are called, such as ingest.handler."
  type        = string
}

variable "runtime" {
  description = "Runtime of Lambda; AWS refuses new functions on a deprecated one."
  type        = string

  validation {
    # https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
    condition     = !can(regex("^(nodejs([0-9]|1[0-8])\\.|nodejs[.0-9]*$|python(2|3\\.[0-8]$)|go1|ruby2|dotnet(core|6)|java8$)", var.runtime)) || can(regex("^nodejs(20|22|24)\\.x$", var.runtime))
    error_message = "runtime must be one that Lambda still creates functions with, such as nodejs22.x; Node.js 18 and older are deprecated."
  }
}

variable "architecture" {
  description = "Processor: arm64 or x86_64."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64."
  }
}

variable "memory_mib" {
  description = "Memory in MiB; the share of a processor grows with it, 1,769 MiB are one."
  type        = number

  validation {
    condition     = var.memory_mib >= 128 && var.memory_mib <= 10240 && floor(var.memory_mib) == var.memory_mib
    error_message = "memory_mib must be a whole number within 128 and 10240."
  }
}

variable "timeout_s" {
  description = "Seconds after which a call is ended."
  type        = number

  validation {
    condition     = var.timeout_s >= 1 && var.timeout_s <= 900
    error_message = "timeout_s must lie within 1 and 900, the limits of a Lambda timeout."
  }
}

variable "environment" {
  description = "Plain environment variables; nothing secret."
  type        = map(string)
  default     = {}

  validation {
    # https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
    condition     = length(setintersection(keys(var.environment), ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "_HANDLER"])) == 0
    error_message = "environment must not set names that Lambda sets itself, such as AWS_REGION."
  }
}

variable "statements" {
  description = "What the function may do beside writing its log, by statement id: actions and resources."
  type = map(object({
    actions   = list(string)
    resources = list(string)
  }))
  default = {}

  validation {
    condition     = alltrue([for sid in keys(var.statements) : can(regex("^[A-Za-z0-9]+$", sid))])
    error_message = "Statement ids must have letters and digits only."
  }
}

variable "reserved_concurrency" {
  description = "Calls at the same time that are kept for this function and that it cannot exceed; null shares the account's rest."
  type        = number
  default     = null

  validation {
    condition     = coalesce(var.reserved_concurrency, 0) >= 0
    error_message = "reserved_concurrency must not be negative; 0 stops the function, null reserves nothing."
  }
}

variable "provisioned_concurrency" {
  description = "Instances that are started before they are called, billed by the hour; 0 for none."
  type        = number
  default     = 0

  validation {
    condition     = var.provisioned_concurrency >= 0 && floor(var.provisioned_concurrency) == var.provisioned_concurrency
    error_message = "provisioned_concurrency must be a whole number and not negative."
  }
}

variable "alias" {
  description = "Name of the alias that callers use."
  type        = string
  default     = "live"

  validation {
    condition     = can(regex("^[a-zA-Z0-9-_]{1,128}$", var.alias)) && !can(regex("^[0-9]+$", var.alias))
    error_message = "alias must have letters, digits, hyphens and underscores, and not digits only."
  }
}

variable "dead_letters" {
  description = "Queue for calls and records that were given up, with the seconds it keeps them; null for none."
  type        = object({ retention_s = optional(number, 1209600) })
  default     = {}

  validation {
    condition     = var.dead_letters == null || try(var.dead_letters.retention_s >= 60 && var.dead_letters.retention_s <= 1209600, false)
    error_message = "dead_letters.retention_s must lie within 60 and 1209600, fourteen days."
  }
}

variable "callers" {
  description = "Services that may call the alias, by statement id: service principal and the one source it calls for."
  type = map(object({
    service    = string
    source_arn = string
  }))
  default = {}
}

variable "streams" {
  description = "Kinesis or DynamoDB streams that call the alias: ARN, batch, window, batches per shard at once, retries and the age at which a record is given up."
  type = map(object({
    arn               = string
    starting_position = optional(string, "LATEST")
    batch_size        = optional(number, 100)
    window_s          = optional(number, 0)
    parallel_batches  = optional(number, 1)
    retries           = optional(number, 3)
    record_age_s      = optional(number, 3600)
  }))
  default = {}

  validation {
    condition     = alltrue([for stream in var.streams : stream.batch_size >= 1 && stream.batch_size <= 10000 && stream.window_s >= 0 && stream.window_s <= 300])
    error_message = "Each stream's batch_size must lie within 1 and 10000 and its window_s within 0 and 300."
  }

  validation {
    condition     = alltrue([for stream in var.streams : stream.parallel_batches >= 1 && stream.parallel_batches <= 10])
    error_message = "Each stream's parallel_batches must lie within 1 and 10."
  }

  validation {
    condition     = alltrue([for stream in var.streams : stream.retries >= -1 && stream.retries <= 10000 && (stream.record_age_s == -1 || stream.record_age_s >= 60 && stream.record_age_s <= 604800)])
    error_message = "Each stream's retries must lie within -1 and 10000, and its record_age_s within 60 and 604800 (or be -1 for no limit)."
  }
}

variable "deployment" {
  description = "Gradual release by CodeDeploy: a deployment configuration for Lambda, and the alarms that take a release back; null for none."
  type = object({
    config = optional(string, "CodeDeployDefault.LambdaCanary10Percent5Minutes")
    alarms = list(string)
  })
  default = null

  validation {
    condition     = var.deployment == null || try(length(var.deployment.alarms) > 0 && length(var.deployment.alarms) <= 10, false)
    error_message = "deployment.alarms must name one to ten alarms: CodeDeploy refuses an alarm configuration without one and one with more."
  }
}

variable "network" {
  description = "Private subnets and security groups where the function must reach something inside a network; null leaves it outside."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null
}

variable "tracing" {
  description = "Whether calls are traced with X-Ray."
  type        = bool
  default     = true
}

variable "log_retention_days" {
  description = "Days for which logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one of CloudWatch's retention times, such as 30."
  }
}

variable "log_key_arn" {
  description = "Key that encrypts the log group; null for CloudWatch's own."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything in the module."
  type        = map(string)
  default     = {}
}
