//! The same work in PostgreSQL 15, as a user would write it: COPY, upsert with the same summary, the day's messages once.

use crate::portfolio::{DAY, OFFSETS};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

type Failure = Box<dyn std::error::Error>;

/// Seconds of each part.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    pub(crate) copy: f64,
    pub(crate) upsert: f64,
    pub(crate) summary: f64,
    pub(crate) plan_summary: f64,
    pub(crate) plan_orders: f64,
    pub(crate) planned: u64,
    pub(crate) messages: f64,
}

impl Measured {
    pub(crate) fn import(&self) -> f64 {
        self.copy + self.upsert + self.summary
    }
}

const SCHEMA: &str = "
CREATE TABLE customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text, number text, name text, phone text, email text, UNIQUE (kind, number));
CREATE TABLE orders (code text PRIMARY KEY, customer bigint NOT NULL REFERENCES customers, due date NOT NULL, currency text NOT NULL, amount bigint NOT NULL, paid bigint NOT NULL DEFAULT 0);
CREATE INDEX orders_customer ON orders (customer);
CREATE TABLE accounts (customer bigint PRIMARY KEY REFERENCES customers, balance bigint, open int, carrying text, carrying_due date, carrying_balance bigint);
CREATE INDEX accounts_due ON accounts (carrying_due);
CREATE TABLE messages (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer bigint, day date, code text, due date, step int, state text, at timestamptz, facts jsonb, provider_id text, UNIQUE (customer, code, due, step));
CREATE TABLE ledger (customer bigint, day date, message bigint, PRIMARY KEY (customer, day));
CREATE TABLE staging (kind text, number text, code text, due date, currency text, amount numeric);
CREATE TABLE staging_customers (kind text, number text, name text, phone text, email text);";

const UPSERT: &str = "INSERT INTO orders (code, customer, due, currency, amount)
SELECT s.code, c.id, s.due, s.currency, (s.amount * 100)::bigint FROM staging s JOIN customers c ON c.kind = s.kind AND c.number = s.number
ON CONFLICT (code) DO UPDATE SET customer = excluded.customer, due = excluded.due, currency = excluded.currency, amount = excluded.amount;";

const SUMMARY: &str = "INSERT INTO accounts
SELECT t.customer, t.balance, t.open, f.code, f.due, f.balance FROM
 (SELECT customer, sum(amount - paid) balance, count(*) open FROM orders WHERE amount > paid GROUP BY customer) t JOIN
 (SELECT DISTINCT ON (customer) customer, code, due, amount - paid balance FROM orders WHERE amount > paid
  ORDER BY customer, due, currency, amount - paid DESC, code) f USING (customer)
ON CONFLICT (customer) DO UPDATE SET balance = excluded.balance, open = excluded.open, carrying = excluded.carrying,
 carrying_due = excluded.carrying_due, carrying_balance = excluded.carrying_balance;";

/// What conversations take, in milliseconds, and how many outcomes a second sixteen advisers register.
#[derive(Debug, Default)]
pub(crate) struct Conversations {
    pub(crate) opened: f64,
    pub(crate) registered: f64,
    pub(crate) a_second: f64,
}

const OPEN: &str = "SELECT * FROM customers JOIN accounts ON customer = id WHERE id = :id;
SELECT * FROM orders WHERE customer = :id AND amount > paid ORDER BY due LIMIT 100;
SELECT * FROM thread WHERE customer = :id ORDER BY at DESC LIMIT 50;
";

const REGISTER: &str = "BEGIN;
SELECT balance FROM accounts WHERE customer = :id FOR UPDATE;
UPDATE promises SET state = 'annulled' WHERE customer = :id AND state = 'live';
INSERT INTO promises (customer, amount, due, state) VALUES (:id, 5000, date '2026-03-13', 'live');
INSERT INTO thread (customer, at, body) VALUES (:id, now(), '{\"outcome\": \"promise\"}'), (:id, now(), '{\"event\": \"promise_made\"}');
UPDATE accounts SET promise_until = date '2026-03-16' WHERE customer = :id;
COMMIT;
";

