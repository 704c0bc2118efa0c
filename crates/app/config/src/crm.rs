//! `crm:` of the center and of queues: where another system shows customers.

use hotline_call::CrmLink;

use crate::format::{CRM, names};
use hotline_yaml::{Node, Reader};

/// `crm: {url: "https://crm.example/?n={number}"}`
pub(crate) fn crm(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<Option<CrmLink>> {
    let Some(node) = node else { return Some(None) };
    let fields = reader.fields(node, "crm", &names(&CRM))?;
    let node = reader.required(&fields, "url")?;
    let text = reader.text(node, "an address in quotes")?;
    match CrmLink::parse(text) {
        Ok(link) => Some(Some(link)),
        Err(problem) => {
            reader.mistake(node.place, problem, "such as \"https://crm.example/?n={number}\"");
            None
        }
    }
}
