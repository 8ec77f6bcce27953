//! The columns of each kind of file: Spanish names, in any order, matched without regard to case, accents or spaces.

use super::job::Kind;
use crate::store::settings::{FieldSource, Mapping};

/// A column of a kind of file.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Name, as files and help sheets spell it.
    pub name: &'static str,
    /// Whether its header must be there.
    pub mandatory: bool,
    /// What it holds.
    pub help: &'static str,
}

const fn must(name: &'static str, help: &'static str) -> Column {
    Column { name, mandatory: true, help }
}
const fn may(name: &'static str, help: &'static str) -> Column {
    Column { name, mandatory: false, help }
}

const DOCUMENT_KIND: Column = must("Tipo de documento", "DNI, RUC, CC, NIT, RFC, RUT, CUIT, CI u Otros");
const DOCUMENT_NUMBER: Column = must("Número de documento", "Clave única del cliente; formatee la columna como texto");

/// Columns of customers.
pub const CUSTOMERS: &[Column] = &[
    DOCUMENT_KIND,
    DOCUMENT_NUMBER,
    must("Nombre", "Nombre, o nombre completo"),
    may("Apellido", "Apellido, si va aparte"),
    may("Celular_1", "Sin espacios, guiones ni prefijo de país; 1 si no tiene"),
    may("Celular_1 código país", "Prefijo de país: 51, 57, 52, 56, 54, 593"),
    may("Celular_2", "Segundo celular"),
    may("Celular_2 código país", "Prefijo de país"),
    may("Celular_3", "Tercer celular"),
    may("Celular_3 código país", "Prefijo de país"),
    may("Celular_4", "Cuarto celular"),
    may("Celular_4 código país", "Prefijo de país"),
    may("Celular_5", "Quinto celular"),
    may("Celular_5 código país", "Prefijo de país"),
    may("Correo_1", "Una dirección; en empresas, nivel de contacto 1"),
    may("Correo_2", "En empresas, nivel de contacto 2"),
    may("Correo_3", "En empresas, nivel de contacto 3"),
    may("Correo_4", "En empresas, nivel de contacto 4"),
    may("Correo_5", "En empresas, nivel de contacto 5"),
    may("Referencia_1 nombre", "Nombre de la referencia"),
    may("Referencia_1 celular", "Celular de la referencia"),
    may("Referencia_1 correo", "Correo de la referencia"),
    may("Referencia_2 nombre", "Nombre de la referencia"),
    may("Referencia_2 celular", "Celular de la referencia"),
    may("Referencia_2 correo", "Correo de la referencia"),
    may("Garante_1 nombre", "Nombre del garante"),
    may("Garante_1 celular", "Celular del garante"),
    may("Garante_1 correo", "Correo del garante"),
    may("Garante_2 nombre", "Nombre del garante"),
    may("Garante_2 celular", "Celular del garante"),
    may("Garante_2 correo", "Correo del garante"),
    may("Tipo de persona", "Persona o Empresa"),
    may("Asesor ID", "ID del asesor en Usuarios"),
    may("Supervisor ID", "ID del supervisor en Usuarios"),
    may("Tipo de cartera", "Vigente o Castigada"),
    may("Estado", "Activo o Inactivo"),
    may("Zona horaria", "Si no es la del proyecto: America/Tijuana, por ejemplo"),
    may("Acepta WhatsApp", "Sí o No"),
    may("Acepta SMS", "Sí o No"),
    may("Acepta Correo", "Sí o No"),
];

/// Columns of payment orders.
pub const ORDERS: &[Column] = &[
    DOCUMENT_KIND,
    DOCUMENT_NUMBER,
    must("Código de pago", "Identifica la orden; formatee la columna como texto"),
    must("Fecha de vencimiento", "dd/mm/aaaa o aaaa-mm-dd"),
    must("Monto", "Solo números; un mismo separador decimal en todo el archivo"),
    may("Moneda", "Código ISO: PEN, COP, MXN, CLP, ARS, USD"),
    may("Fecha de emisión", "dd/mm/aaaa o aaaa-mm-dd"),
    may("Intereses", "Se suman al monto"),
    may("Descuentos", "Se restan del monto"),
    may("Saldo pendiente", "Solo en proyectos que cargan saldos; 0 si está pagada"),
    may("Producto", "Producto"),
    may("Número de cuota", "Cuota"),
    may("URL documento", "Enlace al documento"),
    may("Link de pago", "Enlace donde se paga esta orden"),
    may("Referencia de pago", "Código que se indica al pagar"),
    may("Anulada", "Sí o No"),
];

