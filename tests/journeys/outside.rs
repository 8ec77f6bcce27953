//! Tables and telephones as anybody may send them: whatever the bytes, they are read or refused, the same however they come
//! in pieces, and nothing panics.

use cauce_domain::contact::phone::{Read, read, whatsapp_aliases};
use cauce_domain::country::Country;
use cauce_engine::import::sheet;
use cauce_engine::import::text::{Dialect, Rows};
use proptest::prelude::*;

/// The rows of a file that comes in pieces of a size; `Err` where it is refused.
fn rows(bytes: &[u8], piece: usize) -> Result<Vec<Vec<String>>, String> {
    let mut found = Vec::new();
    let mut keep = |row: Vec<String>| {
        found.push(row);
        Ok(())
    };
    let mut rows = Rows::new(Dialect::sniff(bytes, true));
    for part in bytes.chunks(piece) {
        rows.feed(part, false, &mut keep).map_err(|e| e.to_string())?;
    }
    rows.feed(&[], true, &mut keep).map_err(|e| e.to_string())?;
    Ok(found)
}

/// A workbook of two rows.
fn workbook() -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in [["Nombre", "Celular_1"], ["Ana", "987654321"]].into_iter().enumerate() {
        for (column, cell) in cells.into_iter().enumerate() {
            let (row, column) = (u32::try_from(row).expect("small"), u16::try_from(column).expect("small"));
            sheet.write_string(row, column, cell).expect("written");
        }
    }
    book.save_to_buffer().expect("a workbook")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_table_is_the_same_however_it_comes_in_pieces(bytes in prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..400),
        "(\u{feff}|[a-zñ€ ]{0,6}|\"|;|,|\t|\r\n|\n|\0){0,80}".prop_map(String::into_bytes),
        "[a-zñ;\"\n]{0,60}".prop_map(|text| text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
    ], piece in 1_usize..40) {
        let whole = rows(&bytes, bytes.len().max(1));
        prop_assert_eq!(&whole, &rows(&bytes, piece));
        prop_assert!(whole.is_ok_and(|rows| rows.iter().all(|row| row.len() <= 512)));
    }

    #[test]
    fn a_broken_workbook_is_read_or_refused(at in any::<proptest::sample::Index>(), with in any::<u8>(), cut in any::<proptest::sample::Index>()) {
        let mut bytes = workbook();
        let place = at.index(bytes.len());
        bytes[place] = with;
        let _ = sheet::read(bytes.clone(), sheet::Hours::Kept, |_| Ok(()));
        bytes.truncate(cut.index(bytes.len()));
        let _ = sheet::read(bytes, sheet::Hours::Cut, |_| Ok(()));
    }

    #[test]
    fn what_is_read_of_a_number_is_read_the_same_again(text in prop_oneof![any::<String>(), "[+0-9 ()./-]{0,24}", "(whatsapp:)?\\+?[0-9]{6,17}"], country in 0_usize..6) {
        let region = Some(Country::ALL[country]);
        if let Ok(Read::Valid(number) | Read::Unverified(number)) = read(&text, region) {
            let digits = number.strip_prefix('+').expect("a plus");
            prop_assert!((8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()), "{number}");
            let again = match read(&number, None) {
                Ok(Read::Valid(again) | Read::Unverified(again)) => Some(again),
                Err(_) => None,
            };
            prop_assert_eq!(again.as_ref(), Some(&number));
            let aliases = whatsapp_aliases(&number);
            prop_assert!(aliases.iter().any(|alias| alias == digits) && aliases.len() <= 2);
        }
    }
}

#[test]
fn what_is_no_table_and_no_number_is_refused_before_it_costs_anything() {
    let columns = ",".repeat(600);
    assert!(rows(columns.as_bytes(), 7).is_err());
    let open = format!("a,b\n\"{}", "x".repeat(3 * 1024 * 1024));
    assert!(rows(open.as_bytes(), 64 * 1024).is_err(), "a quote left open");
    assert!(read(&"9".repeat(1024 * 1024), Some(Country::Pe)).is_err());
    assert!(read(&"+".repeat(1024 * 1024), Some(Country::Pe)).is_err());
    assert!(sheet::read(b"PK\x03\x04".repeat(1024), sheet::Hours::Cut, |_| Ok(())).is_err());
}
