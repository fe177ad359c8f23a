import type { RoomAnalysis } from '../../src/hotel/services/cv/cv.ts'
import { look, type SimulatorAccess, startHotelService } from './hotel-service.ts'
import type { ServiceSimulator } from './service-simulator.ts'

export interface CvSimulator extends ServiceSimulator {
  /** The room's last picture from now on. */
  show(roomNumber: string, seen: Omit<RoomAnalysis, 'room_number'>): void
}

/** Knows the last picture of each room it was shown. */
export async function startCvSimulator(access: SimulatorAccess = {}): Promise<CvSimulator> {
  const rooms = new Map<string, RoomAnalysis>()
  const simulator = await startHotelService(access, [
    look(/^\/rooms\/([^/]+)\/analysis$/, (room) => rooms.get(room)),
  ])
  const show: CvSimulator['show'] = (room_number, seen) => {
    rooms.set(room_number, { room_number, ...seen })
  }
  return { ...simulator, show }
}
