variable "name" {
  description = "Name of the repository; changing it replaces the repository."
  type        = string
}

variable "kept_images" {
  description = "Number of images kept."
  type        = number
  default     = 50

  validation {
    condition     = var.kept_images >= 1 && floor(var.kept_images) == var.kept_images
    error_message = "kept_images must be a whole number, at least 1."
  }
}

variable "tags" {
  description = "Tags of everything that takes tags."
  type        = map(string)
  default     = null
}
