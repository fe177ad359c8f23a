/** What the hotel's people decide in a day, at the inbox: each kind of entry once, by whom it is for. */

/** All that is open of a kind is settled in the same way. */
export interface Settling {
  kind: string
  action: string
  /** Only what this is about: `room:9999`. */
  subject?: string
  payload?: object
  by: string
  note?: string
}

/** `at`: the instant of a time of the day. */
export function planDecisions(at: (time: string) => Date): { at: Date; settling: Settling }[] {
  const supervisor = 'Trần Thị Hạnh'
  const dutyManager = 'Nguyễn Thu Hà'
  const settle = (time: string, settling: Settling) => ({ at: at(time), settling })
  return [
    settle('09:30', { kind: 'attendance_review', action: 'accept', by: supervisor }),
    settle('23:10', {
      kind: 'attendance_review',
      action: 'reject',
      by: supervisor,
      note: 'Nobody knows who it was',
    }),
    settle('10:20', { kind: 'unknown_room', action: 'add_room', subject: 'room:816', by: 'Lê Văn Quang' }),
    settle('16:20', {
      ...{ kind: 'unknown_room', action: 'dismiss', subject: 'room:9999' },
      ...{ by: 'Lê Văn Quang', note: 'Mistyped: there is no ninth floor' },
    }),
    settle('14:00', {
      kind: 'refund_request',
      action: 'mark_paid',
      by: 'Phạm Thị Loan',
      note: 'By bank transfer',
    }),
    settle('15:18', {
      kind: 'wait',
      action: 'answer',
      subject: 'room:508',
      payload: { by: 'EMP006' },
      by: 'EMP006',
    }),
    settle('19:30', {
      kind: 'flagged_run',
      action: 'mark_mended',
      by: dutyManager,
      note: 'Room found by hand',
    }),
    settle('19:40', {
      kind: 'failed_run',
      action: 'dismiss',
      by: dutyManager,
      note: 'The guest stays where they are',
    }),
    settle('20:00', {
      kind: 'rejected_event',
      action: 'dismiss',
      by: 'Đặng Quốc Bảo',
      note: 'Camera restarted',
    }),
  ]
}
