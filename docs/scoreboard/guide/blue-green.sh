#!/bin/bash
# Minimal-downtime deployment using blue-green strategy

set -e

CLUSTER="scoreboard-prod"
SERVICE="scoreboard-api"
NEW_IMAGE="$1"  # ECR image URI

if [ -z "$NEW_IMAGE" ]; then
  echo "Usage: ./deploy.sh <ecr-image-uri>"
  exit 1
fi

echo "Starting blue-green deployment..."
echo "New image: $NEW_IMAGE"

# Step 1: Get current task definition
CURRENT_TASK_DEF=$(aws ecs describe-services \
  --cluster $CLUSTER \
  --services $SERVICE \
  --query 'services[0].taskDefinition' \
  --output text)

echo "Current task definition: $CURRENT_TASK_DEF"

# Step 2: Create new task definition revision
NEW_TASK_DEF=$(aws ecs describe-task-definition \
  --task-definition $CURRENT_TASK_DEF \
  --query 'taskDefinition' | \
  jq ".containerDefinitions[0].image = \"$NEW_IMAGE\" | del(.taskDefinitionArn, .revision, .status, .requiresAttributes)")

REGISTERED=$(aws ecs register-task-definition \
  --cli-input-json "$(echo $NEW_TASK_DEF | jq '.' | jq '.family = "scoreboard-api"')" \
  --query 'taskDefinition.taskDefinitionArn' \
  --output text)

echo "New task definition: $REGISTERED"

# Step 3: Update service (blue-green transition)
aws ecs update-service \
  --cluster $CLUSTER \
  --service $SERVICE \
  --task-definition $REGISTERED \
  --force-new-deployment

echo "Service update initiated..."

# Step 4: Wait for deployment to complete
echo "Waiting for deployment..."
aws ecs wait services-stable \
  --cluster $CLUSTER \
  --services $SERVICE

echo "Deployment complete!"

# Step 5: Verify health
RUNNING=$(aws ecs describe-services \
  --cluster $CLUSTER \
  --services $SERVICE \
  --query 'services[0].runningCount' \
  --output text)

DESIRED=$(aws ecs describe-services \
  --cluster $CLUSTER \
  --services $SERVICE \
  --query 'services[0].desiredCount' \
  --output text)

if [ "$RUNNING" == "$DESIRED" ]; then
  echo "✓ Deployment successful! All tasks running."
else
  echo "✗ Deployment issue: Only $RUNNING/$DESIRED tasks running"
  exit 1
fi
