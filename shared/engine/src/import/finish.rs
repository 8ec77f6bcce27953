//! The end of a load: counts added up, rejected rows given back in the user's own format, whoever asked told.

use super::chunk::{errors_file, part, progress};
use super::job::{self, Counts, Kind, Load, LoadState};
use super::reading::folder;
use super::row::{Found, RowError};
use super::text::{Dialect, Rows};
use super::{sheet, turn};
use crate::Ports;
use crate::error::Error;
use crate::link_contact::link_all;
use crate::notice::notify;
use crate::ports::PortError;
use crate::ports::files::{ByteStream, whole};
use crate::ports::table::{Change, Expect, Item, Key, TableName};
use crate::store::codec::encode;
use crate::store::commit::commit;
use crate::store::jobs;
use crate::store::settings::Setup;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt};
use std::collections::BTreeMap;

/// Ends a stage: a look becomes a trial's result, a question, or the writing; a writing becomes the end.
pub(super) async fn finish(
    ports: &Ports,
    setup: &Setup,
    load: &Load,
    write: bool,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let expected = if write { LoadState::Writing } else { LoadState::Looking };
    let parts = progress(ports, setup, load, write).await?;
    if load.state != expected || parts.iter().filter(|p| p.done).count() < usize::from(load.chunks) {
        return Ok(());
    }
    let found: Found = part(ports, setup, load, "found").await?;
    let mut counts = Counts { rows: load.counts.rows, rejected: found.reading_rejected, ..Counts::default() };
    parts.iter().for_each(|p| counts.add(&p.counts));
    let incomplete = load.options.picture.is_some() && counts.rejected > 0;
    if incomplete && !write {
        // What only seems absent will not be annulled.
        counts.changed = counts.changed.saturating_sub(counts.absent);
        counts.absent = 0;
    }
    if !write && !load.options.trial {
        if incomplete && !found.incomplete {
            let place = Key::new(TableName::Jobs, job::parts(setup.id(), &load.id), "found");
            let item = Item::new(place, encode(&Found { incomplete, ..found })?).expiring(jobs::expiry(load.created));
            commit(ports, vec![Change::Put(item, Expect::Anything)]).await?;
        }
        match too_large(ports, setup, load, &counts).await? {
            None => return write_now(ports, setup, load).await,
            Some(question) => return end(ports, setup, load, LoadState::ToConfirm, counts, Some(question), now).await,
        }
    }
    let rejected = rejected_rows(ports, setup, load, &parts.iter().map(|p| p.parts).collect::<Vec<_>>(), write).await?;
    let state = match (write, counts.rejected) {
        (false, _) => LoadState::Tried,
        (true, 0) => LoadState::Finished,
        (true, _) => LoadState::FinishedWithErrors,
    };
    if write {
        remember(ports, setup, load, &counts, now).await?;
    }
    let message = (write && counts.new + counts.changed == 0 && counts.rejected == 0 && counts.rows > 0)
        .then(|| "el archivo no trae cambios: todo estaba cargado".to_owned());
    let message = message
        .or_else(|| incomplete.then(|| "hay filas rechazadas: la foto completa no anuló ninguna orden".to_owned()));
    let load = Load { rejected_file: rejected, ..load.clone() };
    end(ports, setup, &load, state, counts, message, now).await?;
    // The load is over whatever becomes of this: the next one, or the address itself, asks again.
    if write
        && load.kind == job::Kind::Customers
        && let Err(error) = link_all(ports, setup).await
    {
        tracing::warn!(project = %setup.id(), %error, "mensajes de no registrados quedan por mover");
    }
    Ok(())
}

/// Why a load waits for somebody: it would change a large part of what is open.
async fn too_large(ports: &Ports, setup: &Setup, load: &Load, counts: &Counts) -> Result<Option<String>, Error> {
    let open = open_orders(ports, setup).await?;
    let limit = i64::from(setup.project().confirm_above_percent);
    let changes = i64::try_from(counts.changed).unwrap_or(i64::MAX);
    if load.options.confirmed || open == 0 || changes.saturating_mul(100) <= open.saturating_mul(limit) {
        return Ok(None);
    }
    let absent = if counts.absent > 0 { format!(" ({} quedarían anuladas)", counts.absent) } else { String::new() };
    Ok(Some(format!(
        "la carga cambiaría {changes} de {open} órdenes abiertas{absent}: confírmela para aplicarla; sin confirmar no cambia nada"
    )))
}

async fn open_orders(ports: &Ports, setup: &Setup) -> Result<i64, Error> {
    let stored = ports.table.get(&jobs::stat_key(setup.id(), "open_orders")).await?;
    Ok(stored
        .and_then(|s| serde_json::from_str::<serde_json::Value>(&s.body).ok())
        .and_then(|v| v["n"].as_i64())
        .unwrap_or(0))
}

