import { BigQueryError } from '../../../gateways/bigquery-service.js';
import { failure } from '../../../shared/failures.js';

const nothing = 'Nothing was written.';
/** What the service says of rows that a statement or a load cannot take. */
const aboutData =
  /error while reading data|bad \w+ value|could not (?:cast|parse)|invalid (?:date|time|datetime|timestamp|json|numeric|bignumeric)|out of range|overflow|cannot be null|is required|null value in required|too long/i;

/**
 * The failure of a request or a job, named by who must act.
 * @param place what was written to, as a person would name it
 */
export function serviceFailure(error: unknown, place: string, step?: string): Error {
  if (!(error instanceof BigQueryError)) {
    return error instanceof Error ? error : new Error(String(error));
  }
  const text = firstLine(error.message);
  const detail = { cause: `${error.reason}: ${text}`, ...(step === undefined ? {} : { step }) };
  if (error.isPassing) {
    return failure('ConnectionLost', `BigQuery did not do what ${place} needs: ${text}`, detail);
  }
  switch (error.reason) {
    case 'authError':
    case 'required':
      return failure(
        'AuthenticationError',
        `BigQuery knows no credentials for ${place} (${text}). ${nothing} ` +
          'Log in with `gcloud auth application-default login`, or run as a service account.',
        detail,
      );
    case 'accessDenied':
    case 'forbidden':
    case 'billingNotEnabled':
    case 'blocked':
      return failure(
        'PermissionDenied',
        `${place} may not be written: ${permissionIn(text)}. ${nothing} Give this account ` +
          'BigQuery Data Editor on the dataset and BigQuery Job User on the project.',
        detail,
      );
    case 'notFound':
      return failure('ResourceError', `${place}: ${text}. ${nothing}`, detail);
    default:
      return aboutData.test(text)
        ? failure('DataError', `${place} does not accept the rows. ${nothing} (${text})`, detail)
        : failure('InternalError', `${place}: ${error.reason}: ${text}`, detail);
  }
}

/** The permission that the service names, else its words. */
function permissionIn(text: string): string {
  const permission = /bigquery\.[a-zA-Z]+(?:\.[a-zA-Z]+)+/.exec(text)?.[0];
  return permission === undefined ? text : `the permission \`${permission}\` is missing`;
}

function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').replace(/\.$/, '');
}
