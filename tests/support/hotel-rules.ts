import type { HotelRules } from '../../src/hotel/hotel-rules.ts'

/** The hotel of the tests. It has no quiet hours: nothing is held, whatever the time of the test. */
export const HOTEL: HotelRules = {
  name: 'Khách sạn Hoa Sen',
  timezone: 'Asia/Ho_Chi_Minh',
  language: 'vi',
  currency: 'VND',
  nightAuditAt: '03:00',
  checkInTime: '14:00',
  checkOutTime: '12:00',
  inspectsRooms: false,
  roomsFromEvents: 'yes',
  roomReadyDelaySeconds: 0,
  quietHours: { from: '00:00', to: '00:00' },
  guestRequestMinutes: 30,
  anomalyWindowMinutes: 30,
  anomalyAcknowledgeMinutes: 15,
  dutyManager: { slack: 'U0DUTY', phone: '+84900000001' },
  housekeeping: { shiftMinutes: 420, maxRooms: 16 },
}

const TEN_IN_THE_MORNING = Date.parse('2025-01-17T10:00:00+07:00')
/** `minutes` into a working day of that hotel. */
export const minute = (minutes: number) => new Date(TEN_IN_THE_MORNING + minutes * 60_000)
