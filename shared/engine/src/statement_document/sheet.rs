//! Sheets of A4 that fill from top to bottom: rows of words with columns, a line under titles, a foot on every page.

use crate::error::Error;
use crate::store::settings::Brand;
use cauce_domain::contact::file::FileKind;
use krilla::Document;
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect, Size, Transform};
use krilla::image::Image;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::text::{Font, TextDirection};

const REGULAR: &[u8] = include_bytes!("../../assets/OpenSans-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../assets/OpenSans-Bold.ttf");
/// A4 in points.
const PAGE: (f32, f32) = (595.0, 842.0);
const TOP: f32 = 60.0;
/// Where the last row of a page may stand; the foot is under it.
const BOTTOM: f32 = 780.0;
/// The height a logo is brought to, and the width it may not pass.
const LOGO: (f32, f32) = (200.0, 40.0);
const BLACK: (u8, u8, u8) = (34, 34, 34);
/// The colour of a project that chose none.
const BLUE: (u8, u8, u8) = (23, 78, 122);

/// How a row is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Face {
    Title,
    Heading,
    Strong,
    Plain,
    Small,
}

impl Face {
    fn size(self) -> f32 {
        match self {
            Self::Title => 20.0,
            Self::Heading => 13.0,
            Self::Strong | Self::Plain => 9.5,
            Self::Small => 7.5,
        }
    }
    fn is_bold(self) -> bool {
        matches!(self, Self::Title | Self::Heading | Self::Strong)
    }
    fn leading(self) -> f32 {
        self.size() * 1.6
    }
}

/// Words of a row, from where they begin to where they must end, or where they end.
#[derive(Debug, Clone)]
struct Words {
    text: String,
    from: f32,
    to: f32,
    right: bool,
}

/// A row of words.
#[derive(Debug, Clone)]
pub(super) struct Row {
    face: Face,
    tinted: bool,
    words: Vec<Words>,
}

impl Row {
    pub(super) fn of(face: Face) -> Self {
        Self { face, tinted: false, words: Vec::new() }
    }
    pub(super) fn at(mut self, from: f32, to: f32, text: &str) -> Self {
        self.words.push(Words { text: plain(text), from, to, right: false });
        self
    }
    pub(super) fn ending(mut self, to: f32, text: &str) -> Self {
        self.words.push(Words { text: plain(text), from: 0.0, to, right: true });
        self
    }
    pub(super) fn tinted(self) -> Self {
        Self { tinted: true, ..self }
    }
}

/// What no font of ours writes, or would break a line, is left out.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !c.is_control()).collect()
}

/// One thing drawn on a page.
enum Mark {
    Row(f32, Row),
    Line(f32),
    Logo(Image, f32, f32, Size),
}

/// The sheets of a document.
pub(super) struct Sheet {
    title: String,
    tint: (u8, u8, u8),
    foot: String,
    fonts: Fonts,
    pages: Vec<Vec<Mark>>,
    at: f32,
    heads: Option<Row>,
}

/// The two fonts: as they are drawn, and as they are measured.
struct Fonts {
    drawn: [Font; 2],
    measured: [ttf_parser::Face<'static>; 2],
}

impl Fonts {
    fn read() -> Option<Self> {
        let drawn = |bytes: &'static [u8]| Font::new(bytes.into(), 0);
        let measured = |bytes: &'static [u8]| ttf_parser::Face::parse(bytes, 0).ok();
        Some(Self { drawn: [drawn(REGULAR)?, drawn(BOLD)?], measured: [measured(REGULAR)?, measured(BOLD)?] })
    }

    fn width(&self, face: Face, text: &str) -> f32 {
        let font = &self.measured[usize::from(face.is_bold())];
        let advance = |c: char| font.glyph_index(c).and_then(|glyph| font.glyph_hor_advance(glyph)).unwrap_or(0);
        let units: f32 = text.chars().map(|c| f32::from(advance(c))).sum();
        units * face.size() / f32::from(font.units_per_em())
    }

    /// As much of a text as a width takes, with an ellipsis where something is left out.
    fn cut(&self, face: Face, text: &str, width: f32) -> String {
        let mut text = text.to_owned();
        if self.width(face, &text) <= width {
            return text;
        }
        while !text.is_empty() && self.width(face, &text) + self.width(face, "…") > width {
            text.pop();
        }
        text + "…"
    }
}

impl Sheet {
    pub(super) fn new(title: &str, brand: &Brand) -> Result<Self, Error> {
        let fonts = Fonts::read().ok_or_else(|| Error::Broken("font", "no se pudo leer".to_owned()))?;
        let tint = brand.color.as_deref().and_then(color).unwrap_or(BLUE);
        let foot = brand.foot.clone().unwrap_or_default();
        Ok(Self { title: title.to_owned(), tint, foot, fonts, pages: vec![Vec::new()], at: TOP, heads: None })
    }

    fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    pub(super) fn space(&mut self, points: f32) {
        self.at += points;
    }

    /// Writes a row under the last one, on the next page where this one is full.
    pub(super) fn write(&mut self, row: Row) {
        if self.at + row.face.leading() > BOTTOM {
            self.pages.push(Vec::new());
            self.at = TOP;
            if let Some(heads) = self.heads.clone() {
                self.write_heads(heads);
            }
        }
        self.at += row.face.leading();
        self.mark(Mark::Row(self.at, row));
    }

    /// Writes a text in as many rows as it needs.
    pub(super) fn wrapped(&mut self, from: f32, to: f32, text: &str) {
        let mut line = String::new();
        for word in text.split_whitespace() {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if self.fonts.width(Face::Plain, &longer) <= to - from || line.is_empty() {
                line = longer;
                continue;
            }
            self.write(Row::of(Face::Plain).at(from, to, &line));
            line = word.to_owned();
        }
        self.write(Row::of(Face::Plain).at(from, to, &line));
    }

