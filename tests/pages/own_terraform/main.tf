terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.0" }
  }
}

provider "aws" {
  region = "eu-central-1"
}

variable "db_password" {
  type      = string
  sensitive = true
}

data "aws_subnets" "private" {
  filter {
    name   = "tag:tier"
    values = ["private"]
  }
}

resource "aws_db_subnet_group" "shop" {
  name       = "shop"
  subnet_ids = data.aws_subnets.private.ids
}

resource "aws_db_instance" "shop" {
  identifier           = "shop"
  engine               = "mysql"
  engine_version       = "8.0"
  instance_class       = "db.t4g.medium"
  allocated_storage    = 50
  storage_type         = "gp3"
  username             = "shop"
  password             = var.db_password
  db_subnet_group_name = aws_db_subnet_group.shop.name
  multi_az             = true
}

resource "aws_sqs_queue" "orders" {
  for_each = toset(data.aws_subnets.private.ids)
  name     = "orders-${each.key}"
}
