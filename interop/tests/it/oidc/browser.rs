//! Somebody's browser: cookies, redirects, and the forms of the provider.

use std::collections::BTreeMap;

use crate::http::{Answer, Request};

/// A browser, and who the provider's proxy says is sitting there.
#[derive(Clone, Default)]
pub(super) struct Browser {
    /// By server, name and value.
    cookies: BTreeMap<String, BTreeMap<String, String>>,
    identity: Vec<(String, String)>,
}

/// `HOST:PORT` and the path of a URL.
fn parts(url: &str) -> (&str, &str) {
    let rest = url.strip_prefix("http://").unwrap_or_else(|| panic!("{url} is no URL"));
    rest.split_at(rest.find('/').unwrap_or(rest.len()))
}

impl Browser {
    /// A browser of somebody in these groups.
    pub(super) fn of(name: &str, groups: &str) -> Self {
        let mut browser = Self::default();
        browser.becomes(name, &format!("{name}@example.org"), groups);
        browser
    }

    /// From now on the provider takes who sits here for this one.
    pub(super) fn becomes(&mut self, name: &str, email: &str, groups: &str) {
        let pairs = [("User", name), ("User-Id", name), ("User-Email", email), ("Group", groups)];
        let named = pairs.iter().map(|(header, value)| (format!("X-Remote-{header}"), (*value).to_owned()));
        self.identity = named.filter(|(_, value)| !value.is_empty()).collect();
    }

    /// Sends a request and keeps the cookies of the answer.
    pub(super) fn send(&mut self, url: &str, request: Request) -> Answer {
        let (address, path) = parts(url);
        let mut request = Request { path: path.to_owned(), ..request };
        let cookies = self.cookies.entry(address.to_owned()).or_default();
        let pairs: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !pairs.is_empty() {
            request = request.header("Cookie", &pairs.join("; "));
        }
        for (name, value) in &self.identity {
            request = request.header(name, value);
        }
        let answer = request.send(address);
        for (_, value) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, rest) = value.split_once('=').unwrap();
            let content = rest.split(';').next().unwrap_or_default();
            match rest.contains("Max-Age=0") {
                true => drop(cookies.remove(name)),
                false => drop(cookies.insert(name.to_owned(), content.to_owned())),
            }
        }
        answer
    }

    pub(super) fn get(&mut self, url: &str) -> Answer {
        self.send(url, Request::get("").header("Accept", "text/html"))
    }

    /// Follows redirects from one page to the next as long as they stay at `address`; gives the page, or the URL
    /// elsewhere.
    fn stay_at(&mut self, address: &str, url: String) -> Result<(String, Answer), String> {
        let mut url = url;
        for _ in 0..10 {
            if parts(&url).0 != address {
                return Err(url);
            }
            let answer = self.get(&url);
            if !(300..400).contains(&answer.status) {
                return Ok((url, answer));
            }
            url = target(&url, &answer);
        }
        panic!("too many redirects: {url}");
    }

    /// Goes to the provider as `url` says and logs in by the headers. Gives where the provider sends the browser.
    pub(super) fn log_in_by_proxy(&mut self, url: &str) -> String {
        let url = url.replacen("/auth?", "/auth/proxy?", 1);
        let address = parts(&url).0.to_owned();
        match self.stay_at(&address, url) {
            Err(back) => back,
            Ok((url, answer)) => panic!("{url}: {} {}", answer.status, answer.text()),
        }
    }

    /// The same by the form, which the provider's page links to.
    pub(super) fn log_in_by_form(&mut self, url: &str, login: &str, password: &str) -> Answer {
        let address = parts(url).0.to_owned();
        let Ok((_, choice)) = self.stay_at(&address, url.to_owned()) else {
            panic!("{url} leads elsewhere");
        };
        let page = choice.expect(200).text();
        let link =
            page.split("href=\"").find(|part| part.contains("/auth/local?")).expect("a link to the form");
        let link = link.split('"').next().unwrap_or_default().replace("&amp;", "&").replace("&#43;", "+");
        let Ok((url, form)) = self.stay_at(&address, format!("http://{address}{link}")) else {
            panic!("{link} leads elsewhere");
        };
        let form = form.expect(200).text();
        assert!(form.contains("name=\"login\"") && form.contains("name=\"password\""), "{form}");
        let body = format!("login={login}&password={password}").replace('@', "%40").replace(' ', "+");
        let request = Request::post("", body).header("Content-Type", "application/x-www-form-urlencoded");
        self.send(&url, request)
    }
}

/// Where an answer redirects to.
pub(super) fn target(url: &str, answer: &Answer) -> String {
    let location = answer.header("location");
    if location.starts_with('/') { format!("http://{}{location}", parts(url).0) } else { location.to_owned() }
}