/// Columns of payment news.
pub const PAYMENTS: &[Column] = &[
    may("Código de pago", "Orden que se paga; vacío: se aplica a las más antiguas del cliente"),
    may("Tipo de documento", "Del cliente, si no hay código de pago"),
    may("Número de documento", "Del cliente, si no hay código de pago"),
    may("Código de movimiento", "Identifica el pago; evita cargarlo dos veces"),
    may("Tipo", "Pago, Ajuste o Anulación"),
    must("Fecha", "Fecha del pago"),
    must("Monto", "Solo números"),
    may("Moneda", "Código ISO; si falta, la de la orden"),
    may("Medio de pago", "Medio de pago"),
    may("Referencia", "Referencia del pago; en anulaciones, el movimiento anulado"),
];

/// Columns of exclusions.
pub const EXCLUSIONS: &[Column] = &[
    may("Tipo de documento", "Del cliente a excluir"),
    may("Número de documento", "Del cliente a excluir"),
    may("Dirección", "Celular o correo a excluir, en lugar del documento"),
    may("Canal", "WhatsApp, SMS, Correo o Todos"),
    may("Motivo", "Por qué"),
    may("Fecha", "Desde cuándo"),
];

/// Columns of communications made outside.
pub const COMMUNICATIONS: &[Column] = &[
    DOCUMENT_KIND,
    DOCUMENT_NUMBER,
    must("Canal", "WhatsApp, SMS, Correo o Llamada"),
    must("Fecha de envío", "dd/mm/aaaa hh:mm; sin hora se toma el mediodía"),
    must("Destinatarios", "Celulares o correos, separados por punto y coma"),
    must("Estado", "Enviado, Entregado, Abierto, Fallido, No enviado, Contactado o No contactado"),
];

/// The columns of a kind.
pub fn of(kind: Kind) -> &'static [Column] {
    match kind {
        Kind::Customers => CUSTOMERS,
        Kind::Orders => ORDERS,
        Kind::Payments => PAYMENTS,
        Kind::Exclusions => EXCLUSIONS,
        Kind::Communications => COMMUNICATIONS,
    }
}

/// Folds a header for comparison.
pub fn fold(text: &str) -> String {
    let plain = |c: char| match c {
        'á' | 'à' | 'ä' => 'a',
        'é' | 'è' | 'ë' => 'e',
        'í' | 'ì' | 'ï' => 'i',
        'ó' | 'ò' | 'ö' => 'o',
        'ú' | 'ù' | 'ü' => 'u',
        'ñ' => 'n',
        c => c,
    };
    text.to_lowercase().chars().map(plain).filter(|c| c.is_alphanumeric()).collect()
}

/// Where a field's text comes from in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A cell.
    Cell(usize),
    /// The same for all.
    Constant(String),
    /// Texts and cells joined.
    Joined(Vec<Part>),
}

/// A part of a joined source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Fixed text.
    Text(String),
    /// A cell.
    Cell(usize),
}

impl Source {
    /// The text of a row's field.
    pub fn text(&self, row: &[String]) -> String {
        let cell = |at: &usize| row.get(*at).map(|c| c.trim()).unwrap_or_default();
        match self {
            Self::Cell(at) => cell(at).to_owned(),
            Self::Constant(text) => text.clone(),
            Self::Joined(parts) => {
                // A pattern over an empty cell is empty: "@example.com" is nobody's address.
                let gap = parts.iter().any(|p| matches!(p, Part::Cell(at) if cell(at).is_empty()));
                let join = |p: &Part| match p {
                    Part::Text(text) => text.clone(),
                    Part::Cell(at) => cell(at).to_owned(),
                };
                if gap { String::new() } else { parts.iter().map(join).collect() }
            }
        }
    }
}

