"""A game day as a countdown: what is due when before and after a kick-off, by whom, with which command, and whether to go.

The times come from the stack's fixtures and scheduled actions, the crowd from the scenario, the lead times from
`analysis/facts/countdown.toml`. What only the account can answer is a command; what is known offline is a verdict.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

from analysis import capacity, evidence, facts, proofs, wiring
from analysis.architecture import Architecture
from analysis.facts import Assumption, Scenario
from analysis.facts.instances import DATA
from analysis.wiring.references import References
from analysis.wiring.schedules import once
from analysis.wiring.values import first_block, number

Says: TypeAlias = Literal["go", "no-go", "ask"]

# Where a stack in AWS finds its Fargate quota: https://docs.aws.amazon.com/general/latest/gr/ecs-service.html
FARGATE_QUOTA = "L-3032A538"


class CountdownError(ValueError):
    """A stack for whose games nothing can be computed; the sentence says what it lacks."""


@dataclass(frozen=True, slots=True)
class Fixture:
    """A game: its name, its kick-off in UTC, and the tasks that stand when it begins."""

    name: str
    kick_off: dt.datetime
    tasks: int
    opens: dt.datetime | None
    closes: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Row:
    """Something due at a moment: who does it, what is typed, and what takes it back. `rests_on` names its lead time.

    `acts` says that its commands change something; the others only look.
    """

    id: str
    at: dt.datetime
    title: str
    owner: str
    why: str
    commands: tuple[str, ...]
    undo: tuple[str, ...]
    undo_words: str
    rests_on: str
    acts: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """One of the questions before a game: go, no-go, or to be asked of the account with `commands`; and what it rests on."""

    question: str
    says: Says
    because: str
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """Evidence recorded about the stack: its kind, its day, and in a sentence why it no longer holds, if it does not."""

    kind: str
    recorded_on: dt.date | None
    stale: str = ""


@dataclass(frozen=True, slots=True)
class Countdown:
    """A game day. `rows` are in the order of time, `verdicts` in the order in which they are asked."""

    stack: str
    fixture: Fixture
    crowd: str
    peak_users: int
    rows: tuple[Row, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def says(self) -> Says:
        """No-go where any question says so; else ask where one is open; else go."""
        found = {verdict.says for verdict in self.verdicts}
        return "no-go" if "no-go" in found else "ask" if "ask" in found else "go"


EVIDENCE: Mapping[str, str] = {"applied": "apply on an emulated AWS", "rehearsed": "rehearsal of the runbooks"}
"""The kinds of evidence that a game rests on, as they are kept beside the stack, in words."""


def records(directory: Path, stack: Architecture) -> tuple[Record, ...]:
    """The evidence beside the stack in `directory`: a record is stale where it is of a stack of other values.

    Pages that have changed since a rehearsal say so themselves.
    """
    name, values = f"stack {stack.stack}", evidence.digest(evidence.resolved(stack))
    rows = []
    for kind, words in EVIDENCE.items():
        record = evidence.read(evidence.beside(directory, kind), kind)
        if record is None or record.rests_on.get(name) == values:
            rows.append(Record(words, record.recorded_on if record else None))
        else:
            since = f"the stack resolves to other values than on {record.recorded_on}, when this was recorded"
            rows.append(Record(words, record.recorded_on, since))
    return tuple(rows)


@cache
def lead_times() -> Mapping[str, Assumption]:
    """How long before or after a kick-off each thing is due; assumptions with reasons, some with a source."""
    return facts.assumptions(DATA / "countdown.toml")


def fixtures(stack: Architecture) -> tuple[Fixture, ...]:
    """The games of the stack's variable `fixtures`, by kick-off. Raises CountdownError where it has none, or one is unusable."""
    variable = stack.variables.get("fixtures")
    if variable is None or not isinstance(variable.value, tuple) or not variable.value:
        raise CountdownError(
            f'{stack.stack}: has no variable `fixtures` with a game; declare one whose value is [{{ name = "final", kick_off = '
            '"2026-11-28T19:45:00Z" }], because without a kick-off nothing can be counted down'
        )
    actions = list(_actions(stack))
    found = []
    for entry in variable.value:
        name, kick_off = entry.get("name"), _utc(entry.get("kick_off"))
        if kick_off is None:
            raise CountdownError(
                f"{variable.declared_at}: the kick-off of {name} is {entry.get('kick_off')!r}; write 2026-11-28T19:45:00Z"
            )
        before = [(at, least) for at, least in actions if kick_off - dt.timedelta(hours=12) <= at <= kick_off]
        after = [(at, least) for at, least in actions if kick_off < at <= kick_off + dt.timedelta(hours=24)]
        opens, tasks = max(before, default=(None, 0))
        lower = [at for at, least in after if least < tasks]
        found.append(Fixture(str(name), kick_off, tasks, opens, min(lower, default=None)))
    return tuple(sorted(found, key=lambda fixture: fixture.kick_off))


