#!/bin/sh
# Makes or updates Temporal's two databases in PostgreSQL; safe to run again.
set -eu
schemas=/etc/temporal/schema/postgresql/v12

# Arguments: the database, the folder of its schema.
prepare() {
  tool="temporal-sql-tool --plugin postgres12 --ep $POSTGRES_SEEDS -p $DB_PORT -u $POSTGRES_USER --db $1"
  $tool create || true # It is there already, or the next command says what is wrong.
  # The version table is made only where there is none: making it again would forget the version.
  $tool update-schema -d "$schemas/$2/versioned" || {
    $tool setup-schema -v 0.0
    $tool update-schema -d "$schemas/$2/versioned"
  }
}

prepare temporal temporal
prepare temporal_visibility visibility
