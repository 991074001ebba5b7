"""Every type, with NULL: through the REST API of a stand-in, and as the Storage Read API sends it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import grpc  # type: ignore[import-untyped]
import pyarrow as pa
import pytest
from google.cloud.bigquery import SchemaField
from google.cloud.bigquery_storage_v1 import BigQueryReadClient, types
from google.cloud.bigquery_storage_v1.services.big_query_read.transports import BigQueryReadGrpcTransport

from beam_pipeline.errors import DataError
from beam_pipeline.modules.source.bigquery.columns import convert
from beam_pipeline.modules.source.bigquery.columns.types import columns_of
from beam_pipeline.storage import bigquery as home
from running import plan_of


def field(name: str, kind: str, **more: Any) -> SchemaField:
    return SchemaField(name, kind, **more)


def test_decimals_keep_their_precision() -> None:
    columns = columns_of([
        field("a", "NUMERIC"), field("b", "NUMERIC", precision=12, scale=2), field("c", "BIGNUMERIC"),
        field("d", "BIGNUMERIC", precision=20, scale=15), field("e", "NUMERIC", precision=5),
    ])  # fmt: skip
    assert [column.arrow for column in columns] == [
        pa.decimal128(38, 9), pa.decimal128(12, 2), pa.decimal256(76, 38), pa.decimal128(20, 15),
        pa.decimal128(5, 0),
    ]  # fmt: skip
    digits = "12345678901234567890123456789012345678.12345678901234567890123456789012345678"
    texts = ("1.5", "-0.01", digits, "0.000000000000001", "7")
    batch = convert.from_texts([texts, (None,) * 5], columns)
    assert list(batch.to_pylist()[0].values()) == [Decimal(text) for text in texts]


def test_a_bignumeric_of_77_digits_is_refused() -> None:
    columns = columns_of([field("c", "BIGNUMERIC")])
    with pytest.raises(DataError, match=r"column `c` \(BIGNUMERIC\)"):
        convert.from_texts([("5" * 39,)], columns)


@pytest.mark.parametrize("kind", ["INTERVAL", "RANGE", "FOREIGN"])
def test_what_has_no_counterpart_is_refused_by_name(kind: str) -> None:
    inner = field("inside", kind)
    with pytest.raises(DataError) as raised:
        columns_of([field("v", kind), field("s", "RECORD", fields=[inner])])
    assert f"column `v` ({kind})" in raised.value.message
    assert f"column `s.inside` ({kind})" in raised.value.message


# As the Storage Read API's reference has it: what BigQuery's types are in its Arrow.
STORED = pa.schema([
    ("n", pa.int64()), ("geo", pa.string()), ("json", pa.string()), ("amount", pa.decimal128(38, 9)),
    ("big", pa.decimal256(76, 38)), ("at", pa.timestamp("us", tz="UTC")), ("naive", pa.timestamp("us")),
    ("docs", pa.list_(pa.field("item", pa.string()))),
    ("s", pa.struct([("a", pa.int64()), ("doc", pa.string())])),
])  # fmt: skip
FIELDS = [
    field("n", "INTEGER"), field("geo", "GEOGRAPHY"), field("json", "JSON"),
    field("amount", "NUMERIC", precision=12, scale=2), field("big", "BIGNUMERIC"), field("at", "TIMESTAMP"),
    field("naive", "DATETIME"), field("docs", "JSON", mode="REPEATED"),
    field("s", "RECORD", fields=[field("a", "INTEGER"), field("doc", "JSON")]),
]  # fmt: skip
STORED_ROWS = [
    {
        "n": number, "geo": "POINT(1 2)", "json": '{"a":1}', "amount": Decimal("1.50"), "big": Decimal(7),
        "at": None, "naive": None, "docs": ["1", "2"], "s": None if number % 2 else {"a": 1, "doc": "{}"},
    }
    for number in range(40)
]  # fmt: skip


class StorageRead(grpc.GenericRpcHandler):
    """The Storage Read API, of two streams; the first breaks off once, in the middle."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self._broken = False

    def service(self, details: Any) -> Any:
        method = details.method.rsplit("/", 1)[-1]
        if method == "CreateReadSession":
            return grpc.unary_unary_rpc_method_handler(
                self._create, types.CreateReadSessionRequest.deserialize, types.ReadSession.serialize
            )
        return grpc.unary_stream_rpc_method_handler(
            self._read, types.ReadRowsRequest.deserialize, types.ReadRowsResponse.serialize
        )

    def _create(self, request: Any, _: Any) -> Any:
        self.asked.append(request)
        streams = [] if "empty" in request.read_session.table else ["streams/0", "streams/1"]
        return types.ReadSession(
            name="sessions/1",
            arrow_schema=types.ArrowSchema(serialized_schema=STORED.serialize().to_pybytes()),
            streams=[types.ReadStream(name=name) for name in streams],
        )

    def _read(self, request: Any, context: Any) -> Any:
        self.asked.append(request)
        start = 20 * int(request.read_stream[-1])
        for offset in range(request.offset, 20, 5):
            if offset == 10 and start == 0 and not self._broken:
                self._broken = True
                context.abort(grpc.StatusCode.UNAVAILABLE, "the connection broke")
            rows = STORED_ROWS[start + offset : start + offset + 5]
            batch = pa.RecordBatch.from_pylist(rows, schema=STORED)
            content = types.ArrowRecordBatch(serialized_record_batch=batch.serialize().to_pybytes())
            yield types.ReadRowsResponse(arrow_record_batch=content, row_count=len(rows))


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Any:
    handler = StorageRead()
    server = grpc.server(ThreadPoolExecutor(4), handlers=[handler])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    client = BigQueryReadClient(transport=BigQueryReadGrpcTransport(channel=channel))
    monkeypatch.setattr(home, "open_read_client", lambda: client)
    yield handler
    channel.close()
    server.stop(None)