def _utc(text: object) -> dt.datetime | None:
    try:
        found = dt.datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found.astimezone(dt.UTC) if found is not None and found.tzinfo is not None else None


def _actions(stack: Architecture) -> Iterator[tuple[dt.datetime, int]]:
    """The scheduled actions that happen once: when, and the fewest tasks from then on."""
    for resource in stack.of_type("aws_appautoscaling_scheduled_action"):
        schedule, zone = resource.values.get("schedule"), str(resource.values.get("timezone") or "UTC")
        moment = once(schedule, zone) if isinstance(schedule, str) else None
        least = number(first_block(resource.values.get("scalable_target_action")).get("min_capacity"))
        if moment and least is not None:
            yield moment, int(least)


@dataclass(frozen=True, slots=True)
class _Names:
    """What the commands call the parts of the stack."""

    cluster: str
    service: str
    resource_id: str
    balancer: str
    prefix: str
    usual: int


def _names(stack: Architecture, path: wiring.RequestPath) -> _Names:
    service = stack.by_address[path.service.address]
    clusters = References(stack).linked(service, "cluster", "aws_ecs_cluster")
    cluster = str(clusters[0].values.get("name")) if clusters else str(service.values.get("cluster") or "default")
    name = str(service.values.get("name"))
    alarms = [str(alarm.values.get("alarm_name")) for alarm in stack.of_type("aws_cloudwatch_metric_alarm")]
    first_words = {alarm.split("-")[0] for alarm in alarms}
    return _Names(
        cluster=cluster,
        service=name,
        resource_id=f"service/{cluster}/{name}",
        balancer=str(stack.by_address[path.balancer.address].values.get("name")) if path.balancer else "",
        prefix=f"{first_words.pop()}-" if len(first_words) == 1 else "",
        usual=int(path.service.minimum.value),
    )


def count_down(
    stack: Architecture,
    crowd: Scenario,
    *,
    about: facts.Stack | None = None,
    fixture: str = "",
    profile: facts.Runtime | None = None,
    waivers: proofs.Waivers = proofs.NONE,
    evidence: Sequence[Record] = (),
    today: dt.date,
) -> Countdown:
    """The countdown to a game: the one named, else the first whose day is not over on `today`, else the last.

    `evidence` is what was recorded about the stack, each judged by its age on the day of the game. Raises CountdownError where
    there is no such game, and PathError or FactError where the stack has no service to count for.
    """
    games = fixtures(stack)
    if fixture:
        chosen = next((game for game in games if game.name == fixture), None)
        if chosen is None:
            raise CountdownError(
                f"{stack.stack}: has no game {fixture}; there are {', '.join(game.name for game in games)}"
            )
    else:
        chosen = next((game for game in games if game.kick_off.date() >= today), games[-1])
    path = wiring.request_path(stack, about)
    held = capacity.analyse(stack, crowd, about, profile=profile)
    forgotten = capacity.analyse(forgetting(stack), crowd, about, profile=profile)
    report = proofs.prove(
        stack, scenario=crowd, stack=about, profile=profile, waivers=waivers, today=max(today, chosen.kick_off.date())
    )
    names, lead = _names(stack, path), lead_times()
    units = _load_balancer_units(held)
    needed = _processors(path)
    plan = _Plan(chosen, crowd, names, lead, units, needed)
    rows = tuple(sorted(_rows(plan), key=lambda row: (row.at, row.id)))
    verdicts = tuple(_verdicts(stack, chosen, crowd, names, lead, held, forgotten, report, evidence, needed))
    return Countdown(stack.stack, chosen, crowd.title, round(crowd.peak_users.at()), rows, verdicts)


def forgetting(stack: Architecture) -> Architecture:
    """The stack with an edge that keeps nothing: every cache policy of its own lives for no time."""
    nothing = {"min_ttl": 0, "default_ttl": 0, "max_ttl": 0}
    changed = tuple(
        replace(resource, values={**resource.values, **nothing})
        if resource.type == "aws_cloudfront_cache_policy"
        else resource
        for resource in stack.resources
    )
    return replace(stack, resources=changed)


