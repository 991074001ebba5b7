"""A Beam pipeline that knows nothing of the emulator: run with its dataset and a folder for what it reads."""

from __future__ import annotations

import os
import sys

import apache_beam as beam
import google.auth
from apache_beam.internal.gcp import auth
from apache_beam.io.gcp.internal.clients.bigquery import bigquery_v2_client
from apache_beam.options.pipeline_options import PipelineOptions
from google.auth.credentials import AnonymousCredentials

DATASET, FOLDER = sys.argv[1:]
SCHEMA = "id:INTEGER,name:STRING,at:TIMESTAMP,amount:NUMERIC"


def use_emulators() -> None:
    """Beam's client knows no endpoint but its own, and looks for credentials for 20 s."""
    bigquery_v2_client.BigqueryV2.BASE_URL = os.environ["BIGQUERY_EMULATOR_HOST"] + "/bigquery/v2/"
    google.auth.default = lambda *_, **__: (AnonymousCredentials(), "project")
    auth._Credentials._credentials_init = True
    auth._Credentials._credentials = auth._ApitoolsCredentialsAdapter(AnonymousCredentials())


def options() -> PipelineOptions:
    return PipelineOptions(["--project=project", "--temp_location=gs://b/tmp", "--runner=FnApiRunner"])


def main() -> None:
    use_emulators()
    rows = [
        {"id": n, "name": f"n{n}é", "at": "2024-01-01T00:00:00Z", "amount": str(n / 4)} for n in range(500)
    ]
    with beam.Pipeline(options=options()) as pipeline:
        _ = (
            pipeline
            | beam.Create(rows)
            | beam.io.WriteToBigQuery(
                f"project:{DATASET}.t",
                schema=SCHEMA,
                method="FILE_LOADS",
                write_disposition="WRITE_TRUNCATE",
                create_disposition="CREATE_IF_NEEDED",
                additional_bq_parameters={"timePartitioning": {"type": "DAY", "field": "at"}},
            )
        )
    with beam.Pipeline(options=options()) as pipeline:
        _ = (
            pipeline
            | beam.io.ReadFromBigQuery(
                query=f"SELECT id FROM {DATASET}.t",
                use_standard_sql=True,
                use_json_exports=True,
                project="project",
                gcs_location="gs://b/export",
            )
            | beam.Map(lambda row: str(row["id"]))
            | beam.io.WriteToText(f"{FOLDER}/read", shard_name_template="")
        )


if __name__ == "__main__":
    main()
