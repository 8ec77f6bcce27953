//! The one pass over a file: headers, whose each row is, what dates and amounts mean, duplicate keys.

use super::columns::{self, Layout, Source, understand};
use super::dates::{DateEvidence, DateStyle};
use super::job::{self, Kind, Load, LoadState};
use super::row::{Conventions, Found, RowError};
use super::spill::{RUN_BYTES, Spill, SpilledRow};
use super::text::{Dialect, Rows};
use super::{Refused, sheet, turn};
use crate::Ports;
use crate::error::Error;
use crate::messages::Work;
use crate::ports::files::whole;
use crate::ports::table::{Change, Expect, Item, Key, MAX_KEYS, TableName};
use crate::store::accounts::CodeOwner;
use crate::store::codec::{decode, encode};
use crate::store::commit::commit;
use crate::store::jobs;
use crate::store::keys::{self, keyed};
use crate::store::settings::{Mapping, PaymentMode, Setup};
use cauce_domain::contact::phone;
use cauce_domain::contact::point::{Email, Phone};
use cauce_domain::debt::amount::Evidence;
use cauce_domain::debt::document::Document;
use cauce_domain::ids::CustomerId;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};

/// Largest text file.
const MAX_TEXT: u64 = 2 * 1024 * 1024 * 1024;
/// Rows a chunk holds, more or less.
const CHUNK_ROWS: u64 = 8_000;
/// Rows looked up together.
const BATCH: usize = 1_000;

/// Reads the file of a load and queues its chunks, or refuses it.
pub(super) async fn read_file(ports: &Ports, setup: &Setup, load: &Load, now: DateTime<Utc>) -> Result<(), Error> {
    if !matches!(load.state, LoadState::Queued | LoadState::Reading) {
        return Ok(());
    }
    job::update(ports, setup.id(), &load.id, |l| {
        l.state = LoadState::Reading;
        true
    })
    .await?;
    let mut pass = match Pass::begin(setup, load) {
        Ok(pass) => pass,
        Err(refused) => return fail(ports, setup, load, &refused, now).await,
    };
    match pass.whole_file(ports, setup, load).await? {
        Ok(conventions) => spilled(ports, setup, load, pass, conventions).await,
        Err(refused) => fail(ports, setup, load, &refused, now).await,
    }
}

/// Ends a load whose file is refused: nothing of it was written.
async fn fail(ports: &Ports, setup: &Setup, load: &Load, refused: &Refused, now: DateTime<Utc>) -> Result<(), Error> {
    let ended = job::update(ports, setup.id(), &load.id, |l| {
        l.state = LoadState::Failed;
        l.message = Some(refused.to_string());
        l.code = Some(refused.code().to_owned());
        l.finished = Some(now);
        true
    })
    .await?;
    if let Some(load) = ended {
        super::finish::tell(ports, setup, &load, now).await;
    }
    turn::release(ports, setup, now).await
}

