#!/usr/bin/env bash
# deploy.sh CLUSTER SERVICE REVISION [PARAMETER]: exit 0 once the service serves the revision and nothing else, and the parameter holds
# the image that it runs; 1 if a circuit breaker or an alarm put another back or half an hour did not suffice.
set -euo pipefail

cluster=${1:?usage: deploy.sh CLUSTER SERVICE REVISION [PARAMETER]}
service=${2:?usage: deploy.sh CLUSTER SERVICE REVISION [PARAMETER]}
parameter=${4:-}
revision=${3:?usage: deploy.sh CLUSTER SERVICE REVISION [PARAMETER]}

aws ecs update-service --cluster "$cluster" --service "$service" --task-definition "$revision" --output text \
  --query 'service.deployments[0].id'
# The waiter gives up after ten minutes, and alarms are watched for a while after the last task has come: three times its patience.
for _ in 1 2 3; do
  if aws ecs wait services-stable --cluster "$cluster" --services "$service"; then break; fi
done
# A service is stable, too, after the circuit breaker has put the old revision back.
read -r serving state < <(aws ecs describe-services --cluster "$cluster" --services "$service" --output text \
  --query "services[0].deployments[?status=='PRIMARY'].[taskDefinition, rolloutState] | [0]")
if [ "$serving" != "$revision" ] || [ "$state" != COMPLETED ]; then
  echo "deploy: $service serves $serving ($state), not $revision" >&2
  exit 1
fi
# The next apply of the infrastructure reads it there, so that it deploys what serves and not what served first.
if [ -n "$parameter" ]; then
  image=$(aws ecs describe-task-definition --task-definition "$revision" --query 'taskDefinition.containerDefinitions[0].image' --output text)
  aws ssm put-parameter --name "$parameter" --type String --overwrite --value "$image" --query Version --output text
fi
echo "deploy: $service serves $revision"
