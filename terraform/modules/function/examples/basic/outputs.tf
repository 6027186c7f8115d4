output "function" {
  description = "Everything that the module says of itself."
  value       = module.function
}
