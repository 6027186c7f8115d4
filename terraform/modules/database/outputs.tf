output "address" {
  description = "Host name of the primary, without the port."
  value       = aws_db_instance.primary.address
}

output "replica_address" {
  description = "Host name of the replica, without the port."
  value       = aws_db_instance.replica.address
}

output "identifier" {
  description = "Value of the DBInstanceIdentifier dimension of the primary."
  value       = aws_db_instance.primary.identifier
}

output "replica_identifier" {
  description = "Value of the DBInstanceIdentifier dimension of the replica."
  value       = aws_db_instance.replica.identifier
}

output "arn" {
  description = "The primary, for backup selections and policies."
  value       = aws_db_instance.primary.arn
}

output "security_group_id" {
  description = "Security group of primary and replica."
  value       = aws_security_group.this.id
}

output "secret_arn" {
  description = "Secret that holds user and password."
  value       = aws_secretsmanager_secret.this.arn
}

output "further_replicas" {
  description = "Address and identifier of each further replica, by its name."
  value       = { for name, replica in aws_db_instance.further_replicas : name => { address = replica.address, identifier = replica.identifier } }
}