/// Stores what the pass found and queues the chunks: first to look where a look is wanted, else to write.
async fn spilled(ports: &Ports, setup: &Setup, load: &Load, pass: Pass, conventions: Conventions) -> Result<(), Error> {
    let (rows, names, present) = (pass.rows, pass.names(), pass.present());
    let mut ignored = pass.layout.ignored.clone();
    let balance = present.iter().any(|p| p == "Saldo pendiente");
    if balance && setup.project().payment_mode == PaymentMode::Movements {
        ignored.push("Saldo pendiente (el proyecto carga pagos, no saldos)".to_owned());
    }
    let parts = job::parts(setup.id(), &load.id);
    let lost = pass.rejected.len() as u64;
    let errors: String = pass.rejected.iter().map(RowError::line).collect();
    ports.files.write(&format!("{}/errors-reading", folder(setup, load)), whole(errors)).await?;
    let runs = pass.spill.finish(ports).await?;
    let place = |sort: &str| Key::new(TableName::Jobs, parts.clone(), sort);
    let found = Found { conventions, variables: names, present, reading_rejected: lost };
    let changes = vec![
        Change::Put(Item::new(place("runs"), encode(&runs)?).expiring(jobs::expiry(load.created)), Expect::Anything),
        Change::Put(Item::new(place("found"), encode(&found)?).expiring(jobs::expiry(load.created)), Expect::Anything),
    ];
    commit(ports, changes).await?;
    for name in &found.variables {
        // Known from the first file that brings it; what is there already stays.
        let variable = Variable { name: name.clone(), of: load.kind };
        let key = crate::store::settings::place(setup.id(), format!("variable#{name}"));
        commit(ports, vec![Change::Put(Item::new(key, encode(&variable)?), Expect::Absent)]).await?;
    }
    let open = match ports.table.get(&jobs::stat_key(setup.id(), "open_orders")).await? {
        Some(stored) => {
            serde_json::from_str::<serde_json::Value>(&stored.body).ok().and_then(|v| v["n"].as_i64()).unwrap_or(0)
        }
        None => 0,
    };
    let large = load.kind == Kind::Orders && !load.options.confirmed && open > 0;
    let look = load.options.trial || large;
    let chunks = u16::try_from((rows / CHUNK_ROWS).next_power_of_two().clamp(1, 256)).unwrap_or(256);
    let ready = job::update(ports, setup.id(), &load.id, |l| {
        l.state = if look { LoadState::Looking } else { LoadState::Writing };
        l.counts = job::Counts { rows, ..job::Counts::default() };
        l.chunks = chunks;
        l.ignored.clone_from(&ignored);
        true
    })
    .await?;
    match ready {
        Some(load) => turn::queue_chunks(ports, setup, &load, !look).await,
        None => turn::queue(ports, setup, load, Work::Read).await,
    }
}

/// A variable some file brought.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// What it describes.
    pub of: Kind,
}

crate::store::codec::shapes! { Variable => "variable_v1" }

/// Where a load keeps its files.
pub(super) fn folder(setup: &Setup, load: &Load) -> String {
    format!("imports/{}/{}", setup.id(), load.id)
}

struct Pass {
    kind: Kind,
    mapping: Option<Mapping>,
    layout: Layout,
    headers: Option<Vec<String>>,
    amounts: Evidence,
    dates: DateEvidence,
    typed: bool,
    /// Digests of the keys seen; with a mapping, of whole rows too.
    seen: HashSet<[u8; 16]>,
    rows: u64,
    line: u32,
    rejected: Vec<RowError>,
    batch: Vec<(u32, Vec<String>)>,
    spill: Spill,
}

impl Pass {
    fn begin(setup: &Setup, load: &Load) -> Result<Self, Refused> {
        if load.kind == Kind::Payments && setup.project().payment_mode == PaymentMode::Balance {
            return Err(Refused::BalanceMode);
        }
        let find = |name: &String| {
            let found = setup.mappings.iter().find(|m| m.value.name == *name).map(|m| m.value.clone());
            found.ok_or_else(|| Refused::NoMapping(name.clone()))
        };
        Ok(Self {
            kind: load.kind,
            mapping: load.options.mapping.as_ref().map(find).transpose()?,
            layout: Layout::default(),
            headers: None,
            amounts: Evidence::default(),
            dates: DateEvidence::default(),
            typed: false,
            seen: HashSet::new(),
            rows: 0,
            line: 0,
            rejected: Vec::new(),
            batch: Vec::new(),
            spill: Spill::new(folder(setup, load)),
        })
    }

    fn names(&self) -> Vec<String> {
        self.layout.variables.iter().map(|(name, _)| name.clone()).collect()
    }

    fn present(&self) -> Vec<String> {
        let columns = columns::of(self.kind).iter().zip(&self.layout.fields);
        columns.filter(|(_, f)| f.is_some()).map(|(c, _)| c.name.to_owned()).collect()
    }

