// Everything that doctor says, in Portuguese and in English. {name} is filled in.

import { botWords } from "./bot-words.ts";
import { both, type Language, type Words } from "./both.ts";

export type { Language } from "./both.ts";
export type Values = Readonly<Record<string, string | number>>;

export const words = {
  // Settings
  is_set: both("definida", "is set"),
  not_set: both("não definida", "not set"),
  setting_wrong: both("não serve ({sentence})", "not usable ({sentence})"),
  correct_setting: both(
    "Corrija {name}: grimbots.env.example diz o que ela pode conter.",
    "Correct {name}: grimbots.env.example says what it may hold.",
  ),
  set_database: both(
    "Defina DATABASE_URL com o endereço do PostgreSQL.",
    "Set DATABASE_URL to the address of PostgreSQL.",
  ),
  set_redis: both("Defina REDIS_URL com o endereço do Redis.", "Set REDIS_URL to the address of Redis."),
  set_key: both(
    "Defina SECRET_KEY com 32 bytes aleatórios em base64 (openssl rand -base64 32) e guarde uma cópia.",
    "Set SECRET_KEY to 32 random bytes in base64 (openssl rand -base64 32), and keep a copy.",
  ),
  level_odd: both("{level}", "{level}"),
  level_info: both(
    "Volte LOG_LEVEL para info: acima disso faltam avisos, abaixo o disco enche.",
    "Set LOG_LEVEL back to info: above it warnings are missing, below it the disk fills up.",
  ),
  commissions_odd: both("{kinds}: não é gateway que divide pagamentos", "{kinds}: no gateway that splits"),
  commissions_only: both(
    "Em COMMISSION_RECIPIENTS, use só {splitting}.",
    "Name only {splitting} in COMMISSION_RECIPIENTS.",
  ),
  alerts_on: both("avisos por {channels}", "alerts by {channels}"),
  alerts_off: both("ninguém é avisado", "nobody is told"),
  set_alerts: both(
    "Defina ALERT_TELEGRAM, ou ALERT_EMAIL com SMTP_URL, para saber dos problemas antes dos clientes.",
    "Set ALERT_TELEGRAM, or ALERT_EMAIL with SMTP_URL, to know of trouble before the customers do.",
  ),
  alerts_half: both("só {present} está definida", "only {present} is set"),
  complete_alerts: both(
    "Defina {absent} também: sem as duas nenhum e-mail sai.",
    "Set {absent}, too: without both no e-mail goes out.",
  ),
  // The public address
  url_answers: both("{url} responde", "{url} answers"),
  url_unset: both("não definida: só --poll funciona", "not set: only --poll works"),
  set_url: both(
    "Defina PUBLIC_URL com o endereço https em que o Telegram alcança este servidor, ou use --poll.",
    "Set PUBLIC_URL to the https address under which Telegram reaches this server, or use --poll.",
  ),
  url_loopback: both("{url} é desta máquina", "{url} is this machine's own"),
  url_public: both(
    "Para clientes de verdade, defina PUBLIC_URL com um endereço https que o Telegram alcance.",
    "For real customers, set PUBLIC_URL to an https address that Telegram reaches.",
  ),
  url_not_https: both("{url} não é https", "{url} is not https"),
  url_https: both(
    "O Telegram só entrega por https: ponha nginx ou HAProxy com certificado na frente e corrija PUBLIC_URL.",
    "Telegram delivers by https only: put nginx or HAProxy with a certificate in front, and correct PUBLIC_URL.",
  ),
  url_away: both("{url}/health não responde ({reason})", "{url}/health does not answer ({reason})"),
  url_foreign: both(
    "{url}/health é respondido por outro programa ({status})",
    "{url}/health is answered by another program ({status})",
  ),
  url_check: both(
    "Inicie o grimbots e confira DNS, certificado, firewall e o proxy na frente dele.",
    "Start grimbots, and check DNS, certificate, firewall and the proxy in front of it.",
  ),
  // PostgreSQL
  database_version: both("PostgreSQL {version}", "PostgreSQL {version}"),
  database_upgrade: both("Use PostgreSQL 15 ou mais novo.", "Use PostgreSQL 15 or newer."),
  database_start: both("Inicie o PostgreSQL ou corrija DATABASE_URL.", "Start PostgreSQL, or correct DATABASE_URL."),
  schema_at: both("versão {schema}, esta é a {needed}", "version {schema}, this program needs {needed}"),
  schema_migrate: both("Rode `grimbots migrate`.", "Run `grimbots migrate`."),
  schema_newer: both("Instale o grimbots mais novo.", "Install the newer grimbots."),
  setting_is: both("{value}", "{value}"),
  setting_on: both(
    "Ponha {name} = on no postgresql.conf: sem isso uma queda de energia perde vendas.",
    "Set {name} = on in postgresql.conf: without it a power cut loses sales.",
  ),
  connections: both(
    "{used} de {max} em uso, {processes} processos podem abrir {budget}",
    "{used} of {max} in use, {processes} processes may open {budget}",
  ),
  connections_few: both(
    "Aumente max_connections para {wanted} no postgresql.conf e reinicie o PostgreSQL, ou use menos processos.",
    "Raise max_connections to {wanted} in postgresql.conf and restart PostgreSQL, or use fewer processes.",
  ),
  disk_free: both("{free} GB livres ({percent} %)", "{free} GB free ({percent} %)"),
  disk_unseen: both(
    "não dá para ver daqui; o banco ocupa {size} GB",
    "cannot be seen from here; the database takes {size} GB",
  ),
  disk_room: both(
    "Libere ou aumente o disco do PostgreSQL: cheio, nenhuma mensagem é aceita.",
    "Free or enlarge PostgreSQL's disk: when it is full, no message is accepted.",
  ),
  sealed_newest: both(
    "tudo o que está guardado foi selado com a SECRET_KEY mais nova",
    "all that is kept is sealed with the newest SECRET_KEY",
  ),
  sealed_older: both(
    "{count} segredos ainda estão selados com uma chave antiga",
    "{count} secrets are still sealed with an older key",
  ),
  sealed_again: both(
    "Rode `grimbots keys reseal`; depois a chave antiga pode sair de SECRET_KEY.",
    "Run `grimbots keys reseal`; after that the older key can be taken out of SECRET_KEY.",
  ),
  sealed_shut: both(
    "{count} segredos foram selados com uma chave que SECRET_KEY não tem",
    "{count} secrets were sealed with a key that SECRET_KEY does not hold",
  ),
  sealed_key: both(
    "Acrescente a chave antiga a SECRET_KEY, depois da nova, com vírgula; sem ela, adicione os bots e as contas de novo.",
    "Add the old key to SECRET_KEY, behind the new one and a comma; without it, add the bots and accounts anew.",
  ),
  // Redis and queues
  redis_version: both("Redis {version}", "Redis {version}"),
  redis_upgrade: both("Use Redis 6.2 ou mais novo.", "Use Redis 6.2 or newer."),
  redis_start: both("Inicie o Redis ou corrija REDIS_URL.", "Start Redis, or correct REDIS_URL."),
  redis_evicts: both(
    "Defina maxmemory-policy noeviction: o Redis não pode esquecer tarefas.",
    "Set maxmemory-policy noeviction: Redis may not forget jobs.",
  ),
  redis_untold: both("o Redis não diz qual é", "Redis does not tell it"),
  redis_ask: both("Veja no painel do serviço se é noeviction.", "See in the service's panel that it is noeviction."),
  redis_append: both(
    "Defina appendonly yes: depois de uma queda as filas voltam na hora, sem esperar a varredura.",
    "Set appendonly yes: after a crash the queues are back at once, without waiting for the sweep.",
  ),
  redis_memory: both("{used} MB de {max} MB", "{used} MB of {max} MB"),
  redis_memory_free: both("{used} MB, sem limite", "{used} MB, no limit"),
  redis_room: both(
    "Aumente maxmemory: com noeviction, um Redis cheio recusa tarefas.",
    "Raise maxmemory: with noeviction, a full Redis refuses jobs.",
  ),
  redis_saves: both("grava em disco", "writes to disk"),
  redis_unsaved: both("a última gravação falhou ({what})", "the last write failed ({what})"),
  redis_disk: both(
    "Veja o log do Redis: disco cheio ou pasta sem permissão.",
    "Look at Redis' log: a full disk, or a folder without permission.",
  ),
  workers: both("{count} processos trabalham nela", "{count} processes work on it"),
  workers_none: both("ninguém trabalha nela", "nobody works on it"),
  workers_start: both(
    "Inicie quem trabalha na fila: systemctl start grimbots-worker@{queue}, ou grimbots serve --workers {queue}.",
    "Start a worker for the queue: systemctl start grimbots-worker@{queue}, or grimbots serve --workers {queue}.",
  ),
  serve_none: both("nenhum `grimbots serve` está rodando", "no `grimbots serve` is running"),
  serve_start: both("Inicie-o: systemctl start grimbots.target.", "Start it: systemctl start grimbots.target."),
  // Clocks
  clock_off: both("{ms} ms de diferença", "{ms} ms apart"),
  clock_mend: both(
    "Ligue a sincronização do relógio aqui e no servidor do banco: timedatectl set-ntp true.",
    "Let NTP set the clock here and on the database's server: timedatectl set-ntp true.",
  ),
  clock_no_date: both("o Telegram não disse as horas", "Telegram did not tell the time"),
  telegram_network: both(
    "Confira a rede e TELEGRAM_API_ROOT: api.telegram.org precisa ser alcançável na porta 443.",
    "Check the network and TELEGRAM_API_ROOT: api.telegram.org must be reachable on port 443.",
  ),
  ntp_on: both("sincronizado", "synchronized"),
  ntp_off: both("não sincronizado", "not synchronized"),
  ...botWords,
  looked_at: both("{seen} de {all} conferidos em {seconds} s", "{seen} of {all} looked at within {seconds} s"),
  look_at_rest: both(
    "Rode de novo com --seconds {more} para conferir todos.",
    "Run it again with --seconds {more} to look at all of them.",
  ),
  // The machine
  file_limit: both("{count} arquivos e conexões por processo", "{count} files and connections per process"),
  file_limit_raise: both("Aumente LimitNOFILE (ulimit -n) para 65536.", "Raise LimitNOFILE (ulimit -n) to 65536."),
  memory: both("{free} MB livres", "{free} MB available"),
  memory_more: both(
    "Libere memória ou aumente a máquina: cada processo usa de 100 a 500 MB.",
    "Free memory, or enlarge the machine: each process takes 100 to 500 MB.",
  ),
  folder_writable: both("{folder} aceita gravação", "{folder} can be written to"),
  folder_shut: both("{folder} não aceita gravação ({reason})", "{folder} cannot be written to ({reason})"),
  folder_open: both(
    "Crie a pasta e dê-a ao usuário grimbots, ou corrija DATA_DIR.",
    "Create the folder and give it to the user grimbots, or correct DATA_DIR.",
  ),
  private: both("só o dono lê os arquivos com segredos", "only the owner reads the files with secrets"),
  readable: both("outros usuários leem {files}", "other users can read {files}"),
  make_private: both("Rode `chmod 600 {files}`.", "Run `chmod 600 {files}`."),
  runtime_there: both("PostgreSQL em {folder}", "PostgreSQL in {folder}"),
  runtime_missing: both(
    "--embedded foi usado e os programas não estão aqui",
    "--embedded was used, and its programs are not here",
  ),
  runtime_restore: both(
    "Ponha a pasta runtime/ ao lado do executável, ou instale postgresql e redis-server.",
    "Put the folder runtime/ beside the executable, or install postgresql and redis-server.",
  ),
  version_is: both("grimbots {version}, Bun {bun}", "grimbots {version}, Bun {bun}"),
  // Whatever did not come to an answer
  no_answer_in_time: both("sem resposta em {seconds} s", "no answer within {seconds} s"),
  not_answered: both("sem resposta ({reason})", "no answer ({reason})"),
  look_again: both(
    "Rode `grimbots doctor` de novo; se continuar, `grimbots logs` diz mais.",
    "Run `grimbots doctor` again; if it stays, `grimbots logs` says more.",
  ),
  failed: both("Conferências com falha: {failed} de {all}.", "{failed} of {all} checks failed."),
} as const satisfies Record<string, Words>;

export type WordKey = keyof typeof words;

export function say(key: WordKey, language: Language, values: Values = {}): string {
  return words[key][language].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? "?"));
}

/** `--lang`, else what the machine is set to (LC_ALL before LC_MESSAGES before LANG), else Portuguese. */
export function languageOf(flag: string | undefined, env: Record<string, string | undefined>): Language {
  const wanted = flag ?? env.LC_ALL ?? env.LC_MESSAGES ?? env.LANG ?? "";
  return /^en\b|^en_/i.test(wanted) ? "en" : "pt";
}
