import { readStackRecord } from '../../dev/environment/stack-record.js';

/** Finds the address of the Web UI that shows a namespace; null if it is not known, or is not to be told. */
export async function webUiOf(
  root: string,
  { address, namespace }: { address: string; namespace: string },
): Promise<string | null> {
  const named = process.env['BEAMLINE_WEB_UI'];
  if (named === 'none') return null;
  if (named) return named.replace(/\/+$/, '');
  const stack = await readStackRecord(root);
  if (stack?.temporal.address === address) return stack.temporal.ui;
  const isCloud = /\.(tmprl\.cloud|api\.temporal\.io)(:\d+)?$/.test(address);
  return isCloud && namespace.includes('.') ? 'https://cloud.temporal.io' : null;
}

/** The page of one run's history. */
export function timelineUrl(
  ui: string,
  namespace: string,
  workflowId: string,
  runId: string,
): string {
  const parts = ['namespaces', namespace, 'workflows', workflowId, runId, 'history'];
  return `${ui}/${parts.map(encodeURIComponent).join('/')}`;
}
