/**
 * The keys that satokiyo/pydataflow-template@885d6ec reads (src/pydataflow_template/configs, main.py, and `schedule`
 * in its documentation). Any other became an attribute that nobody read. A step's keys and those of its
 * `parameters` became attributes of one object, so either could stand in the other's place.
 */
const read: ReadonlySet<string> = new Set(
  [
    'name description sources transforms sinks schedule cron enable',
    'module parameters incremental inputs input mode merge_keys',
    'query profile project host port database user password',
    'incremental_column incremental_interval_from destination_sink_name',
    'sql inputs_alias',
    'table schema create_disposition partitioning partitioning_field clustering gcs_temp_location',
  ].flatMap((line) => line.split(' ')),
);

/** Whether the key at the end of a path, such as `sinks[0].parameters.tabel`, meant something there. */
export function hadEffect(path: string): boolean {
  return read.has(/[\w-]+$/.exec(path)?.[0] ?? '');
}
