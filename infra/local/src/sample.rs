//! A realistic portfolio of any size, from a seed: Spanish names, six countries, currencies with and without cents, and
//! some rows that are wrong in the ways files are wrong.

use chrono::{Days, NaiveDate};
use std::io::{BufWriter, Write};
use std::path::Path;

/// What portfolio to make.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Customers.
    pub customers: u64,
    /// Seed.
    pub seed: u64,
    /// The day due dates lie around.
    pub day: NaiveDate,
    /// Bad rows and shared addresses among the good.
    pub flaws: bool,
}

const NAMES: [&str; 24] = [
    "María",
    "José",
    "Rosa",
    "Luis",
    "Ana",
    "Carlos",
    "Carmen",
    "Jorge",
    "Lucía",
    "Miguel",
    "Sofía",
    "Juan",
    "Valentina",
    "Pedro",
    "Camila",
    "Andrés",
    "Daniela",
    "Fernando",
    "Paula",
    "Ricardo",
    "Gabriela",
    "Óscar",
    "Inés",
    "Ramón",
];
const SURNAMES: [&str; 24] = [
    "Quispe",
    "Rodríguez",
    "Huamán",
    "García",
    "Muñoz",
    "Flores",
    "Rojas",
    "Sánchez",
    "Torres",
    "Ramírez",
    "Díaz",
    "Vargas",
    "Mendoza",
    "Castro",
    "Peña",
    "Núñez",
    "Gómez",
    "Cárdenas",
    "Salazar",
    "Ibáñez",
    "Ñáñez",
    "Vega",
    "Mamani",
    "Ortiz",
];
const PRODUCTS: [&str; 4] = ["Préstamo personal", "Tarjeta", "Crédito vehicular", "Factura"];
/// Country code, currency, document type, share of customers out of 100, and typical amount in whole units.
const COUNTRIES: [(u16, &str, &str, u64, u64); 6] = [
    (51, "PEN", "DNI", 62, 320),
    (57, "COP", "CC", 12, 180_000),
    (56, "CLP", "RUT", 9, 42_000),
    (52, "MXN", "CURP", 7, 1_450),
    (54, "ARS", "DNI", 5, 58_000),
    (593, "USD", "CI", 5, 95),
];

/// A small generator (SplitMix64): the same seed makes the same file everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, of: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % of.max(1)
    }
    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[usize::try_from(self.roll(list.len() as u64)).unwrap_or(0)]
    }
}

struct Debtor {
    kind: String,
    number: String,
    name: String,
    surname: String,
    phone: String,
    code: u16,
    email: String,
    currency: &'static str,
    amount: u64,
}

