// Ends with 0 if a GET of the URL (the argument, else BEAMLINE_HEALTH_URL) is answered 200, else with 1.
import { get } from 'node:http';

const url = process.argv[2] ?? process.env.BEAMLINE_HEALTH_URL;
get(url, { timeout: 4000 }, (response) => process.exit(response.statusCode === 200 ? 0 : 1))
  .on('timeout', () => process.exit(1))
  .on('error', () => process.exit(1));
