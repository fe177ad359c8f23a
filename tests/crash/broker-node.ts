/** A RabbitMQ of a test's own, to be killed and started again with its queues. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// @ts-expect-error plain JavaScript without declarations: it runs before anything is installed or built
import * as probes from '../../scripts/probe.mjs'
// @ts-expect-error as above
import * as services from '../../scripts/test-services.mjs'
import { eventually } from '../support/eventually.ts'

interface Running {
  url: string
  running(): boolean
  stop(): Promise<void>
  kill(): Promise<void>
}

const { answersAmqp } = probes as { answersAmqp(url: string): Promise<boolean> }
const { startRabbitMQ } = services as {
  startRabbitMQ(folder: string, options?: { port?: number }): Promise<Running>
}

export interface BrokerNode {
  readonly url: string
  /** `kill`: at once, as in a power cut. `stop`: in order, as for an upgrade. */
  end(how: 'kill' | 'stop'): Promise<void>
  /** The same node again; resolves when it answers. */
  start(): Promise<void>
  /** Stops it, and nothing is left of it. */
  remove(): Promise<void>
}

export async function startBrokerNode(): Promise<BrokerNode> {
  const folder = mkdtempSync(join(tmpdir(), 'prefect-broker-'))
  const launch = async (port?: number) => {
    const started = await startRabbitMQ(folder, port === undefined ? {} : { port })
    await eventually(
      'RabbitMQ to answer',
      async () => {
        if (!started.running()) throw new Error('RabbitMQ ended before it answered.')
        return answersAmqp(started.url)
      },
      90,
    )
    return started
  }
  let node = await launch()
  const { url } = node
  return {
    url,
    end: (how) => node[how](),
    async start() {
      node = await launch(Number(new URL(url).port))
    },
    async remove() {
      await node.stop()
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