impl Sample {
    /// Writes `customers.csv`, `orders.csv` and `payments.csv` into a folder.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let open = |name: &str| std::fs::File::create(folder.join(name)).map(BufWriter::new);
        let (mut customers, mut orders, mut payments) =
            (open("customers.csv")?, open("orders.csv")?, open("payments.csv")?);
        let headers = "Tipo de documento,Número de documento,Nombre,Apellido,Celular_1 código país,Celular_1,Correo_1,\
                       Tipo de cartera,Estado,Variable Producto";
        writeln!(customers, "{headers}")?;
        writeln!(
            orders,
            "Tipo de documento,Número de documento,Código de pago,Fecha de emisión,Fecha de vencimiento,Moneda,Monto,Intereses,Producto"
        )?;
        writeln!(payments, "Código de pago,Código de movimiento,Tipo,Fecha,Monto,Moneda,Medio de pago")?;
        let mut dice = Dice(self.seed);
        for n in 0..self.customers {
            let debtor = self.debtor(n, &mut dice);
            self.customer(n, &debtor, &mut dice, &mut customers)?;
            self.orders(n, &debtor, &mut dice, &mut orders, &mut payments)?;
        }
        customers.flush()?;
        orders.flush()?;
        payments.flush()
    }

    fn debtor(&self, n: u64, dice: &mut Dice) -> Debtor {
        let mut share = dice.roll(100);
        let country = COUNTRIES.iter().find(|c| {
            let here = share < c.3;
            share = share.saturating_sub(c.3);
            here
        });
        let (code, currency, kind, _, amount) = *country.unwrap_or(&COUNTRIES[0]);
        let name = (*dice.pick(&NAMES)).to_owned();
        let surname = format!("{} {}", dice.pick(&SURNAMES), dice.pick(&SURNAMES));
        let tail = dice.roll(9_000_000) + 1_000_000;
        let (phone, number) = match code {
            57 => (format!("30{}{:07}", dice.roll(9), tail), format!("{}", 1_000_000_000 + n)),
            56 => (format!("9{}{:07}", 6 + dice.roll(3), tail), format!("{}-{}", 10_000_000 + n, n % 10)),
            52 => {
                (format!("55{}{:07}", 1 + dice.roll(8), tail), format!("XEXX{:06}HDFRRS{:02}", n % 1_000_000, n % 100))
            }
            54 => (format!("911{}{:07}", 2 + dice.roll(7), tail), format!("{}", 20_000_000 + n)),
            593 => (format!("9{}{:07}", 8 + dice.roll(2), tail), format!("{:010}", 1_700_000_000 + n)),
            _ => (format!("9{}{:07}", dice.roll(9), tail), format!("{:08}", 10_000_000 + n)),
        };
        let company = dice.roll(100) < 6 && code == 51;
        let (kind, number) = if company { ("RUC", format!("20{:09}", n)) } else { (kind, number) };
        let (name, surname) = if company {
            (format!("Comercial {} S.A.C.", dice.pick(&SURNAMES)), String::new())
        } else {
            (name, surname)
        };
        let email = format!("cliente{n}@correo.example.com");
        Debtor { kind: kind.to_owned(), number, name, surname, phone, code, email, currency, amount }
    }

    fn customer(&self, n: u64, who: &Debtor, dice: &mut Dice, out: &mut impl Write) -> std::io::Result<()> {
        let luck = if self.flaws { dice.roll(1000) } else { 999 };
        let name = if luck < 4 { "" } else { who.name.as_str() };
        let phone = match luck {
            10..=24 => "1",
            25..=34 => "12-34",
            _ => who.phone.as_str(),
        };
        let email = match luck {
            10..=30 | 60..=180 => String::new(),
            35..=44 => "sin correo".to_owned(),
            45..=54 => "recepcion@estudio.example.com".to_owned(),
            _ => who.email.clone(),
        };
        let state = if (190..200).contains(&luck) { "Inactivo" } else { "Activo" };
        let portfolio = if dice.roll(100) < 8 { "Castigada" } else { "Vigente" };
        let product = dice.pick(&PRODUCTS);
        let line = format!(
            "{},{},{name},{},{},{phone},{email},{portfolio},{state},{product}",
            who.kind, who.number, who.surname, who.code
        );
        writeln!(out, "{line}")?;
        // Now and then a file brings a customer twice.
        if self.flaws && n > 0 && luck == 5 { writeln!(out, "{line}") } else { Ok(()) }
    }

    fn orders(
        &self,
        n: u64,
        who: &Debtor,
        dice: &mut Dice,
        orders: &mut impl Write,
        payments: &mut impl Write,
    ) -> std::io::Result<()> {
        for k in 0..1 + dice.roll(3) {
            let luck = if self.flaws { dice.roll(1000) } else { 999 };
            // Two thirds of the portfolio lies within a month of the day, so that a sample has something to do.
            let spread = if dice.roll(3) > 0 { 70 } else { 400 };
            let due = self.day + Days::new(12) - Days::new(dice.roll(spread));
            let amount = who.amount / 4 + dice.roll(who.amount * 2);
            let cents = if matches!(who.currency, "CLP") { String::new() } else { format!(".{:02}", dice.roll(100)) };
            let code = format!("OP-{n:06}-{k}");
            let (amount_text, due_text) = match luck {
                0..=2 => ("mil soles".to_owned(), due.format("%d/%m/%Y").to_string()),
                3..=5 => (format!("{amount}{cents}"), "31/02/2026".to_owned()),
                6 | 7 if who.currency == "CLP" => (format!("{amount}.55"), due.format("%d/%m/%Y").to_string()),
                _ => (format!("{amount}{cents}"), due.format("%d/%m/%Y").to_string()),
            };
            let number = if luck == 8 { "00000000".to_owned() } else { who.number.clone() };
            let currency = if luck == 9 { "soles" } else { who.currency };
            let issued = (due - Days::new(30)).format("%d/%m/%Y");
            let interest = if due < self.day { dice.roll(who.amount / 20 + 1) } else { 0 };
            let product = dice.pick(&PRODUCTS);
            writeln!(
                orders,
                "{},{number},{code},{issued},{due_text},{currency},{amount_text},{interest},{product}",
                who.kind
            )?;
            if luck > 9 && dice.roll(100) < 14 {
                let whole = dice.roll(3) > 0;
                let part = if whole { format!("{}{cents}", amount + interest) } else { format!("{}", amount / 2 + 1) };
                let paid_on = self.day.pred_opt().unwrap_or(self.day);
                // Each day's movements are new ones.
                let (date, moved) = (paid_on.format("%d/%m/%Y"), paid_on.format("%y%m%d"));
                writeln!(payments, "{code},MV-{moved}-{n:06}-{k},Pago,{date},{part},{},Transferencia", who.currency)?;
            }
        }
        Ok(())
    }
}
