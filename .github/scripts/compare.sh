#!/usr/bin/env bash
# compare.sh: writes image=TREE where the folder $APP holds other content than the image that $SERVICE serves, and assets=TREE where
# $ASSETS holds other content than was last uploaded to $BUCKET; TREE is git's name for the content. A folder that is not there has
# nothing to release.
set -euo pipefail

tree() {
  [ -z "$1" ] || git rev-parse --verify --quiet "HEAD:$1" || true
}

image=$(tree "${APP:-}")
if [ -n "$image" ]; then
  pushed=$(aws ecr describe-images --repository-name "${REPOSITORY#*/}" --image-ids "imageTag=$image" \
    --query 'imageDetails[0].imageDigest' --output text 2> /dev/null || echo none)
  revision=$(aws ecs describe-services --cluster "$CLUSTER" --services "$SERVICE" \
    --query "services[0].deployments[?status=='PRIMARY'].taskDefinition | [0]" --output text)
  serving=$(aws ecs describe-task-definition --task-definition "$revision" \
    --query 'taskDefinition.containerDefinitions[0].image' --output text)
  [ "$serving" = "$REPOSITORY@$pushed" ] || echo "image=$image"
fi

assets=$(tree "${ASSETS:-}")
if [ -n "$assets" ]; then
  delivered=$(aws s3 cp "s3://$BUCKET/delivered/assets" - 2> /dev/null || echo none)
  [ "$delivered" = "$assets" ] || echo "assets=$assets"
fi
