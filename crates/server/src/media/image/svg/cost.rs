//! How much there is to draw once every reference is followed: a few kibibytes of `use` in `use` are billions of shapes.

use std::collections::HashMap;

use roxmltree::{Document, Node, NodeId};

use super::{MAX_DEPTH, Refusal};

/// The most elements after all references are followed.
const MAX_DRAWN: u64 = 250_000;

/// Refuses a file that draws too much, or whose references lead in circles.
pub(super) fn check(document: &Document<'_>) -> Result<(), Refusal> {
    let named = document.descendants().filter_map(|node| Some((node.attribute("id")?, node)));
    let mut counter = Counter { named: named.collect(), known: HashMap::new() };
    counter.count(document.root_element(), 0).map(drop)
}

struct Counter<'a, 'input> {
    named: HashMap<&'a str, Node<'a, 'input>>,
    /// What is drawn by each element; `None` while it is being counted.
    known: HashMap<NodeId, Option<u64>>,
}

impl<'a, 'input> Counter<'a, 'input> {
    fn count(&mut self, node: Node<'a, 'input>, depth: usize) -> Result<u64, Refusal> {
        match self.known.get(&node.id()) {
            Some(Some(count)) => return Ok(*count),
            Some(None) => return Err("its references lead in a circle".to_owned()),
            None if depth > MAX_DEPTH => return Err("its references are nested too deeply".to_owned()),
            None => {}
        }
        self.known.insert(node.id(), None);
        let references =
            node.attributes().flat_map(|attribute| references(attribute.name(), attribute.value()));
        let targets: Vec<_> = references.filter_map(|name| self.named.get(name).copied()).collect();
        let mut sum = 1_u64;
        for inner in node.children().filter(Node::is_element).chain(targets) {
            sum = sum.saturating_add(self.count(inner, depth + 1)?);
        }
        if sum > MAX_DRAWN {
            return Err("its references draw too much".to_owned());
        }
        self.known.insert(node.id(), Some(sum));
        Ok(sum)
    }
}

/// The names that an attribute refers to: `#name`, or `url(#name)` anywhere in it.
fn references<'a>(attribute: &str, value: &'a str) -> impl Iterator<Item = &'a str> {
    let whole = (attribute == "href").then(|| value.trim().strip_prefix('#')).flatten();
    let parts = value.split('#').skip(1).filter_map(|rest| rest.split([')', '"', '\'']).next());
    // A colour looks like a name, and then there is no such name.
    whole.into_iter().chain(parts.filter(move |_| whole.is_none()).map(str::trim))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(inside: &str) -> Result<(), Refusal> {
        let text = format!("<svg xmlns:x='urn:x'>{inside}</svg>");
        check(&Document::parse(&text).unwrap())
    }

    /// Ten times as much at each level.
    fn levels(number: usize, reference: &str) -> String {
        let level = |level: usize| {
            let again = reference.replace('$', &level.to_string()).repeat(10);
            format!("<g id='l{}'>{again}</g>", level + 1)
        };
        "<g id='l0'/>".to_owned() + &(0..number).map(level).collect::<String>()
    }

    #[test]
    fn references_are_followed() {
        for reference in [
            "<use href='#l$'/>",
            "<use x:href=' #l$ '/>",
            "<g fill='url(#l$)'/>",
            "<g style='a:b;mask:url( \"#l$\" )'/>",
        ] {
            cost(&levels(4, reference)).unwrap();
            let error = cost(&levels(6, reference)).unwrap_err();
            assert!(error.contains("too much"), "{reference}: {error}");
            assert!(cost(&levels(60, reference)).is_err());
        }
    }

    #[test]
    fn circles_and_chains() {
        for circle in
            ["<g id='a'><use href='#a'/></g>", "<g id='a' fill='url(#b)'/><g id='b' fill='url(#a)'/>"]
        {
            assert!(cost(circle).unwrap_err().contains("circle"), "{circle}");
        }
        let chain: String = (0..1000).map(|n| format!("<g id='n{n}' fill='url(#n{})'/>", n + 1)).collect();
        assert!(cost(&chain).unwrap_err().contains("deeply"));
        cost("<g id='fff' fill='#000'/><g fill='#missing'/>").unwrap();
    }
}
