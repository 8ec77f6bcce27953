//! Cursors handed to API clients: opaque, signed, bound to project and filter.

use crate::error::Error;
use crate::ports::table::Cursor;
use crate::store::keys::keyed;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cauce_domain::ids::ProjectId;

/// Makes a cursor's text; `scope` names the list and its filter, `shard` the partition it stands in.
pub fn seal(key: &[u8], project: &ProjectId, scope: &str, shard: usize, cursor: Option<&Cursor>) -> String {
    let inner = cursor.map_or(String::new(), |c| format!("{}\u{1}{}\u{1}{}", c.sk, c.base_pk, c.base_sk));
    let plain = format!("{shard}\u{1}{inner}");
    let mark = keyed(key, "cursor", &format!("{project}\u{1}{scope}\u{1}{plain}"));
    URL_SAFE_NO_PAD.encode(format!("{mark}{plain}"))
}

/// Reads a cursor's text back; one of another project, list or filter is refused.
pub fn open(key: &[u8], project: &ProjectId, scope: &str, text: &str) -> Result<(usize, Option<Cursor>), Error> {
    let bad = || Error::refused("bad_cursor", "cursor", "el cursor no es de esta lista: empiece sin cursor");
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
    let text = String::from_utf8(bytes).map_err(|_| bad())?;
    let (mark, plain) = text.split_at_checked(32).ok_or_else(bad)?;
    if mark != keyed(key, "cursor", &format!("{project}\u{1}{scope}\u{1}{plain}")) {
        return Err(bad());
    }
    let mut parts = plain.split('\u{1}');
    let shard = parts.next().and_then(|s| s.parse().ok()).ok_or_else(bad)?;
    let cursor = match (parts.next(), parts.next(), parts.next()) {
        (Some(sk), Some(pk), Some(base)) => Some(Cursor { sk: sk.into(), base_pk: pk.into(), base_sk: base.into() }),
        _ => None,
    };
    Ok((shard, cursor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_only_where_it_was_made() {
        let inner = Cursor { sk: "s".into(), base_pk: "p".into(), base_sk: "b".into() };
        let text = seal(b"k", &"p".into(), "customers", 3, Some(&inner));
        assert_eq!(open(b"k", &"p".into(), "customers", &text).ok(), Some((3, Some(inner))));
        assert!(open(b"k", &"q".into(), "customers", &text).is_err());
        assert!(open(b"k", &"p".into(), "orders", &text).is_err());
        assert!(open(b"k", &"p".into(), "customers", "ñ").is_err());
    }
}
