//! Public holidays, computed for any year; a holiday applies from the year its law took force.
//!
//! One file per country names the law behind each day. Days decreed for one year alone are data, at the end of each file.

mod ar;
mod cl;
mod co;
mod ec;
mod mx;
mod pe;

use crate::country::Country;
use chrono::{Datelike, Days, NaiveDate, Weekday};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::OnceLock;

/// The holidays of a country in a year, by date, with their names.
pub fn of(country: Country, year: i32) -> BTreeMap<NaiveDate, &'static str> {
    let mut days = Holidays { year, days: BTreeMap::new() };
    match country {
        Country::Pe => pe::add(&mut days),
        Country::Co => co::add(&mut days),
        Country::Mx => mx::add(&mut days),
        Country::Cl => cl::add(&mut days),
        Country::Ar => ar::add(&mut days),
        Country::Ec => ec::add(&mut days),
    }
    days.days.retain(|d, _| d.year() == year);
    days.days
}

/// The years kept once computed: a plan asks about the same few thousands of times.
const KEPT: RangeInclusive<i32> = 2020..=2100;
const YEARS: usize = (*KEPT.end() - *KEPT.start() + 1) as usize;

/// The holiday of a country on a day.
pub fn on(country: Country, day: NaiveDate) -> Option<&'static str> {
    type Year = OnceLock<BTreeMap<NaiveDate, &'static str>>;
    static COUNTRIES: [[Year; YEARS]; Country::ALL.len()] = [const { [const { Year::new() }; YEARS] }; 6];
    let at = usize::try_from(day.year() - KEPT.start()).ok();
    match at.and_then(|at| COUNTRIES[country as usize].get(at)) {
        Some(year) => year.get_or_init(|| of(country, day.year())).get(&day).copied(),
        None => of(country, day.year()).get(&day).copied(),
    }
}

/// A year's holidays while they are gathered.
struct Holidays {
    year: i32,
    days: BTreeMap<NaiveDate, &'static str>,
}

impl Holidays {
    fn day(&self, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.year, month, day).unwrap_or(NaiveDate::MIN)
    }
    fn put(&mut self, date: NaiveDate, name: &'static str) {
        self.days.insert(date, name);
    }
    fn fixed(&mut self, month: u32, day: u32, name: &'static str) {
        self.put(self.day(month, day), name);
    }
    /// A fixed day that exists from the given year on.
    fn since(&mut self, first_year: i32, month: u32, day: u32, name: &'static str) {
        if self.year >= first_year {
            self.fixed(month, day, name);
        }
    }
    fn easter(&mut self, offset: i64, name: &'static str) {
        self.put(shift(easter_sunday(self.year), offset), name);
    }
    /// Days decreed for one date each.
    fn decreed(&mut self, list: &[(i32, u32, u32)], name: &'static str) {
        let year = self.year;
        for (_, month, day) in list.iter().filter(|d| d.0 == year) {
            self.fixed(*month, *day, name);
        }
    }
}

