//! The one pass over a file: headers, whose each row is, what dates and amounts mean, duplicate keys.

use super::columns::{self, Layout, Source, understand};
use super::dates::{DateEvidence, DateStyle};
use super::job::{Kind, Load};
use super::owners::owners;
use super::reading::folder;
use super::row::{Conventions, RowError};
use super::spill::{RUN_BYTES, Spill, SpilledRow};
use super::text::{Dialect, Rows};
use super::{Refused, sheet};
use crate::Ports;
use crate::error::Error;
use crate::store::settings::{Mapping, PaymentMode, Setup};
use cauce_domain::debt::amount::Evidence;
use cauce_domain::debt::document::Document;
use futures::TryStreamExt;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashSet};

/// Largest text file.
const MAX_TEXT: u64 = 2 * 1024 * 1024 * 1024;
/// Rows looked up together.
const BATCH: usize = 1_000;

/// A pass in hand.
pub(super) struct Pass {
    kind: Kind,
    mapping: Option<Mapping>,
    pub(super) layout: Layout,
    headers: Option<Vec<String>>,
    amounts: Evidence,
    /// By column: one that shows the month first is not read by what another shows.
    dates: BTreeMap<&'static str, DateEvidence>,
    typed: bool,
    /// Digests of the keys seen; with a mapping, of whole rows too.
    seen: HashSet<[u8; 16]>,
    pub(super) rows: u64,
    line: u32,
    pub(super) rejected: Vec<RowError>,
    batch: Vec<(u32, Vec<String>)>,
    pub(super) spill: Spill,
}

impl Pass {
    pub(super) fn begin(setup: &Setup, load: &Load) -> Result<Self, Refused> {
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
            dates: BTreeMap::new(),
            typed: false,
            seen: HashSet::new(),
            rows: 0,
            line: 0,
            rejected: Vec::new(),
            batch: Vec::new(),
            spill: Spill::new(folder(setup, load)),
        })
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.layout.variables.iter().map(|(name, _)| name.clone()).collect()
    }

    pub(super) fn present(&self) -> Vec<String> {
        let columns = columns::of(self.kind).iter().zip(&self.layout.fields);
        columns.filter(|(_, f)| f.is_some()).map(|(c, _)| c.name.to_owned()).collect()
    }

    pub(super) async fn whole_file(
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
        let hours = sheet::Hours::of(self.kind);
        let reader = tokio::task::spawn_blocking(move || {
            sheet::read(bytes, hours, |row| sender.blocking_send(row).map_err(|_| Refused::BadSheet))
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
                self.dates.entry(name).or_default().see(text);
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
            None => {
                std::mem::take(&mut self.dates).into_values().try_for_each(|seen| seen.conclude().map(|_| ()))?;
                DateStyle::DayFirst
            }
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
            Kind::Exclusions | Kind::Communications => return Ok(true),
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

const _: () = assert!(RUN_BYTES < u32::MAX as usize);
