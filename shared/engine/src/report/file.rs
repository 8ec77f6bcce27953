//! The parts become the file.

use super::book::Book;
use super::{Format, Report, text};
use crate::Ports;
use crate::columns::Column;
use crate::error::Error;
use crate::ports::PortError;
use crate::ports::files::ByteStream;
use bytes::Bytes;
use cauce_domain::ids::ProjectId;
use futures::{StreamExt, TryStreamExt, stream};
use std::sync::Arc;
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;

/// What a workbook that cannot be written is called.
pub(super) const NO_BOOK: &str = "libro";
/// Bytes read from a finished workbook at once.
const PIECE: usize = 256 * 1024;

/// Where a report's files are.
pub(super) fn folder(project: &ProjectId, report: &Report) -> String {
    format!("reports/{project}/{}", report.id)
}

/// Writes the file of a report from its parts; answers where it is. Its name is nobody else's: of two that write it at once
/// each writes its own.
pub(super) async fn write(
    ports: &Ports,
    project: &ProjectId,
    report: &Report,
    columns: &[&'static Column],
    parts: &[String],
) -> Result<String, Error> {
    let key = format!("{}/{}.{}", folder(project, report), ports.new_id().simple(), report.format.extension());
    let content = match report.format {
        Format::Csv => {
            let head = [text::MARK.as_bytes(), &text::titles(columns)?].concat();
            let head = stream::iter([Ok(Bytes::from(head))]);
            Box::pin(head.chain(pieces(ports, parts)))
        }
        Format::Xlsx => workbook(ports, report, columns, parts).await?,
    };
    ports.files.write(&key, content).await?;
    Ok(key)
}

/// The parts, one after the other, as they come.
fn pieces(ports: &Ports, parts: &[String]) -> ByteStream {
    let (files, parts) = (Arc::clone(&ports.files), parts.to_vec());
    let read = move |part: String| {
        let files = Arc::clone(&files);
        async move { files.read(&part).await }
    };
    Box::pin(stream::iter(parts).then(read).try_flatten())
}

/// The workbook of the parts: one part at a time is held.
async fn workbook(
    ports: &Ports,
    report: &Report,
    columns: &[&'static Column],
    parts: &[String],
) -> Result<ByteStream, Error> {
    let broken = |e: String| Error::Broken(NO_BOOK, e);
    let (give, mut take) = mpsc::channel::<Bytes>(1);
    let (name, columns) = (report.subject.spanish(), columns.to_vec());
    let writing = tokio::task::spawn_blocking(move || -> Result<std::fs::File, String> {
        let mut book = Book::new(name, columns).map_err(|e| e.to_string())?;
        while let Some(part) = take.blocking_recv() {
            book.push(&part)?;
        }
        book.finish()
    });
    for part in parts {
        let pieces: Vec<Bytes> = ports.files.read(part).await?.try_collect().await?;
        if give.send(pieces.concat().into()).await.is_err() {
            break; // The writer has failed, and tells why.
        }
    }
    drop(give);
    let file = writing.await.map_err(|e| broken(e.to_string()))?.map_err(broken)?;
    let file = tokio::fs::File::from_std(file);
    Ok(Box::pin(stream::try_unfold(file, |mut file| async move {
        let mut piece = vec![0; PIECE];
        let disk = |e: std::io::Error| PortError::Unavailable("el disco", Some(Box::new(e)));
        let read = file.read(&mut piece).await.map_err(disk)?;
        piece.truncate(read);
        Ok((read > 0).then(|| (Bytes::from(piece), file)))
    })))
}