/// The same conversations in PostgreSQL, by pgbench.
pub(crate) fn conversations(portfolio: &Path, folder: &Path, customers: u64) -> Result<Conversations, Failure> {
    let server = Server::start(folder)?;
    server.load(portfolio)?;
    server.sql(
        "ALTER TABLE accounts ADD promise_until date; \
         CREATE TABLE promises (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer bigint, amount bigint, due date, state text); \
         CREATE INDEX promises_live ON promises (customer) WHERE state = 'live'; \
         CREATE TABLE thread (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer bigint, at timestamptz, body jsonb); \
         CREATE INDEX thread_newest ON thread (customer, at); VACUUM ANALYZE; CHECKPOINT",
    )?;
    let last: u64 = server.ask("SELECT max(id) FROM customers")?.trim().parse()?;
    let pick = format!("\\set id random(1, {last})\n");
    let each = |script: &str, clients: u64| {
        server.bench(&format!("{pick}{script}"), clients, customers / clients).map(|seconds| seconds / customers as f64)
    };
    let (opened, registered) = (each(OPEN, 1)? * 1000.0, each(REGISTER, 1)? * 1000.0);
    Ok(Conversations { opened, registered, a_second: 1.0 / each(REGISTER, 16)? })
}

pub(crate) fn measure(portfolio: &Path, folder: &Path) -> Result<Measured, Failure> {
    let server = Server::start(folder)?;
    let steps: Vec<String> = OFFSETS.iter().map(|o| format!("date '{DAY}' - {o}")).collect();
    let steps = steps.join(", ");
    let mut measured = Measured::default();
    server.sql(SCHEMA)?;
    server.copy("staging_customers", &portfolio.join("customers.csv"))?;
    server.sql(
        "INSERT INTO customers (kind, number, name, phone, email) SELECT * FROM staging_customers; ANALYZE customers;",
    )?;
    measured.copy = server.copy("staging", &portfolio.join("orders.csv"))?;
    measured.upsert = server.sql(UPSERT)?;
    measured.summary = server.sql(SUMMARY)?;
    server.sql("VACUUM ANALYZE; CHECKPOINT;")?;
    Command::new("sync").status()?;
    let facts = "jsonb_build_object('balance', balance, 'open', open, 'carrying', carrying, 'due', carrying_due)";
    let insert = "INSERT INTO messages (customer, day, code, due, step, state, at, facts)";
    let at = format!("timestamptz '{DAY} 09:00-05'");
    measured.plan_summary = server.sql(&format!(
        "{insert} SELECT customer, date '{DAY}', carrying, carrying_due, date '{DAY}' - carrying_due, 'scheduled', {at}, {facts} \
         FROM accounts WHERE carrying_due IN ({steps}) ON CONFLICT DO NOTHING;"
    ))?;
    measured.planned = server.ask("SELECT count(*) FROM messages")?.trim().parse()?;
    measured.messages = server.send(measured.planned)?;
    server.sql("TRUNCATE messages; VACUUM ANALYZE messages;")?;
    measured.plan_orders = server.sql(&format!(
        "WITH f AS (SELECT DISTINCT ON (customer) customer, code, due, amount - paid balance FROM orders WHERE amount > paid \
         ORDER BY customer, due, currency, amount - paid DESC, code), \
         t AS (SELECT customer, sum(amount - paid) balance, count(*) open FROM orders WHERE amount > paid GROUP BY customer) \
         {insert} SELECT f.customer, date '{DAY}', f.code, f.due, date '{DAY}' - f.due, 'scheduled', {at}, \
         jsonb_build_object('balance', t.balance, 'open', t.open, 'carrying', f.code, 'due', f.due) \
         FROM f JOIN t USING (customer) WHERE f.due IN ({steps}) ON CONFLICT DO NOTHING;"
    ))?;
    Ok(measured)
}

/// What campaigns, logs and reports take.
#[derive(Debug, Default)]
pub(crate) struct Campaigns {
    pub(crate) matched: u64,
    pub(crate) count: f64,
    pub(crate) scheduled: u64,
    pub(crate) expand: f64,
    /// Milliseconds.
    pub(crate) page: f64,
    pub(crate) rows_a_second: f64,
    pub(crate) indicators: f64,
}

