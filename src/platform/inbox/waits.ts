import { z } from 'zod'
import type { AnySignal } from '../engine/signal.ts'
import { InboxRefusal } from './inbox-refusal.ts'
import { type EngineActs, type InboxSource, settling } from './inbox-source.ts'
import { microseconds } from './open-entries.ts'

interface WaitFacts {
  signal: string
  workflow: string
}

/** A signal of a flow that this build does not have any more. */
const UNKNOWN = { title: 'A run waits for a signal', who: 'operations', payload: z.unknown() }

/**
 * `wait`: a run waits for a signal that has not been sent yet, whether a worker has it or it is suspended. Due when the
 * wait ends by itself.
 */
export function waits(
  signals: ReadonlyMap<string, AnySignal>,
  engine: Pick<EngineActs, 'signal'>,
): InboxSource<WaitFacts> {
  const who = Object.fromEntries([...signals.values()].map((signal) => [signal.name, signal.who]))
  return {
    kind: 'wait',
    open: (bind) => ({
      from: `prefect.run_waits w join prefect.flow_runs r on r.id = w.run_id`,
      where: [
        'w.signal is not null',
        'w.closed_at is null',
        'r.cancel_requested_at is null',
        `exists (select from dbos.workflow_status s
                 where s.workflow_uuid = w.run_id and s.status in ('PENDING', 'ENQUEUED', 'DELAYED'))`,
        `not exists (select from dbos.operation_outputs o where o.workflow_uuid = w.run_id and o.function_id = w.step)`,
        `not exists (select from prefect.run_signals g where g.run_id = w.run_id and g.signal = w.signal
                     and (g.taken_by is null or g.taken_by = w.step))`,
      ],
      ref: `w.run_id || '.' || w.step || '.' || ${microseconds('w.opened_at')}`,
      since: 'w.opened_at',
      due: 'w.until',
      who: `coalesce(${bind(JSON.stringify(who))}::jsonb ->> w.signal, '${UNKNOWN.who}')`,
      subjects: 'r.subjects',
      flowRunId: 'w.run_id',
      eventId: 'r.event_id',
      facts: `jsonb_build_object('signal', w.signal, 'workflow', r.workflow_name)`,
    }),
    at: (ref, bind) => [`w.run_id = ${bind(ref.split('.').slice(0, -2).join('.'))}`],
    describe: ({ facts: { signal, workflow } }) => ({
      title: (signals.get(signal) ?? UNKNOWN).title,
      details: { workflow_name: workflow, signal },
    }),
    actions: ({ facts: { signal } }) => ({
      answer: settling({
        title: `Send ${signal}`,
        input: (signals.get(signal) ?? UNKNOWN).payload,
        async settle({ sql, entry, sent }) {
          const outcome = await engine.signal(sql, entry.flow_run_id ?? '', signal, sent)
          if (outcome.kind !== 'delivered')
            throw new InboxRefusal('cannot_settle', 'The run has ended and takes no signals.')
          return undefined
        },
      }),
    }),
  }
}
