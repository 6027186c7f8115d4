variable "name" {
  description = "Name of the repository; changing it replaces the repository."
  type        = string
}

variable "kept_images" {
  description = "Number of images kept."
  type        = number
  default     = 50

  validation {
    condition     = var.kept_images >= 10
    error_message = "kept_images must be at least 10, or a rollback may find its image gone."
  }
}

variable "tags" {
  description = "Tags of everything that takes tags."
  type        = map(string)
  default     = null
}
