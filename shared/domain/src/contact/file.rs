//! Files that go with messages and come with them: what they are is what their bytes say, never what somebody says of them.

use serde::{Deserialize, Serialize};

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// A document.
    Pdf,
    /// A picture.
    Jpeg,
    /// A picture.
    Png,
    /// A picture of Apple's.
    Heic,
    /// A voice message.
    Ogg,
}

impl FileKind {
    /// Every kind that is kept, with the first words of its bytes.
    const SIGNS: [(Self, &'static [u8]); 5] = [
        (Self::Pdf, b"%PDF-"),
        (Self::Jpeg, &[0xFF, 0xD8, 0xFF]),
        (Self::Png, b"\x89PNG\r\n"),
        (Self::Heic, b"ftyp"),
        (Self::Ogg, b"OggS"),
    ];

    /// Reads it from a file's bytes; nothing of other kinds is kept.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let start = bytes.get(..16).unwrap_or(bytes);
        let begins = |sign: &[u8]| start.windows(sign.len()).take(5).any(|window| window == sign);
        Self::SIGNS.iter().find(|(_, sign)| begins(sign)).map(|(kind, _)| *kind)
    }

    /// How its name ends.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Heic => "heic",
            Self::Ogg => "ogg",
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Heic => "image/heic",
            Self::Ogg => "audio/ogg",
        }
    }

    /// Whether every channel that takes files shows it as a picture.
    pub fn is_picture(self) -> bool {
        matches!(self, Self::Jpeg | Self::Png)
    }
}

/// A file that goes with messages: kept by its content, so that what was sent stays what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageFile {
    /// The name whoever gets it sees.
    pub name: String,
    /// What it is.
    pub kind: FileKind,
    /// Where it is kept.
    pub place: String,
    /// Bytes.
    pub size: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_bytes_say() {
        assert_eq!(FileKind::of(b"%PDF-1.4 voucher"), Some(FileKind::Pdf));
        assert_eq!(FileKind::of(b"\0\0\0\x18ftypheic"), Some(FileKind::Heic));
        for other in [&b"<html>%PDF-"[..], b"MZ", b"", b"PK\x03\x04"] {
            assert_eq!(FileKind::of(other), None);
        }
    }
}
