/** One mailbox, written plainly: no display name, no quotes, no comments, no line breaks. At most 254 characters. */
export function isEmailAddress(text: string): boolean {
  return text.length <= 254 && ADDRESS.test(text)
}

const ADDRESS = /^[^\s"(),:;<>@[\\\]\p{Cc}]{1,64}@(?=[^@]{1,253}$)[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)*$/u
