output "name" {
  description = "The public name, null where the module is off."
  value       = one([for record in cloudflare_dns_record.this : record.name])
}
