//! A file becomes rows: read once, spilled by customer, written chunk by chunk.
//!
//! 1. [`request`] puts a load on the process log; one load of a project runs at a time, customers before orders before
//!    payments ([`turn`]).
//! 2. [`reading`] reads the file in one pass: headers, encoding, what dates and amounts mean, duplicate keys. Rows are
//!    spilled grouped by customer; a customer is never in two chunks.
//! 3. [`chunk`] works on one chunk: each customer in transactions that fit, each leaving a correct summary, unchanged
//!    rows not written. Near its deadline it queues itself again with its offset.
//! 4. [`finish`] adds up, writes the rejected rows as the user's own file plus a column `Error`, and lets the next go.
//!
//! Every step may run twice or die half-way: keys are natural, a chunk's progress is version-checked, and what was
//! written is found unchanged the second time. It does not promise that new and unchanged are told apart after a crash.

pub mod chunk;
pub mod columns;
mod communications;
pub mod customers;
pub mod dates;
pub mod direct;
pub mod exclusions;
pub mod finish;
pub mod job;
pub mod orders;
mod owners;
mod pass;
pub mod payments;
pub mod reading;
pub mod row;
pub mod sheet;
pub mod spill;
pub mod template_file;
pub mod text;
pub mod touch;
pub mod turn;

use crate::Ports;
use crate::error::Error;
use crate::messages::{ImportWork, Work};
use crate::store::jobs;
use crate::store::settings::Setup;
use crate::watch_loads::came;
use chrono::{DateTime, Utc};
use job::{Kind, Load, LoadState, Options};

/// Why a whole file is refused; each says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nothing in it.
    #[error("el archivo está vacío: descargue la plantilla y complete al menos la cabecera")]
    Empty,
    /// A record without end.
    #[error("una fila supera 1 MB: revise si quedaron comillas sin cerrar")]
    LongRow,
    /// Too many columns.
    #[error("el archivo tiene más de {0} columnas")]
    ManyColumns(usize),
    /// Too many rows for a workbook.
    #[error("un XLSX admite hasta {0} filas: guarde el archivo como CSV")]
    ManyRows(u32),
    /// Too large.
    #[error("el archivo supera el tamaño permitido: divídalo o guárdelo como CSV")]
    TooLarge,
    /// Not a workbook.
    #[error("el archivo no es un XLSX válido: ábralo y guárdelo de nuevo, o use CSV")]
    BadSheet,
    /// A zip bomb.
    #[error("el archivo se expande de forma anormal: guárdelo de nuevo como CSV")]
    Bomb,
    /// The headers cannot be used.
    #[error(transparent)]
    Headers(#[from] columns::BadHeaders),
    /// Amounts can be read in two ways.
    #[error(transparent)]
    Amounts(#[from] cauce_domain::debt::amount::Ambiguous),
    /// Dates look month first.
    #[error(transparent)]
    Dates(#[from] dates::MonthFirst),
    /// A key or phone lost digits in a spreadsheet.
    #[error(
        "la columna '{column}' trae números en notación científica ('{example}'): formatéela como texto y vuelva a exportar"
    )]
    Scientific {
        /// Column.
        column: String,
        /// Value.
        example: String,
    },
    /// The mapping is not there.
    #[error("no existe el mapeo '{0}'")]
    NoMapping(String),
    /// The mapping's date format is unknown.
    #[error("el formato de fecha '{0}' del mapeo no se conoce: use dd/mm/yyyy, mm/dd/yyyy o yyyy-mm-dd")]
    BadDateFormat(String),
    /// Payments in a project that loads balances.
    #[error("el proyecto carga saldos: cargue las órdenes con 'Saldo pendiente' en lugar de pagos")]
    BalanceMode,
    /// The file is gone.
    #[error("el archivo ya no está: súbalo de nuevo")]
    Gone,
}

impl Refused {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "file_empty",
            Self::LongRow => "row_too_long",
            Self::ManyColumns(_) => "too_many_columns",
            Self::ManyRows(_) => "too_many_rows",
            Self::TooLarge => "file_too_large",
            Self::BadSheet => "bad_workbook",
            Self::Bomb => "zip_bomb",
            Self::Headers(_) => "bad_headers",
            Self::Amounts(_) => "ambiguous_amounts",
            Self::Dates(_) => "ambiguous_dates",
            Self::Scientific { .. } => "scientific_notation",
            Self::NoMapping(_) => "no_mapping",
            Self::BadDateFormat(_) => "bad_date_format",
            Self::BalanceMode => "balance_mode",
            Self::Gone => "file_gone",
        }
    }
}

