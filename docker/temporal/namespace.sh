#!/bin/sh
# Makes the namespace unless it is there.
set -eu
for _ in 1 2 3 4 5 6 7 8 9 10; do
  if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then exit 0; fi
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 7d || true
  sleep 3
done
echo "namespace $TEMPORAL_NAMESPACE could not be made at $TEMPORAL_ADDRESS" >&2
exit 1