    /// Titles of columns, again at the top of each further page.
    pub(super) fn heads(&mut self, row: Row) {
        self.write_heads(row.clone());
        self.heads = Some(row);
    }

    fn write_heads(&mut self, row: Row) {
        self.at += row.face.leading();
        self.mark(Mark::Row(self.at, row.tinted()));
        self.line();
    }

    /// The columns are over.
    pub(super) fn no_heads(&mut self) {
        self.heads = None;
    }

    pub(super) fn line(&mut self) {
        self.at += 5.0;
        self.mark(Mark::Line(self.at));
    }

    /// Sets a picture at the top; `false` where it cannot be read.
    pub(super) fn logo(&mut self, from: f32, kind: FileKind, bytes: Vec<u8>) -> bool {
        let read = match kind {
            FileKind::Png => Image::from_png(bytes.into(), true),
            FileKind::Jpeg => Image::from_jpeg(bytes.into(), true),
            _ => return false,
        };
        let Ok(image) = read else { return false };
        let (width, height) = image.size();
        let (width, height) = (width as f32, height as f32);
        let scale = (LOGO.0 / width).min(LOGO.1 / height);
        let Some(size) = Size::from_wh(width * scale, height * scale) else { return false };
        self.mark(Mark::Logo(image, from, self.at - 10.0, size));
        self.at += LOGO.1;
        true
    }

    /// The document's bytes.
    pub(super) fn finish(self) -> Result<Vec<u8>, Error> {
        let mut document = Document::new();
        document.set_metadata(Metadata::new().title(self.title.clone()).language("es".to_owned()));
        let count = self.pages.len();
        for (number, marks) in self.pages.iter().enumerate() {
            let settings = PageSettings::from_wh(PAGE.0, PAGE.1).unwrap_or_default();
            let mut page = document.start_page_with(settings);
            let mut surface = page.surface();
            for mark in marks {
                self.draw(&mut surface, mark);
            }
            let foot = Row::of(Face::Small).at(50.0, 480.0, &self.foot);
            let foot = foot.ending(545.0, &format!("{} de {count}", number + 1));
            self.draw(&mut surface, &Mark::Row(815.0, foot));
            surface.finish();
            page.finish();
        }
        document.finish().map_err(|e| Error::Broken("pdf", format!("{e:?}")))
    }

    fn draw(&self, surface: &mut Surface<'_>, mark: &Mark) {
        match mark {
            Mark::Row(y, row) => self.row(surface, *y, row),
            Mark::Line(y) => {
                surface.set_fill(fill(self.tint));
                let mut path = PathBuilder::new();
                if let Some(line) = Rect::from_xywh(50.0, *y, 495.0, 0.6) {
                    path.push_rect(line);
                }
                path.finish().iter().for_each(|path| surface.draw_path(path));
            }
            Mark::Logo(image, x, y, size) => {
                surface.push_transform(&Transform::from_translate(*x, *y));
                surface.draw_image(image.clone(), *size);
                surface.pop();
            }
        }
    }

    fn row(&self, surface: &mut Surface<'_>, y: f32, row: &Row) {
        surface.set_fill(fill(if row.tinted { self.tint } else { BLACK }));
        let font = &self.fonts.drawn[usize::from(row.face.is_bold())];
        for Words { text, from, to, right } in &row.words {
            let text = self.fonts.cut(row.face, text, to - from - 4.0);
            let x = if *right { to - self.fonts.width(row.face, &text) } else { *from };
            let point = Point::from_xy(x, y);
            surface.draw_text(point, font.clone(), row.face.size(), &text, false, TextDirection::Auto);
        }
    }
}

fn fill((red, green, blue): (u8, u8, u8)) -> Option<Fill> {
    Some(Fill { paint: rgb::Color::new(red, green, blue).into(), ..Fill::default() })
}

/// Reads `#RRGGBB`.
pub(super) fn color(text: &str) -> Option<(u8, u8, u8)> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    Some((part(0)?, part(2)?, part(4)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_goes_on_over_pages_under_its_titles() {
        let mut sheet = Sheet::new("Prueba", &Default::default()).expect("a sheet");
        sheet.heads(Row::of(Face::Strong).at(50.0, 200.0, "Orden"));
        for n in 0..100 {
            sheet.write(Row::of(Face::Plain).at(50.0, 200.0, &format!("F-{n}")));
        }
        assert_eq!(sheet.pages.len(), 3);
        let titled = |page: &Vec<Mark>| matches!(&page[0], Mark::Row(_, row) if row.words[0].text == "Orden");
        assert!(sheet.pages.iter().all(titled));
        assert!(sheet.finish().is_ok_and(|bytes| bytes.starts_with(b"%PDF-")));
    }

    #[test]
    fn words_stay_inside_their_column() {
        let fonts = Fonts::read().expect("fonts");
        let long = "Crédito de consumo con garantía hipotecaria número 0001";
        let cut = fonts.cut(Face::Plain, long, 100.0);
        assert!(cut.ends_with('…') && fonts.width(Face::Plain, &cut) <= 100.0, "{cut}");
        assert_eq!(fonts.cut(Face::Plain, "corto", 100.0), "corto");
        assert!(fonts.width(Face::Strong, "S/ 1,234.50") > fonts.width(Face::Strong, "S/ 1"));
    }

    #[test]
    fn a_colour_is_six_digits() {
        assert_eq!(color("#8A1538"), Some((0x8A, 0x15, 0x38)));
        assert_eq!((color("8A1538"), color("#8A15"), color("#8A15ñ8")), (None, None, None));
    }
}
