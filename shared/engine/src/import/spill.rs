//! Rows grouped by customer without holding them all: sorted runs, each one file with an index by first byte of the id.
//!
//! A run is written when its buffer is full and read back by ranges, one range per chunk; this is the first half of an
//! external sort, and chunks do the second.

use crate::Ports;
use crate::error::Error;
use crate::ports::files::whole;
use serde::{Deserialize, Serialize};

/// Bytes held before a run is written.
pub const RUN_BYTES: usize = 12 * 1024 * 1024;

/// A row on its way: whose it is, where it stood, and its cells in the order of the kind's columns, then variables.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpilledRow {
    /// Customer id, or an address digest for exclusions by address.
    pub owner: [u8; 16],
    /// Line of the file, header is 1.
    pub line: u32,
    /// Texts.
    pub cells: Vec<String>,
}

/// Where a run's rows lie, by first byte of the owner: 257 offsets.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Runs {
    /// Offsets of each run.
    pub runs: Vec<Vec<u64>>,
}

crate::store::codec::shapes! { Runs => "runs_v1" }

/// Gathers rows into runs.
pub struct Spill {
    folder: String,
    bytes: Vec<u8>,
    rows: Vec<([u8; 16], u32, u32, u32)>,
    runs: Runs,
}

impl Spill {
    /// A spill into a folder.
    pub fn new(folder: String) -> Self {
        Self { folder, bytes: Vec::new(), rows: Vec::new(), runs: Runs::default() }
    }

    /// Adds a row.
    pub async fn push(&mut self, ports: &Ports, row: &SpilledRow) -> Result<(), Error> {
        let from = self.bytes.len();
        encode(row, &mut self.bytes);
        self.rows.push((row.owner, row.line, from as u32, (self.bytes.len() - from) as u32));
        if self.bytes.len() >= RUN_BYTES {
            self.flush(ports).await?;
        }
        Ok(())
    }

    async fn flush(&mut self, ports: &Ports) -> Result<(), Error> {
        self.rows.sort_unstable();
        let mut out = Vec::with_capacity(self.bytes.len());
        let mut offsets = Vec::with_capacity(257);
        for (owner, _, from, length) in &self.rows {
            while offsets.len() <= usize::from(owner[0]) {
                offsets.push(out.len() as u64);
            }
            out.extend_from_slice(&self.bytes[*from as usize..(*from + *length) as usize]);
        }
        offsets.resize(257, out.len() as u64);
        let key = run_file(&self.folder, self.runs.runs.len());
        ports.files.write(&key, whole(out)).await?;
        self.runs.runs.push(offsets);
        self.bytes.clear();
        self.rows.clear();
        Ok(())
    }

    /// Writes what is left and tells where everything lies.
    pub async fn finish(mut self, ports: &Ports) -> Result<Runs, Error> {
        if !self.rows.is_empty() {
            self.flush(ports).await?;
        }
        Ok(self.runs)
    }
}

fn run_file(folder: &str, run: usize) -> String {
    format!("{folder}/run-{run:04}")
}

fn encode(row: &SpilledRow, out: &mut Vec<u8>) {
    out.extend_from_slice(&row.owner);
    out.extend_from_slice(&row.line.to_le_bytes());
    out.extend_from_slice(&(row.cells.len() as u16).to_le_bytes());
    for cell in &row.cells {
        out.extend_from_slice(&(cell.len() as u32).to_le_bytes());
        out.extend_from_slice(cell.as_bytes());
    }
}

fn decode(mut bytes: &[u8]) -> Option<Vec<SpilledRow>> {
    let mut rows = Vec::new();
    let mut take = |n: usize| -> Option<&[u8]> {
        let (head, rest) = bytes.split_at_checked(n)?;
        bytes = rest;
        Some(head)
    };
    while let Some(owner) = take(16) {
        let owner = owner.try_into().ok()?;
        let line = u32::from_le_bytes(take(4)?.try_into().ok()?);
        let count = u16::from_le_bytes(take(2)?.try_into().ok()?);
        let mut cells = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            let length = u32::from_le_bytes(take(4)?.try_into().ok()?) as usize;
            cells.push(String::from_utf8(take(length)?.to_vec()).ok()?);
        }
        rows.push(SpilledRow { owner, line, cells });
    }
    Some(rows)
}

/// The first bytes a chunk covers: `from` included, `to` excluded.
pub fn range(chunk: u16, chunks: u16) -> (usize, usize) {
    let (chunk, chunks) = (usize::from(chunk), usize::from(chunks.max(1)));
    (chunk * 256 / chunks, (chunk + 1) * 256 / chunks)
}

/// Reads a chunk's rows, ordered by owner and line.
pub async fn read_chunk(
    ports: &Ports,
    folder: &str,
    runs: &Runs,
    chunk: u16,
    chunks: u16,
) -> Result<Vec<SpilledRow>, Error> {
    let (from, to) = range(chunk, chunks);
    let mut rows = Vec::new();
    for (run, offsets) in runs.runs.iter().enumerate() {
        let (start, end) = (offsets[from], offsets[to]);
        if start < end {
            let bytes = ports.files.read_range(&run_file(folder, run), start, end - start).await?;
            rows.extend(decode(&bytes).ok_or_else(|| Error::Broken("run", run_file(folder, run)))?);
        }
    }
    rows.sort_unstable();
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_back_as_it_was_spilled() {
        let row =
            SpilledRow { owner: [7; 16], line: 42, cells: vec!["ñandú".into(), String::new(), "a\"b\n".into()] };
        let mut bytes = Vec::new();
        encode(&row, &mut bytes);
        encode(&row, &mut bytes);
        assert_eq!(decode(&bytes), Some(vec![row.clone(), row]));
        assert_eq!(decode(&bytes[..bytes.len() - 1]), None);
    }

    #[test]
    fn chunks_cover_every_customer_once() {
        for chunks in [1, 2, 8, 256] {
            let mut next = 0;
            for chunk in 0..chunks {
                let (from, to) = range(chunk, chunks);
                assert_eq!(from, next);
                next = to;
            }
            assert_eq!(next, 256);
        }
    }
}
