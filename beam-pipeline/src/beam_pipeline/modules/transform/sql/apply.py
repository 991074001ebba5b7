"""The `sql` transform."""

from __future__ import annotations

from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.transform.sql.params import SqlParams
from beam_pipeline.sql_engine.query import Query
from beam_pipeline.sql_engine.run import RunQuery


class RunSql(RunQuery):
    """Runs the SQL over whole inputs, over each batch, or over the rows of equal keys."""

    def __init__(self, params: SqlParams, context: StepContext) -> None:
        query = Query(params.sql, context.step, params.memory_limit, context.timezone)
        super().__init__(query, params, context)
