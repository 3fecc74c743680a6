//! The XML of the protocol: a writer of elements and a reader of small trees.
//!
//! The bodies that clients send are lists of a few names, so a body is read whole into a tree of [`Element`]s. The
//! reader takes no document type, expands nothing but the five entities of XML and character references, and refuses
//! what is deeper or larger than any body of the protocol. Name spaces and attributes are ignored, as the service does.

use quick_xml::Reader;
use quick_xml::escape::escape;
use quick_xml::events::Event;

/// Elements below one another in the deepest body of the protocol are seven; more is refused.
const DEEPEST: usize = 16;

/// Elements of the largest body, a completion of 10,000 parts, are 30,001.
const ELEMENTS_AT_MOST: usize = 50_000;

/// A document being written.
#[derive(Debug)]
pub struct Writer {
    text: String,
    open: Vec<&'static str>,
}

impl Writer {
    /// A document with this root.
    pub fn new(root: &'static str) -> Self {
        let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root}>");
        Self { text, open: vec![root] }
    }

    /// Opens an element.
    pub fn open(&mut self, name: &'static str) -> &mut Self {
        self.text.push('<');
        self.text.push_str(name);
        self.text.push('>');
        self.open.push(name);
        self
    }

    /// Closes the element that was opened last.
    pub fn close(&mut self) -> &mut Self {
        let name = self.open.pop().expect("every close has its open");
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
        self
    }

    /// Writes an element that holds a text.
    pub fn leaf(&mut self, name: &str, text: impl AsRef<str>) -> &mut Self {
        let text = text.as_ref();
        self.text.push_str(&format!("<{name}>"));
        // XML has no control characters, but keys may; a reference is what the service writes and most parsers take.
        if text.chars().any(is_control) {
            for c in text.chars() {
                if is_control(c) {
                    self.text.push_str(&format!("&#{};", u32::from(c)));
                } else {
                    self.text.push_str(&escape(c.to_string()));
                }
            }
        } else {
            self.text.push_str(&escape(text));
        }
        self.text.push_str(&format!("</{name}>"));
        self
    }

    /// Writes an element when there is a text for it.
    pub fn optional(&mut self, name: &str, text: Option<impl AsRef<str>>) -> &mut Self {
        if let Some(text) = text {
            self.leaf(name, text);
        }
        self
    }

    /// Writes a grantee of S3's ACLs, the only element of the protocol with attributes; `start` is its whole start tag.
    pub fn grantee(&mut self, start: &str, fields: &[(&str, &str)]) -> &mut Self {
        self.text.push_str(&format!("<{start}>"));
        for (name, text) in fields {
            self.leaf(name, text);
        }
        self.text.push_str("</Grantee>");
        self
    }

    /// The document, with everything closed.
    pub fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }
}

fn is_control(c: char) -> bool {
    // A carriage return must be a reference too, or parsers read it as a line feed.
    c < ' ' && c != '\t' && c != '\n'
}

/// An element of a body that was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    /// Its name without name space.
    pub name: String,
    /// The text directly in it.
    pub text: String,
    /// The elements directly in it.
    pub children: Vec<Element>,
}

/// A body is not the XML that it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is not well-formed XML of this protocol")]
pub struct Malformed;

impl Element {
    /// Reads a body.
    pub fn parse(body: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::from_reader(body);
        reader.config_mut().check_end_names = true;
        let mut stack: Vec<Self> = vec![Self::default()];
        let mut n_elements = 0_usize;
        loop {
            let event = reader.read_event().map_err(|_| Malformed)?;
            let top = stack.last_mut().ok_or(Malformed)?;
            match event {
                Event::Start(start) => {
                    let element = Self::named(start.local_name().as_ref())?;
                    stack.push(element);
                    n_elements += 1;
                }
                Event::Empty(start) => {
                    top.children.push(Self::named(start.local_name().as_ref())?);
                    n_elements += 1;
                }
                Event::End(_) => {
                    let done = stack.pop().ok_or(Malformed)?;
                    stack.last_mut().ok_or(Malformed)?.children.push(done);
                }
                Event::Text(text) => top.text.push_str(&text.decode().map_err(|_| Malformed)?),
                Event::CData(text) => top.text.push_str(&text.decode().map_err(|_| Malformed)?),
                Event::GeneralRef(reference) => {
                    let name = reference.decode().map_err(|_| Malformed)?;
                    let resolved =
                        quick_xml::escape::unescape(&format!("&{name};")).map_err(|_| Malformed)?.into_owned();
                    top.text.push_str(&resolved);
                }
                Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
                Event::DocType(_) => return Err(Malformed),
                Event::Eof => break,
            }
            if stack.len() > DEEPEST || n_elements > ELEMENTS_AT_MOST {
                return Err(Malformed);
            }
        }
        let root = stack.pop().filter(|_| stack.is_empty()).ok_or(Malformed)?;
        let mut children = root.children.into_iter();
        match (children.next(), children.next()) {
            (Some(element), None) if root.text.trim().is_empty() => Ok(element),
            _ => Err(Malformed),
        }
    }

    fn named(name: &[u8]) -> Result<Self, Malformed> {
        let name = std::str::from_utf8(name).map_err(|_| Malformed)?.to_owned();
        Ok(Self { name, ..Self::default() })
    }

    /// The element when it has this name.
    pub fn expect(self, name: &str) -> Result<Self, Malformed> {
        if self.name == name { Ok(self) } else { Err(Malformed) }
    }

    /// The first child with this name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child with this name, trimmed; nothing when there is no text.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.trim()).filter(|text| !text.is_empty())
    }

    /// The element at the end of a path of names.
    pub fn descend(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |element, name| element.child(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut writer = Writer::new("A");
        writer.open("B").leaf("C", "x < & > \" y\r").close().optional("D", None::<&str>).leaf("E", "");
        let text = writer.finish();
        let read = Element::parse(text.as_bytes()).expect("well formed");
        assert_eq!(read.descend(&["B", "C"]).expect("there").text, "x < & > \" y\r");
        assert_eq!(read.child("D"), None);
        assert_eq!(read.value("E"), None);
    }

    #[test]
    fn references_and_sections() {
        let read = Element::parse(b"<D xmlns='u'><o:Key xmlns:o='v'>a&amp;b&#x20AC;<![CDATA[<c>]]></o:Key></D>");
        assert_eq!(read.expect("well formed").value("Key"), Some("a&b\u{20ac}<c>"));
    }

    #[test]
    fn hostile_bodies_are_refused() {
        let bomb = b"<!DOCTYPE x [<!ENTITY a \"aaaa\">]><x>&a;</x>";
        let deep = format!("{}{}", "<a>".repeat(17), "</a>".repeat(17));
        let wide = format!("<a>{}</a>", "<b/>".repeat(ELEMENTS_AT_MOST));
        let all: [&[u8]; 11] = [
            b"",
            b"text",
            b"<a>",
            b"<a></b>",
            b"</a>",
            b"<a/><b/>",
            b"<a/>tail",
            b"<x>&unknown;</x>",
            bomb,
            deep.as_bytes(),
            wide.as_bytes(),
        ];
        for body in all {
            assert_eq!(
                Element::parse(body),
                Err(Malformed),
                "{:?}",
                String::from_utf8_lossy(&body[..body.len().min(40)])
            );
        }
    }
}
