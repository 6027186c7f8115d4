"""What roles may do: the statements of their policies, and whether they cover an action on a resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from analysis.architecture import Resource, Unknown, Value
from analysis.wiring.references import References
from analysis.wiring.values import blocks, document, items

MANAGED_POLICIES: Mapping[str, tuple[str, ...]] = {
    # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonECSTaskExecutionRolePolicy.html
    "service-role/AmazonECSTaskExecutionRolePolicy": (
        "ecr:GetAuthorizationToken",
        "ecr:BatchCheckLayerAvailability",
        "ecr:GetDownloadUrlForLayer",
        "ecr:BatchGetImage",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    ),
    # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AdministratorAccess.html
    "AdministratorAccess": ("*",),
    # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/SecretsManagerReadWrite.html
    "SecretsManagerReadWrite": ("secretsmanager:*",),
    # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonSSMReadOnlyAccess.html
    "AmazonSSMReadOnlyAccess": ("ssm:Describe*", "ssm:Get*", "ssm:List*"),
}
"""What AWS's own policies allow on every resource, as far as starting a task matters."""


def statements(policy: Value) -> tuple[Mapping[str, Value], ...] | None:
    """The statements of a policy document; None where it cannot be read."""
    found = document(policy)
    return blocks(found.get("Statement")) if isinstance(found, Mapping) else None


def names_action(statement: Mapping[str, Value], action: str) -> bool:
    """Whether the statement's actions cover `action`; IAM compares them without regard to case."""
    listed = items(statement.get("Action"))
    if "NotAction" in statement:
        return not any(_like(action, a) for a in items(statement["NotAction"]))
    return any(_like(action, a) for a in listed)


def _like(action: str, pattern: Value) -> bool:
    return isinstance(pattern, str) and fnmatchcase(action.lower(), pattern.lower().replace("[", "[[]"))


@dataclass(frozen=True)
class Policies:
    """The policies of a stack's roles."""

    references: References

    def of(self, role: Resource) -> Iterator[tuple[Resource, tuple[Mapping[str, Value], ...] | None]]:
        """The policies of a role with the resource in which each stands; None in place of statements that cannot be read."""
        for policy in self.references.about(role, "role", "aws_iam_role_policy"):
            yield policy, statements(policy.values.get("policy"))
        for attachment in self.references.about(role, "role", "aws_iam_role_policy_attachment"):
            yield from self._attached(attachment, attachment.values.get("policy_arn"))
        for arn in items(role.values.get("managed_policy_arns")):
            yield from self._attached(role, arn)
        for inline in blocks(role.values.get("inline_policy")):
            if inline.get("policy") is not None:
                yield role, statements(inline["policy"])

    def _attached(
        self, place: Resource, arn: Value
    ) -> Iterator[tuple[Resource, tuple[Mapping[str, Value], ...] | None]]:
        own = [r for r in self.references.behind(arn) if r.type == "aws_iam_policy"]
        if own:
            yield own[0], statements(own[0].values.get("policy"))
            return
        actions = MANAGED_POLICIES.get(arn.partition(":policy/")[2]) if isinstance(arn, str) else None
        yield place, None if actions is None else ({"Effect": "Allow", "Action": actions, "Resource": "*"},)

    def allows(self, role: Resource, action: str, target: Value) -> bool | None:
        """Whether a role may do `action` on `target`, an ARN or the value that stands for one.

        None where a policy that cannot be read might allow it. An explicit denial wins.
        """
        allowed, blind = False, False
        for _, found in self.of(role):
            if found is None:
                blind = True
                continue
            for statement in found:
                if not names_action(statement, action):
                    continue
                named = "NotResource" in statement
                if self.covers(statement.get("NotResource" if named else "Resource"), target) == named:
                    continue
                if statement.get("Effect") != "Deny":
                    allowed = True
                elif statement.get("Condition"):
                    blind = True  # when the condition holds is not known here
                else:
                    return False
        return None if blind else allowed

    def covers(self, patterns: Value, target: Value) -> bool:
        """Whether one of the resource patterns of a statement covers `target`."""
        wanted = {r.address for r in self.references.behind(target)}
        for pattern in items(patterns):
            if pattern == "*":
                return True
            if isinstance(pattern, Unknown):
                if wanted & {r.address for r in self.references.behind(pattern)}:
                    return True
            elif isinstance(target, str) and fnmatchcase(target, str(pattern).replace("[", "[[]")):
                return True
        return False