/// The same campaign, log and report in PostgreSQL.
pub(crate) fn campaigns(portfolio: &Path, folder: &Path, pages: u64) -> Result<Campaigns, Failure> {
    let server = Server::start(folder)?;
    server.load(portfolio)?;
    server.sql("CREATE INDEX messages_day ON messages (day, id); VACUUM ANALYZE; CHECKPOINT")?;
    let (mut measured, begun) = (Campaigns::default(), Instant::now());
    let count = format!(
        "SELECT count(*), count(phone), count(email) FROM customers JOIN accounts ON customer = id \
         WHERE carrying_due <= date '{DAY}' - 30 AND balance > 10000"
    );
    let counted = server.ask(&count)?;
    (measured.count, measured.matched) =
        (begun.elapsed().as_secs_f64(), counted.split('|').next().unwrap_or("").parse()?);
    measured.expand = server.sql(&format!(
        "INSERT INTO messages (customer, day, code, due, step, state, at, facts) SELECT a.customer, date '{DAY}', 'campaign', \
         a.carrying_due, n, 'scheduled', timestamptz '{DAY} 10:00-05' + random() * interval '8 hours', \
         jsonb_build_object('balance', balance, 'open', open, 'carrying', carrying, 'due', carrying_due) \
         FROM accounts a CROSS JOIN generate_series(1, 2) n ON CONFLICT DO NOTHING"
    ))?;
    measured.scheduled = server.ask("SELECT count(*) FROM messages")?.trim().parse()?;
    server.sql("VACUUM ANALYZE messages; CHECKPOINT")?;
    let columns = "c.kind || ' ' || c.number, c.name, m.day, m.at, m.code, m.step, m.state";
    let from = "FROM messages m JOIN customers c ON c.id = m.customer WHERE m.day";
    let page = format!("SELECT {columns} {from} = date '{DAY}' ORDER BY m.id DESC LIMIT 50;\n");
    measured.page = server.bench(&page, 1, pages)? * 1000.0 / pages as f64;
    let begun = Instant::now();
    let file = server.folder.join("report.csv");
    let copied = format!("SELECT {columns} {from} BETWEEN date '{DAY}' - 44 AND date '{DAY}'");
    server.psql(&["-c", &format!("\\copy ({copied}) TO '{}' CSV HEADER", file.display())])?;
    measured.rows_a_second = measured.scheduled as f64 / begun.elapsed().as_secs_f64();
    measured.indicators = server.sql(&format!(
        "SELECT width_bucket(date '{DAY}' - due, 1, 91, 3), currency, sum(amount - paid) FROM orders WHERE amount > paid GROUP BY 1, 2; \
         SELECT date_trunc('month', due), currency, sum(amount), sum(paid) FROM orders GROUP BY 1, 2"
    ))?;
    Ok(measured)
}

/// A PostgreSQL of its own, with Debian's defaults, on a socket in a folder of its own.
struct Server {
    folder: PathBuf,
    bin: PathBuf,
}

impl Server {
    fn start(folder: &Path) -> Result<Self, Failure> {
        let bin = PathBuf::from("/usr/lib/postgresql/15/bin");
        if !bin.join("initdb").exists() {
            return Err("PostgreSQL 15 is not installed: apt-get install postgresql-15".into());
        }
        let _ = std::fs::remove_dir_all(folder);
        std::fs::create_dir_all(folder)?;
        let folder = std::fs::canonicalize(folder)?;
        // PostgreSQL refuses to run as root.
        Command::new("chown").arg("nobody").arg(&folder).status()?;
        for parent in folder.ancestors().skip(1).take(3) {
            Command::new("chmod").arg("o+x").arg(parent).status()?;
        }
        let server = Self { folder, bin };
        let data = server.folder.join("data");
        server.run("initdb", &["-D", &data.to_string_lossy(), "-A", "trust", "-U", "bench", "--no-instructions"])?;
        let options = format!("-k {} -h ''", server.folder.display());
        let log = server.folder.join("log");
        server.run(
            "pg_ctl",
            &["-D", &data.to_string_lossy(), "-w", "-o", &options, "-l", &log.to_string_lossy(), "start"],
        )?;
        Ok(server)
    }

