/** A daemon behind the stand-in for wazo-auth, for one test file. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { TestDaemon } from './daemon.ts';
import { StandInWazoAuth } from './wazo-auth.ts';
import { newVhost } from './vhost.ts';

/** A daemon that asks the stand-in, with a queue of its own; it is not started. */
function makeWazoDaemon(
  brokerUrl: string,
  auth: StandInWazoAuth,
  more: Record<string, unknown> = {},
): TestDaemon {
  return new TestDaemon({
    brokerUrl,
    config: {
      bus: { queue_name: `queue-${randomUUID()}` },
      auth: { type: 'wazo', host: '127.0.0.1', port: auth.port, ...auth.credentials, ...more },
    },
  });
}

export interface WazoScene {
  brokerUrl: string;
  auth: StandInWazoAuth;
  daemon: TestDaemon;
}

/** To be called at the top of a test file. The scene is there once the first test begins. */
export function useWazoScene(more: Record<string, unknown> = {}): () => WazoScene {
  let scene: WazoScene | undefined;
  beforeAll(async () => {
    const brokerUrl = await newVhost();
    const auth = await StandInWazoAuth.open();
    const daemon = makeWazoDaemon(brokerUrl, auth, more);
    scene = { brokerUrl, auth, daemon };
    await daemon.start();
  });
  afterAll(async () => {
    await scene?.daemon.remove();
    await scene?.auth.close();
  });
  return () => {
    if (scene === undefined) throw new Error('the scene is there in tests only');
    return scene;
  };
}

/** A stand-in and a daemon of one test's own; neither is started but the stand-in. */
export async function ownWazoScene(
  brokerUrl: string,
  more: Record<string, unknown> = {},
  certificate?: { cert: string; key: string },
): Promise<WazoScene> {
  const prefix = typeof more['prefix'] === 'string' ? more['prefix'] : '';
  const auth = await StandInWazoAuth.open({ prefix, certificate });
  onTestFinished(async () => {
    await auth.close();
  });
  const daemon = makeWazoDaemon(brokerUrl, auth, more);
  onTestFinished(() => daemon.remove());
  return { brokerUrl, auth, daemon };
}
