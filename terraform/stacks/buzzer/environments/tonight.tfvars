# Four hours before a game: as many tasks as the database that is there bears, the name led to a cache that keeps answers for a second,
# a patient health check, the two alarms that roll a deployment back. The stages of the migration up to "tasks" lead here.
# Besides terraform.tfvars: -var-file=environments/tonight.tfvars

tasks    = { min = 3, max = 6 }
fixtures = [] # a small database bears no more tasks than stand there anyway
alarms   = ["errors-page", "unhealthy-tasks"]
firewall = false

# The instance stays as it is: another class, a standby or another version takes longer than there is time, or stops it.
database = {
  instance_class         = "db.t3.micro"
  replica_instance_class = "db.t3.micro"
  memory_gib             = 1
  allocated_gb           = 20
  max_gb                 = 100
  max_connections        = 60
  standby                = false
  engine_version         = "8.0"
}

# What a full apply of this stack would make as well, at its smallest.
cache_nodes     = 1
cache_node_type = "cache.t4g.micro"