def _processors(path: wiring.RequestPath) -> float:
    """Fargate processors at the most tasks, with the tasks of a deployment beside them."""
    most = float(path.service.tasks_at_most.value)
    return most * float(path.service.maximum_percent.value) / 100 * float(path.service.vcpu.value)


def _load_balancer_units(held: capacity.Capacity) -> float:
    """Load balancer capacity units at the scenario's peak, if every request came on its own connection, the worst case."""
    return held.polling.flows.service_per_s / float(facts.limit("alb.lcu.new_connections_per_s").value)


# --- the rows


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the rows of a countdown rest on: the game, its crowd, what the stack calls its parts, and the lead times.

    `units` are the capacity units that the peak takes at the balancer, `needed` the processors of the most tasks.
    """

    game: Fixture
    crowd: Scenario
    names: _Names
    lead: Mapping[str, Assumption]
    units: float
    needed: float

    @property
    def scale(self) -> str:
        """The command that changes between how many tasks the service scales; its options follow."""
        return (
            "aws application-autoscaling register-scalable-target --service-namespace ecs "
            f"--resource-id {self.names.resource_id} --scalable-dimension ecs:service:DesiredCount"
        )

    @property
    def running(self) -> str:
        """The command that shows how many tasks run."""
        return (
            f"aws ecs describe-services --cluster {self.names.cluster} --services {self.names.service} --output text "
            '--query "services[0].[status,desiredCount,runningCount,pendingCount]"'
        )

    def at_least(self, tasks: int) -> str:
        """The command that lets no fewer than `tasks` run."""
        return f"{self.scale} --min-capacity {tasks}"

    def scaling_in(self, suspended: str) -> str:
        """The command that lets scaling take tasks away, or not."""
        return (
            f"{self.scale} --suspended-state DynamicScalingInSuspended={suspended},"
            "DynamicScalingOutSuspended=false,ScheduledScalingSuspended=false"
        )

    def row(
        self, key: str, title: str, owner: str, why: str, commands: Sequence[str], undo: Sequence[str] = (),
        words: str = "", at: dt.datetime | None = None, *, acts: bool = False,
    ) -> Row:  # fmt: skip
        """A row at the lead time `key`, or at `at`."""
        moment = at or self.game.kick_off + dt.timedelta(minutes=self.lead[key].at())
        name = key if at is None else f"{key}-{title.split(maxsplit=1)[0].lower()}"
        return Row(name, moment, title, owner, why, tuple(commands), tuple(undo), words, key, acts or bool(undo))


def _rows(plan: _Plan) -> Iterator[Row]:
    for part in (_quota, _reservation, _questions, _last_hours, _during, _afterwards):
        yield from part(plan)


def _quota(plan: _Plan) -> Iterator[Row]:
    quota = math.ceil(plan.needed * plan.lead["spare"].at())
    yield plan.row(
        "quota", "Ask for the quota of processors", "Platform lead",
        f"At the most tasks and in a deployment the service takes {plan.needed:g} Fargate processors; {quota} leaves room.",
        [
            f'aws service-quotas get-service-quota --service-code fargate --quota-code {FARGATE_QUOTA} --query "Quota.Value"',
            (f"aws service-quotas request-service-quota-increase --service-code fargate --quota-code {FARGATE_QUOTA} "
            f"--desired-value {quota}"),
        ],
        words="None is needed: a quota costs nothing.", acts=True,
    )  # fmt: skip


def _reservation(plan: _Plan) -> Iterator[Row]:
    if not plan.names.balancer:
        return
    least = plan.lead["reservation_least"].at()
    find = (
        f"BALANCER=$(aws elbv2 describe-load-balancers --names {plan.names.balancer} --output text "
        '--query "LoadBalancers[0].LoadBalancerArn")'
    )
    change = 'aws elbv2 modify-capacity-reservation --load-balancer-arn "$BALANCER"'
    reserve = f"{change} --minimum-load-balancer-capacity CapacityUnits={max(math.ceil(plan.units), round(least))}"
    enough = plan.units < least
    yield plan.row(
        "reservation",
        "Reserve the load balancer's capacity" if not enough else "See that the load balancer needs no reservation",
        "Platform team",
        f"The peak takes {plan.units:.3g} capacity units at the load balancer even on new connections alone; "
        + (f"a reservation begins at {least:g}, so none is made." if enough else "it must not have to grow in the rush."),
        [find, 'aws elbv2 describe-capacity-reservation --load-balancer-arn "$BALANCER"'] + ([] if enough else [reserve]),
        () if enough else (f"{change} --reset-capacity-reservation",),
        "Nothing was changed." if enough else "",
    )  # fmt: skip


def _questions(plan: _Plan) -> Iterator[Row]:
    yield plan.row(
        "proof", "Answer go or no-go", "Platform lead",
        "Capacity, proofs, the age of the rehearsal and of the apply. In the stack's folder:",
        [f"gameday countdown . --fixture {plan.game.name}"], words="Nothing was changed.",
    )  # fmt: skip
    yield plan.row(
        "proof", "See the game in the schedule", "Platform on-call",
        "A game that the schedule does not know starts with the usual tasks.",
        [
            ("aws application-autoscaling describe-scheduled-actions --service-namespace ecs "
            f"--resource-id {plan.names.resource_id} "
            '--output text --query "sort_by(ScheduledActions,&Schedule)[].[Schedule,ScalableTargetAction.MinCapacity]"')
        ],
        words="Nothing was changed.", at=plan.game.kick_off + dt.timedelta(minutes=plan.lead["proof"].at()),
    )  # fmt: skip


def _last_hours(plan: _Plan) -> Iterator[Row]:
    yield plan.row(
        "alarms", "See that no alarm rings and none is silenced", "Platform on-call",
        "An alarm that rings now will hide what the crowd does to it.",
        [
            _ringing(plan.names),
            (f'aws cloudwatch describe-alarms{_prefix(plan.names)} --alarm-types MetricAlarm CompositeAlarm --output text '
            '--query "[MetricAlarms[?!ActionsEnabled].AlarmName, CompositeAlarms[?!ActionsEnabled].AlarmName][]"'),
        ],
        words="Nothing was changed.",
    )  # fmt: skip
    yield plan.row(
        "freeze", "Freeze deployments", "Delivery engineer",
        "From here the pipeline refuses; one deployment stands, and it is complete.",
        [
            (f"aws ecs describe-services --cluster {plan.names.cluster} --services {plan.names.service} --output text "
            '--query "services[0].deployments[].[status,rolloutState,taskDefinition]"')
        ],
        words="The platform lead lifts the freeze. A rollback needs no leave.",
    )  # fmt: skip
    if plan.game.opens is not None:
        yield plan.row(
            "hand", f"Start {plan.game.tasks} tasks, by the schedule", "The schedule",
            "A crowd comes faster than tasks start.", [plan.running], words="The schedule takes them away again.",
            at=plan.game.opens,
        )  # fmt: skip
    yield plan.row(
        "hand", "Start the tasks by hand if they do not stand", "Platform on-call",
        f"Fewer than {plan.game.tasks or plan.names.usual} run: the schedule has failed.",
        [plan.running, plan.at_least(plan.game.tasks or plan.names.usual)], [plan.at_least(plan.names.usual)],
    )  # fmt: skip
    yield plan.row(
        "guard", "Keep scaling from taking tasks away", "Platform on-call",
        "Half-time looks like the end: tasks that go then are missing when the second half begins.",
        [plan.scaling_in("true")], [plan.scaling_in("false")],
    )  # fmt: skip


def _during(plan: _Plan) -> Iterator[Row]:
    yield plan.row(
        "hand", "Kick-off", "Platform on-call", f"{plan.crowd.title}: {plan.crowd.peak_users.at():,.0f} users at its peak.",
        [_ringing(plan.names)], words="Each alarm names its runbook.", at=plan.game.kick_off,
    )  # fmt: skip
    last = last_rush(plan.crowd)
    yield plan.row(
        "exit", "Watch the exit spike", "Platform on-call",
        f"The last rush is at minute {last:g} with {plan.crowd.users(last):,.0f} users; "
        "those who did not watch ask for the result.",
        [plan.running, _ringing(plan.names)], words="Nothing was changed.",
        at=plan.game.kick_off + dt.timedelta(minutes=last + plan.lead["exit"].at()),
    )  # fmt: skip


def _afterwards(plan: _Plan) -> Iterator[Row]:
    closes = plan.game.closes or plan.game.kick_off + dt.timedelta(minutes=plan.crowd.end_minute)
    yield plan.row(
        "guard", "Give scaling back its way down", "Platform on-call",
        "The crowd has gone; what stays on costs money."
        if plan.game.closes
        else "No scheduled action lowers the minimum: do it by hand.",
        [plan.scaling_in("false")] + ([] if plan.game.closes else [plan.at_least(plan.names.usual)]),
        [plan.scaling_in("true")], at=closes,
    )  # fmt: skip
    yield plan.row(
        "thaw", "End the freeze", "Delivery engineer", "The crowd of extra time and penalties has gone, too.",
        [_ringing(plan.names)], words="The freeze of the next game.",
    )  # fmt: skip
    day, morrow = plan.game.kick_off.date(), plan.game.kick_off.date() + dt.timedelta(days=1)
    yield plan.row(
        "review", "Read the bill and write down what happened", "Platform lead",
        "What the evening cost, which alarms rang, what was done by hand.",
        [
            (f"aws ce get-cost-and-usage --granularity DAILY --metrics UnblendedCost --group-by Type=DIMENSION,Key=SERVICE "
            f'--time-period Start={day},End={morrow} --output text '
            '--query "ResultsByTime[0].Groups[].[Keys[0],Metrics.UnblendedCost.Amount]"'),
            (f"aws cloudwatch describe-alarm-history --history-item-type StateUpdate --alarm-types MetricAlarm CompositeAlarm "
            f"--start-date {day}T00:00:00Z --end-date {morrow}T00:00:00Z "
            '--output text --query "AlarmHistoryItems[].[Timestamp,AlarmName,HistorySummary]"'),
        ],
        words="Nothing was changed.",
    )  # fmt: skip


def _prefix(names: _Names) -> str:
    return f" --alarm-name-prefix {names.prefix}" if names.prefix else ""


def _ringing(names: _Names) -> str:
    return (
        f"aws cloudwatch describe-alarms{_prefix(names)} --state-value ALARM --alarm-types MetricAlarm CompositeAlarm "
        '--output text --query "[MetricAlarms[].AlarmName, CompositeAlarms[].AlarmName][]"'
    )


def last_rush(crowd: Scenario) -> float:
    """The minute after kick-off of the last surge, or of the last named moment if that is later."""
    surges = [surge.minute for surge in crowd.surges]
    moments = [moment.minute for moment in crowd.profile if moment.event]
    return max([*surges, *moments, crowd.peak_minute])


# --- go or no-go


def _verdicts(
    stack: Architecture,
    game: Fixture,
    crowd: Scenario,
    names: _Names,
    lead: Mapping[str, Assumption],
    held: capacity.Capacity,
    forgotten: capacity.Capacity,
    report: proofs.Report,
    evidence: Sequence[Record],
    needed: float,
) -> Iterator[Verdict]:
    yield Verdict(
        "Is this what runs?", "ask",
        "no page can know; in the stack's folder the plan must say that there is nothing to change",
        ("terraform plan -detailed-exitcode",),
    )  # fmt: skip
    wanted = crowd.peak_users.at()
    for question, found in (
        ("Does it hold the crowd?", held),
        ("Does it hold the crowd when the edge forgets everything, as after a purge?", forgotten),
    ):
        users = found.users_held.value
        if users is None:
            yield Verdict(question, "ask", "no station has a known limit")
            continue
        yield Verdict(
            question, "go" if users >= wanted else "no-go",
            f"{users:,.0f} users held with {float(found.at_start.tasks.value):g} tasks, the fewest of any game; "
            f"{wanted:,.0f} expected; then the {found.bottleneck} is full{_at_worst(found, wanted)}",
        )  # fmt: skip
    yield _in_time(game, crowd, names, forgotten)
    worst = next((finding for finding in report.unwaived if finding.severity == "error"), None)
    because = f"{worst.rule.id} at {worst.address}: {worst.because}" if worst else (
        f"{len(report.holding)} statements hold, {len(report.waived)} findings are waived with reasons until after the game"
    )  # fmt: skip
    yield Verdict("Do the proofs hold on that day?", "go" if report.ok else "no-go", because)
    oldest = dt.timedelta(days=lead["record_age_days"].at())
    for record in evidence:
        question = f"Is the record of the {record.kind} fresh?"
        if record.recorded_on is None:
            yield Verdict(question, "no-go", f"there is no record of the {record.kind}")
        elif record.stale:
            yield Verdict(question, "no-go", record.stale)
        else:
            age = game.kick_off.date() - record.recorded_on
            yield Verdict(
                question, "go" if age <= oldest else "no-go",
                f"recorded on {record.recorded_on}, {age.days} days before the game; at most {oldest.days} are allowed",
            )  # fmt: skip
    yield Verdict(
        "Does the account's quota suffice?", "ask", f"the quota of Fargate processors must be at least {math.ceil(needed)}",
        (f'aws service-quotas get-service-quota --service-code fargate --quota-code {FARGATE_QUOTA} --query "Quota.Value"',),
    )  # fmt: skip
    if any(True for _ in stack.of_type("aws_cloudwatch_metric_alarm")):
        yield Verdict("Is no alarm ringing?", "ask", "the answer must be empty", (_ringing(names),))
    else:
        yield Verdict("Is no alarm ringing?", "no-go", "the stack has no alarm, so nobody would know")


def _at_worst(found: capacity.Capacity, wanted: float) -> str:
    """What pessimistic assumptions say where they say no; nothing where they agree."""
    low = found.users_held.low
    return "" if low is None or low >= wanted else f"; on pessimistic assumptions {low:,.0f}, which is too few"


def _in_time(game: Fixture, crowd: Scenario, names: _Names, held: capacity.Capacity) -> Verdict:
    """Whether the tasks stand before the crowd needs them and stay until it has gone, with an edge that forgets."""
    question = "Do the tasks stand before the crowd comes, and as long as it stays?"
    users, start = held.users_held.value, float(held.at_start.tasks.value)
    # Fewer tasks hold at least their share: another station than the tasks can only be fuller with more of them.
    usual = (users or 0.0) * names.usual / start if start else 0.0
    minutes = range(math.floor(crowd.start_minute), math.ceil(crowd.end_minute) + 1)
    above = [minute for minute in minutes if crowd.users(minute) > usual]
    if not above:
        return Verdict(question, "go", f"{names.usual} tasks, the usual ones, hold the whole evening without the edge")
    if game.opens is None:
        return Verdict(question, "no-go", f"no scheduled action starts tasks for {game.name}")
    ready = game.opens + dt.timedelta(seconds=facts.limit("fargate.start_s").at("high"))
    first, last = (game.kick_off + dt.timedelta(minutes=minute) for minute in (above[0], above[-1]))
    if ready > first:
        return Verdict(question, "no-go", f"they stand at {ready:%H:%M}, and the crowd needs them at {first:%H:%M}")
    if game.closes is not None and game.closes < last:
        return Verdict(
            question, "no-go", f"they go at {game.closes:%H:%M}, and the crowd needs them until {last:%H:%M}"
        )
    until = f"until {game.closes:%H:%M}" if game.closes else "until somebody takes them away"
    return Verdict(
        question, "go", f"{game.tasks} stand from {ready:%H:%M} {until}; without the edge the crowd needs more than "
        f"{names.usual} from {first:%H:%M} to {last:%H:%M} (UTC)",
    )  # fmt: skip


def span(time: dt.timedelta) -> str:
    """A time from kick-off, as T-72h, T-30min or T+1h45."""
    minutes = round(abs(time).total_seconds() / 60)
    hours, rest = divmod(minutes, 60)
    if not minutes:
        return "T"
    sign = "-" if time < dt.timedelta(0) else "+"
    if not hours:
        return f"T{sign}{rest}min"
    return f"T{sign}{hours}h{rest:02d}" if rest else f"T{sign}{hours}h"


def to_json(countdown: Countdown) -> dict[str, Any]:
    """A countdown for programs; times in UTC."""

    def plain(value: Any) -> Any:
        if isinstance(value, dt.datetime):
            return value.strftime("%Y-%m-%dT%H:%M:%SZ")
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [plain(item) for item in value]
        return value

    found: dict[str, Any] = plain(asdict(countdown))
    return {"says": countdown.says, **found}


def page(countdown: Countdown) -> str:
    """The commands of a countdown as the page of a runbook, for the checker of commands: one step a row."""
    lines = [f"# {countdown.stack}: {countdown.fixture.name}", ""]
    for row in countdown.rows:
        lines += [f"## {row.title}", ""]
        for title, commands in (("Act" if row.acts else "Check", row.commands), ("Undo", row.undo)):
            if commands:
                lines += [f'```console title="{title}"', *(f"$ {command}" for command in commands), "```", ""]
    for verdict in countdown.verdicts:
        if verdict.commands:
            lines += ["```console", *(f"$ {command}" for command in verdict.commands), "```", ""]
    return "\n".join(lines)
