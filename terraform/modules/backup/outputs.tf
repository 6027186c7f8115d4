output "vault_name" {
  description = "Value of the BackupVaultName dimension in CloudWatch."
  value       = aws_backup_vault.this.name
}
