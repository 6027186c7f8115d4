variable "names" {
  description = "Host names of the certificate."
  type        = list(string)

  validation {
    condition     = length(var.names) > 0 && length(distinct(var.names)) == length(var.names)
    error_message = "names must hold at least one host name, none twice."
  }
}

variable "zone_id" {
  description = "Hosted zone in which the names are proven."
  type        = string
}

variable "tags" {
  description = "Tags of everything that takes tags."
  type        = map(string)
  default     = null
}
