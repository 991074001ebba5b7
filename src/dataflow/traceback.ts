/** One exception of a Python traceback. */
export interface PythonException {
  /** Name of its class, with the module. */
  type: string;
  /** What it says, without the marks of Beam. */
  message: string;
  /** Step of the config that was running, where Beam names it. */
  step?: string;
}

/** Stands where a traceback's frames end. Some runners put a RuntimeError around the real one. */
const exceptionLine =
  /^(?:RuntimeError: (?=(?:\w+\.)+\w+: ))?((?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*)(?::\s?(.*))?$/s;
/** Between the tracebacks of a chain (https://docs.python.org/3/library/traceback.html). */
const chainLine = /^(?:During handling of the above exception|The above exception was the direct)/;
/** Beam's mark of the transform: `[while running 'orders/ParDo(Read)-ptransform-42']`. */
const whileRunning = /\[while running '([^']*)'\]/g;

/**
 * The exceptions in a message, the last (outermost) first. Dataflow puts a worker's whole traceback
 * into one message; the frames are indented, what the exception says is not.
 */
export function exceptionsOf(text: string): PythonException[] {
  const found: PythonException[] = [];
  let state: 'outside' | 'frames' | 'message' = 'outside';
  let said: string[] = [];
  const take = (): void => {
    const exception = exceptionOf(said.join('\n'));
    if (exception !== null) found.unshift(exception);
    said = [];
  };
  for (const line of text.split('\n')) {
    if (/Traceback \(most recent call last\):\s*$/.test(line)) {
      if (state === 'message') take();
      state = 'frames';
    } else if (chainLine.test(line)) {
      if (state === 'message') take();
      state = 'outside';
    } else if (state === 'frames' && line.trim() !== '' && !/^\s/.test(line)) {
      state = 'message';
      said.push(line);
    } else if (state === 'message') said.push(line);
  }
  if (state === 'message') take();
  return found.flatMap((exception) => [exception, ...wrappedIn(exception)]);
}

/** The step of the config in Beam's name of a transform; Beamline's own transforms are not steps. */
export function stepOf(text: string): string | undefined {
  const label = [...text.matchAll(whileRunning)].at(-1)?.[1];
  if (label === undefined) return undefined;
  const first = (label.split('/')[0] ?? label).replace(/-ptransform-\d+$/, '');
  const counted = /^\(beamline\) count (.+)$/.exec(first)?.[1] ?? first;
  return /^[A-Za-z_][\w-]*$/.test(counted) ? counted : undefined;
}

/** Without the marks that Beam adds. */
export function withoutMarks(text: string): string {
  return text.replaceAll(whileRunning, '').trim();
}

function exceptionOf(text: string): PythonException | null {
  const match = exceptionLine.exec(text.trimEnd());
  if (match === null) return null;
  const step = stepOf(text);
  return {
    type: match[1] ?? '',
    message: withoutMarks(match[2] ?? ''),
    ...(step === undefined ? {} : { step }),
  };
}

/** Beam's runners re-raise a worker's exception as a RuntimeError whose text is a whole traceback. */
function wrappedIn({ message }: PythonException): PythonException[] {
  return message.includes('Traceback (most recent call last):') ? exceptionsOf(message) : [];
}
