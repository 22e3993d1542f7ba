// A phrase in both languages of doctor.

export type Language = "pt" | "en";
export type Words = Readonly<Record<Language, string>>;

export const both = (pt: string, en: string): Words => ({ pt, en });
