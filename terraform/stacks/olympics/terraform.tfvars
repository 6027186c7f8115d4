# Example values: RFC 2606 names, AWS's documentation account. Replace all of them for a real account.
# Other environments: terraform plan -var-file=environments/staging.tfvars

environment       = "prod"
account_id        = "123456789012"
domain            = "olympics.example"
image_id          = "ami-0123456789abcdef0"
github_repository = "olympics-example/olympics"
page_emails       = ["platform-oncall@olympics.example"]
pager_endpoints   = ["https://pager.olympics.example/sns"]
ticket_emails     = ["platform-tickets@olympics.example"]
runbook_site      = "https://handbook.olympics.example/olympics/runbooks/"

functions_package = {
  bucket    = "olympics-packages-123456789012"
  processor = "processor/1.0.0.zip"
  rotation  = "rotation/1.0.0.zip"
}

# The brief's Games, 6 to 22 February 2026, are over, and AWS refuses a scheduled action in the past: the same days a year later.
sessions = {
  opening     = { from = "2027-02-06T17:00:00Z", to = "2027-02-06T23:00:00Z", min = 20 }
  competition = { from = "2027-02-07T07:30:00Z", to = "2027-02-07T22:30:00Z", min = 20, last = "2027-02-22T23:00:00Z" }
}
