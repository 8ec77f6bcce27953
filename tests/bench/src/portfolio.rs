//! The portfolio both sides load: two open orders a customer, the earlier one spread so that a known number is due.

use std::io::{BufWriter, Write};
use std::path::Path;

/// The day that is planned: a Tuesday without holidays around it, so that seven due dates stand on it.
pub(crate) const DAY: &str = "2026-03-10";
/// The offsets of the starter flow.
pub(crate) const OFFSETS: [i64; 7] = [-5, -1, 0, 3, 8, 15, 30];

/// How much.
#[derive(Clone, Copy)]
pub(crate) struct Portfolio {
    pub(crate) customers: u64,
    pub(crate) due: u64,
}

impl Portfolio {
    pub(crate) fn orders(&self) -> u64 {
        self.customers * 2
    }

    /// Days past due of a customer's earlier order: on a step for exactly as many customers as are to be due.
    fn offset(&self, n: u64, quiet: &[i64]) -> i64 {
        let before = n * self.due / self.customers;
        let due = (n + 1) * self.due / self.customers > before;
        let among = |days: &[i64], at: u64| days[at as usize % days.len()];
        if due { among(&OFFSETS, before) } else { among(quiet, n) }
    }

    /// Writes the orders as a workbook too.
    pub(crate) fn write_workbook(&self, folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
        let mut book = rust_xlsxwriter::Workbook::new();
        let page = book.add_worksheet_with_constant_memory();
        let text = std::fs::read_to_string(folder.join("orders.csv"))?;
        for (row, line) in (0_u32..).zip(text.lines()) {
            for (column, cell) in (0_u16..).zip(line.split(',')) {
                page.write_string(row, column, cell)?;
            }
        }
        book.save(folder.join("orders.xlsx"))?;
        Ok(())
    }

    /// Writes `customers.csv` and `orders.csv`, orders in an order of their own.
    pub(crate) fn write(&self, folder: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let day: chrono::NaiveDate = DAY.parse().map_err(std::io::Error::other)?;
        let mut customers = BufWriter::new(std::fs::File::create(folder.join("customers.csv"))?);
        writeln!(customers, "Tipo de documento,Número de documento,Nombre,Celular_1,Correo_1")?;
        for n in 0..self.customers {
            writeln!(customers, "CE,C{n:08},Cliente Número {n},9{:08},c{n}@correo.example.com", 10_000_000 + n)?;
        }
        customers.flush()?;
        let mut orders = BufWriter::new(std::fs::File::create(folder.join("orders.csv"))?);
        writeln!(orders, "Tipo de documento,Número de documento,Código de pago,Fecha de vencimiento,Moneda,Monto")?;
        let quiet: Vec<i64> = (-60..60).filter(|offset| !OFFSETS.contains(offset)).collect();
        for k in 0..2_u64 {
            for n in 0..self.customers {
                // A stride that shares no factor with the count visits everybody in a scattered order.
                let n = (n * 7_919 + 13) % self.customers;
                let due = day - chrono::TimeDelta::days(self.offset(n, &quiet)) + chrono::Days::new(k * 120);
                writeln!(orders, "CE,C{n:08},OP-{n:08}-{k},{due},PEN,{}.{:02}", 50 + n % 900, n % 100)?;
            }
        }
        orders.flush()
    }
}
