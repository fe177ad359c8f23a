import { defineTask } from '../../platform/engine/flow.ts'
import { CALL_RETRY } from '../../platform/engine/retries.ts'
import type { StorageDeps } from '../deps.ts'
import { cleaningListCsv } from './cleaning-list.rules.ts'
import type { CleaningOutcome } from './cleaning-request.parameters.ts'

/** The day's cleaning lists as a CSV file, replaced each time the day is planned anew. */
export const keepCleaningList = defineTask<StorageDeps, CleaningOutcome, { url: string }>({
  name: 'keep_cleaning_list',
  retry: CALL_RETRY,
  run: ({ storage }, day, { signal }) => {
    const key = `housekeeping/${day.business_date}.csv`
    return storage.put(key, Buffer.from(cleaningListCsv(day)), 'text/csv; charset=utf-8', signal)
  },
})
