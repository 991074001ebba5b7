import assert from 'node:assert/strict';
import { HTTP, type CloudEvent } from 'cloudevents';
import { startEmulator } from '../../src/emulator/emulator.js';
import type { EventsMode } from '../../src/emulator/state/options.js';
import { becomes, clientsOf, launch, quick, startReceiver, temporaryFolder } from './support.js';
import { until } from '../support/until.js';

describe('the events of the emulator', () => {
  const folder = temporaryFolder();
  after(() => folder.remove());

  async function requestsIn(eventsMode: EventsMode, refusals = 0) {
    const receiver = await startReceiver();
    receiver.answer = refusals > 0 ? 500 : 204;
    const emulator = await startEmulator(
      quick(`${folder.path}/${eventsMode}-${refusals}`, { events: [receiver.url], eventsMode }),
    );
    const clients = clientsOf(emulator);
    await becomes(clients, await launch(clients, 'told-1'), 'DONE');
    await until(() => receiver.requests.length >= Math.max(refusals, 4));
    receiver.answer = 204;
    await until(async () => {
      const waiting = await fetch(`${emulator.http}/emulator/events`);
      return ((await waiting.json()) as unknown[]).length === 0;
    });
    await clients.close();
    await emulator.close();
    await receiver.close();
    return receiver;
  }

  it('can be structured', async () => {
    const { requests, states } = await requestsIn('structured');
    assert.match(String(requests[0]?.headers['content-type']), /application\/cloudevents\+json/);
    assert.ok(states('told-1').includes('DONE'));
  });

  it('can be pushed as Pub/Sub pushes them', async () => {
    const { requests } = await requestsIn('pubsub-push');
    const events = requests.map(({ body }) => {
      const { message } = JSON.parse(body) as {
        message: { data: string; attributes: Record<string, string> };
      };
      const data = Buffer.from(message.data, 'base64').toString();
      return HTTP.toEvent({ headers: message.attributes, body: data }) as CloudEvent<{
        payload: { currentState: string };
      }>;
    });
    assert.ok(events.some(({ data }) => data?.payload.currentState === 'JOB_STATE_DONE'));
  });

  it('are sent again until they are taken', async () => {
    const { requests, states } = await requestsIn('binary', 12);
    assert.ok(requests.length >= 16);
    assert.deepEqual(states('told-1').toSorted(), ['DONE', 'PENDING', 'QUEUED', 'RUNNING']);
  });
});
