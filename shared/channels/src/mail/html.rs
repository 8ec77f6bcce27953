//! The visible text of an HTML answer.

use scraper::{ElementRef, Html, Node};

/// Elements whose inside is not the person's own writing.
const QUOTED: [&str; 2] = ["gmail_quote", "yahoo_quoted"];
/// Elements that begin what Outlook quotes.
const BELOW: [&str; 2] = ["appendonsend", "divRplyFwdMsg"];
const SILENT: [&str; 6] = ["script", "style", "head", "title", "blockquote", "template"];
const LINES: [&str; 12] = ["p", "div", "br", "li", "tr", "h1", "h2", "h3", "table", "ul", "ol", "pre"];

/// How much of a page is read: answers stand at its top, and a page nested ever deeper costs its depth squared.
const MOST: usize = 64 * 1024;

/// Reads the text of a page without quotes, scripts and styles; never deep in the stack.
pub(super) fn text_of(page: &str) -> String {
    use scraper::node::Element;
    let document = Html::parse_document(beginning(page));
    let (mut text, mut silent) = (String::new(), 0_u32);
    let hidden =
        |element: &Element| SILENT.contains(&element.name()) || element.classes().any(|class| QUOTED.contains(&class));
    for edge in document.tree.root().traverse() {
        match edge {
            ego_tree::iter::Edge::Open(node) => match node.value() {
                Node::Element(element) if element.id().is_some_and(|id| BELOW.contains(&id)) => break,
                Node::Element(element) => {
                    silent += u32::from(hidden(element));
                    if silent == 0 && LINES.contains(&element.name()) {
                        text.push('\n');
                    }
                }
                Node::Text(words) if silent == 0 => push_words(&mut text, words),
                _ => {}
            },
            ego_tree::iter::Edge::Close(node) => {
                if let Some(element) = ElementRef::wrap(node) {
                    silent -= u32::from(hidden(element.value()));
                }
            }
        }
    }
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.join("\n").trim().to_owned()
}

/// As much of a page as is read, no tag cut in two.
fn beginning(page: &str) -> &str {
    let head = &page[..page.floor_char_boundary(MOST)];
    match head.rfind('<') {
        Some(tag) if head.len() < page.len() && !head[tag..].contains('>') => &head[..tag],
        _ => head,
    }
}

/// White space of a page is one space.
fn push_words(text: &mut String, words: &str) {
    for (at, word) in words.split_whitespace().enumerate() {
        let apart = at > 0 || words.starts_with(char::is_whitespace);
        if apart && !text.is_empty() && !text.ends_with(['\n', ' ']) {
            text.push(' ');
        }
        text.push_str(word);
    }
    if words.ends_with(char::is_whitespace) && !text.is_empty() && !text.ends_with(['\n', ' ']) {
        text.push(' ');
    }
}
