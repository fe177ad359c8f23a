/** Addresses as limits count them. */
import { BlockList, isIPv6 } from 'node:net'

/** One line's customers: an IPv4 address, or the /64 that an IPv6 host has to itself. */
export function addressGroup(address: string): string {
  const plain = asIPv4(address)
  if (!isIPv6(plain)) return plain
  const [head = '', tail = ''] = plain.replace(/%.*/, '').split('::')
  const front = head.split(':').filter(Boolean)
  const back = tail.split(':').filter(Boolean)
  const zeros = Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0')
  return `${[...front, ...zeros, ...back].slice(0, 4).join(':')}::/64`
}

/** Whether an address is one of `networks`: each an address, or one with the length of its prefix (`10.0.0.0/8`). */
export function isAmong(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', length] = network.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (length === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(length), family)
  }
  return (address) => {
    const plain = asIPv4(address)
    return list.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4')
  }
}

/** A server that listens on both kinds sees `::ffff:10.0.0.1` where 10.0.0.1 calls. */
function asIPv4(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}
