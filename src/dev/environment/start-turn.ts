import type { Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { holdPort } from './ports.js';

/** Below the ports that {@link choosePorts} gives out. Whoever listens here is the one that starts. */
const turnPort = 10_239;
const patienceMs = 8_000;

/**
 * Waits until no other stack of this machine is between the choice of its ports and the moment its services
 * listen there, of whichever user and clone: two that start together would choose the same ports. The system
 * ends the turn of a process that is killed. After some seconds it goes on: something else may listen here.
 *
 * @returns a function that ends the turn; a second call does nothing
 */
export async function takeStartTurn(signal: AbortSignal): Promise<() => void> {
  const deadline = performance.now() + patienceMs;
  let turn: Server | null = null;
  while (turn === null && performance.now() < deadline) {
    signal.throwIfAborted();
    turn = await holdPort(turnPort);
    if (turn === null) await sleep(50);
  }
  turn?.unref();
  return () => void turn?.close();
}
