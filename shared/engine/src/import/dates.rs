//! Reading written dates: ISO, `dd/mm/yyyy` or Excel serials; what a column means is decided by the whole column.

use chrono::{Days, NaiveDate, NaiveTime};

/// How dates with slashes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateStyle {
    /// `31/12/2026`
    #[default]
    DayFirst,
    /// `12/31/2026`, only by a mapping that says so.
    MonthFirst,
}

/// What the dates of a column show.
#[derive(Debug, Clone, Default)]
pub struct DateEvidence {
    day_first: bool,
    month_first: Option<String>,
}

/// The dates of a file look like month first; the user has to say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' no es dd/mm/aaaa: ¿el archivo escribe el mes primero (mm/dd/aaaa)? Indíquelo en el mapeo o cambie el formato de las fechas"
)]
pub struct MonthFirst(String);

impl DateEvidence {
    /// Takes one written date into account.
    pub fn see(&mut self, text: &str) {
        if let Some((a, b, year)) = parts(text)
            && plausible(year)
        {
            match (a, b) {
                (13..=31, 1..=12) => self.day_first = true,
                (1..=12, 13..=31) if self.month_first.is_none() => self.month_first = Some(text.trim().to_owned()),
                _ => {}
            }
        }
    }

    /// Settles the style of the column.
    pub fn conclude(self) -> Result<DateStyle, MonthFirst> {
        match (self.day_first, self.month_first) {
            (false, Some(example)) => Err(MonthFirst(example)),
            _ => Ok(DateStyle::DayFirst),
        }
    }
}

impl DateStyle {
    /// The style a mapping's format names.
    pub fn of_format(format: &str) -> Option<Self> {
        let letters: String = format.to_lowercase().chars().filter(|c| c.is_alphabetic()).collect();
        match letters.as_str() {
            "ddmmyyyy" | "dmyyyy" | "ddmmaaaa" | "dmy" | "yyyymmdd" | "aaaammdd" => Some(Self::DayFirst),
            "mmddyyyy" | "mdyyyy" | "mmddaaaa" | "mdy" => Some(Self::MonthFirst),
            _ => None,
        }
    }
}

fn plausible(year: i32) -> bool {
    (1950..=2150).contains(&year)
}

/// The three numbers of `a/b/yyyy`, `a-b-yyyy` or `a.b.yyyy`.
fn parts(text: &str) -> Option<(u32, u32, i32)> {
    let text = text.split_whitespace().next()?;
    let separator = ['/', '-', '.'].into_iter().find(|s| text.contains(*s))?;
    let mut numbers = text.split(separator);
    let mut next =
        |longest: usize| numbers.next().filter(|n| n.len() <= longest && n.bytes().all(|b| b.is_ascii_digit()));
    let (a, b, year) = (next(2)?, next(2)?, next(4).filter(|y| y.len() == 4)?);
    numbers.next().is_none().then_some((a.parse().ok()?, b.parse().ok()?, year.parse().ok()?))
}

/// Reads a date in the file's style; `None` when it is none.
pub fn parse(text: &str, style: DateStyle) -> Option<NaiveDate> {
    let text = text.trim();
    let date = if let Some((a, b, year)) = parts(text) {
        match style {
            DateStyle::DayFirst => NaiveDate::from_ymd_opt(year, b, a),
            DateStyle::MonthFirst => NaiveDate::from_ymd_opt(year, a, b),
        }
    } else if text.bytes().all(|b| b.is_ascii_digit()) {
        serial(text.parse().ok()?)
    } else {
        text.get(..10)?.parse().ok().filter(|_| text.len() == 10 || matches!(text.as_bytes()[10], b'T' | b' '))
    };
    date.filter(|d| plausible(chrono::Datelike::year(d)))
}

/// Whether a written date goes with an hour.
pub fn has_hour(text: &str) -> bool {
    text.trim().contains([' ', 'T'])
}

/// The hour a written date goes with: noon where it has none, `None` where what follows it is no hour. Parts of seconds are cut.
pub fn time(text: &str) -> Option<NaiveTime> {
    let text = text.trim();
    let Some((_, hour)) = text.split_once([' ', 'T']) else { return NaiveTime::from_hms_opt(12, 0, 0) };
    let plain: String = hour.to_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
    let said = |half: &str| [".m.", ".m", "m"].iter().find_map(|rest| plain.strip_suffix(&format!("{half}{rest}")));
    let (clock, half) = match (said("p"), said("a")) {
        (Some(clock), _) => (clock, Some(12)),
        (None, Some(clock)) => (clock, Some(0)),
        (None, None) => (plain.as_str(), None),
    };
    let mut parts = clock.split(':').map(|part| part.split('.').next().and_then(|whole| whole.parse::<u32>().ok()));
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = parts.next().unwrap_or(Some(0))?;
    let hour = half.map_or(Some(hour), |half| (1..=12).contains(&hour).then_some(hour % 12 + half))?;
    NaiveTime::from_hms_opt(hour, minute, second).filter(|_| parts.next().is_none())
}

/// The date of an Excel serial (1900 system), between 1950 and 2150.
pub fn serial(days: u64) -> Option<NaiveDate> {
    let base = NaiveDate::from_ymd_opt(1899, 12, 30)?;
    base.checked_add_days(Days::new(days)).filter(|d| plausible(chrono::Datelike::year(d)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use DateStyle::{DayFirst, MonthFirst};

    #[test]
    fn dates_are_read_in_the_files_style() {
        for (text, style, expected) in [
            ("31/12/2026", DayFirst, Some("2026-12-31")),
            ("1/2/2026", DayFirst, Some("2026-02-01")),
            ("1/2/2026", MonthFirst, Some("2026-01-02")),
            ("31-12-2026", DayFirst, Some("2026-12-31")),
            ("2026-12-31", DayFirst, Some("2026-12-31")),
            ("2026-12-31T00:00:00", DayFirst, Some("2026-12-31")),
            ("46022", DayFirst, Some("2025-12-31")),
            ("29/02/2027", DayFirst, None),
            ("31/12/26", DayFirst, None),
            ("12/31/2026", DayFirst, None),
            ("mañana", DayFirst, None),
            ("99999999", DayFirst, None),
            ("", DayFirst, None),
        ] {
            assert_eq!(parse(text, style).map(|d| d.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn hours_are_read_as_people_write_them() {
        for (text, expected) in [
            ("31/12/2026", Some("12:00:00")),
            ("31/12/2026 8:05", Some("08:05:00")),
            ("31/12/2026 08:05:09", Some("08:05:09")),
            ("2026-12-31T20:15:00", Some("20:15:00")),
            ("31/12/2026 3:30 p. m.", Some("15:30:00")),
            ("31/12/2026 12:10 AM", Some("00:10:00")),
            ("2026-12-31 10:15:05.123", Some("10:15:05")),
            ("2026-12-31 10:15:00.030", Some("10:15:00")),
            ("31/12/2026 25:00", None),
            ("31/12/2026 tarde", None),
        ] {
            assert_eq!(time(text).map(|t| t.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_file_that_looks_month_first_is_asked_about() {
        let conclude = |values: &[&str]| {
            let mut evidence = DateEvidence::default();
            values.iter().for_each(|v| evidence.see(v));
            evidence.conclude()
        };
        assert_eq!(conclude(&["01/02/2026", "2026-02-01"]), Ok(DayFirst));
        assert_eq!(conclude(&["25/02/2026", "02/25/2026"]), Ok(DayFirst), "one bad row is a row error");
        assert!(conclude(&["01/02/2026", "02/25/2026"]).is_err());
    }
}
