variable "name" {
  description = "Name of the network; prefix of everything in it."
  type        = string
}

variable "region" {
  description = "AWS region, for the names of the endpoints' services."
  type        = string
}

variable "cidr_block" {
  description = "IPv4 range of the network; /16, so that each zone gets a /24 of public and a /24 of private addresses."
  type        = string

  validation {
    condition     = can(cidrhost(var.cidr_block, 0)) && endswith(var.cidr_block, "/16")
    error_message = "cidr_block must be an IPv4 range of /16, such as 10.20.0.0/16."
  }
}

variable "zones" {
  description = "Availability zones; the first zone gets the first subnets, so append and never reorder."
  type        = list(string)

  validation {
    condition     = length(var.zones) >= 2 && length(var.zones) <= 10 && length(distinct(var.zones)) == length(var.zones)
    error_message = "zones must name two to ten different zones: one zone is no protection, and the address plan holds ten."
  }
}

variable "interface_endpoints" {
  description = "AWS services reached through interface endpoints, by the last part of their names."
  type        = list(string)
}

variable "nat" {
  description = "Way out of the private subnets: `none` (endpoints only), `one` gateway in the first zone, or one `per_zone`."
  type        = string
  default     = "none"

  validation {
    condition     = contains(["none", "one", "per_zone"], var.nat)
    error_message = "nat must be none, one or per_zone."
  }
}

variable "tags" {
  description = "Tags of everything that takes tags."
  type        = map(string)
  default     = null
}
