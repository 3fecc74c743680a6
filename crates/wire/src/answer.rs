//! Answers: a JSON value, written as JSON or as XML.
//!
//! An action answers with the members of one JSON object. In XML the same object stands under `<ActionNameResponse>`,
//! an array is its element repeated, and the wrapped lists of ECS (`Images.Image[]`) come out as the documents show
//! them without a rule of their own.

use std::str::FromStr;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use serde_json::{Map, Value};

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON, always for ACS3 callers.
    Json,
    /// XML, for v1 callers that do not ask for JSON.
    Xml,
}

impl FromStr for Format {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text.eq_ignore_ascii_case("json") {
            Ok(Self::Json)
        } else if text.eq_ignore_ascii_case("xml") {
            Ok(Self::Xml)
        } else {
            Err(())
        }
    }
}

/// An answer, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`; the TypeScript SDK compares the XML one as a literal.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
    /// When a call that was throttled is worth making again (`x-acs-retry-after`), in milliseconds.
    pub retry_after_millis: Option<i64>,
}

/// An error as the wire shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorBody {
    /// HTTP status.
    pub status: u16,
    /// The code.
    pub code: String,
    /// The text.
    pub message: String,
    /// The host that was called.
    pub host: String,
    /// The product, for the advice link.
    pub product: &'static str,
    /// Why access was denied, when it was.
    pub access_denied: Option<Value>,
}

impl Answer {
    /// The answer of an action that succeeded; `body` is what it answers beside the request id.
    pub fn success(format: Format, action: &str, request_id: &str, body: Map<String, Value>) -> Self {
        let mut members = Map::new();
        members.insert("RequestId".to_owned(), Value::from(request_id));
        members.extend(body);
        Self::write(format, 200, &format!("{action}Response"), members)
    }

    /// The answer to a call that was refused or failed.
    pub fn error(format: Format, request_id: &str, error: ErrorBody) -> Self {
        let mut members = Map::new();
        let recommend = format!(
            "https://api.aliyun.com/troubleshoot?q={}&product={}&requestId={request_id}",
            error.code, error.product
        );
        members.insert("RequestId".to_owned(), Value::from(request_id));
        members.insert("HostId".to_owned(), Value::from(error.host));
        members.insert("Code".to_owned(), Value::from(error.code));
        members.insert("Message".to_owned(), Value::from(error.message));
        if format == Format::Json {
            members.insert("Recommend".to_owned(), Value::from(recommend));
        }
        if let Some(detail) = error.access_denied {
            members.insert("AccessDeniedDetail".to_owned(), detail);
        }
        Self::write(format, error.status, "Error", members)
    }

    fn write(format: Format, status: u16, root: &str, members: Map<String, Value>) -> Self {
        match format {
            Format::Json => Self {
                status,
                content_type: "application/json;charset=utf-8",
                body: Value::Object(members).to_string(),
                retry_after_millis: None,
            },
            Format::Xml => Self {
                status,
                content_type: "text/xml;charset=utf-8",
                body: to_xml(root, &Value::Object(members)),
                retry_after_millis: None,
            },
        }
    }
}

/// A JSON value as an XML document under `root`.
pub fn to_xml(root: &str, value: &Value) -> String {
    let mut writer = Writer::new(Vec::new());
    let declaration = Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None));
    writer
        .write_event(declaration)
        .and_then(|()| write_element(&mut writer, root, value))
        .expect("writing to memory does not fail");
    String::from_utf8(writer.into_inner()).expect("the writer is fed text")
}

fn write_element(writer: &mut Writer<Vec<u8>>, name: &str, value: &Value) -> std::io::Result<()> {
    if let Value::Array(items) = value {
        return items.iter().try_for_each(|item| write_element(writer, name, item));
    }
    writer.write_event(Event::Start(BytesStart::new(name)))?;
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                write_element(writer, name, member)?;
            }
        }
        Value::String(text) => writer.write_event(Event::Text(BytesText::new(&printable(text))))?,
        Value::Null | Value::Array(_) => {}
        Value::Bool(_) | Value::Number(_) => {
            writer.write_event(Event::Text(BytesText::new(&value.to_string())))?;
        }
    }
    writer.write_event(Event::End(BytesEnd::new(name)))
}

/// XML 1.0 has no way to write most control characters (section 2.2); they become U+FFFD.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && !matches!(c, '\t' | '\n' | '\r') { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_wrapped_list_in_both_formats() {
        let Value::Object(body) =
            json!({"Images": {"Image": [{"ImageId": "m-1"}, {"ImageId": "m-2"}]}, "TotalCount": 2})
        else {
            unreachable!("an object")
        };
        let xml = Answer::success(Format::Xml, "DescribeImages", "R", body.clone());
        assert_eq!(xml.content_type, "text/xml;charset=utf-8");
        assert_eq!(
            xml.body,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><DescribeImagesResponse><RequestId>R</RequestId><Images>\
             <Image><ImageId>m-1</ImageId></Image><Image><ImageId>m-2</ImageId></Image></Images>\
             <TotalCount>2</TotalCount></DescribeImagesResponse>"
        );
        let json = Answer::success(Format::Json, "DescribeImages", "R", body);
        assert_eq!(
            json.body,
            r#"{"RequestId":"R","Images":{"Image":[{"ImageId":"m-1"},{"ImageId":"m-2"}]},"TotalCount":2}"#
        );
    }

    #[test]
    fn markup_and_control_characters_cannot_break_a_document() {
        let xml = to_xml("A", &json!({"B": "<&>\u{1}"}));
        assert!(xml.ends_with("<A><B>&lt;&amp;&gt;\u{fffd}</B></A>"), "{xml}");
    }

    #[test]
    fn an_error_has_only_text_members() {
        let error = ErrorBody {
            status: 404,
            code: "InvalidImageId.NotFound".into(),
            message: "The specified ImageId does not exist.".into(),
            host: "127.0.0.1".into(),
            product: "Ecs",
            access_denied: None,
        };
        let answer = Answer::error(Format::Json, "R", error);
        let value: Value = serde_json::from_str(&answer.body).expect("JSON");
        assert!(value.as_object().expect("object").values().all(Value::is_string));
        assert_eq!(answer.status, 404);
    }
}
