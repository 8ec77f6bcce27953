//! Ecuador: Ley Orgánica Reformatoria de feriados (Registro Oficial 906, 20 December 2016).
//!
//! A Tuesday goes back to Monday, a Wednesday or Thursday on to Friday, a Saturday back to Friday, a Sunday on to Monday.
//! 1 January, 25 December and Carnival move from weekends alone; 2 and 3 November move as a pair.

use super::{Holidays, shift};
use chrono::{Datelike, NaiveDate, Weekday};

pub(super) fn add(days: &mut Holidays) {
    days.put(weekend_only(days.day(1, 1)), "Año Nuevo");
    if let Some(next) = NaiveDate::from_ymd_opt(days.year + 1, 1, 1) {
        days.put(weekend_only(next), "Año Nuevo");
    }
    days.easter(-48, "Carnaval");
    days.easter(-47, "Carnaval");
    days.easter(-2, "Viernes Santo");
    for (month, day, name) in [
        (5, 1, "Día del Trabajo"),
        (5, 24, "Batalla de Pichincha"),
        (8, 10, "Primer Grito de Independencia"),
        (10, 9, "Independencia de Guayaquil"),
    ] {
        days.put(moved(days.day(month, day)), name);
    }
    let (dead, cuenca) = november_pair(days.day(11, 2));
    days.put(dead, "Día de los Difuntos");
    days.put(cuenca, "Independencia de Cuenca");
    days.put(weekend_only(days.day(12, 25)), "Navidad");
}

fn moved(date: NaiveDate) -> NaiveDate {
    match date.weekday() {
        Weekday::Tue => shift(date, -1),
        Weekday::Wed => shift(date, 2),
        Weekday::Thu => shift(date, 1),
        _ => weekend_only(date),
    }
}

fn weekend_only(date: NaiveDate) -> NaiveDate {
    match date.weekday() {
        Weekday::Sat => shift(date, -1),
        Weekday::Sun => shift(date, 1),
        _ => date,
    }
}

/// 2 and 3 November fall on consecutive days and are moved so that they stay around one weekend.
fn november_pair(second: NaiveDate) -> (NaiveDate, NaiveDate) {
    let third = shift(second, 1);
    match second.weekday() {
        Weekday::Tue => (shift(second, -1), second),
        Weekday::Wed => (third, shift(third, 1)),
        Weekday::Fri => (second, shift(third, -2)),
        Weekday::Sat => (shift(second, -1), shift(third, 1)),
        Weekday::Sun => (shift(second, 1), shift(third, 1)),
        _ => (second, third),
    }
}
