// A mail server that takes everything, or refuses it when told to.

export type Mail = { from: string; to: string[]; subject: string; text: string };

export type MailServer = {
  /** As SMTP_URL. */
  url: string;
  mails: Mail[];
  /** From now on every recipient is refused for the time being, until told otherwise. */
  refuse(isRefusing: boolean): void;
  [Symbol.dispose](): void;
};

type Talk = { from: string; to: string[]; data: string | undefined };

export function startMailServer(): MailServer {
  const mails: Mail[] = [];
  let isRefusing = false;
  const server = Bun.listen<Talk>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.data = { from: "", to: [], data: undefined };
        socket.write("220 test\r\n");
      },
      data(socket, bytes) {
        const { data: talk } = socket;
        const said = bytes.toString();
        if (talk.data !== undefined) {
          talk.data += said;
          if (!talk.data.endsWith("\r\n.\r\n")) return;
          mails.push(readMail(talk));
          talk.data = undefined;
          socket.write("250 taken\r\n");
          return;
        }
        for (const line of said.trimEnd().split("\r\n")) socket.write(`${answerTo(line, talk)}\r\n`);
      },
    },
  });

  function answerTo(line: string, talk: Talk): string {
    const [, address = ""] = /<(.*?)>/.exec(line) ?? [];
    if (/^MAIL/i.test(line)) Object.assign(talk, { from: address, to: [] });
    if (/^RCPT/i.test(line) && isRefusing) return "451 come back later";
    if (/^RCPT/i.test(line)) talk.to.push(address);
    if (!/^DATA/i.test(line)) return /^QUIT/i.test(line) ? "221 bye" : "250 ok";
    talk.data = "";
    return "354 go on";
  }

  return {
    url: `smtp://127.0.0.1:${server.port}?from=grimbots@example.com`,
    mails,
    refuse(whether) {
      isRefusing = whether;
    },
    [Symbol.dispose]: () => server.stop(true),
  };
}

function readMail({ from, to, data = "" }: Talk): Mail {
  const [head = "", ...body] = data.split("\r\n\r\n");
  const [, subject = ""] = /^Subject: (.*(?:\r\n[ \t].*)*)/m.exec(head) ?? [];
  const words = subject
    .replace(/\?=\s+=\?/g, "?==?")
    .replace(/=\?UTF-8\?([BQ])\?(.*?)\?=/gi, (_, kind, text) => decodeWord(kind, text));
  const raw = body
    .join("\r\n\r\n")
    .replace(/\r\n\.\r\n$/, "")
    .replace(/^\.\./gm, ".");
  const isBase64 = /^Content-Transfer-Encoding: base64/im.test(head);
  return {
    from,
    to: [...to],
    subject: words,
    text: isBase64 ? Buffer.from(raw, "base64").toString() : decodeQuoted(raw),
  };
}

const decodeWord = (kind: string, text: string): string =>
  kind.toUpperCase() === "B" ? Buffer.from(text, "base64").toString() : decodeQuoted(text.replaceAll("_", " "));

function decodeQuoted(text: string): string {
  const whole = text.replace(/=\r\n/g, "");
  const bytes = whole.replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString();
}