/// How a file's columns were understood.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    /// For each column of the kind, its source, if the file has it.
    pub fields: Vec<Option<Source>>,
    /// Variables by name.
    pub variables: Vec<(String, Source)>,
    /// Headers nobody reads.
    pub ignored: Vec<String>,
}

/// A file whose headers cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadHeaders {
    /// A mandatory column is missing.
    #[error("falta la columna '{name}'{}", nearest.as_ref().map_or(String::new(), |n| format!("; ¿es '{n}'? No cambie los nombres de las columnas")))]
    Missing {
        /// Its name.
        name: String,
        /// The header most like it.
        nearest: Option<String>,
    },
    /// Two columns have one name.
    #[error("la columna '{0}' aparece dos veces: deje una sola")]
    Twice(String),
    /// The mapping names a column the file does not have.
    #[error("el mapeo usa la columna '{name}', que no está en el archivo{}", nearest.as_ref().map_or(String::new(), |n| format!("; ¿es '{n}'?")))]
    NotInFile {
        /// Its name.
        name: String,
        /// The header most like it.
        nearest: Option<String>,
    },
    /// The mapping names a field the kind does not have.
    #[error("el mapeo nombra el campo '{0}', que no existe en este tipo de carga")]
    NoSuchField(String),
    /// A payment or exclusion names neither order nor customer.
    #[error("falta la columna '{0}' o las columnas 'Tipo de documento' y 'Número de documento'")]
    NoKey(&'static str),
}

fn nearest(name: &str, headers: &[String]) -> Option<String> {
    let wanted = fold(name);
    let like = |h: &String| strsim::jaro_winkler(&wanted, &fold(h));
    headers.iter().max_by(|a, b| like(a).total_cmp(&like(b))).filter(|h| like(h) > 0.7).cloned()
}

/// Understands the headers of a file, with a mapping or by name.
pub fn understand(kind: Kind, headers: &[String], mapping: Option<&Mapping>) -> Result<Layout, BadHeaders> {
    let layout = match mapping {
        Some(mapping) => mapped(kind, headers, mapping)?,
        None => named(kind, headers)?,
    };
    let has = |name: &str| of(kind).iter().zip(&layout.fields).any(|(c, f)| c.name == name && f.is_some());
    let either = match kind {
        Kind::Payments => Some("Código de pago"),
        Kind::Exclusions => Some("Dirección"),
        _ => None,
    };
    match either {
        Some(name) if !(has(name) || has("Número de documento") && has("Tipo de documento")) => {
            Err(BadHeaders::NoKey(name))
        }
        _ => Ok(layout),
    }
}

fn named(kind: Kind, headers: &[String]) -> Result<Layout, BadHeaders> {
    let folded: Vec<String> = headers.iter().map(|h| fold(h)).collect();
    let mut layout = Layout::default();
    let mut used = vec![false; headers.len()];
    for column in of(kind) {
        let wanted = fold(column.name);
        let mut places = folded.iter().enumerate().filter(|(_, f)| **f == wanted).map(|(at, _)| at);
        let found = places.next();
        if places.next().is_some() {
            return Err(BadHeaders::Twice(column.name.to_owned()));
        }
        if found.is_none() && column.mandatory {
            return Err(BadHeaders::Missing { name: column.name.to_owned(), nearest: nearest(column.name, headers) });
        }
        found.into_iter().for_each(|at| used[at] = true);
        layout.fields.push(found.map(Source::Cell));
    }
    for (at, header) in headers.iter().enumerate().filter(|(at, _)| !used[*at]) {
        let variable = folded[at].starts_with("variable") && matches!(kind, Kind::Customers | Kind::Orders);
        match (variable, header.trim()) {
            (true, name) => layout.variables.push((variable_name(name), Source::Cell(at))),
            (false, "") => {}
            (false, name) => layout.ignored.push(name.to_owned()),
        }
    }
    Ok(layout)
}

/// `Variable_1` is named so; `Variable: Producto` and `Variable Producto` are named `Producto`.
fn variable_name(header: &str) -> String {
    let rest =
        header.trim().get("variable".len()..).unwrap_or_default().trim_start_matches([':', ' ', '.', '_']).trim();
    if rest.is_empty() || rest.bytes().all(|b| b.is_ascii_digit()) { header.trim().to_owned() } else { rest.to_owned() }
}