async fn write_now(ports: &Ports, setup: &Setup, load: &Load) -> Result<(), Error> {
    let begun = job::update(ports, setup.id(), &load.id, |l| {
        let looking = l.state == LoadState::Looking;
        l.state = LoadState::Writing;
        looking
    })
    .await?;
    match begun {
        Some(load) => turn::queue_chunks(ports, setup, &load, true).await,
        None => Ok(()),
    }
}

/// Keeps what later loads and the gate ask: how many orders are open, more or less, and when payments last came.
async fn remember(ports: &Ports, setup: &Setup, load: &Load, counts: &Counts, now: DateTime<Utc>) -> Result<(), Error> {
    let delta = match load.kind {
        Kind::Orders => {
            i64::try_from(counts.new).unwrap_or(0) - i64::try_from(counts.absent + counts.paid).unwrap_or(0)
        }
        Kind::Payments => -i64::try_from(counts.paid).unwrap_or(0),
        _ => 0,
    };
    if delta != 0 {
        ports.table.add(&jobs::stat_key(setup.id(), "open_orders"), "n", delta).await?;
    }
    if load.kind == Kind::Payments {
        jobs::set_mark(ports, setup.id(), "payments_loaded", now).await?;
    }
    Ok(())
}

/// Ends a load that cannot go on; what it had written stays, and the same file again does only the rest.
pub(super) async fn stop(ports: &Ports, setup: &Setup, load: &Load, now: DateTime<Utc>) -> Result<(), Error> {
    let why =
        "la carga se detuvo por un error interno; lo ya cargado queda: avise a soporte y cargue el archivo de nuevo";
    end(ports, setup, load, LoadState::Failed, load.counts.clone(), Some(why.to_owned()), now).await
}

async fn end(
    ports: &Ports,
    setup: &Setup,
    load: &Load,
    state: LoadState,
    counts: Counts,
    message: Option<String>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let ended = job::update(ports, setup.id(), &load.id, |l| {
        let open = !l.state.is_over();
        l.state = state;
        l.counts = counts.clone();
        l.message.clone_from(&message);
        l.rejected_file.clone_from(&load.rejected_file);
        l.finished = Some(now);
        open
    })
    .await?;
    if let Some(load) = ended {
        tell(ports, setup, &load, now).await;
    }
    turn::release(ports, setup, now).await
}

/// Tells whoever asked, and the alert addresses when it failed; a notice that does not leave stops nothing.
pub(super) async fn tell(ports: &Ports, setup: &Setup, load: &Load, now: DateTime<Utc>) {
    let asked = setup.users.iter().find(|u| u.value.id.as_str() == load.requester).map(|u| u.value.email.clone());
    let alerts = setup.project().alert_addresses.iter().filter(|_| load.state == LoadState::Failed).cloned();
    let counts = &load.counts;
    let text = format!(
        "{} · {}\nEstado: {}\nFilas: {} · aceptadas: {} · rechazadas: {}\n{}",
        load.kind.spanish(),
        load.file_name,
        load.state.spanish(),
        counts.rows,
        counts.accepted,
        counts.rejected,
        load.message.as_deref().unwrap_or("")
    );
    let subject = format!("Carga de {}: {}", load.kind.spanish(), load.state.spanish());
    notify(ports, setup, asked.into_iter().chain(alerts), load.id.as_str(), (subject, text), now).await;
}

/// Writes the rejected rows as they came, plus a column `Error`; `None` when there are none.
async fn rejected_rows(
    ports: &Ports,
    setup: &Setup,
    load: &Load,
    parts: &[u32],
    write: bool,
) -> Result<Option<String>, Error> {
    let errors = gather_errors(ports, setup, load, parts, write).await?;
    if errors.is_empty() {
        return Ok(None);
    }
    let head = ports.files.read_range(&load.file, 0, 64 * 1024).await?;
    let zip = sheet::is_zip(&head);
    let key = format!("{}/rechazadas.{}", folder(setup, load), if zip { "xlsx" } else { "csv" });
    let content = if zip {
        sheet_rows(ports, load, errors).await?
    } else {
        let size = ports.files.size(&load.file).await?.unwrap_or(0);
        text_rows(ports, load, errors, Dialect::sniff(&head, head.len() as u64 == size)).await?
    };
    ports.files.write(&key, content).await?;
    Ok(Some(key))
}

/// The sentences of each rejected line, observations left apart.
async fn gather_errors(
    ports: &Ports,
    setup: &Setup,
    load: &Load,
    parts: &[u32],
    write: bool,
) -> Result<BTreeMap<u32, String>, Error> {
    let chunks = parts.iter().enumerate().flat_map(|(chunk, parts)| {
        let chunk = u16::try_from(chunk).unwrap_or(u16::MAX);
        (0..*parts).map(move |part| errors_file(setup, load, chunk, part, write))
    });
    let mut errors = BTreeMap::new();
    for file in std::iter::once(format!("{}/errors-reading", folder(setup, load))).chain(chunks) {
        let pieces: Vec<Bytes> = ports.files.read(&file).await?.try_collect().await?;
        for line in String::from_utf8_lossy(&pieces.concat()).lines() {
            let error: RowError = serde_json::from_str(line).map_err(|e| Error::Broken("errors", e.to_string()))?;
            if error.rejects {
                errors.insert(error.line, error.sentence());
            }
        }
    }
    Ok(errors)
}