    async fn whole_file(
        &mut self,
        ports: &Ports,
        setup: &Setup,
        load: &Load,
    ) -> Result<Result<Conventions, Refused>, Error> {
        let Some(size) = ports.files.size(&load.file).await? else { return Ok(Err(Refused::Gone)) };
        if size == 0 {
            return Ok(Err(Refused::Empty));
        }
        let head = ports.files.read_range(&load.file, 0, 64 * 1024).await?;
        let read = if sheet::is_zip(&head) {
            self.typed = true;
            self.sheet(ports, setup, load, size).await?
        } else if size > MAX_TEXT {
            Err(Refused::TooLarge)
        } else {
            self.text(ports, setup, load, Dialect::sniff(&head, head.len() as u64 == size)).await?
        };
        Ok(match read {
            Ok(()) if self.headers.is_none() => Err(Refused::Empty),
            Ok(()) => self.conclude(setup),
            Err(refused) => Err(refused),
        })
    }

    async fn text(
        &mut self,
        ports: &Ports,
        setup: &Setup,
        load: &Load,
        dialect: Dialect,
    ) -> Result<Result<(), Refused>, Error> {
        let mut rows = Rows::new(dialect);
        let mut stream = ports.files.read(&load.file).await?;
        loop {
            let piece = stream.try_next().await?;
            let last = piece.is_none();
            let fed = rows.feed(&piece.unwrap_or_default(), last, |row| self.row(row));
            if let Err(refused) = fed {
                return Ok(Err(refused));
            }
            if last || self.batch.len() >= BATCH {
                self.spill_batch(ports, setup).await?;
            }
            if last {
                return Ok(Ok(()));
            }
        }
    }

    /// A workbook is read on a thread of its own and handed over a few rows at a time.
    async fn sheet(
        &mut self,
        ports: &Ports,
        setup: &Setup,
        load: &Load,
        size: u64,
    ) -> Result<Result<(), Refused>, Error> {
        if size > sheet::MAX_FILE {
            return Ok(Err(Refused::TooLarge));
        }
        let bytes = ports.files.read_range(&load.file, 0, size).await?.to_vec();
        let (sender, mut receiver) = tokio::sync::mpsc::channel(BATCH);
        let reader = tokio::task::spawn_blocking(move || {
            sheet::read(bytes, |row| sender.blocking_send(row).map_err(|_| Refused::BadSheet))
        });
        while let Some(row) = receiver.recv().await {
            if let Err(refused) = self.row(row) {
                return Ok(Err(refused));
            }
            if self.batch.len() >= BATCH {
                self.spill_batch(ports, setup).await?;
            }
        }
        self.spill_batch(ports, setup).await?;
        Ok(reader.await.unwrap_or(Err(Refused::BadSheet)))
    }

    /// Takes one row of the file: the header, or a row to be grouped.
    fn row(&mut self, row: Vec<String>) -> Result<(), Refused> {
        self.line = self.line.saturating_add(1);
        let line = self.line;
        if row.iter().all(|c| c.trim().is_empty()) {
            return Ok(());
        }
        let Some(headers) = &self.headers else {
            self.layout = understand(self.kind, &row, self.mapping.as_ref())?;
            self.headers = Some(row);
            return Ok(());
        };
        self.rows += 1;
        if row.len() > headers.len() && row[headers.len()..].iter().any(|c| !c.trim().is_empty()) {
            let message = "la fila tiene más columnas que la cabecera: revise separadores y comillas";
            self.rejected.push(RowError::error(line, "", "", message));
            return Ok(());
        }
        let text = |source: &Option<Source>| source.as_ref().map_or(String::new(), |s| s.text(&row));
        let mut cells: Vec<String> = self.layout.fields.iter().map(text).collect();
        cells.extend(self.layout.variables.iter().map(|(_, s)| s.text(&row)));
        if self.skipped(&cells) {
            self.rows -= 1;
            return Ok(());
        }
        self.evidence(&cells)?;
        self.batch.push((line, cells));
        Ok(())
    }

    /// A mapping may pass over rows in which a field comes out empty: an unpaid invoice is no payment.
    fn skipped(&self, cells: &[String]) -> bool {
        let Some(field) = self.mapping.as_ref().and_then(|m| m.skip_when_empty.as_ref()) else { return false };
        let wanted = columns::fold(field);
        let at = columns::of(self.kind).iter().position(|c| columns::fold(c.name) == wanted);
        at.and_then(|at| cells.get(at)).is_some_and(|c| c.trim().is_empty())
    }

