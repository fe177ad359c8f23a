/** The hotel's CV service: what the cameras saw last. Schemas of the wire: `wire.ts`. */
export interface RoomAnalysis {
  room_number: string
  looks: 'clean' | 'dirty' | 'unknown'
  /** 0..1 */
  confidence: number
  /** ISO 8601, UTC. */
  analysed_at: string
}

export interface Cv {
  /** Undefined: the room was never analysed. */
  latestRoomAnalysis(roomNumber: string, signal: AbortSignal): Promise<RoomAnalysis | undefined>
}