/// Streams the source again and keeps the header and the rejected lines.
async fn text_rows(
    ports: &Ports,
    load: &Load,
    errors: BTreeMap<u32, String>,
    dialect: Dialect,
) -> Result<ByteStream, Error> {
    let source = ports.files.read(&load.file).await?;
    let mut rows = Rows::new(dialect);
    let mut line = 0_u32;
    let mut header = false;
    let mark = if dialect.mark { dialect.encode("\u{FEFF}") } else { Vec::new() };
    let ended = futures::stream::iter([None]);
    let pieces = source.map(Some).chain(ended);
    let stream = pieces.map(move |piece| {
        let (bytes, last) = match piece {
            Some(bytes) => (bytes?, false),
            None => (Bytes::new(), true),
        };
        let mut writer = csv::WriterBuilder::new().delimiter(dialect.delimiter).flexible(true).from_writer(Vec::new());
        let fed = rows.feed(&bytes, last, |mut row| {
            line += 1;
            let blank = row.iter().all(|c| c.trim().is_empty());
            let extra = if !header && !blank {
                header = true;
                Some("Error".to_owned())
            } else {
                errors.get(&line).cloned()
            };
            if let Some(extra) = extra {
                row.push(extra);
                let _ = writer.write_record(&row);
            }
            Ok(())
        });
        fed.map_err(|e| PortError::Refused(e.to_string()))?;
        let text = writer.into_inner().map_err(|e| PortError::Refused(e.to_string()))?;
        Ok(Bytes::from(dialect.encode(&String::from_utf8_lossy(&text))))
    });
    Ok(Box::pin(futures::stream::iter([Ok(Bytes::from(mark))]).chain(stream)))
}

async fn sheet_rows(ports: &Ports, load: &Load, errors: BTreeMap<u32, String>) -> Result<ByteStream, Error> {
    let size = ports.files.size(&load.file).await?.unwrap_or(0);
    let bytes = ports.files.read_range(&load.file, 0, size).await?.to_vec();
    let hours = sheet::Hours::of(load.kind);
    let written = tokio::task::spawn_blocking(move || -> Result<Vec<u8>, String> {
        let mut book = rust_xlsxwriter::Workbook::new();
        let page = book.add_worksheet_with_constant_memory();
        let (mut line, mut out, mut header, mut failed) = (0_u32, 0_u32, false, None);
        let read = sheet::read(bytes, hours, |mut row| {
            line += 1;
            let blank = row.iter().all(|c| c.trim().is_empty());
            let extra = if !header && !blank {
                header = true;
                Some("Error".to_owned())
            } else {
                errors.get(&line).cloned()
            };
            if let Some(extra) = extra {
                row.push(extra);
                for (column, text) in (0_u16..).zip(&row) {
                    // Written as text: a formula in a rejected row stays words.
                    if let Err(error) = page.write_string(out, column, text) {
                        failed = Some(error.to_string());
                    }
                }
                out += 1;
            }
            Ok(())
        });
        read.map_err(|e| e.to_string())?;
        match failed {
            Some(error) => Err(error),
            None => book.save_to_buffer().map_err(|e| e.to_string()),
        }
    });
    let written = written.await.map_err(|e| Error::Broken("rechazadas", e.to_string()))?;
    Ok(whole(written.map_err(|e| Error::Broken("rechazadas", e))?))
}

/// The errors and observations of a load, in order of line, at most `limit`.
pub async fn notes(ports: &Ports, setup: &Setup, load: &Load, limit: usize) -> Result<Vec<RowError>, Error> {
    let write = !load.options.trial && !matches!(load.state, LoadState::ToConfirm | LoadState::Discarded);
    let mut notes = Vec::new();
    let prefix = format!("{}/errors-", folder(setup, load));
    let stage = format!("{prefix}{}", if write { "write" } else { "look" });
    for file in ports.files.list(&prefix).await? {
        if !(file.key.starts_with(&stage) || file.key.ends_with("reading")) {
            continue;
        }
        let pieces: Vec<Bytes> = ports.files.read(&file.key).await?.try_collect().await?;
        for line in String::from_utf8_lossy(&pieces.concat()).lines() {
            notes.push(serde_json::from_str(line).map_err(|e| Error::Broken("errors", e.to_string()))?);
        }
    }
    notes.sort();
    notes.truncate(limit);
    Ok(notes)
}
