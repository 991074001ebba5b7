import type { BigQueryService } from '../../../gateways/bigquery-service.js';
import type { BigqueryParameters } from './parameters.js';
import type { TableName } from './table-name.js';

/** A table that is open: what every step of a publish is about. */
export interface OpenTable {
  service: BigQueryService;
  table: TableName;
  parameters: BigqueryParameters;
}
