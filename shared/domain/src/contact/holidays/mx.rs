//! Mexico: Ley Federal del Trabajo art. 74. Election days (fraction IX) are Sundays and are not listed.

use super::{Holidays, nth};
use chrono::Weekday::Mon;

pub(super) fn add(days: &mut Holidays) {
    let year = days.year;
    days.fixed(1, 1, "Año Nuevo");
    days.put(nth(year, 2, Mon, 1), "Día de la Constitución");
    days.put(nth(year, 3, Mon, 3), "Natalicio de Benito Juárez");
    days.fixed(5, 1, "Día del Trabajo");
    days.fixed(9, 16, "Independencia");
    // Every six years; on 1 October since the constitutional reform of 2014 (first in 2024).
    if year >= 2024 && (year - 2024) % 6 == 0 {
        days.fixed(10, 1, "Transmisión del Poder Ejecutivo Federal");
    }
    days.put(nth(year, 11, Mon, 3), "Revolución");
    days.fixed(12, 25, "Navidad");
}