@pytest.fixture
def stored(bigquery: Any, dataset: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the REST API says of the table that the streams are of; the emulator knows no GEOGRAPHY."""
    from google.cloud.bigquery import Table

    def get_table(reference: Any, **_: Any) -> Any:
        table = Table(reference, FIELDS)
        table._properties["type"] = "TABLE"
        return table

    monkeypatch.setattr(bigquery, "get_table", get_table)
    return dataset


def test_streams_are_read_to_their_end(storage: Any, stored: str, in_process: Any) -> None:
    staged = in_process.run(
        plan_of({"rows": {"module": "bigquery", "project": "test", "table": f"{stored}.t"}})
    )
    assert staged.query("SELECT count(*), count(DISTINCT n), sum(n), count(s) FROM t") == [(40, 40, 780, 20)]
    assert staged.query("SELECT amount::VARCHAR, docs::VARCHAR, s::VARCHAR FROM t WHERE n = 0") == [
        ("1.50", "[1, 2]", "{'a': 1, 'doc': '{}'}")
    ]
    assert staged.schema()["json"] == "extension<arrow.json>"
    assert staged.schema()["amount"] == "decimal128(12, 2)"
    session = storage.asked[0]
    assert session.parent == "projects/test"
    assert session.read_session.table == f"projects/test/datasets/{stored.split('.')[1]}/tables/t"
    assert sorted((one.read_stream, one.offset) for one in storage.asked[1:]) == [
        ("streams/0", 0), ("streams/0", 10), ("streams/1", 0),
    ]  # fmt: skip


def test_a_table_without_streams_has_its_columns(storage: Any, stored: str, in_process: Any) -> None:
    staged = in_process.run(
        plan_of({"rows": {"module": "bigquery", "project": "test", "table": f"{stored}.empty"}})
    )
    assert staged.query("SELECT count(*) FROM t") == [(0,)]
    assert list(staged.schema()) == [one.name for one in FIELDS]


def test_without_the_right_to_streams_rows_are_read_in_pages(
    bigquery: Any, dataset: str, in_process: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from google.api_core.exceptions import PermissionDenied

    class Refusing:
        def create_read_session(self, **_: Any) -> Any:
            raise PermissionDenied("bigquery.readsessions.create denied")

    monkeypatch.setattr(home, "open_read_client", Refusing)
    bigquery.query_and_wait(f"CREATE TABLE {dataset}.t AS SELECT 1 AS v")
    for parameters in ({"table": f"{dataset}.t"}, {"query": f"SELECT * FROM {dataset}.t"}):
        plan = plan_of({"rows": {"module": "bigquery", "project": "test", **parameters}})
        assert in_process.run(plan).query("SELECT v FROM t") == [(1,)]
