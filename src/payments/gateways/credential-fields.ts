// What the credentials of gateways are made of: the fields of the form in which a seller enters them.

import { type TProperties, Type } from "@sinclair/typebox";

/** The form. Nothing else may stand in it. */
export const credentialsOf = <Properties extends TProperties>(properties: Properties) =>
  Type.Object(properties, { additionalProperties: false });

/** No vendor's token or id is longer; certificates are. */
const LONGEST = 500;

/** `title`, `description`: what it is and where it is found, in Portuguese. */
export const text = (title: string, description: string, maxLength = LONGEST) =>
  Type.String({ title, description, minLength: 1, maxLength });

/** The same for what nobody may see again. */
export const secret = (title: string, description: string, maxLength = LONGEST) =>
  Type.String({ title, description, secret: true, minLength: 1, maxLength });

/** An address in place of the gateway's own, which is used without it. */
export const baseUrl = (description: string, title = "Endereço da API") =>
  Type.Optional(Type.String({ title, description, pattern: "^https?://", maxLength: LONGEST }));
