"""The real Terraform as judge: fmt, init, validate, test and plan on any directory, without AWS."""

from analysis.validation.offline import offline_plan
from analysis.validation.report import Report, Step, to_json, validate
from analysis.validation.terraform_cli import TerraformError, TerraformMissingError, find

__all__ = ["Report", "Step", "TerraformError", "TerraformMissingError", "find", "offline_plan", "to_json", "validate"]
