/** The worker, and everything that its flows are given to work with. */
import { randomBytes } from 'node:crypto'
import type { Config } from '../config.ts'
import { FLOWS, type ServiceDeps } from '../hotel/catalogue.ts'
import type { HotelRules } from '../hotel/hotel-rules.ts'
import { startWorker, type Worker } from '../platform/engine/durable/worker.ts'
import type { Engine } from '../platform/engine/engine.ts'
import type { Logger } from '../platform/observability/logger.ts'
import type { Metrics } from '../platform/observability/metrics.ts'
import type { Database } from '../platform/postgres/pool.ts'
import { observeNotifications } from './observers.ts'
import type { OutsideServices } from './outside-services.ts'
import type { Telemetry } from './telemetry.ts'
import { VERSION } from './version.ts'

export interface WorkerParts {
  database: Database
  control: Database
  databaseUrl: string
  engine: Engine
  metrics: Metrics
  telemetry: Telemetry
  outside: OutsideServices
  /** What flows read as the time. Default: this machine's. */
  now: (() => Date) | undefined
  logger: Logger
}

export function openWorker(
  config: Config,
  { metrics, telemetry, outside, ...parts }: WorkerParts,
): Promise<Worker> {
  const deps: ServiceDeps = {
    ...outside.services,
    attendance: {
      minConfidence: config.ATTENDANCE_MIN_CONFIDENCE,
      graceMinutes: config.ATTENDANCE_GRACE_MINUTES,
      timezone: config.HOTEL_TIMEZONE,
    },
    hotel: hotelRules(config),
    notified: observeNotifications(metrics),
    database: parts.database,
  }
  const identity = { id: `w_${randomBytes(8).toString('hex')}`, roles: config.ROLES, version: VERSION }
  return startWorker({ ...parts, flows: FLOWS, deps, identity, observer: telemetry.worker })
}

function hotelRules(config: Config): HotelRules {
  return {
    name: config.HOTEL_NAME,
    timezone: config.HOTEL_TIMEZONE,
    language: config.HOTEL_LANGUAGE,
    currency: config.HOTEL_CURRENCY,
    nightAuditAt: config.NIGHT_AUDIT_AT,
    checkInTime: config.CHECK_IN_TIME,
    checkOutTime: config.CHECK_OUT_TIME,
    inspectsRooms: config.ROOM_INSPECTION === 'yes',
    roomsFromEvents: config.ROOMS_FROM_EVENTS,
    roomReadyDelaySeconds: config.ROOM_READY_DELAY_SECONDS,
    quietHours: config.QUIET_HOURS,
    guestRequestMinutes: config.GUEST_REQUEST_MINUTES,
    anomalyWindowMinutes: config.ANOMALY_WINDOW_MINUTES,
    anomalyAcknowledgeMinutes: config.ANOMALY_ACKNOWLEDGE_MINUTES,
    dutyManager: { slack: config.DUTY_MANAGER_SLACK, phone: config.DUTY_MANAGER_PHONE },
    housekeeping: {
      shiftMinutes: config.HOUSEKEEPING_SHIFT_MINUTES,
      maxRooms: config.HOUSEKEEPING_MAX_ROOMS,
    },
  }
}
