# What must be there before any stack: the bucket of states with its locks, and the roles that a workflow takes on: one that reads, and for
# each environment one that changes. Applied once by hand with a local state, which is then moved into the bucket: terraform init -migrate-state.

terraform {
  required_version = ">= 1.10" # S3 locks by itself from there on: use_lockfile

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = { Project = "bootstrap", ManagedBy = "terraform" }
  }
}

locals {
  bucket     = "${var.name}-states-${var.account_id}"
  bucket_arn = "arn:aws:s3:::${local.bucket}"

  # For a plan a state is read, its lock written and the saved plan laid beside it; a state is written by an apply only.
  plan_statements = [
    { Effect = "Allow", Action = "s3:ListBucket", Resource = local.bucket_arn },
    { Effect = "Allow", Action = "s3:GetObject", Resource = "${local.bucket_arn}/*" },
    { Effect = "Allow", Action = ["s3:PutObject", "s3:DeleteObject"], Resource = "${local.bucket_arn}/*.tflock" },
    { Effect = "Allow", Action = "s3:PutObject", Resource = "${local.bucket_arn}/plans/*" },
    { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = aws_kms_key.states.arn },
  ]
  apply_statements = concat(local.plan_statements, [{ Effect = "Allow", Action = "s3:PutObject", Resource = "${local.bucket_arn}/*" }])

  # Who may apply in one environment cannot take on the role of another, and the account's trail tells them apart. Each still administers
  # the account: only an account of its own keeps an environment from changing another's resources.
  appliers = {
    for environment in var.environments : environment => {
      subjects   = ["repo:${var.github_repository}:environment:${environment}"]
      managed    = "arn:aws:iam::aws:policy/AdministratorAccess"
      statements = local.apply_statements
    }
  }
  # What has landed is planned again, on main, before anybody is asked to approve it.
  planner = {
    plan = { subjects = ["repo:${var.github_repository}:pull_request", "repo:${var.github_repository}:ref:refs/heads/main"], managed = "arn:aws:iam::aws:policy/ReadOnlyAccess", statements = local.plan_statements }
  }

  roles = merge(local.planner, local.appliers)
}

resource "aws_kms_key" "states" {
  description         = "Terraform states: they hold passwords in clear"
  enable_key_rotation = true
}

resource "aws_s3_bucket" "states" {
  bucket = local.bucket

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "states" {
  bucket = aws_s3_bucket.states.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "states" {
  bucket = aws_s3_bucket.states.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.states.arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "states" {
  bucket                  = aws_s3_bucket.states.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_lifecycle_configuration" "states" {
  bucket = aws_s3_bucket.states.id

  rule {
    id     = "old-states"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = 365
    }
  }

  # A saved plan holds secrets in clear and is good for one apply.
  rule {
    id     = "old-plans"
    status = "Enabled"

    filter {
      prefix = "plans/"
    }

    expiration {
      days = 7
    }

    noncurrent_version_expiration {
      noncurrent_days = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.states]
}

resource "aws_s3_bucket_policy" "states" {
  bucket = aws_s3_bucket.states.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [local.bucket_arn, "${local.bucket_arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  depends_on = [aws_s3_bucket_public_access_block.states]
}

# AWS checks GitHub's certificate itself; a thumbprint is not asked for any more.
resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "this" {
  for_each = local.roles

  name                 = "${var.name}-${each.key}"
  max_session_duration = 3600
  depends_on           = [aws_iam_openid_connect_provider.github]

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = "arn:aws:iam::${var.account_id}:oidc-provider/token.actions.githubusercontent.com" }
      Condition = {
        StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
          "token.actions.githubusercontent.com:sub" = each.value.subjects
        }
      }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = local.roles

  role       = aws_iam_role.this[each.key].name
  policy_arn = each.value.managed
}

resource "aws_iam_role_policy" "states" {
  for_each = local.roles

  name   = "states"
  role   = aws_iam_role.this[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = each.value.statements })
}
