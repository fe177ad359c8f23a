import { afterAll, beforeAll, describe } from 'vitest'
import { type DurableRig, openDurableRig } from '../../../support/durable-rig.ts'
import { ALL } from '../../../support/engine-conformance/flows.ts'
import { Ledger } from '../../../support/engine-conformance/rig.ts'
import { describeEngine } from '../../../support/engine-conformance/suite.ts'

describe('the durable engine', () => {
  const ledger = new Ledger()
  let rig: DurableRig

  beforeAll(async () => {
    rig = await openDurableRig(ALL, { ledger })
    await rig.database.query('create table public.conformance_rows (id text primary key)')
  })
  afterAll(() => rig.close())

  describeEngine({
    rig: () => rig,
    ledger: () => ledger,
    rows: async () =>
      (await rig.database.query<{ id: string }>('select id from public.conformance_rows')).map(
        ({ id }) => id,
      ),
  })
})
