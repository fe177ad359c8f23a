import { cancelBackfill, createBackfill } from './backfills.ts'
import { timeOf } from './clock.ts'
import { BadSchedule, calendarErrors, completed, timingErrors } from './declare.ts'
import { createSchedule, declaringPorts, updateSchedule } from './declare-schedule.ts'
import { pauseSchedule, resumeSchedule } from './pause-schedule.ts'
import { previewSchedule } from './preview.ts'
import { removeSchedule } from './remove-schedule.ts'
import { runScheduleNow } from './run-schedule.ts'
import type { SchedulePorts, Schedules } from './schedule-service.ts'

export function createSchedules(ports: SchedulePorts): Schedules {
  const { database } = ports
  return {
    create: (request, who) => createSchedule(ports, request, who),
    update: (id, changes, by, applied) => updateSchedule(ports, id, changes, by, applied),
    pause: (id, how) => pauseSchedule(ports, id, how),
    resume: (id, how) => resumeSchedule(ports, id, how),
    remove: (id, by) => removeSchedule(ports, id, by),
    runNow: (id, how) => runScheduleNow(ports, id, how),

    async backfill(id, range, who) {
      const outcome = await createBackfill(ports, id, range, who)
      ports.changed()
      return outcome
    },
    cancelBackfill: (id, by) => cancelBackfill(ports, id, by),

    async preview(asked, { count, after, language = ports.language }) {
      const now = await timeOf(database, ports.clock)
      const definition = completed(asked, ports.timezone, now)
      const errors = [
        ...timingErrors(definition),
        ...(await calendarErrors(declaringPorts(ports), definition)),
      ]
      if (errors.length > 0) throw new BadSchedule(errors)
      return previewSchedule(database, definition, { after: after ?? now, count, language })
    },
  }
}
