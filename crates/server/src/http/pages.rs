//! One page of a list, its cursor and its `Link` header.

use axum::response::Response;
use chandlery_api::{Page, PageQuery};
use chandlery_core::{Error, Result};
use http::{StatusCode, header};
use serde::Serialize;

use super::json;

/// Items on a page unless the client says otherwise, and at most.
const USUAL: u32 = 100;
const MOST: u32 = 500;

/// The number of items asked for.
pub(crate) fn limit_of(limit: Option<u32>) -> Result<u32> {
    match limit.unwrap_or(USUAL) {
        limit @ 1..=MOST => Ok(limit),
        limit => Err(Error::invalid("limit", format!("{limit} is not between 1 and {MOST}"))),
    }
}

/// The page of `items` (all of them, in any order) that `query` asks for, in the order of `key`. The cursor is the last
/// key.
pub(crate) fn page_of<T, K>(items: Vec<T>, query: &PageQuery, key: K) -> Result<Page<T>>
where
    K: Fn(&T) -> String,
{
    let limit = limit_of(query.limit)? as usize;
    let after = |item: &T| query.cursor.as_ref().is_none_or(|cursor| key(item) > *cursor);
    let mut items: Vec<T> = items.into_iter().filter(after).collect();
    // The database may order names otherwise than the cursor compares them.
    items.sort_by_cached_key(&key);
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(key);
    Ok(Page { items, next })
}

/// What a page begins behind, for lists that the database makes pages of.
pub(crate) fn after_of(query: &PageQuery) -> Result<&str> {
    let cursor = query.cursor.as_deref().unwrap_or_default();
    if cursor.contains('\0') {
        return Err(Error::invalid("cursor", "is not one that a page gave"));
    }
    Ok(cursor)
}

/// As [`after_of`], for lists in the order of numbers.
pub(crate) fn number_after_of(query: &PageQuery) -> Result<i64> {
    let number = query.cursor.as_deref().map_or(Ok(0), str::parse);
    number.map_err(|_| Error::invalid("cursor", "is not one that a page gave"))
}

/// The page of the first items behind a cursor, of which there may be one more than `limit`: then there is a next page.
pub(crate) fn page_of_first<T>(mut items: Vec<T>, limit: u32, key: impl Fn(&T) -> String) -> Page<T> {
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = items.last().filter(|_| more).map(key);
    Page { items, next }
}

/// The answer with a page, and a `Link` to the next one (RFC 8288).
pub(crate) fn page_response<T: Serialize>(path: &str, query: &PageQuery, page: &Page<T>) -> Response {
    let mut response = json(StatusCode::OK, page);
    if let Some(next) = &page.next {
        let limit = query.limit.map(|limit| format!("&limit={limit}")).unwrap_or_default();
        let cursor = percent_encoding::utf8_percent_encode(next, percent_encoding::NON_ALPHANUMERIC);
        let link = format!("<{path}?cursor={cursor}{limit}>; rel=\"next\"");
        if let Ok(link) = link.parse() {
            response.headers_mut().insert(header::LINK, link);
        }
    }
    response
}

/// Adds a `Link` to the next page of a list that has more parameters than all have.
pub(crate) fn link_to_next<Q: Serialize>(response: &mut Response, path: &str, query: &Q, next: &str) {
    let mut parameters = match serde_json::to_value(query) {
        Ok(serde_json::Value::Object(parameters)) => parameters,
        _ => serde_json::Map::new(),
    };
    parameters.insert("cursor".to_owned(), next.into());
    let mut text = form_urlencoded::Serializer::new(String::new());
    for (name, value) in &parameters {
        match value {
            serde_json::Value::Null => {}
            serde_json::Value::String(value) => drop(text.append_pair(name, value)),
            value => drop(text.append_pair(name, &value.to_string())),
        }
    }
    if let Ok(link) = format!("<{path}?{}>; rel=\"next\"", text.finish()).parse() {
        response.headers_mut().insert(header::LINK, link);
    }
}

/// The answer with a page that was cut by the database, and a `Link` to the next one at the address that was asked.
pub(crate) fn next_page<T: Serialize>(address: &http::Uri, page: &Page<T>) -> Response {
    let mut response = json(StatusCode::OK, page);
    if let Some(next) = &page.next {
        let others = form_urlencoded::parse(address.query().unwrap_or_default().as_bytes());
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(others.filter(|(name, _)| name != "cursor")).append_pair("cursor", next);
        let link = format!("<{}?{}>; rel=\"next\"", address.path(), query.finish());
        if let Ok(link) = link.parse() {
            response.headers_mut().insert(header::LINK, link);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other() {
        let items = || vec!["b", "a", "e", "d", "c"];
        let mut query = PageQuery { limit: Some(2), cursor: None };
        let mut seen = Vec::new();
        loop {
            let page = page_of(items(), &query, ToString::to_string).unwrap();
            seen.push(page.items.join(""));
            query.cursor = page.next;
            if query.cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, ["ab", "cd", "e"]);
        for bad in [0, 501] {
            assert!(limit_of(Some(bad)).is_err());
        }
    }
}