    /// Loads a portfolio, summed up.
    fn load(&self, portfolio: &Path) -> Result<(), Failure> {
        self.sql(SCHEMA)?;
        self.copy("staging_customers", &portfolio.join("customers.csv"))?;
        self.sql(
            "INSERT INTO customers (kind, number, name, phone, email) SELECT * FROM staging_customers; ANALYZE customers;",
        )?;
        self.copy("staging", &portfolio.join("orders.csv"))?;
        self.sql(UPSERT)?;
        self.sql(SUMMARY).map(drop)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=nobody", "--clear-groups"]).arg(self.bin.join(program)).current_dir(&self.folder);
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<(), Failure> {
        let output = self.command(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        if output.success() { Ok(()) } else { Err(format!("{program} failed").into()) }
    }

    fn psql(&self, arguments: &[&str]) -> Result<String, Failure> {
        let socket = self.folder.to_string_lossy().into_owned();
        let mut command = self.command("psql");
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", &socket, "-U", "bench", "-d", "postgres"]);
        let output = command.args(arguments).output()?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned().into())
        }
    }

    fn ask(&self, sql: &str) -> Result<String, Failure> {
        self.psql(&["-c", sql])
    }

    /// Runs statements one by one; answers the seconds they took.
    fn sql(&self, sql: &str) -> Result<f64, Failure> {
        let begun = Instant::now();
        for statement in sql.split(';').map(str::trim).filter(|s| !s.is_empty()) {
            self.psql(&["-c", statement])?;
        }
        Ok(begun.elapsed().as_secs_f64())
    }

    fn copy(&self, table: &str, file: &Path) -> Result<f64, Failure> {
        let readable = self.folder.join(format!("{table}.csv"));
        std::fs::copy(file, &readable)?;
        let begun = Instant::now();
        self.psql(&["-c", &format!("\\copy {table} FROM '{}' CSV HEADER", readable.display())])?;
        Ok(begun.elapsed().as_secs_f64())
    }

    /// Runs a script so often by so many clients; answers the seconds it took.
    fn bench(&self, script: &str, clients: u64, each: u64) -> Result<f64, Failure> {
        let file = self.folder.join("script.sql");
        std::fs::write(&file, script)?;
        let (clients, each) = (clients.to_string(), each.to_string());
        let (socket, file) = (self.folder.to_string_lossy().into_owned(), file.to_string_lossy().into_owned());
        let arguments =
            ["-n", "-c", &clients, "-j", "2", "-t", &each, "-f", &file, "-h", &socket, "-U", "bench", "postgres"];
        let begun = Instant::now();
        self.run("pgbench", &arguments)?;
        Ok(begun.elapsed().as_secs_f64())
    }

    /// Claims with a ledger entry, settles, and takes two states in: what a message goes through.
    fn send(&self, messages: u64) -> Result<f64, Failure> {
        let first: u64 = self.ask("SELECT min(id) FROM messages")?.trim().parse()?;
        let last = first + messages - 1;
        let script = format!(
            "\\set id random({first}, {last})\nBEGIN;\nUPDATE messages SET state = 'sending' WHERE id = :id RETURNING customer \\gset\n\
                 INSERT INTO ledger VALUES (:customer, date '{DAY}', :id) ON CONFLICT DO NOTHING;\nCOMMIT;\n\
                 UPDATE messages SET state = 'sent', provider_id = 'p' || :id WHERE id = :id;\n\
                 UPDATE messages SET state = 'delivered' WHERE id = :id AND state = 'sent';\n\
                 UPDATE messages SET state = 'opened' WHERE id = :id AND state = 'delivered';\n"
        );
        Ok(messages as f64 / self.bench(&script, 16, (messages / 16).max(1))?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let data = self.folder.join("data");
        let _ = self.run("pg_ctl", &["-D", &data.to_string_lossy(), "-m", "immediate", "stop"]);
    }
}
