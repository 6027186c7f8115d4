resource "aws_backup_vault" "this" {
  name        = var.name
  kms_key_arn = var.key_arn
  tags        = var.tags
}

resource "aws_backup_plan" "this" {
  name = var.name
  tags = var.tags

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.this.name
    schedule          = var.schedule
    start_window      = 60
    completion_window = 180

    lifecycle {
      delete_after = var.retention_days
    }
  }
}

resource "aws_iam_role" "this" {
  name = "${var.name}-backup"
  tags = var.tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "backup.amazonaws.com" }
    }]
  })
}

# Snapshots of the selected databases, and nothing of what the wide managed policy for backups adds.
resource "aws_iam_role_policy" "this" {
  name = "snapshots"
  role = aws_iam_role.this.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "TakeSnapshots"
        Effect   = "Allow"
        Action   = ["rds:CreateDBSnapshot", "rds:AddTagsToResource", "rds:ListTagsForResource", "rds:DescribeDBInstances"]
        Resource = concat(var.database_arns, ["arn:aws:rds:${var.region}:${var.account_id}:snapshot:awsbackup:*"])
      },
      {
        Sid      = "KeepSnapshots"
        Effect   = "Allow"
        Action   = ["rds:DescribeDBSnapshots", "rds:DeleteDBSnapshot", "rds:ModifyDBSnapshotAttribute"]
        Resource = "arn:aws:rds:${var.region}:${var.account_id}:snapshot:awsbackup:*"
      },
      {
        Sid      = "UseTheVaultsKey"
        Effect   = "Allow"
        Action   = ["kms:DescribeKey", "kms:CreateGrant", "kms:GenerateDataKey", "kms:Decrypt"]
        Resource = var.key_arn
      },
    ]
  })
}

resource "aws_backup_selection" "this" {
  name         = "databases"
  plan_id      = aws_backup_plan.this.id
  iam_role_arn = aws_iam_role.this.arn
  resources    = var.database_arns
}
