# PostgreSQL with a standby and two replicas in different zones.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

module "database" {
  source = "../.."

  name                      = "results"
  description               = "Database of the results"
  vpc_id                    = "vpc-0123456789abcdef0"
  subnet_ids                = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  client_security_group_ids = { "the tasks" = "sg-0123456789abcdef0" }

  engine                 = "postgres"
  engine_version         = "17"
  parameter_group_family = "postgres17"
  instance_class         = "db.m7g.large"
  replica_instance_class = "db.m7g.large"
  storage                = { allocated_gb = 100, max_gb = 500 }
  database_name          = "results"
  username               = "results"
  port                   = 5432
  secret_name            = "results/prod/db"
  backup_window          = "07:00-07:30"
  maintenance_window     = "tue:08:00-tue:09:00"
  log_exports            = ["postgresql"]
  parameters             = { max_connections = { value = "400", apply_method = "pending-reboot" } }

  replica          = { zone = "us-east-1a", max_gb = 500, maintenance_window = "wed:08:00-wed:09:00" }
  further_replicas = { replica-2 = { instance_class = "db.m7g.large", zone = "us-east-1b", maintenance_window = "thu:08:00-thu:09:00" } }
}
