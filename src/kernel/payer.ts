// What some gateways need to know of who pays, read from what the person writes into the chat.

const EMAIL_LENGTH = 254;
/** One @ between what mail servers take without quotes: a local part of at most 64 characters and a host of at least two labels. */
const EMAIL =
  /^[a-z0-9!#$%&'*+/=?^_`{|}~-][a-z0-9.!#$%&'*+/=?^_`{|}~-]{0,63}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;

/**
 * The eleven digits of a CPF, with or without its punctuation and the words around it ("CPF: 529.982.247-25"); undefined when there are
 * not exactly eleven, when they are all the same, or when the check digits are wrong.
 * Source: Receita Federal, two check digits modulo 11 with weights from 10 and 11 down to 2.
 */
export function readCpf(text: string): string | undefined {
  const written = /^\s*(?:cpf\s*:?\s*)?(\d{3})[.\s]?(\d{3})[.\s]?(\d{3})[-.\s]?(\d{2})\s*$/i.exec(text);
  const digits = written?.slice(1).join("") ?? "";
  if (digits === "" || /^(\d)\1*$/.test(digits)) return undefined;
  return digits.endsWith(`${checkDigit(digits.slice(0, 9))}${checkDigit(digits.slice(0, 10))}`) ? digits : undefined;
}

/** The e-mail address in lower case; undefined when it is none or longer than 254 characters. */
export function readEmail(text: string): string | undefined {
  const address = text.trim().toLowerCase();
  const isAddress = address.length <= EMAIL_LENGTH && EMAIL.test(address) && !/\.\.|\.@/.test(address);
  return isAddress ? address : undefined;
}

function checkDigit(digits: string): number {
  const sum = [...digits].reduce((total, digit, index) => total + Number(digit) * (digits.length + 1 - index), 0);
  const rest = (sum * 10) % 11;
  return rest === 10 ? 0 : rest;
}