    fn evidence(&mut self, cells: &[String]) -> Result<(), Refused> {
        for (column, text) in columns::of(self.kind).iter().zip(cells).filter(|(_, t)| !t.is_empty()) {
            let name = column.name;
            if name.starts_with("Monto") || matches!(name, "Intereses" | "Descuentos" | "Saldo pendiente") {
                self.amounts.see(text);
            } else if name.starts_with("Fecha") {
                self.dates.see(text);
            } else if is_key(name) && scientific(text) {
                return Err(Refused::Scientific { column: name.to_owned(), example: text.clone() });
            }
        }
        Ok(())
    }

    fn conclude(&mut self, setup: &Setup) -> Result<Conventions, Refused> {
        use cauce_domain::country::NumberStyle::DotDecimal;
        let mapping = self.mapping.as_ref();
        let number = match mapping.and_then(|m| m.decimal) {
            Some(decimal) => decimal,
            None if self.typed => self.amounts.conclude(DotDecimal).unwrap_or(DotDecimal),
            None => self.amounts.conclude(setup.project().number_style)?,
        };
        let date = match mapping.and_then(|m| m.date_format.as_ref()) {
            Some(format) => DateStyle::of_format(format).ok_or_else(|| Refused::BadDateFormat(format.clone()))?,
            None => std::mem::take(&mut self.dates).conclude()?,
        };
        Ok(Conventions { number, date })
    }

    /// Finds whose each row is and spills it; rows without an owner, or with a key seen before, are rejected here.
    async fn spill_batch(&mut self, ports: &Ports, setup: &Setup) -> Result<(), Error> {
        let batch = std::mem::take(&mut self.batch);
        let owners = owners(ports, setup, self.kind, &batch).await?;
        for ((line, cells), owner) in batch.into_iter().zip(owners) {
            match owner.and_then(|owner| self.once(line, &cells).map(|fresh| (owner, fresh))) {
                Err(error) => self.rejected.push(error),
                Ok((owner, true)) => self.spill.push(ports, &SpilledRow { owner, line, cells }).await?,
                Ok((_, false)) => self.rows -= 1,
            }
        }
        Ok(())
    }

    /// Whether a row's key is new to the file. A repeated key is an error; a foreign file, which repeats its customers on
    /// every row, may say the same thing again.
    fn once(&mut self, line: u32, cells: &[String]) -> Result<bool, RowError> {
        let at = match self.kind {
            Kind::Customers => vec![0, 1],
            Kind::Orders => vec![2],
            Kind::Payments => vec![3],
            Kind::Exclusions => return Ok(true),
        };
        let key: Vec<String> = match self.kind {
            Kind::Customers => {
                let document = Document::parse(&cells[0], &cells[1]);
                document.map_or(Vec::new(), |d| vec![d.kind, d.number])
            }
            _ => at.iter().map(|at| cells[*at].clone()).collect(),
        };
        if key.iter().all(|k| k.is_empty()) {
            return Ok(true);
        }
        let digest = |parts: &[String]| -> [u8; 16] {
            let digest = Sha256::digest(parts.join("\u{1}").as_bytes());
            digest[..16].try_into().unwrap_or_default()
        };
        let repeats = |seen: &mut HashSet<[u8; 16]>| self.mapping.is_some() && !seen.insert(digest(cells));
        let same = repeats(&mut self.seen);
        if self.seen.insert(digest(&key)) {
            return Ok(true);
        }
        if same {
            return Ok(false);
        }
        let at = *at.last().unwrap_or(&0);
        let column = columns::of(self.kind)[at].name;
        Err(RowError::error(line, column, &cells[at], "la clave se repite en el archivo: deje una sola fila"))
    }
}

fn is_key(name: &str) -> bool {
    name.starts_with("Número de documento")
        || name.starts_with("Código de")
        || name == "Dirección"
        || (name.starts_with("Celular") && !name.ends_with("país"))
        || name.ends_with(" celular")
}