fn mapped(kind: Kind, headers: &[String], mapping: &Mapping) -> Result<Layout, BadHeaders> {
    let place = |name: &str| {
        let wanted = fold(name);
        let found = headers.iter().position(|h| fold(h) == wanted);
        found.ok_or_else(|| BadHeaders::NotInFile { name: name.to_owned(), nearest: nearest(name, headers) })
    };
    let source = |source: &FieldSource| match source {
        FieldSource::Column(name) => place(name).map(Source::Cell),
        FieldSource::Constant(text) => Ok(Source::Constant(text.clone())),
        FieldSource::Pattern(pattern) => joined(pattern, &place).map(Source::Joined),
    };
    let mut layout = Layout { fields: vec![None; of(kind).len()], ..Layout::default() };
    for (field, from) in &mapping.fields {
        let wanted = fold(field);
        match of(kind).iter().position(|c| fold(c.name) == wanted) {
            Some(at) => layout.fields[at] = Some(source(from)?),
            None if wanted.starts_with("variable") => layout.variables.push((variable_name(field), source(from)?)),
            None => return Err(BadHeaders::NoSuchField(field.clone())),
        }
    }
    match of(kind).iter().zip(&layout.fields).find(|(c, f)| c.mandatory && f.is_none()) {
        Some((column, _)) => Err(BadHeaders::Missing { name: column.name.to_owned(), nearest: None }),
        None => Ok(layout),
    }
}

fn joined(pattern: &str, place: &impl Fn(&str) -> Result<usize, BadHeaders>) -> Result<Vec<Part>, BadHeaders> {
    let mut parts = Vec::new();
    let mut rest = pattern;
    while let Some((text, tail)) = rest.split_once('{') {
        let (name, tail) = tail.split_once('}').ok_or_else(|| BadHeaders::NoSuchField(pattern.to_owned()))?;
        parts.push(Part::Text(text.to_owned()));
        parts.push(Part::Cell(place(name)?));
        rest = tail;
    }
    parts.push(Part::Text(rest.to_owned()));
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn headers_are_found_in_any_order_and_spelling() {
        let file =
            headers("monto,TIPO DE DOCUMENTO,numero de documento,Código de pago,Fecha de Vencimiento,Zona,Variable_1");
        let layout = understand(Kind::Orders, &file, None).expect("a layout");
        assert_eq!(layout.fields[4], Some(Source::Cell(0)));
        assert_eq!(layout.ignored, ["Zona"]);
        assert_eq!(layout.variables[0].0, "Variable_1");
    }

    #[test]
    fn a_missing_or_renamed_header_is_named_with_the_nearest() {
        let file = headers("Monto,Tipo de documento,Número de documento,Código de pago,Vencimiento fecha");
        let error = understand(Kind::Orders, &file, None).expect_err("refused").to_string();
        assert!(error.contains("'Fecha de vencimiento'"), "{error}");
        let file = headers("Montos,Tipo de documento,Número de documento,Código de pago,Fecha de vencimiento");
        let error = understand(Kind::Orders, &file, None).expect_err("refused").to_string();
        assert!(error.contains("¿es 'Montos'?"), "{error}");
        assert!(understand(Kind::Payments, &headers("Fecha,Monto"), None).is_err());
    }

    #[test]
    fn a_mapping_takes_columns_constants_and_patterns() {
        let mapping = Mapping {
            fields: [
                ("Tipo de documento", FieldSource::Constant("Otros".into())),
                ("Número de documento", FieldSource::Column("id".into())),
                ("Nombre", FieldSource::Pattern("Cliente {id}".into())),
            ]
            .into_iter()
            .map(|(k, v)| (k.to_owned(), v))
            .collect(),
            ..Mapping::default()
        };
        let layout = understand(Kind::Customers, &headers("id,otro"), Some(&mapping)).expect("a layout");
        let row = ["77".to_owned(), "x".to_owned()];
        let text = |at: usize| layout.fields[at].as_ref().map(|s| s.text(&row));
        assert_eq!((text(0), text(1), text(2)), (Some("Otros".into()), Some("77".into()), Some("Cliente 77".into())));
        assert!(understand(Kind::Customers, &headers("no"), Some(&mapping)).is_err());
    }
}