/// A file somebody wants loaded.
#[derive(Debug, Clone)]
pub struct Request {
    /// What it holds.
    pub kind: Kind,
    /// Where it is.
    pub file: String,
    /// The name its user knows.
    pub file_name: String,
    /// Who asks.
    pub requester: String,
    /// How.
    pub options: Options,
}

/// Puts a load on the process log and lets it run when its turn comes. `id` makes the request known again: the same
/// file event twice is one load.
pub async fn request(
    ports: &Ports,
    setup: &Setup,
    id: &str,
    asked: Request,
    now: DateTime<Utc>,
) -> Result<Load, Error> {
    let load = Load {
        id: id.into(),
        kind: asked.kind,
        file: asked.file,
        file_name: asked.file_name,
        requester: asked.requester,
        options: asked.options,
        state: LoadState::Queued,
        counts: job::Counts::default(),
        message: None,
        code: None,
        ignored: Vec::new(),
        chunks: 0,
        rejected_file: None,
        created: now,
        started: None,
        finished: None,
    };
    let load = turn::enqueue(ports, setup, load).await?;
    jobs::set_mark(ports, setup.id(), &came(load.kind), now).await?;
    turn::next(ports, setup, now).await?;
    Ok(load)
}

/// Says that a load which would change a lot may go on.
pub async fn confirm(
    ports: &Ports,
    setup: &Setup,
    id: &cauce_domain::ids::JobId,
    now: DateTime<Utc>,
) -> Result<Load, Error> {
    let confirmed = job::update(ports, setup.id(), id, |load| {
        // Confirmed before and not among the waiting yet: the one that confirmed it died between the two.
        let waiting = load.state == LoadState::ToConfirm || load.state == LoadState::Queued && load.options.confirmed;
        if waiting {
            load.state = LoadState::Queued;
            load.options.confirmed = true;
            load.message = None;
        }
        waiting
    })
    .await?;
    let load = confirmed.ok_or_else(not_to_confirm)?;
    turn::wait(ports, setup, &load).await?;
    turn::next(ports, setup, now).await?;
    Ok(load)
}

/// Says that a load which would change a lot is not wanted: it ends without effect.
pub async fn discard(
    ports: &Ports,
    setup: &Setup,
    id: &cauce_domain::ids::JobId,
    now: DateTime<Utc>,
) -> Result<Load, Error> {
    let discarded = job::update(ports, setup.id(), id, |load| {
        let waiting = load.state == LoadState::ToConfirm;
        load.state = LoadState::Discarded;
        load.message = Some("se descartó sin aplicar".to_owned());
        load.finished = Some(now);
        waiting
    })
    .await?;
    discarded.ok_or_else(not_to_confirm)
}

fn not_to_confirm() -> Error {
    Error::refused("not_to_confirm", None, "la carga no está por confirmar")
}

/// Does a queued piece of work; `late` tells when the time is nearly out.
pub async fn work(
    ports: &Ports,
    setup: &Setup,
    message: &ImportWork,
    now: DateTime<Utc>,
    late: &(dyn Fn() -> bool + Sync),
) -> Result<(), Error> {
    let Some((load, _)) = job::read(ports, setup.id(), &message.job).await? else {
        return Err(Error::NotFound("la carga"));
    };
    if load.state.is_over() {
        return Ok(());
    }
    let outcome = match &message.work {
        Work::Read => reading::read_file(ports, setup, &load, now).await,
        Work::Chunk { chunk, apply, .. } => chunk::work(ports, setup, &load, *chunk, *apply, now, late).await,
        Work::Finish { apply } => finish::finish(ports, setup, &load, *apply, now).await,
    };
    match outcome {
        // It would fail again: the load ends, says so, and lets the next one run.
        Err(error) if !error.is_transient() => {
            tracing::error!(load = %load.id, %error, "la carga se detuvo");
            finish::stop(ports, setup, &load, now).await
        }
        outcome => outcome,
    }
}
