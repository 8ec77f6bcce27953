//! What a person wrote above, below or between what they answer: without quotes, without their signature.

/// Signs that a program, not the person, wrote from here on.
const SIGNATURES: [&str; 8] = [
    "enviado desde mi ",
    "enviado desde outlook",
    "enviado desde yahoo",
    "obtener outlook para ",
    "sent from my ",
    "get outlook for ",
    "descarga outlook para ",
    "enviado con ",
];

/// The visible text of an answer.
pub(super) fn visible(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\0', "");
    let lines: Vec<&str> = text.split('\n').map(|line| line.trim_end_matches('\r')).collect();
    let Some((above, below)) = cut(&lines) else { return joined(&lines) };
    let written = joined(&lines[..above]);
    // Nothing above and quoted lines below: the answers are between them.
    let quoted = lines[below..].iter().any(|line| is_quoted(line));
    if written.is_empty() && quoted { joined(&lines[below..]) } else { written }
}

/// Lines until a signature, quoted ones left out.
fn joined(lines: &[&str]) -> String {
    let own = lines.iter().take_while(|line| !is_signature(line)).filter(|line| !is_quoted(line));
    own.map(|line| line.trim_end()).collect::<Vec<_>>().join("\n").trim().to_owned()
}

fn is_quoted(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

fn is_signature(line: &str) -> bool {
    let folded = line.trim().to_lowercase();
    matches!(line.trim_end_matches([' ', '\u{a0}']), "--") || SIGNATURES.iter().any(|sign| folded.starts_with(sign))
}

/// Where the answered message begins: the first line of its heading, and the first after it.
fn cut(lines: &[&str]) -> Option<(usize, usize)> {
    (0..lines.len()).find_map(|at| heading(lines, at).map(|next| (at.max(next.0), next.1)))
}

/// The heading that begins at a line: its own first line, and the line after it.
fn heading(lines: &[&str], at: usize) -> Option<(usize, usize)> {
    if let Some(last) = (at..(at + 3).min(lines.len())).find(|last| is_attribution(&lines[at..=*last])) {
        // A line before it may begin like one: "El 15 de marzo te pago."
        let own = (at..=last).rev().find(|first| is_attribution(&lines[*first..=last]));
        return own.map(|first| (first, last + 1));
    }
    let line = lines[at].trim();
    let ruled = line.len() >= 20 && line.bytes().all(|b| b == b'_');
    if is_block(lines, at) || ruled && is_block(lines, at + 1) {
        return Some((at, at + 1));
    }
    let dashed = line.starts_with("-----") || line.starts_with("________");
    let named = ["mensaje original", "original message", "forwarded message", "mensaje reenviado", "mensaje original"];
    let said = line.trim_matches(['-', '_', ' ']).to_lowercase();
    (dashed && named.contains(&said.as_str())).then_some((at, at + 1))
}

/// `El … escribió:`, over up to three lines, with a day in it.
fn is_attribution(lines: &[&str]) -> bool {
    let whole = lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    let whole = whole.trim_matches([' ', '\u{a0}', '*']);
    let begins = ["El ", "On "].iter().any(|word| whole.starts_with(word));
    let ends = ["escribió:", "escribio:", "wrote:"].iter().any(|word| whole.ends_with(word));
    let first = lines.first().is_some_and(|line| !line.trim().is_empty() && !is_quoted(line));
    first && begins && ends && whole.bytes().any(|b| b.is_ascii_digit())
}

/// `De:` and, soon after it, `Enviado:` or `Fecha:`.
fn is_block(lines: &[&str], at: usize) -> bool {
    let plain = |line: &&str| line.trim().trim_matches('*').to_lowercase();
    let begins = |line: &str, words: &[&str]| {
        words
            .iter()
            .any(|word| line.strip_prefix(word).is_some_and(|rest| rest.trim_start_matches('*').starts_with(':')))
    };
    let Some(first) = lines.get(at).map(plain) else { return false };
    let next = lines.iter().skip(at + 1).take(3).map(plain);
    begins(&first, &["de", "from"])
        && next.into_iter().any(|line| begins(&line, &["enviado", "enviado el", "fecha", "sent", "date"]))
}
