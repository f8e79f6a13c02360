//! Apps and queries from a fixed seed.

use chandlery_search::{Document, View};

pub(crate) const WORKSPACES: i64 = 1_000;

/// Words of all READMEs together; a few are in most of them, most in one or two.
const VOCABULARY: usize = 300_000;

/// Words that are names of products, with which names and keywords are made.
const PRODUCTS: usize = 20_000;

const KEYWORDS: usize = 3_000;

/// About 2 KB with spaces.
const README_WORDS: usize = 300;

const KNOWN: [&str; 16] = [
    "kubernetes",
    "operator",
    "redis",
    "prometheus",
    "cluster",
    "server",
    "database",
    "message",
    "queue",
    "monitoring",
    "install",
    "chart",
    "helm",
    "release",
    "default",
    "configuration",
];

const HAN: &str = "分布式消息中间件数据库服务监控日志存储网络安全开源高性能可扩展容器平台应用部署管理集群缓存搜索引擎机器学习";

const CATEGORIES: [&str; 12] = [
    "database",
    "messaging",
    "monitoring",
    "logging",
    "storage",
    "network",
    "security",
    "web",
    "machine-learning",
    "iot",
    "development",
    "uncategorized",
];

type Text = fn(&mut Corpus) -> String;

/// Kinds of queries, and how one is made.
pub(crate) const KINDS: [(&str, Text); 13] = [
    ("a name", |corpus| corpus.product()),
    ("two words of a name", |corpus| corpus.name().replace('-', " ")),
    ("a word of READMEs", |corpus| corpus.word()),
    ("two words of READMEs", |corpus| format!("{} {}", corpus.word(), corpus.word())),
    ("one letter", |corpus| corpus.product().chars().take(1).collect()),
    ("two letters", |corpus| corpus.product().chars().take(2).collect()),
    ("three letters", |corpus| corpus.product().chars().take(3).collect()),
    ("name and beginning", |corpus| format!("{} {}", corpus.product(), corpus.product().split_at(4).0)),
    ("typing error", |corpus| corpus.misspelt()),
    ("two typing errors", |corpus| format!("{} {}", corpus.misspelt(), corpus.misspelt())),
    ("Chinese", |corpus| corpus.han(4)),
    ("Chinese and a name", |corpus| format!("{} {}", corpus.han(2), corpus.product())),
    ("store: a word of READMEs", |corpus| corpus.word()),
];

/// A source of apps, the same for each new one.
pub(crate) struct Corpus {
    state: u64,
    words: Vec<String>,
    han: Vec<char>,
}

impl Corpus {
    pub(crate) fn new() -> Self {
        let mut corpus = Self { state: 20_261_121, words: Vec::new(), han: HAN.chars().collect() };
        corpus.words = KNOWN.iter().map(|word| (*word).to_owned()).collect();
        for _ in KNOWN.len()..VOCABULARY {
            let word = corpus.invent();
            corpus.words.push(word);
        }
        corpus
    }

    /// The same app whenever it is asked for.
    pub(crate) fn document(&mut self, id: i64, view: View) -> Document {
        let state = std::mem::replace(&mut self.state, 1 + id as u64 * 0x9e37_79b9);
        let document = self.make(id, view);
        self.state = state;
        document
    }

    fn make(&mut self, id: i64, view: View) -> Document {
        let name = self.name();
        let keywords = (0..1 + self.below(5)).map(|_| self.zipf(KEYWORDS)).collect();
        let chinese = self.below(5) == 0;
        let mut display_names = vec![name.replace('-', " ")];
        let mut summaries = vec![self.sentence(10)];
        let mut readmes = vec![self.sentence(README_WORDS)];
        if chinese {
            display_names.push(self.han(6));
            summaries.push(self.han(20));
            readmes.push((0..20).map(|_| self.han(25)).collect::<Vec<_>>().join("，"));
        }
        Document {
            name,
            display_names,
            keywords,
            maintainers: vec![self.zipf(PRODUCTS)],
            categories: vec![CATEGORIES[self.below(CATEGORIES.len())].to_owned()],
            summaries,
            readmes,
            updated_at: self.below(1 << 30) as i64,
            ..Document::new(id, view, id % WORKSPACES)
        }
    }

    pub(crate) fn name(&mut self) -> String {
        let parts = 1 + self.below(3);
        (0..parts).map(|_| self.product()).collect::<Vec<_>>().join("-")
    }

    pub(crate) fn product(&mut self) -> String {
        self.zipf(PRODUCTS)
    }

    pub(crate) fn word(&mut self) -> String {
        self.zipf(VOCABULARY)
    }

    pub(crate) fn misspelt(&mut self) -> String {
        let mut letters: Vec<char> = self.product().chars().collect();
        let place = 1 + self.below(letters.len() - 2);
        match self.below(3) {
            0 => letters.swap(place, place + 1),
            1 => drop(letters.remove(place)),
            _ => letters[place] = 'x',
        }
        letters.into_iter().collect()
    }

    pub(crate) fn han(&mut self, length: usize) -> String {
        let start = self.below(self.han.len());
        // Mostly real sequences, with a jump in half of them.
        let jump = self.below(2) * self.below(self.han.len());
        let place = |step: usize| start + step + if step >= length / 2 { jump } else { 0 };
        (0..length).map(|step| self.han[place(step) % self.han.len()]).collect()
    }

    fn sentence(&mut self, words: usize) -> String {
        let mut text = String::with_capacity(words * 8);
        for _ in 0..words {
            let word = self.word();
            text.push_str(&word);
            text.push(' ');
        }
        text
    }

    /// Of the first `count` words the n-th about 1/n times as often as the first.
    fn zipf(&mut self, count: usize) -> String {
        let unit = self.below(1 << 30) as f64 / f64::from(1 << 30);
        let rank = ((count as f64 + 1.0).powf(unit) - 1.0) as usize;
        self.words[rank.min(count - 1)].clone()
    }

    /// Syllables make words that are near each other, as real ones are; at least five letters.
    fn invent(&mut self) -> String {
        const START: [&str; 24] = [
            "b", "c", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "st", "tr", "pr", "ch",
            "gr", "pl", "j", "h", "w", "kl",
        ];
        const MIDDLE: [&str; 9] = ["a", "e", "i", "o", "u", "er", "in", "on", "al"];
        let syllables = 2 + self.below(3);
        let mut word = String::new();
        while word.len() < 5 || word.len() < syllables * 2 {
            word.push_str(START[self.below(START.len())]);
            word.push_str(MIDDLE[self.below(MIDDLE.len())]);
        }
        word
    }

    /// xorshift64*, which is good enough for texts.
    fn below(&mut self, bound: usize) -> usize {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        (self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }
}
