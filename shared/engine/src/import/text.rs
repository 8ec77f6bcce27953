//! Delimited text, a piece at a time: any of four encodings, three delimiters, quotes, embedded newlines.
//!
//! Memory is bounded by the longest record allowed, whatever the file holds.

use super::Refused;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Longest record, in bytes: beyond it a quote was left open, or the file is no table.
const MAX_RECORD: usize = 1024 * 1024;
/// Most columns.
const MAX_COLUMNS: usize = 512;

/// How a text file is written, so that rejected rows go back the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// Encoding.
    pub encoding: &'static Encoding,
    /// Starts with a byte order mark.
    pub mark: bool,
    /// Delimiter.
    pub delimiter: u8,
}

impl Dialect {
    /// Finds the dialect of a file by its beginning (some 64 KB; `whole` when that is all of it).
    pub fn sniff(head: &[u8], whole: bool) -> Self {
        let (encoding, mark) = match Encoding::for_bom(head) {
            Some((encoding, _)) => (encoding, true),
            None if looks_utf16(head, 1) => (UTF_16LE, false),
            None if looks_utf16(head, 0) => (UTF_16BE, false),
            None => (eight_bit(head, whole), false),
        };
        let (text, ..) = encoding.decode(head);
        let mut quoted = false;
        let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
        for c in text.trim_start_matches(['\r', '\n', ' ']).chars() {
            match c {
                '"' => quoted = !quoted,
                '\n' | '\r' if !quoted => break,
                c if !quoted => counts.iter_mut().filter(|(d, _)| char::from(*d) == c).for_each(|(_, n)| *n += 1),
                _ => {}
            }
        }
        let best = counts.into_iter().rev().max_by_key(|(_, n)| *n);
        Self { encoding, mark, delimiter: best.map_or(b',', |(d, _)| d) }
    }

    /// Writes text in the file's encoding.
    pub fn encode(&self, text: &str) -> Vec<u8> {
        let wide = |to: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to).collect();
        match self.encoding {
            e if e == UTF_16LE => wide(u16::to_le_bytes),
            e if e == UTF_16BE => wide(u16::to_be_bytes),
            e => e.encode(text).0.into_owned(),
        }
    }
}

/// Without a mark, UTF-16 of Latin text has a zero in every other byte.
fn looks_utf16(head: &[u8], zero_at: usize) -> bool {
    let sample = &head[..head.len().min(400)];
    sample.len() >= 8
        && sample.chunks_exact(2).filter(|p| p[zero_at] == 0 && p[1 - zero_at] != 0).count() * 10 > sample.len() * 4
}

fn eight_bit(head: &[u8], whole: bool) -> &'static Encoding {
    let valid = match std::str::from_utf8(head) {
        Ok(_) => true,
        // The head may end inside a character.
        Err(e) => !whole && e.error_len().is_none(),
    };
    if valid {
        return UTF_8;
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(head, whole);
    let guessed = detector.guess(None, chardetng::Utf8Detection::Allow);
    // Spanish files that are neither UTF-8 nor UTF-16 come from Excel on Windows.
    if guessed == UTF_8 { UTF_8 } else { WINDOWS_1252 }
}

/// Turns bytes into records.
pub struct Rows {
    decoder: Decoder,
    reader: Reader,
    text: String,
    record: Vec<u8>,
    record_len: usize,
    ends: Vec<usize>,
    ends_len: usize,
}

impl Rows {
    /// A reader of a dialect.
    pub fn new(dialect: Dialect) -> Self {
        Self {
            decoder: dialect.encoding.new_decoder_with_bom_removal(),
            reader: ReaderBuilder::new().delimiter(dialect.delimiter).build(),
            text: String::new(),
            record: vec![0; 4096],
            record_len: 0,
            ends: vec![0; MAX_COLUMNS + 1],
            ends_len: 0,
        }
    }

    /// Takes bytes in and gives every record they complete to `each`; `last` ends the file.
    pub fn feed(
        &mut self,
        bytes: &[u8],
        last: bool,
        mut each: impl FnMut(Vec<String>) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        text.reserve(self.decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len() * 3));
        let _ = self.decoder.decode_to_string(bytes, &mut text, last);
        let mut input = text.as_bytes();
        loop {
            let ending = input.is_empty();
            if ending && !last {
                break;
            }
            let (state, read, wrote, ended) =
                self.reader.read_record(input, &mut self.record[self.record_len..], &mut self.ends[self.ends_len..]);
            input = &input[read..];
            self.record_len += wrote;
            self.ends_len += ended;
            match state {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.record.len() < MAX_RECORD => {
                    self.record.resize(self.record.len() * 2, 0);
                }
                ReadRecordResult::OutputFull => return Err(Refused::LongRow),
                ReadRecordResult::OutputEndsFull => return Err(Refused::ManyColumns(MAX_COLUMNS)),
                ReadRecordResult::Record => each(self.take())?,
                ReadRecordResult::End => break,
            }
        }
        self.text = text;
        Ok(())
    }

    fn take(&mut self) -> Vec<String> {
        let mut from = 0;
        let mut row = Vec::with_capacity(self.ends_len);
        for end in &self.ends[..self.ends_len] {
            row.push(String::from_utf8_lossy(&self.record[from..*end]).into_owned());
            from = *end;
        }
        (self.record_len, self.ends_len) = (0, 0);
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(bytes: &[u8]) -> Vec<Vec<String>> {
        let mut out = Vec::new();
        let mut rows = Rows::new(Dialect::sniff(bytes, true));
        for piece in bytes.chunks(3) {
            rows.feed(piece, false, |r| {
                out.push(r);
                Ok(())
            })
            .expect("rows");
        }
        rows.feed(&[], true, |r| {
            out.push(r);
            Ok(())
        })
        .expect("rows");
        out
    }

    #[test]
    fn every_dialect_gives_the_same_rows() {
        let plain = "Nombre;Ciudad\r\n\"Muñoz; Ana\";\"dos\nlíneas\"\r\n";
        let wide =
            |to: fn(u16) -> [u8; 2], mark: &[u8]| [mark.to_vec(), plain.encode_utf16().flat_map(to).collect()].concat();
        let files = [
            plain.as_bytes().to_vec(),
            [b"\xEF\xBB\xBF".to_vec(), plain.as_bytes().to_vec()].concat(),
            WINDOWS_1252.encode(plain).0.into_owned(),
            wide(u16::to_le_bytes, b"\xFF\xFE"),
            wide(u16::to_be_bytes, b"\xFE\xFF"),
            wide(u16::to_le_bytes, b""),
            plain.replace(';', "\t").replace("Muñoz\t", "Muñoz;").into_bytes(),
        ];
        for file in files {
            assert_eq!(rows(&file), [vec!["Nombre", "Ciudad"], vec!["Muñoz; Ana", "dos\nlíneas"]]);
        }
    }

    #[test]
    fn an_endless_record_is_refused_in_bounded_memory() {
        let mut rows = Rows::new(Dialect::sniff(b"a,b\n", false));
        let piece = vec![b'x'; 64 * 1024];
        let outcome = (0..40).try_for_each(|_| rows.feed(&piece, false, |_| Ok(())));
        assert_eq!(outcome, Err(Refused::LongRow));
        assert!(rows.record.len() <= MAX_RECORD);
    }
}
