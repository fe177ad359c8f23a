import { defineSignal } from '../../platform/engine/signal.ts'
import { staffAnswer } from '../messages/staff-answer.signal.ts'

/** What the guest asked for is done. `finished_by`: who did it. */
export const taskFinished = defineSignal({
  name: 'task_finished',
  title: 'A guest waits for something to be done',
  who: 'department',
  payload: staffAnswer('finished_by'),
})
