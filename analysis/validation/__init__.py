"""The real Terraform as judge of any directory: offline (fmt, init, validate, test, plan), and applied on an emulated AWS."""

from analysis.emulator import EmulatorError
from analysis.validation.cycle import Evidence, applied, applied_all
from analysis.validation.offline import offline_plan
from analysis.validation.report import Report, Step, to_json, validate
from analysis.validation.terraform_cli import RefusedError, TerraformError, TerraformMissingError, find

__all__ = [
    "EmulatorError",
    "Evidence",
    "RefusedError",
    "Report",
    "Step",
    "TerraformError",
    "TerraformMissingError",
    "applied",
    "applied_all",
    "find",
    "offline_plan",
    "to_json",
    "validate",
]
