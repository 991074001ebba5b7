"""The `beamsql` transform."""

from __future__ import annotations

from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.transform.beamsql.params import BeamSqlParams
from beam_pipeline.modules.transform.beamsql.translate import translate
from beam_pipeline.sql_engine.query import Query
from beam_pipeline.sql_engine.run import RunQuery


class RunBeamSql(RunQuery):
    """Runs the SQL over whole inputs."""

    INSTEAD_OF_ALL = f"an `sql` step, in DuckDB's dialect, with {RunQuery.INSTEAD_OF_ALL}"

    def __init__(self, params: BeamSqlParams, context: StepContext) -> None:
        where = f"{context.plan_path}.parameters.sql"
        sql, origin = translate(params.sql, f"transform {context.step}", where)
        query = Query(
            sql,
            context.step,
            params.memory_limit,
            context.timezone,
            origin=origin,
            # A sum of integers is a BIGINT in Beam SQL.
            hugeint="BIGINT",
        )
        super().__init__(query, params, context)
