"""The real Terraform as judge of any directory: offline (fmt, init, validate, test, plan), and applied on an emulated AWS."""

from analysis.emulator import EmulatorError
from analysis.validation.cycle import Evidence, applied, applied_all
from analysis.validation.offline import PlanText, offline_plan, plan_texts
from analysis.validation.report import Report, Step, to_json, validate
from analysis.validation.terraform_cli import RefusedError, TerraformError, TerraformMissingError, find

__all__ = [
    "EmulatorError",
    "Evidence",
    "PlanText",
    "RefusedError",
    "Report",
    "Step",
    "TerraformError",
    "TerraformMissingError",
    "applied",
    "applied_all",
    "find",
    "offline_plan",
    "plan_texts",
    "to_json",
    "validate",
]