/// Easter Sunday of the Gregorian calendar (Meeus, *Astronomical Algorithms*, ch. 8).
fn easter_sunday(year: i32) -> NaiveDate {
    let a = year % 19;
    let (b, c) = (year / 100, year % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    NaiveDate::from_ymd_opt(year, month.unsigned_abs(), day.unsigned_abs()).unwrap_or(NaiveDate::MIN)
}

fn shift(date: NaiveDate, days: i64) -> NaiveDate {
    let by = Days::new(days.unsigned_abs());
    let moved = if days < 0 { date.checked_sub_days(by) } else { date.checked_add_days(by) };
    moved.unwrap_or(date)
}

/// The date itself when it is a Monday, else the Monday after.
fn monday_on_or_after(date: NaiveDate) -> NaiveDate {
    shift(date, (7 - i64::from(date.weekday().num_days_from_monday())) % 7)
}

/// The Monday of the date's own week.
fn monday_before(date: NaiveDate) -> NaiveDate {
    shift(date, -i64::from(date.weekday().num_days_from_monday()))
}

/// The nth given weekday of a month.
fn nth(year: i32, month: u32, weekday: Weekday, n: u8) -> NaiveDate {
    NaiveDate::from_weekday_of_month_opt(year, month, weekday, n).unwrap_or(NaiveDate::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easter_falls_where_the_church_puts_it() {
        for date in [
            "2020-04-12",
            "2021-04-04",
            "2024-03-31",
            "2025-04-20",
            "2026-04-05",
            "2038-04-25",
            "2076-04-19",
            "2100-03-28",
        ] {
            let date: NaiveDate = date.parse().expect("a date");
            assert_eq!(easter_sunday(date.year()), date);
        }
    }

    #[test]
    fn every_country_has_its_holidays_every_year() {
        for country in Country::ALL {
            for year in 2020..=2100 {
                let days = of(country, year);
                assert!((7..=26).contains(&days.len()), "{country:?} {year}: {}", days.len());
                assert!(days.keys().all(|d| d.year() == year));
            }
        }
    }

    #[track_caller]
    fn has(country: Country, dates: &[&str], not: &[&str]) {
        let is = |text: &&str| {
            let date: NaiveDate = text.parse().expect("a date");
            of(country, date.year()).contains_key(&date)
        };
        for date in dates {
            assert!(is(date), "{country:?} {date} is a holiday");
        }
        for date in not {
            assert!(!is(date), "{country:?} {date} is no holiday");
        }
    }

    #[test]
    fn peru_keeps_fixed_days_from_the_year_of_each_law() {
        has(
            Country::Pe,
            &["2026-04-02", "2026-04-03", "2026-07-28", "2022-08-06", "2022-12-09", "2023-07-23", "2024-06-07"],
            &["2021-08-06", "2021-12-09", "2022-07-23", "2023-06-07", "2026-02-16"],
        );
    }

    #[test]
    fn colombia_moves_to_monday() {
        has(
            Country::Co,
            &[
                "2026-01-12",
                "2026-03-23",
                "2026-05-18",
                "2026-06-08",
                "2026-06-15",
                "2026-06-29",
                "2026-08-17",
                "2026-10-12",
                "2026-11-02",
                "2026-11-16",
                "2026-07-20",
            ],
            &["2026-01-06", "2026-03-19", "2026-11-11"],
        );
    }

    #[test]
    fn mexico_keeps_article_74() {
        has(
            Country::Mx,
            &["2026-02-02", "2026-03-16", "2026-11-16", "2024-10-01", "2030-10-01", "2026-09-16"],
            &["2026-02-05", "2026-10-01", "2026-11-20", "2026-04-03"],
        );
    }

    #[test]
    fn chile_moves_some_and_bridges_september() {
        has(
            Country::Cl,
            &[
                "2026-06-29",
                "2027-06-28",
                "2026-10-12",
                "2024-06-20",
                "2025-06-20",
                "2026-06-21",
                "2021-06-21",
                "2024-09-20",
                "2027-09-17",
                "2017-01-02",
                "2023-10-27",
                "2028-10-27",
                "2022-09-16",
                "2026-04-04",
            ],
            &["2027-06-29", "2020-06-21", "2026-09-17", "2023-10-31"],
        );
    }

    #[test]
    fn argentina_moves_four_days() {
        has(
            Country::Ar,
            &[
                "2026-02-16",
                "2026-02-17",
                "2026-06-15",
                "2026-08-17",
                "2026-10-12",
                "2026-11-23",
                "2026-03-24",
                "2025-11-24",
            ],
            &["2026-06-17", "2026-11-20"],
        );
    }

    #[test]
    fn ecuador_moves_by_its_2016_law() {
        has(
            Country::Ec,
            &[
                "2021-04-30",
                "2020-05-25",
                "2021-08-09",
                "2021-11-01",
                "2021-11-02",
                "2022-11-03",
                "2022-11-04",
                "2025-11-03",
                "2025-11-04",
                "2025-05-23",
                "2025-10-10",
                "2021-12-24",
                "2021-12-31",
                "2023-01-02",
                "2024-12-25",
            ],
            &["2021-05-01", "2021-11-03", "2022-11-02", "2025-10-09"],
        );
    }
}
