import { defineSignal } from '../../platform/engine/signal.ts'
import { staffAnswer } from '../messages/staff-answer.signal.ts'

/** Somebody has seen the anomaly and looks after it. `by`: who. */
export const acknowledge = defineSignal({
  name: 'acknowledge',
  title: 'Somebody must look after an anomaly',
  who: 'duty_manager',
  payload: staffAnswer('by'),
})