/// `9.87654E+08`: a spreadsheet has already lost the digits.
fn scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let exponent = exponent.trim_start_matches(['+', '-']);
    mantissa.contains(['.', ',']) && digits(&mantissa.replace(['.', ','], "")) && digits(exponent)
        || digits(mantissa) && text.contains(['+']) && digits(exponent)
}

type Owner = Result<[u8; 16], RowError>;

/// Whose each row is: by document, by the order it pays, or by the address it excludes.
pub(super) async fn owners(
    ports: &Ports,
    setup: &Setup,
    kind: Kind,
    batch: &[(u32, Vec<String>)],
) -> Result<Vec<Owner>, Error> {
    let document = |line: u32, doc_kind: &str, number: &str| -> Owner {
        let wrong = |e: cauce_domain::debt::document::BadDocument| {
            RowError::error(line, "Número de documento", number, &e.to_string())
        };
        Document::parse(doc_kind, number).map(|d| bytes_of(&setup.customer_id(&d))).map_err(wrong)
    };
    match kind {
        Kind::Customers | Kind::Orders => Ok(batch.iter().map(|(line, c)| document(*line, &c[0], &c[1])).collect()),
        Kind::Exclusions => Ok(batch.iter().map(|(line, c)| exclusion_owner(setup, *line, c, document)).collect()),
        Kind::Payments => {
            let owners = code_owners(ports, setup, batch).await?;
            let owner = |(line, cells): &(u32, Vec<String>)| {
                let (line, code) = (*line, cells[0].as_str());
                match owners.get(code) {
                    _ if code.is_empty() => document(line, &cells[1], &cells[2]),
                    Some(owner) => Ok(*owner),
                    None => Err(RowError::error(line, "Código de pago", code, "la orden no existe: cárguela primero")),
                }
            };
            Ok(batch.iter().map(owner).collect())
        }
    }
}

fn exclusion_owner(setup: &Setup, line: u32, cells: &[String], document: impl Fn(u32, &str, &str) -> Owner) -> Owner {
    let address = cells[2].as_str();
    if address.is_empty() {
        return document(line, &cells[0], &cells[1]);
    }
    let normal = normal_address(setup, address);
    let normal =
        normal.ok_or_else(|| RowError::error(line, "Dirección", address, "no es un celular ni un correo válido"))?;
    Ok(bytes_of(&CustomerId::new(keyed(&setup.key, "address", &normal))))
}

/// An address in the form it is kept under.
pub(super) fn normal_address(setup: &Setup, text: &str) -> Option<String> {
    if text.contains('@') {
        return Email::parse(text).ok().map(|e| e.address().to_owned());
    }
    let country = Some(setup.project().country);
    if phone::is_placeholder(text) { None } else { Phone::parse(text, country).ok().map(|p| p.e164().to_owned()) }
}

async fn code_owners(
    ports: &Ports,
    setup: &Setup,
    batch: &[(u32, Vec<String>)],
) -> Result<HashMap<String, [u8; 16]>, Error> {
    let mut codes: Vec<&str> = batch.iter().map(|(_, c)| c[0].as_str()).filter(|c| !c.is_empty()).collect();
    codes.sort_unstable();
    codes.dedup();
    let mut owners = HashMap::new();
    for some in codes.chunks(MAX_KEYS) {
        let wanted: Vec<Key> = some.iter().map(|c| keys::order_code(setup.id(), c)).collect();
        for (code, stored) in some.iter().zip(ports.table.get_many(&wanted).await?) {
            if let Some(stored) = stored {
                let owner: CodeOwner = decode(&stored.body)?;
                owners.insert((*code).to_owned(), bytes_of(&owner.customer));
            }
        }
    }
    Ok(owners)
}

/// An id of 32 hex digits as 16 bytes.
pub(super) fn bytes_of(id: &CustomerId) -> [u8; 16] {
    u128::from_str_radix(id.as_str(), 16).unwrap_or_default().to_be_bytes()
}

/// And back.
pub(super) fn id_of(bytes: [u8; 16]) -> CustomerId {
    CustomerId::new(keys::hex(&bytes))
}

const _: () = assert!(RUN_BYTES < u32::MAX as usize);
