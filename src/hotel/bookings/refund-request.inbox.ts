import { InboxRefusal } from '../../platform/inbox/inbox-refusal.ts'
import { type InboxSource, settling } from '../../platform/inbox/inbox-source.ts'
import { payRefund, withdrawRefund } from './refunds.sql.ts'

interface RefundFacts {
  booking_id: string
  amount: number
  reason: string
}

/** `refund_request`: a cancellation asks the accounts to pay back. The money itself is theirs. */
export const refundRequests: InboxSource<RefundFacts> = {
  kind: 'refund_request',
  open: () => ({
    from: 'prefect.refund_requests f',
    where: [`f.status = 'requested'`],
    ref: 'f.id',
    since: 'f.created_at',
    who: "'accounts'",
    subjects: `array['booking:' || f.booking_id]`,
    flowRunId: 'f.run_id',
    facts: `jsonb_build_object('booking_id', f.booking_id, 'amount', f.amount::float8, 'reason', f.reason)`,
  }),
  at: (ref, bind) => [`f.id = ${bind(ref)}`],
  describe: ({ facts }) => ({
    title: `Pay ${facts.amount} back for booking ${facts.booking_id}`,
    details: { ...facts },
  }),
  actions: () => ({
    mark_paid: settling({
      title: 'It has been paid',
      async settle({ sql, entry }) {
        if (!(await payRefund(sql, entry.ref))) throw gone()
        return undefined
      },
    }),
    withdraw: settling({
      title: 'It will not be paid',
      async settle({ sql, entry }) {
        if ((await withdrawRefund(sql, entry.ref)) !== 'withdrawn') throw gone()
        return undefined
      },
    }),
  }),
}

const gone = () => new InboxRefusal('cannot_settle', 'The refund is not asked for any more.')
