# RDS writes a snapshot to S3 as Parquet when it is asked to, and it has to be asked for each snapshot. EventBridge sees the nightly
# snapshot and starts a Systems Manager automation that makes the one call, so there is no function to keep alive. The result is for
# analysis and the archive: a database cannot be restored from it.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ExportSnapshot.html

# RDS takes on this role to write to the bucket.
resource "aws_iam_role" "writer" {
  name = "${var.name}-export-writer"
  tags = var.tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "export.rds.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "writer" {
  name = "write-exports"
  role = aws_iam_role.writer.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:ListBucket", "s3:GetBucketLocation"]
        Resource = var.bucket_arn
      },
      {
        Effect   = "Allow"
        Action   = ["s3:PutObject*", "s3:GetObject*", "s3:DeleteObject*"]
        Resource = "${var.bucket_arn}/${var.prefix}/*"
      },
    ]
  })
}

# The automation takes on this role for the call.
resource "aws_iam_role" "automation" {
  name = "${var.name}-export-automation"
  tags = var.tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ssm.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "automation" {
  name = "start-exports"
  role = aws_iam_role.automation.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StartTheExport" # takes no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
        Effect   = "Allow"
        Action   = ["rds:StartExportTask"]
        Resource = "*"
      },
      {
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = aws_iam_role.writer.arn
        Condition = { StringEquals = { "iam:PassedToService" = "export.rds.amazonaws.com" } }
      },
      {
        Effect   = "Allow"
        Action   = ["kms:DescribeKey", "kms:CreateGrant", "kms:GenerateDataKey*", "kms:Decrypt", "kms:Encrypt", "kms:ReEncrypt*", "kms:RetireGrant"]
        Resource = var.key_arn
      },
    ]
  })
}

resource "aws_ssm_document" "this" {
  name            = "${var.name}-export-snapshot"
  document_type   = "Automation"
  document_format = "JSON"
  tags            = var.tags

  content = jsonencode({
    schemaVersion = "0.3"
    description   = "Exports one snapshot of the database to S3"
    assumeRole    = aws_iam_role.automation.arn
    parameters = {
      SnapshotArn = { type = "String", description = "Snapshot to export" }
    }
    mainSteps = [{
      name   = "startExport"
      action = "aws:executeAwsApi"
      isEnd  = true
      inputs = {
        Service              = "rds"
        Api                  = "StartExportTask"
        ExportTaskIdentifier = "${var.name}-{{automation:EXECUTION_ID}}"
        SourceArn            = "{{SnapshotArn}}"
        S3BucketName         = var.bucket_name
        S3Prefix             = var.prefix
        IamRoleArn           = aws_iam_role.writer.arn
        KmsKeyId             = var.key_arn
      }
    }]
  })
}

# RDS-EVENT-0091: an automated snapshot is ready. https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
resource "aws_cloudwatch_event_rule" "snapshot" {
  name        = "${var.name}-snapshot-ready"
  description = "The nightly snapshot of the database is ready"
  tags        = var.tags
  event_pattern = jsonencode({
    source        = ["aws.rds"]
    "detail-type" = ["RDS DB Snapshot Event"]
    detail = {
      EventID          = ["RDS-EVENT-0091"]
      SourceIdentifier = [{ prefix = "rds:${var.database_identifier}-" }]
    }
  })
}

resource "aws_iam_role" "event" {
  name = "${var.name}-export-event"
  tags = var.tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "events.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "event" {
  name = "start-automation"
  role = aws_iam_role.event.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["ssm:StartAutomationExecution"]
        Resource = "arn:aws:ssm:${var.region}:${var.account_id}:automation-definition/${aws_ssm_document.this.name}:*"
      },
      {
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = aws_iam_role.automation.arn
        Condition = { StringEquals = { "iam:PassedToService" = "ssm.amazonaws.com" } }
      },
    ]
  })
}

resource "aws_cloudwatch_event_target" "export" {
  rule     = aws_cloudwatch_event_rule.snapshot.name
  arn      = "arn:aws:ssm:${var.region}:${var.account_id}:automation-definition/${aws_ssm_document.this.name}:$DEFAULT"
  role_arn = aws_iam_role.event.arn

  input_transformer {
    input_paths    = { snapshot = "$.detail.SourceArn" }
    input_template = "{\"SnapshotArn\": [<snapshot>]}"
  }
}
