/** The words guests write, Vietnamese and English, and the department each topic is the work of. */

export const DEPARTMENTS = [
  'Front Office',
  'Housekeeping',
  'Food & Beverage',
  'Kitchen',
  'Security',
  'Engineering',
] as const
type Department = (typeof DEPARTMENTS)[number]

export interface Topic {
  category: string
  department: Department
  /**
   * Vietnamese and English, matched as whole words. Several words are matched without marks, since many type without
   * them and those who do set them differently; a single word with its marks: `trà` is tea, and `trả` is not.
   */
  words: readonly string[]
}

/** Of two topics that fit equally well, the earlier one. */
export const TOPICS: readonly Topic[] = [
  {
    category: 'safety',
    department: 'Security',
    words: listed(
      `trộm · mất cắp · mất đồ · người lạ · đánh nhau · quấy rối`,
      `
        theft · stolen · stole · thief · stranger · intruder · harass · harassed · fight · fighting ·
        lost my · unsafe`,
    ),
  },
  {
    category: 'maintenance',
    department: 'Engineering',
    words: listed(
      `
        điều hoà · máy lạnh · hỏng · hư · rò rỉ · rỉ nước · dột · ngập · mất điện · cúp điện · bóng đèn ·
        vòi nước · nước nóng · bồn cầu · tắc · nghẹt · tivi · ổ cắm · thang máy · két sắt`,
      `
        air con · aircon · air conditioner · air conditioning · broken · not working · leak · leaking ·
        flood · flooding · power · light bulb · hot water · toilet · clogged · blocked · tv · socket ·
        lift · elevator · heater · repair · fix`,
    ),
  },
  {
    category: 'towels',
    department: 'Housekeeping',
    words: listed(`khăn · khăn tắm · khăn mặt · áo choàng`, `towel · towels · bathrobe`),
  },
  {
    category: 'bedding',
    department: 'Housekeeping',
    words: listed(
      `gối · chăn · mền · ga giường · drap · giường phụ · nôi`,
      `pillow · pillows · blanket · blankets · sheet · sheets · extra bed · crib`,
    ),
  },
  {
    category: 'amenities',
    department: 'Housekeeping',
    words: listed(
      `
        xà phòng · dầu gội · sữa tắm · bàn chải · kem đánh răng · giấy vệ sinh · dép · nước suối ·
        máy sấy · bàn ủi · bàn là`,
      `
        soap · shampoo · toothbrush · toothpaste · toilet paper · slippers · amenities · bottled water ·
        hair dryer · iron · hanger · hangers`,
    ),
  },
  {
    category: 'cleaning',
    department: 'Housekeeping',
    words: listed(
      `dọn phòng · dọn dẹp · làm phòng · lau · bẩn · dơ · rác · giặt · giặt ủi`,
      `
        clean · cleaning · dirty · make up · trash · rubbish · garbage · laundry · vacuum · smell · smells`,
    ),
  },
  {
    category: 'food',
    department: 'Food & Beverage',
    words: listed(
      `
        đồ ăn · thức ăn · món ăn · ăn sáng · ăn trưa · ăn tối · bữa · thực đơn · cà phê · trà · bia ·
        rượu · đói · phở · bánh mì · nhà hàng`,
      `
        food · breakfast · lunch · dinner · menu · coffee · tea · beer · wine · room service ·
        restaurant · table · hungry · drink · drinks · minibar`,
    ),
  },
]

/** What no topic fits. */
export const OTHER = { category: 'other', department: 'Front Office' } as const

export const URGENT = listed(
  `khẩn cấp · cấp cứu · cháy · khói · ngập · rò rỉ · chảy máu · kẹt · điện giật · gấp · trộm`,
  `
    emergency · urgent · urgently · fire · smoke · flood · flooding · leak · leaking · bleeding · stuck ·
    trapped · ambulance · doctor · stolen · intruder · immediately · asap`,
)

export const UNHURRIED = listed(
  `khi nào rảnh · không gấp · lúc nào cũng được`,
  `no rush · no hurry · not urgent · whenever · when convenient`,
)

function listed(...lists: string[]): string[] {
  return lists.flatMap((list) => list.split('·')).map((word) => word.trim())
}
