#!/bin/bash
# Rollback to previous version

set -e

CLUSTER="scoreboard-prod"
SERVICE="scoreboard-api"

echo "Rolling back to previous deployment..."

# Get previous task definition
TASK_DEFS=$(aws ecs list-task-definitions \
  --family-prefix scoreboard-api \
  --sort NONE \
  --query 'taskDefinitionArns[-2]' \
  --output text)

PREVIOUS_TASK_DEF=$TASK_DEFS

echo "Previous task definition: $PREVIOUS_TASK_DEF"

# Update service to use previous task definition
aws ecs update-service \
  --cluster $CLUSTER \
  --service $SERVICE \
  --task-definition $PREVIOUS_TASK_DEF \
  --force-new-deployment

echo "Waiting for rollback..."
aws ecs wait services-stable \
  --cluster $CLUSTER \
  --services $SERVICE

echo "✓ Rollback complete!"
